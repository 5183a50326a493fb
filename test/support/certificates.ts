import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { mustRun } from './processes';
import { ensureOpenssl } from './servers';

export interface Certificates {
  /** PEM text of the authority. */
  readonly ca: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** An authority and a server certificate for 127.0.0.1 and localhost, valid for a month. */
export async function createCertificates(dir: string): Promise<Certificates> {
  await ensureOpenssl();
  mkdirSync(dir, { recursive: true });
  const at = (name: string) => path.join(dir, name);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const openssl = (...args: string[]) => mustRun('openssl', args);
  await openssl(
    ...['req', '-x509', ...key, '-keyout', at('ca-key.pem'), '-out', at('ca.pem')],
    ...['-days', '30', '-subj', '/CN=Test Authority'],
  );
  await openssl('req', ...key, '-keyout', at('key.pem'), '-out', at('request.pem'), '-subj', '/CN=Test Server');
  writeFileSync(at('extensions'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  await openssl(
    ...['x509', '-req', '-in', at('request.pem'), '-CA', at('ca.pem'), '-CAkey', at('ca-key.pem'), '-CAcreateserial'],
    ...['-days', '30', '-extfile', at('extensions'), '-out', at('cert.pem')],
  );
  return {
    ca: readFileSync(at('ca.pem'), 'utf8'),
    caFile: at('ca.pem'),
    certFile: at('cert.pem'),
    keyFile: at('key.pem'),
  };
}

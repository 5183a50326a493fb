import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../support/cluster';
import { mustRun } from '../support/processes';
import { ensureOpenssl } from '../support/servers';
import { login, refusal } from './mysqlClient';

/** A certificate authority and a server certificate for 127.0.0.1 and db.example, made in `dir`. */
async function makeCertificates(dir: string): Promise<string> {
  await ensureOpenssl();
  mkdirSync(dir, { recursive: true });
  const openssl = (...args: string[]): Promise<string> => mustRun('openssl', args, { cwd: dir });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca-key.pem',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=Test CA',
    '-days',
    '2',
  );
  await openssl('req', ...key, '-keyout', 'key.pem', '-out', 'req.pem', '-subj', '/CN=db.example');
  writeFileSync(path.join(dir, 'ext.cnf'), 'subjectAltName=IP:127.0.0.1,DNS:db.example\n');
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial', '-days', '2', '-extfile', 'ext.cnf'];
  await openssl('x509', '-req', '-in', 'req.pem', '-out', 'cert.pem', ...signing);
  return readFileSync(path.join(dir, 'ca.pem'), 'utf8');
}

describe('TLS', () => {
  let mysql97: TestCluster;
  let mysql56: TestCluster;
  let ca = '';
  beforeAll(async () => {
    [mysql97, mysql56] = await Promise.all([
      startCluster({ flavour: 'mysql97', replicas: 0 }),
      startCluster({ flavour: 'mysql56', replicas: 0 }),
    ]);
    const dir = path.join(mysql97.dir, 'tls');
    ca = await makeCertificates(dir);
    for (const [name, file] of [
      ['ssl_ca', 'ca.pem'],
      ['ssl_cert', 'cert.pem'],
      ['ssl_key', 'key.pem'],
    ] as const)
      await mysql97.master.query(`SET GLOBAL ${name} = ?`, [path.join(dir, file)]);
    await mysql97.master.query('ALTER INSTANCE RELOAD TLS');
    await mysql97.master.query("CREATE USER secure@'%' IDENTIFIED BY 'x' REQUIRE SSL");
    await mysql97.master.query("CREATE USER plain@'%' IDENTIFIED BY 'a long pass:word'");
  });
  afterAll(async () => {
    await mysql97[Symbol.asyncDispose]();
    await mysql56[Symbol.asyncDispose]();
  });

  it.each([
    ['disabled', false],
    ['preferred', true],
    ['required', true],
    ['verify_ca', true],
    ['verify_identity', true],
  ] as const)('%s', async (mode, tls) => {
    await using server = await login(mysql97.master, { tls: { mode, ca } });
    expect(server.tls).toBe(tls);
    const [row] = await server.query("SHOW SESSION STATUS LIKE 'Ssl_cipher'");
    expect(row?.['Value'] !== '').toBe(tls);
  });

  it('compares the name of the certificate, also over a given stream', async () => {
    const { host, port } = mysql97.master;
    const openStream = (): Promise<net.Socket> =>
      new Promise(resolve => {
        const socket = net.connect(port, host, () => resolve(socket));
      });
    const tls = { mode: 'verify_identity', ca } as const;
    await using named = await login({ host: 'db.example', port }, { tls, openStream });
    expect(named.tls).toBe(true);
    await using address = await login({ host: '127.0.0.1', port }, { tls, openStream });
    expect(address.tls).toBe(true);
    for (const wrong of ['other.example', '127.0.0.2'])
      expect(await refusal({ host: wrong, port }, { tls, openStream })).toMatchObject({ kind: 'tls', alive: true });
    // The name does not matter to verify_ca.
    await using other = await login({ host: 'other.example', port }, { tls: { mode: 'verify_ca', ca }, openStream });
    expect(other.tls).toBe(true);
  });

  it('refuses a certificate of an unknown authority', async () => {
    for (const mode of ['verify_ca', 'verify_identity'] as const)
      expect(await refusal(mysql97.master, { tls: { mode } })).toMatchObject({ kind: 'tls', alive: true });
    expect(await refusal(mysql97.master, { tls: { mode: 'verify_ca', ca: 'no certificate' } })).toMatchObject({
      kind: 'tls',
    });
  });

  it('does without where the server offers none, unless TLS is required', async () => {
    await using server = await login(mysql56.master, { tls: { mode: 'preferred' } });
    expect(server.tls).toBe(false);
    for (const mode of ['required', 'verify_ca'] as const)
      expect(await refusal(mysql56.master, { tls: { mode } })).toMatchObject({
        kind: 'tls',
        alive: true,
        code: 'HANDSHAKE_NO_SSL_SUPPORT',
      });
  });

  it('does without where the TLS handshake fails, unless TLS is required', async () => {
    await mysql97.master.query("SET GLOBAL tls_version='TLSv1.3', GLOBAL tls_ciphersuites='TLS_AES_128_CCM_SHA256'");
    await mysql97.master.query('ALTER INSTANCE RELOAD TLS');
    try {
      expect(await refusal(mysql97.master, { tls: { mode: 'required' } })).toMatchObject({ kind: 'tls', alive: true });
      await using server = await login(mysql97.master, { tls: { mode: 'preferred' } });
      expect(server.tls).toBe(false);
    } finally {
      await mysql97.master.query("SET GLOBAL tls_version='TLSv1.2,TLSv1.3', GLOBAL tls_ciphersuites=NULL");
      await mysql97.master.query('ALTER INSTANCE RELOAD TLS');
    }
  });

  it('an account that requires TLS is refused without', async () => {
    const secure = { user: 'secure', password: 'x' };
    await using server = await login(mysql97.master, { ...secure, tls: { mode: 'required' } });
    expect(server.tls).toBe(true);
    expect(await refusal(mysql97.master, { ...secure, tls: { mode: 'disabled' } })).toMatchObject({
      kind: 'accessDenied',
      errno: 1045,
    });
  });

  it('a server that requires TLS says so', async () => {
    await mysql97.master.query('SET GLOBAL require_secure_transport=ON');
    try {
      expect(await refusal(mysql97.master, { tls: { mode: 'disabled' } })).toMatchObject({
        kind: 'tls',
        alive: true,
        errno: 3159,
      });
    } finally {
      await mysql97.master.query('SET GLOBAL require_secure_transport=OFF');
    }
  });

  it('caching_sha2_password works without TLS, cold and warm, and with an empty password', async () => {
    const plain = { user: 'plain', password: 'a long pass:word', tls: { mode: 'disabled' } } as const;
    await mysql97.master.query('FLUSH PRIVILEGES');
    for (let i = 0; i < 2; i++) {
      await using server = await login(mysql97.master, plain);
      expect(server.tls).toBe(false);
    }
    await mysql97.master.query('FLUSH PRIVILEGES');
    expect(await refusal(mysql97.master, { ...plain, password: 'wrong' })).toMatchObject({ kind: 'accessDenied' });
    await mysql97.master.query("CREATE USER blank@'%' IDENTIFIED BY ''");
    await using blank = await login(mysql97.master, { user: 'blank', password: '', tls: { mode: 'disabled' } });
    expect(blank.isOpen).toBe(true);
  });

  it('locked and expired accounts are access denied, not dead servers', async () => {
    await mysql97.master.query("CREATE USER locked@'%' IDENTIFIED BY 'x' ACCOUNT LOCK");
    await mysql97.master.query("CREATE USER expired@'%' IDENTIFIED BY 'x' PASSWORD EXPIRE");
    await mysql97.master.query("CREATE USER once@'%' IDENTIFIED BY 'x' WITH MAX_CONNECTIONS_PER_HOUR 1");
    for (const [user, errno] of [
      ['locked', 3118],
      ['expired', 1862],
    ] as const)
      expect(await refusal(mysql97.master, { user, password: 'x' })).toMatchObject({ kind: 'accessDenied', errno });
    await using first = await login(mysql97.master, { user: 'once', password: 'x' });
    expect(first.isOpen).toBe(true);
    expect(await refusal(mysql97.master, { user: 'once', password: 'x' })).toMatchObject({
      kind: 'tooManyConnections',
      alive: true,
      errno: 1226,
    });
  });
});

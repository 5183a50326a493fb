import net from 'node:net';
import os from 'node:os';
import type { ServerConfig } from '../../config/types';
import { lookUp } from '../lookup';
import { after } from './limits';
import { localUserOf } from './settings';
import type { SshTarget } from './types';

/**
 * Where MHA logs in for a server: `ssh_host` when it is given and differs from `hostname`, else `ip`, else `hostname`; with
 * `ssh_port` and `ssh_user` (default: the current user). Other than MHA 0.58, `ssh_ip` is honoured, and wins.
 */
export function sshTargetOf(server: ServerConfig): SshTarget {
  const { hostname = '', ip, ssh_host, ssh_ip, ssh_port, ssh_user } = server.values;
  const other = ssh_host && ssh_host !== hostname ? ssh_host : undefined;
  return {
    host: ssh_ip || other || ip || hostname || 'localhost',
    port: ssh_port,
    user: ssh_user || localUserOf(process.env),
  };
}

/** A name that takes longer to look up is treated as another machine's. */
const LOOKUP_MS = 1000;

/**
 * Whether a target is the current user's own account on this machine, which can be used without SSH: one of this machine's
 * addresses, on port 22 (another port may lead into a container).
 */
export async function isLocalTarget(target: SshTarget): Promise<boolean> {
  if (target.port !== 22 || target.user !== localUserOf(process.env)) return false;
  if (net.isIP(target.host)) return isOwnAddress(target.host);
  if (target.host.toLowerCase() === os.hostname().toLowerCase()) return true;
  const lookup = lookUp(target.host).then(
    found => found.length > 0 && found.every(({ address }) => isOwnAddress(address)),
    () => false,
  );
  return Promise.race([lookup, after(LOOKUP_MS).then(() => false)]);
}

function isOwnAddress(address: string): boolean {
  const plain = address
    .toLowerCase()
    .replace(/^::ffff:(?=[\d.]+$)/, '')
    .replace(/%.*$/, '');
  if (plain === '::1' || /^127\./.test(plain)) return true;
  return Object.values(os.networkInterfaces()).some(list => list?.some(own => own.address.toLowerCase() === plain));
}

import { mkdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { mustRun } from './processes';

export interface SshIdentity {
  /** Login that the test servers accept: the current user. */
  readonly user: string;
  /** Private key file; every test sshd of the same identity lets it in. */
  readonly identityFile: string;
  readonly publicKey: string;
  /** Knows the host keys of all servers of a cluster. */
  readonly knownHostsFile: string;
}

export async function createSshIdentity(dir: string): Promise<SshIdentity> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const identityFile = path.join(dir, 'id_ed25519');
  await createKey(identityFile);
  return {
    user: os.userInfo().username,
    identityFile,
    publicKey: readFileSync(`${identityFile}.pub`, 'utf8').trim(),
    knownHostsFile: path.join(dir, 'known_hosts'),
  };
}

export async function createKey(file: string, type: 'ed25519' | 'rsa' = 'ed25519'): Promise<void> {
  await mustRun('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', 'test', '-f', file]);
}

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestCluster } from '../support/cluster';
import { ensureMysql97 } from '../support/servers';
import { onPath } from '../support/demo/openWorkspace';

/** The original MHA, where its commands are installed. */
export interface Peer {
  /** `client_bindir` of the configuration: MHA wants mysql and mysqlbinlog. */
  readonly clientBindir: string;
  /** For the manager's commands and for what they start over SSH. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * MHA 0.58 as packaged stops in its own check on Perl 5.22 and later, and on servers without super_read_only. Whoever
 * measures beside it mends that with a Perl module of their own, named in PERL5LIB and PERL5OPT.
 */
export async function findPeer(dir: string): Promise<Peer | undefined> {
  if (!onPath('masterha_check_repl') || !onPath('apply_diff_relay_logs')) return undefined;
  const clientBindir = path.join(dir, 'clients');
  mkdirSync(clientBindir, { recursive: true });
  const { clients, env: clientEnv, options } = await ensureMysql97();
  const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  for (const name of ['mysql', 'mysqlbinlog']) {
    const argv = clients[name];
    if (!argv) return undefined;
    const settings = Object.entries(clientEnv).map(([key, value]) => `${key}=${quote(value)}`);
    // mysql_native_password, which MySQL 5.6 wants, is a plugin of the 9.x client.
    const plugins = name === 'mysql' ? `--plugin-dir=${quote(options['plugin_dir'] ?? '')}` : '';
    const file = path.join(clientBindir, name);
    writeFileSync(file, `#!/bin/sh\nexec env ${settings.join(' ')} ${argv.map(quote).join(' ')} ${plugins} "$@"\n`);
    chmodSync(file, 0o755);
  }
  const env: Record<string, string> = {};
  // PATH and LD_LIBRARY_PATH: they may be unpacked somewhere instead of installed.
  for (const name of ['PERL5LIB', 'PERL5OPT', 'PATH', 'LD_LIBRARY_PATH']) {
    const value = process.env[name];
    if (value) env[name] = value;
  }
  return { clientBindir, env };
}

/** `0.58`, as its own command says it. */
export function peerVersion(): string {
  const text = execFileSync('masterha_check_repl', ['--version'], { encoding: 'utf8' });
  return /version ([\d.]+\d)/.exec(text)?.[1] ?? 'unknown';
}

export const peerFile = (name: string) =>
  ['/usr/bin', '/usr/local/bin'].map(d => path.join(d, name)).find(existsSync) ?? name;

/** Writes configuration files that ours and MHA's commands read; returns the arguments that name them. */
export async function benchConfig(
  cluster: TestCluster,
  defaults: Readonly<Record<string, string | undefined>>,
  peer: Peer | undefined,
): Promise<string[]> {
  const conf = await cluster.writeConfig(undefined, {
    defaults: { ...defaults, ...(peer && { client_bindir: peer.clientBindir }) },
  });
  const globalConf = path.join(cluster.dir, 'masterha_default.cnf');
  writeFileSync(globalConf, '[server default]\n');
  return [`--conf=${conf}`, `--global_conf=${globalConf}`];
}

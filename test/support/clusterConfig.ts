import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ACCOUNTS } from './serverProcess';
import type { TestCluster } from './cluster';

export interface ConfigTextOptions {
  /** Parameters of `[server default]`; undefined leaves one out. */
  readonly defaults?: Readonly<Record<string, string | undefined>>;
  /** Parameters of single servers by number (1 = first). */
  readonly servers?: Readonly<Record<number, Readonly<Record<string, string | undefined>>>>;
  /** Text behind all sections. */
  readonly appended?: string;
}

/** What an MHA user would write for the cluster; server2 is the candidate. */
export function clusterConfigText(cluster: TestCluster, options: ConfigTextOptions = {}): string {
  const { sshd } = cluster;
  const defaults = {
    user: ACCOUNTS.mha.user,
    password: ACCOUNTS.mha.password,
    repl_user: ACCOUNTS.repl.user,
    repl_password: ACCOUNTS.repl.password,
    ...(sshd
      ? { ssh_user: sshd.user, ssh_options: `-i ${sshd.identityFile} -o UserKnownHostsFile=${sshd.knownHostsFile}` }
      : {}),
    manager_workdir: path.join(cluster.dir, 'manager'),
    manager_log: path.join(cluster.dir, 'manager/manager.log'),
    remote_workdir: path.join(cluster.dir, 'node'),
    ping_interval: '1',
    ...options.defaults,
  };
  const sections = cluster.servers.map((server, i) =>
    section(`server${i + 1}`, {
      hostname: server.host,
      port: String(server.port),
      ssh_port: cluster.sshds[i] && String(cluster.sshds[i].port),
      master_binlog_dir: server.datadir,
      candidate_master: i === 1 ? '1' : undefined,
      ...options.servers?.[i + 1],
    }),
  );
  return [section('server default', defaults), ...sections, ...(options.appended ? [options.appended] : [])].join('\n');
}

function section(name: string, values: Readonly<Record<string, string | undefined>>): string {
  const lines = Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}\n`]));
  return `[${name}]\n${lines.join('')}`;
}

export function writeClusterConfig(cluster: TestCluster, file: string, options?: ConfigTextOptions): Promise<string> {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, clusterConfigText(cluster, options), { mode: 0o600 });
  return Promise.resolve(file);
}

import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import ssh2 from 'ssh2';
import { MissingPrerequisite } from '../cache';
import { startCluster, type TestCluster } from '../cluster';
import { ensureMysql56, ensureSshd } from '../servers';
import { startSsh2Server, type Ssh2Server } from '../ssh2Server';
import { findProgram, serverOnPath } from './pathServer';

export interface DemoCluster extends AsyncDisposable {
  readonly dir: string;
  readonly description: string;
  readonly cluster: TestCluster;
  /** Writes the cluster's app1.cnf. */
  writeConfig(file: string): Promise<string>;
}

export interface DemoOptions {
  /** A server from PATH even where the embedded one runs, and an SSH server without OpenSSH. */
  readonly own: boolean;
}

/** As one would run them. */
const DURABLE = { sync_binlog: '1', innodb_flush_log_at_trx_commit: '1' };

const isLinuxX64 = process.platform === 'linux' && process.arch === 'x64';

/** One master and two replicas with GTID, and an SSH server for each. */
export async function startDemoCluster({ own }: DemoOptions, say: (text: string) => void): Promise<DemoCluster> {
  const program = isLinuxX64 && !own ? await ensureMysql56() : await serverOnPath();
  const openSsh = !own && (await hasOpenSsh(say));
  const cluster = await startCluster({ flavour: program.flavour, program, replicas: 2, ssh: openSsh, extra: DURABLE });
  // Without a single transaction there would be no GTIDs to fail over by.
  await cluster.master.query('CREATE TABLE test.demo (id INT PRIMARY KEY)');
  const ssh = openSsh ? undefined : await startSshServers(cluster);
  const [row] = await cluster.master.query('SELECT VERSION() AS version');
  const product = program.flavour === 'mariadb1011' ? 'MariaDB' : 'MySQL';
  return {
    dir: cluster.dir,
    cluster,
    description: `${product} ${String(row?.['version'])} at ${cluster.servers.map(s => `${s.host}:${s.port}`).join(', ')}`,
    writeConfig: file =>
      cluster.writeConfig(file, {
        defaults: ssh?.defaults ?? {},
        servers: Object.fromEntries(
          cluster.servers.map((_, i) => [i + 1, { node_label: `db${i + 1}`, ...ssh?.servers[i] }]),
        ),
      }),
    async [Symbol.asyncDispose]() {
      await ssh?.[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
    },
  };
}

async function hasOpenSsh(say: (text: string) => void): Promise<boolean> {
  try {
    await ensureSshd();
    return true;
  } catch (error) {
    if (!(error instanceof MissingPrerequisite)) throw error;
    say(`${error.message}: using an SSH server of the ssh2 library instead.`);
    if (!findProgram('ssh')) say('There is no ssh program either: the hosts will not reach each other.');
    return false;
  }
}

/** SSH servers inside this process, one for each database server, and what the configuration says of them. */
async function startSshServers(cluster: TestCluster) {
  const dir = path.join(cluster.dir, 'ssh');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const key = ssh2.utils.generateKeyPairSync('ed25519');
  const identity = path.join(dir, 'id_ed25519');
  const knownHosts = path.join(dir, 'known_hosts');
  writeFileSync(identity, key.private, { mode: 0o600 });
  const started: Ssh2Server[] = [];
  for (const _ of cluster.servers) started.push(await startSsh2Server({ authorizedKeys: [key.public] }));
  writeFileSync(knownHosts, started.map(server => `${server.knownHostsLine}\n`).join(''));
  return {
    defaults: { ssh_user: os.userInfo().username, ssh_options: `-i ${identity} -o UserKnownHostsFile=${knownHosts}` },
    servers: started.map(server => ({ ssh_port: String(server.port) })),
    async [Symbol.asyncDispose]() {
      await Promise.all(started.map(server => server[Symbol.asyncDispose]()));
    },
  };
}

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createCertificates } from './certificates';
import { writeClusterConfig, clusterConfigText, type ConfigTextOptions } from './clusterConfig';
import type { HostLab } from './hosts';
import { LOOPBACK } from './place';
import { programOf, type Flavour, type ServerProgram } from './flavours';
import { killRun } from './processes';
import { replicate } from './replication';
import { keepRunDirectory, makeRunDirectory, removeRunDirectory } from './runDirectory';
import { createServer, type TestServer } from './testServer';
import { startSshd, type TestSshd } from './sshd';
import { createSshIdentity } from './sshIdentity';

export type { Flavour } from './flavours';
export type { TestServer } from './testServer';

export interface ClusterSpec {
  readonly flavour: Flavour;
  /** Another server than the flavour's own that is spelled like it. */
  readonly program?: ServerProgram;
  /** Number of replicas, 0 or more; with `coMasters` the second master is one of them. */
  readonly replicas: number;
  /** Replicate by GTID (default) or by file and position. */
  readonly gtid?: boolean;
  /**
   * star: all from the master (default). chain: each from the one before. coMasters: the first two from each other, the
   * rest from the first.
   */
  readonly shape?: 'star' | 'chain' | 'coMasters';
  /** Semi-synchronous replication; not with mysql56, which has no plugins. */
  readonly semiSync?: boolean;
  /** A certificate for 127.0.0.1 on every server (`TestCluster.ca` signed it); not with mysql56. Without this, mysql97 has TLS
   * with certificates that the server makes itself, the others have none. */
  readonly tls?: boolean;
  /** One sshd per server, each with its own port and host key. */
  readonly ssh?: boolean;
  /** Environment of SSH logins; values without blanks. */
  readonly sshEnvironment?: Readonly<Record<string, string>>;
  /** Further my.cnf options of all servers. */
  readonly extra?: Readonly<Record<string, string>>;
  /** Further my.cnf options of single servers, by index (0 = master). */
  readonly extraFor?: Readonly<Record<number, Readonly<Record<string, string>>>>;
  /** Megabytes of a small disk of its own for the data directory of single servers, by index; needs root. */
  readonly diskFor?: Readonly<Record<number, number>>;
  /** Server i runs on host i of the lab, with the usual ports, instead of on loopback. Dispose the lab last. */
  readonly lab?: HostLab;
  /** Leave everything running when this process ends; `dispose` still ends it. */
  readonly keep?: boolean;
}

export interface TestCluster extends AsyncDisposable {
  /** Folder of everything that belongs to the cluster; removed with it. */
  readonly dir: string;
  readonly flavour: Flavour;
  readonly gtid: boolean;
  /** The master first. */
  readonly servers: readonly TestServer[];
  readonly master: TestServer;
  readonly replicas: readonly TestServer[];
  /** PEM text of the authority, with `tls: true`. */
  readonly ca?: string;
  /** The sshd of the first server, with `ssh: true`. */
  readonly sshd?: TestSshd;
  /** One for each server, in their order; empty without `ssh: true`. */
  readonly sshds: readonly TestSshd[];
  /** An MHA configuration file for the cluster. */
  configText(options?: ConfigTextOptions): string;
  /** Writes `configText` (default: app1.cnf in `dir`) and returns the path. */
  writeConfig(file?: string, options?: ConfigTextOptions): Promise<string>;
}

/** Starts a replicating cluster on loopback; returns when every replica has caught up. Dispose it, or use `await using`. */
export async function startCluster(spec: ClusterSpec): Promise<TestCluster> {
  if (spec.lab && spec.lab.hosts.length <= spec.replicas) throw new Error('the lab has too few hosts');
  const program = spec.program ?? (await programOf(spec.flavour));
  const dir = makeRunDirectory();
  const mark = path.basename(dir);
  if (spec.keep) keepRunDirectory(dir);
  const servers: TestServer[] = [];
  const sshds: TestSshd[] = [];
  const dispose = async () => {
    const started = sshds.filter(Boolean);
    await killRun(mark, [...servers.map(server => server.pid ?? 0), ...started.map(sshd => sshd.pid)]);
    for (const server of servers) server.releasePort();
    for (const sshd of started) await sshd[Symbol.asyncDispose]();
    await removeRunDirectory(dir);
  };
  try {
    const gtid = spec.gtid ?? true;
    const tls = spec.tls ? await createCertificates(path.join(dir, 'tls')) : undefined;
    const tlsOptions = tls && { ssl_ca: tls.caFile, ssl_cert: tls.certFile, ssl_key: tls.keyFile };
    for (let i = 0; i <= spec.replicas; i++)
      servers.push(
        await createServer(program, {
          dir: path.join(dir, String(i + 1)),
          mark,
          serverId: i + 1,
          gtid,
          semiSync: spec.semiSync ? semiSyncPart(i, spec) : undefined,
          bound: !spec.keep,
          place: spec.lab?.hosts[i],
          diskMb: spec.diskFor?.[i],
          options: { ...(i > 0 ? { read_only: 'ON' } : {}), ...tlsOptions, ...spec.extra, ...spec.extraFor?.[i] },
        }),
      );
    await settle([startAll(servers, spec.flavour), ...(spec.ssh ? [startSshds(dir, mark, servers, sshds, spec)] : [])]);
    await replicate(servers, { flavour: spec.flavour, gtid, shape: spec.shape ?? 'star' });
    const [master, ...replicas] = servers as [TestServer, ...TestServer[]];
    mkdirSync(path.join(dir, 'manager'));
    const cluster: TestCluster = {
      dir,
      flavour: spec.flavour,
      gtid,
      servers,
      master,
      replicas,
      ...(tls ? { ca: tls.ca } : {}),
      ...(sshds[0] ? { sshd: sshds[0] } : {}),
      sshds,
      configText: options => clusterConfigText(cluster, options),
      writeConfig: (file = path.join(dir, 'app1.cnf'), options) => writeClusterConfig(cluster, file, options),
      [Symbol.asyncDispose]: dispose,
    };
    return cluster;
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** A source without replicas would wait for an acknowledgement with each commit, so only those are sources that have some. */
function semiSyncPart(index: number, { shape, replicas }: ClusterSpec): { source: boolean; replica: boolean } {
  const source = index === 0 || (shape === 'chain' && index < replicas) || (shape === 'coMasters' && index === 1);
  return { source, replica: index > 0 || shape === 'coMasters' };
}

/** MySQL 9 takes most of a core to start: more than three at once only wait for each other. */
async function startAll(servers: readonly TestServer[], flavour: Flavour): Promise<void> {
  const waiting = [...servers];
  const lane = async () => {
    for (let server = waiting.shift(); server; server = waiting.shift()) await server.start();
  };
  await settle(Array.from({ length: flavour === 'mysql97' ? 3 : 12 }, lane));
}

/** Like Promise.all, but waits for the others before it reports a failure, so that nothing starts during a tear-down. */
async function settle(work: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(work);
  const failed = results.find(result => result.status === 'rejected');
  if (failed) throw failed.reason;
}

async function startSshds(
  dir: string,
  mark: string,
  servers: readonly TestServer[],
  sshds: TestSshd[],
  spec: ClusterSpec,
): Promise<void> {
  const identity = await createSshIdentity(path.join(dir, 'ssh'));
  await settle(
    servers.map(async (server, i) => {
      sshds[i] = await startSshd({
        dir: path.join(server.dir, 'sshd'),
        identity,
        mark,
        place: spec.lab?.hosts[i] ?? LOOPBACK,
        bound: !spec.keep,
        environment: spec.sshEnvironment ?? {},
      });
    }),
  );
  writeFileSync(identity.knownHostsFile, sshds.map(sshd => `${sshd.knownHostsLine}\n`).join(''));
}

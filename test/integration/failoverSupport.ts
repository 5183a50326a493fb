import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { loadCluster } from '../../src/config/load';
import type { LogLevel } from '../../src/engine/log';
import { failover, type FailoverResult } from '../../src/engine/operations/failover';
import type { FailoverRequest } from '../../src/engine/operations/prepareFailover';
import type { FailoverOptions } from '../../src/engine/operations/failoverPlan';
import { parseJournal, type JournalLine } from '../../src/engine/operations/journal';
import type { EngineOptions } from '../../src/engine/options';
import { tableDifferences } from '../support/checksum';
import { startCluster, type ClusterSpec, type Flavour, type TestCluster, type TestServer } from '../support/cluster';
import type { ConfigTextOptions } from '../support/clusterConfig';
import { replicaStatus, waitForReplica } from '../support/replication';
import type { TestRow } from '../support/testServer';
import { waitFor } from '../support/waitFor';

export interface FailedOver extends FailoverResult {
  /** `[level] text` */
  readonly log: readonly string[];
  readonly lines: readonly JournalLine[];
  readonly tookMs: number;
}

export interface FailoverSetup {
  readonly config?: ConfigTextOptions;
  readonly options?: FailoverOptions;
  readonly engine?: Partial<EngineOptions>;
  readonly confirm?: NonNullable<FailoverRequest['confirm']>;
  /** Default server1. */
  readonly dead?: string;
  /** Called for each line of the log, while the failover runs. */
  readonly onLog?: (line: string) => void;
}

/** Runs the engine's failover on a test cluster whose master is dead. */
export async function failOver(cluster: TestCluster, setup: FailoverSetup = {}): Promise<FailedOver> {
  const loaded = await loadCluster({ file: await cluster.writeConfig(undefined, setup.config), runInitScript: false });
  if (!loaded.cluster) throw new Error(JSON.stringify(loaded.findings));
  const log: string[] = [];
  const start = performance.now();
  const result = await failover(
    {
      cluster: loaded.cluster,
      deadMaster: setup.dead ?? 'server1',
      options: setup.options ?? {},
      ...(setup.confirm && { confirm: setup.confirm }),
    },
    {
      log: {
        log: (level: LogLevel, text: string) => {
          log.push(`[${level}] ${text}`);
          setup.onLog?.(text);
        },
      },
      ...setup.engine,
    },
  );
  const lines = result.journal ? parseJournal(readFileSync(result.journal, 'utf8')) : [];
  return { ...result, log, lines, tookMs: performance.now() - start };
}

/** Writes on the new master and waits until every other server has it; then all tables must be the same everywhere. */
export async function expectOneCluster(master: TestServer, replicas: readonly TestServer[]): Promise<string[]> {
  await master.query(
    'CREATE TABLE IF NOT EXISTS test.after_failover (id INT PRIMARY KEY AUTO_INCREMENT, t VARCHAR(20))',
  );
  await master.query("INSERT INTO test.after_failover (t) VALUES ('written after')");
  for (const replica of replicas)
    await waitFor('the row on the replica', async () => {
      const [row] = await replica.query('SELECT COUNT(*) AS n FROM test.after_failover').catch(() => []);
      const [own] = await master.query('SELECT COUNT(*) AS n FROM test.after_failover');
      return Number(row?.['n'] ?? -1) === Number(own?.['n']);
    });
  return tableDifferences([master, ...replicas]);
}

export async function isWritable(server: TestServer): Promise<boolean> {
  const [row] = await server.query('SELECT @@global.read_only AS ro');
  return Number(row?.['ro']) === 0;
}

/** A kind of cluster that failovers are proved on. */
export type Kind = Pick<ClusterSpec, 'flavour' | 'gtid'>;

export const KINDS: Readonly<Record<string, Kind>> = {
  'MySQL 5.6 by position': { flavour: 'mysql56', gtid: false },
  'MySQL 5.6 by GTID': { flavour: 'mysql56', gtid: true },
  'MySQL 9.7 by GTID': { flavour: 'mysql97', gtid: true },
  'MariaDB 10.11 by position': { flavour: 'mariadb1011', gtid: false },
  'MariaDB 10.11 by GTID': { flavour: 'mariadb1011', gtid: true },
};

export const POSITION_56: Kind = { flavour: 'mysql56', gtid: false };
export const GTID_56: Kind = { flavour: 'mysql56', gtid: true };
export const GTID_97: Kind = { flavour: 'mysql97', gtid: true };
export const GTID_MARIADB: Kind = { flavour: 'mariadb1011', gtid: true };
export const POSITION_MARIADB: Kind = { flavour: 'mariadb1011', gtid: false };

/** A cluster with SSH and a table `test.t` (id, v) that every server has, with rows 1 to 3. */
export interface World extends AsyncDisposable {
  readonly cluster: TestCluster;
  readonly master: TestServer;
  /** server2, which the configuration prefers. */
  readonly candidate: TestServer;
  /** The servers behind it. */
  readonly others: readonly TestServer[];
}

export async function worldOf(kind: Kind, more: Partial<ClusterSpec> = {}): Promise<World> {
  const cluster = await startCluster({ replicas: 2, ssh: true, ...kind, ...more });
  const { master, replicas } = cluster;
  await master.query('CREATE TABLE test.t (id INT PRIMARY KEY, v LONGBLOB) ENGINE=InnoDB');
  await insert(master, 1, 3);
  await level(cluster);
  const [candidate, ...others] = replicas as [TestServer, ...TestServer[]];
  return { cluster, master, candidate, others, [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose]() };
}

/** One transaction for each id. */
export async function insert(server: TestServer, from: number, to = from): Promise<void> {
  const connection = await server.connect();
  try {
    for (let id = from; id <= to; id++) await connection.query('INSERT INTO test.t VALUES (?, ?)', [id, `row ${id}`]);
  } finally {
    connection.destroy();
  }
}

/** Waits until every replica of a star has what the master has. */
export async function level({ master, replicas, flavour }: TestCluster, some = replicas): Promise<void> {
  await Promise.all(some.map(replica => waitForReplica(replica, master, flavour)));
}

export const ids = async (server: TestServer): Promise<number[]> =>
  (await server.query('SELECT id FROM test.t ORDER BY id')).map(row => Number(row['id']));

export const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

const slave = (flavour: Flavour): string => (flavour === 'mysql97' ? 'REPLICA' : 'SLAVE');

export const stopReceiver = (server: TestServer, flavour: Flavour): Promise<TestRow[]> =>
  server.query(`STOP ${slave(flavour)} IO_THREAD`);
export const startReceiver = (server: TestServer, flavour: Flavour): Promise<TestRow[]> =>
  server.query(`START ${slave(flavour)} IO_THREAD`);
export const stopApplier = (server: TestServer, flavour: Flavour): Promise<TestRow[]> =>
  server.query(`STOP ${slave(flavour)} SQL_THREAD`);

/** Waits until a replica has received what the master has now, applied or not. */
export async function received(replica: TestServer, master: TestServer, flavour: Flavour): Promise<void> {
  const [end] = await master.query(flavour === 'mysql97' ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS');
  await waitFor('the receiver', async () => {
    const status = await replicaStatus(replica, flavour);
    return status?.['Master_Log_File'] === end?.['File'] && status?.['Read_Master_Log_Pos'] === end?.['Position'];
  });
}

export interface Recovered {
  readonly master: TestServer;
  /** Those that replicate from it now. */
  readonly replicas: readonly TestServer[];
  readonly exitCode?: 0 | 10;
  /** The log may name errors, which scripts reported. */
  readonly errors?: true;
  /** Ids that test.t must have everywhere. */
  readonly ids?: readonly number[];
}

/**
 * What every failover must leave: one writable server, the others read-only and replicating from it, the same tables
 * everywhere, a journal with the right end, and no password in anything that was written.
 */
export async function expectRecovered(
  { cluster }: Pick<World, 'cluster'>,
  result: FailedOver,
  { master, replicas, exitCode = 0, errors, ids: wanted }: Recovered,
): Promise<void> {
  expect({ exitCode: result.exitCode, newMaster: result.newMaster, log: exitCode === 0 && !errors ? problemsOf(result) : [] }, result.log.join('\n')).toEqual({ exitCode, newMaster: `server${master.serverId}`, log: [] }); // prettier-ignore
  if (wanted) expect(await ids(master), result.log.join('\n')).toEqual(wanted);
  expect(await isWritable(master)).toBe(true);
  for (const replica of replicas) expect(await isWritable(replica), `server${replica.serverId}`).toBe(false);
  expect(await expectOneCluster(master, replicas)).toEqual([]);
  expect(result.lines.at(-1)).toMatchObject({
    type: 'end',
    exitCode,
    outcome: exitCode === 0 ? 'succeeded' : 'partial',
  });
  expectNoSecrets(cluster, result);
}

/** Lines of the log that say that something went wrong. */
export const problemsOf = (result: FailedOver): string[] => result.log.filter(line => line.startsWith('[error]'));

/** The password of the account mha, also where a shell or SQL text would have quoted it. */
const SECRET = /mha.{0,2} ?pass.{0,2}#1/;

export function expectNoSecrets(cluster: TestCluster, result: Pick<FailedOver, 'log' | 'lines'>): void {
  expect(result.log.filter(line => SECRET.test(line))).toEqual([]);
  expect(result.lines.map(line => JSON.stringify(line)).filter(line => SECRET.test(line) || /PASSWORD='(?!xxx')/.test(line))).toEqual([]); // prettier-ignore
  const dir = path.join(cluster.dir, 'manager');
  for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
    const file = path.join(dir, name);
    if (statSync(file).isFile()) expect(SECRET.test(readFileSync(file, 'latin1')), name).toBe(false);
  }
}

import { readFileSync } from 'node:fs';
import { loadCluster } from '../../src/config/load';
import type { LogLevel } from '../../src/engine/log';
import { failover, type FailoverResult } from '../../src/engine/operations/failover';
import type { FailoverOptions } from '../../src/engine/operations/failoverPlan';
import { parseJournal, type JournalLine } from '../../src/engine/operations/journal';
import type { EngineOptions } from '../../src/engine/options';
import { tableDifferences } from '../support/checksum';
import type { TestCluster, TestServer } from '../support/cluster';
import type { ConfigTextOptions } from '../support/clusterConfig';
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
  /** Default server1. */
  readonly dead?: string;
}

/** Runs the engine's failover on a test cluster whose master is dead. */
export async function failOver(cluster: TestCluster, setup: FailoverSetup = {}): Promise<FailedOver> {
  const loaded = await loadCluster({ file: await cluster.writeConfig(undefined, setup.config), runInitScript: false });
  if (!loaded.cluster) throw new Error(JSON.stringify(loaded.findings));
  const log: string[] = [];
  const start = performance.now();
  const result = await failover(
    { cluster: loaded.cluster, deadMaster: setup.dead ?? 'server1', options: setup.options ?? {} },
    { log: { log: (level: LogLevel, text: string) => void log.push(`[${level}] ${text}`) }, ...setup.engine },
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

import { MysqlError } from '../mysql/mysqlError';
import type { MysqlServer } from '../mysql/server';
import { number, text } from '../mysql/values';
import { execute, type FailoverRun } from './failoverRun';
import type { ReplicaFacts } from './failoverFacts';

/**
 * Ends a parallel applier that waits for the rest of a transaction which will never come: STOP alone would wait for it for
 * 60 s (SLAVE_WAIT_GROUP_DONE; MySQL has workers by default since 8.0.27). Does nothing where there are no workers, or where
 * the applier's connection cannot be told from others. Rejects with MysqlError.
 */
export async function killApplier(
  run: FailoverRun,
  step: string,
  replica: ReplicaFacts,
  connection: MysqlServer,
): Promise<void> {
  const { state } = replica;
  if (state.version.flavour !== 'mysql' || state.parallelWorkers === 0) return;
  const id = (await coordinatorOf(connection, replica.channel.name)) ?? (await onlyApplier(connection, replica));
  if (id === undefined) return;
  await execute(run, step, { id: replica.id, connection }, connection.dialect.statement('killConnection', [id]));
}

/** Needs performance_schema, which is on by default; undefined without. */
async function coordinatorOf(connection: MysqlServer, channel: string): Promise<number | undefined> {
  try {
    const [row = {}] = await connection.query(
      `SELECT t.PROCESSLIST_ID AS id FROM performance_schema.replication_applier_status_by_coordinator c
       JOIN performance_schema.threads t ON t.THREAD_ID = c.THREAD_ID WHERE c.CHANNEL_NAME = ?`,
      [channel],
    );
    return number(row, 'id');
  } catch (error) {
    // 5.6 has no such table.
    if (error instanceof MysqlError && error.kind === 'server') return undefined;
    throw error;
  }
}

/** With one channel whose receiver is stopped all threads of the system are the applier's; the coordinator came first. */
async function onlyApplier(connection: MysqlServer, { state }: ReplicaFacts): Promise<number | undefined> {
  if (state.channels.length !== 1) return undefined;
  const rows = await connection.query(connection.dialect.statement('processList').sql);
  const ids = rows.filter(row => text(row, 'User') === 'system user').flatMap(row => number(row, 'Id') ?? []);
  return ids.length > 0 ? Math.min(...ids) : undefined;
}

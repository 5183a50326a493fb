import { readFile } from 'node:fs/promises';
import { parseDocument } from '../../config/document';
import { applyEdits, removeSection } from '../../config/edits';
import { writeConfigFile } from '../../config/writeFile';
import { msg } from '../../l10n/message';
import type { SemiSyncName } from '../mysql/dialect';
import { MysqlError } from '../mysql/mysqlError';
import type { MysqlServer } from '../mysql/server';
import { text } from '../mysql/values';
import { channelName, connectionOf, execute, newMasterOf, type FailoverRun } from './failoverRun';
import type { FailoverStepKind } from './failoverPlan';
import type { Step } from './plan';
import type { StepResult } from './runPlan';
import { fetchForOthers } from './supply';

type FailoverStep = Step<FailoverStepKind>;

/** The new master forgets its old source, whatever became of the replicas: it must not follow a master that comes back. */
export async function resetNewMaster(run: FailoverRun, step: FailoverStep): Promise<StepResult> {
  const replica = newMasterOf(run);
  // With its channel go its relay logs: others may need them.
  await fetchForOthers(run);
  const connection = await connectionOf(run, replica.config);
  const at = { id: replica.id, connection };
  const { dialect } = connection;
  const channel = channelName(connection, replica);
  await execute(run, step.id, at, dialect.statement('stopReplica', [], channel), { timeoutMs: 90_000 });
  await execute(run, step.id, at, dialect.statement('resetReplicaAll', [], channel));
  run.log.log('info', ` ${replica.config.values.hostname ?? replica.id}: Resetting slave info succeeded.`);
  return undefined;
}

/** Events that came by replication are disabled on replicas (SLAVESIDE_DISABLED; since 8.3 REPLICA_SIDE_DISABLED). */
export async function enableEvents(run: FailoverRun, step: FailoverStep): Promise<StepResult> {
  const { config } = newMasterOf(run);
  const connection = await connectionOf(run, config);
  const rows = await connection.query(
    "SELECT EVENT_SCHEMA AS s, EVENT_NAME AS e, DEFINER AS d FROM information_schema.EVENTS WHERE STATUS LIKE '%SIDE\\_DISABLED'",
  );
  for (const row of rows) {
    const definer = text(row, 'd') ?? '';
    const at = definer.lastIndexOf('@');
    const values = [definer.slice(0, at), definer.slice(at + 1), text(row, 's'), text(row, 'e')];
    await execute(run, step.id, { id: config.id, connection }, { sql: 'ALTER DEFINER=?@? EVENT ??.?? ENABLE', values });
  }
  if (rows.length === 0) return { skipped: true };
  const [row = {}] = await connection.query('SELECT @@global.event_scheduler AS value');
  // DISABLED is a decision of the start, and cannot be changed.
  if (text(row, 'value') === 'OFF')
    await execute(run, step.id, { id: config.id, connection }, { sql: 'SET GLOBAL event_scheduler=1', values: [] });
  return { message: msg('{count} events', { count: rows.length }) };
}

/** ER_UNKNOWN_SYSTEM_VARIABLE: the plugin has the other name. */
const UNKNOWN_VARIABLE = 1193;

export async function semiSyncSource(run: FailoverRun, step: FailoverStep): Promise<StepResult> {
  const { config } = newMasterOf(run);
  const connection = await connectionOf(run, config);
  const set = async (name: SemiSyncName, value: number): Promise<boolean> => {
    for (const variable of connection.dialect.semiSync(name))
      if (await setIfThere(run, step.id, { id: config.id, connection }, variable, value)) return true;
    return false;
  };
  if (!(await set('sourceEnabled', 1))) return { skipped: true };
  await set('replicaEnabled', 0);
  return undefined;
}

async function setIfThere(
  run: FailoverRun,
  step: string,
  server: { readonly id: string; readonly connection: MysqlServer },
  variable: string,
  value: number,
): Promise<boolean> {
  try {
    await execute(run, step, server, { sql: `SET GLOBAL ${variable}=?`, values: [value] });
    return true;
  } catch (error) {
    if (error instanceof MysqlError && error.errno === UNKNOWN_VARIABLE) return false;
    throw error;
  }
}

/** Takes the dead master's section out of the file, comments and blank lines kept, with a backup. */
export async function removeDeadSection(run: FailoverRun): Promise<StepResult> {
  const { dead, cluster } = run.facts;
  if (run.left.length > 0 || run.facts.leftOut.length > 0 || [...run.outcomes.values()].some(o => o.outcome !== 'ok'))
    return { skipped: true, message: msg('Not everything succeeded: [{section}] stays', { section: dead.id }) };
  const document = parseDocument(await readFile(cluster.file), cluster.file);
  const { text: before, encoding } = document;
  const after = applyEdits(before, removeSection(document, dead.id));
  const { backup } = await writeConfigFile(cluster.file, after, { encoding, previous: before });
  run.log.log('info', `Deleted ${dead.id} entry from ${cluster.file} .`);
  return { message: msg('The former file is {backup}', { backup }) };
}

import { setTimeout as sleep } from 'node:timers/promises';
import { msg, type Message } from '../../l10n/message';
import type { MysqlServer } from '../mysql/server';
import { drain, endHalfTransaction } from './drain';
import { connectionOf, execute, newMasterOf, readChannel, replicaOf, type FailoverRun } from './failoverRun';
import { hostForm, type ReplicaFacts } from './failoverFacts';
import type { FailoverStepKind } from './failoverPlan';
import { gtidExecutedOf, gtidPurgedOf, mariadbPositionOf } from './gtidState';
import { levelByPosition } from './level';
import type { Step } from './plan';
import { pointAt, startAt, startReplica, stopReplica } from './pointAt';
import { StepError, whyOf, type StepResult } from './runPlan';
import { fetchForOthers } from './supply';

/**
 * Brings one replica level with the new master and lets it replicate from there. The service is up already: whatever it
 * takes delays nobody else.
 */
export async function repoint(
  run: FailoverRun,
  step: Step<FailoverStepKind>,
  signal: AbortSignal,
): Promise<StepResult> {
  const replica = replicaOf(run, step.server ?? '');
  const report = (outcome: 'ok' | 'levelled' | 'recovery-failed' | 'start-failed', why?: Message) =>
    run.outcomes.set(replica.id, { outcome, ...(why && { why }) });
  let connection: MysqlServer;
  try {
    connection = await connectionOf(run, replica.config);
    if (await isRepointed(run, replica, connection)) {
      report('ok');
      return { skipped: true };
    }
    await level(run, step.id, replica, connection, signal);
  } catch (error) {
    report('recovery-failed', whyOf(error));
    throw error;
  }
  if (run.options.skipChangeMaster) {
    report('levelled');
    return undefined;
  }
  try {
    const start = startAt(run.facts.mode, run.coordinates);
    await pointAt(run, step.id, { replica, connection, source: newMasterOf(run).config, start });
    await keepRelayLogPurge(run, step.id, replica, connection);
    await keepReadOnly(run, step.id, replica, connection);
    await startReplica(run, step.id, replica, connection, signal);
    await inSync(run, replica, connection, signal);
  } catch (error) {
    report('start-failed', whyOf(error));
    throw error;
  }
  report('ok');
  return undefined;
}

/** An earlier run was killed after it had pointed the replica at the new master, and before it had started it. */
export async function startRepointed(
  run: FailoverRun,
  step: Step<FailoverStepKind>,
  signal: AbortSignal,
): Promise<StepResult> {
  const replica = run.facts.repointed.find(r => r.id === step.server);
  if (!replica) return { skipped: true };
  try {
    const connection = await connectionOf(run, replica.config);
    await startReplica(run, step.id, replica, connection, signal);
  } catch (error) {
    run.outcomes.set(replica.id, { outcome: 'start-failed', why: whyOf(error) });
    throw error;
  }
  return undefined;
}

/** An earlier run came as far as this. */
function isRepointed(run: FailoverRun, replica: ReplicaFacts, connection: MysqlServer): Promise<boolean> {
  const edge = run.facts.snapshot.edges.find(e => e.replica === replica.id && e.channel === replica.channel.name);
  return Promise.resolve(connection.isOpen && edge?.source === run.plan.newMaster);
}

/**
 * By GTID the new master has it all, and the replica fetches what it lacks from there, unless that has been thrown away
 * already. By position it must have applied the same as the new master before it can go on there.
 */
async function level(
  run: FailoverRun,
  step: string,
  replica: ReplicaFacts,
  connection: MysqlServer,
  signal: AbortSignal,
): Promise<void> {
  if (run.facts.mode === 'position') {
    await fetchForOthers(run);
    const drained = await drain(run, step, replica, connection, signal);
    await levelByPosition(run, step, replica, connection, drained, signal);
    return;
  }
  if (await lacksPurged(run, replica, connection)) await drain(run, step, replica, connection, signal);
  else await endHalfTransaction(run, step, replica, connection, signal);
  await stopReplica(run, step, replica, connection);
  if (await lacksPurged(run, replica, connection))
    throw new StepError(
      'purged',
      msg('{master} has already purged binary logs that {server} needs', {
        master: hostForm(newMasterOf(run).config),
        server: hostForm(replica.config),
      }),
    );
}

async function lacksPurged(run: FailoverRun, replica: ReplicaFacts, connection: MysqlServer): Promise<boolean> {
  if (replica.state.version.flavour !== 'mysql') return false;
  const newMaster = await connectionOf(run, newMasterOf(run).config);
  const [purged, executed] = await Promise.all([gtidPurgedOf(newMaster), gtidExecutedOf(connection)]);
  return executed !== undefined && !executed.contains(purged);
}

/** CHANGE MASTER and RESET SLAVE may switch it on again (known problem G5). */
async function keepRelayLogPurge(
  run: FailoverRun,
  step: string,
  replica: ReplicaFacts,
  connection: MysqlServer,
): Promise<void> {
  if (replica.state.relayLogPurge) return;
  const statement = { sql: 'SET GLOBAL relay_log_purge=0', values: [] };
  await execute(run, step, { id: replica.id, connection }, statement);
}

/** A replica is read-only: one that was not is made so, and that is said. */
async function keepReadOnly(
  run: FailoverRun,
  step: string,
  replica: ReplicaFacts,
  connection: MysqlServer,
): Promise<void> {
  if (replica.state.readOnly) return;
  const server = hostForm(replica.config);
  run.log.log('warning', `${server} was writable. Set read_only=1.`);
  run.notes.push(msg('{server} was writable; it is read-only now', { server }));
  await execute(run, step, { id: replica.id, connection }, { sql: 'SET GLOBAL read_only=1', values: [] });
}

const SYNC_POLL_MS = 50;

/** MHA's wait_until_gtid_in_sync, bounded by `apply_timeout`: until the replica has what the new master had when it became one. */
async function inSync(
  run: FailoverRun,
  replica: ReplicaFacts,
  connection: MysqlServer,
  signal: AbortSignal,
): Promise<void> {
  if (run.facts.mode === 'position' || run.options.waitUntilGtidInSync === false || replica.channel.delaySeconds > 0)
    return;
  const newMaster = await connectionOf(run, newMasterOf(run).config);
  const mysql = replica.state.version.flavour === 'mysql';
  const [goal, position] = mysql
    ? [await gtidExecutedOf(newMaster), undefined]
    : [undefined, await mariadbPositionOf(newMaster)];
  const limit = performance.now() + replica.config.extended.apply_timeout * 1000;
  for (;;) {
    const there = goal
      ? (await gtidExecutedOf(connection))?.contains(goal)
      : position && (await mariadbPositionOf(connection)).contains(position);
    if (there) return;
    const { receiver, applier, receiverError, applierError } = await readChannel(connection, replica, { signal });
    const error = applier === 'stopped' ? applierError : receiver === 'stopped' ? receiverError : undefined;
    if (error || performance.now() > limit)
      throw new StepError(
        'sync',
        msg('{server} does not get level with the new master: {text}', {
          server: hostForm(replica.config),
          text: error?.text ?? 'apply_timeout',
        }),
      );
    await sleep(SYNC_POLL_MS, undefined, { signal });
  }
}

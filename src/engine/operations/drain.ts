import { setTimeout as sleep } from 'node:timers/promises';
import { msg } from '../../l10n/message';
import { comparePositions } from '../binlog/position';
import { GtidSet } from '../mysql/gtid';
import { STOPPED_IN_GROUP } from '../mysql/applierErrors';
import { gtidExecutedOf } from './gtidState';
import type { MysqlServer } from '../mysql/server';
import type { ReplicaChannel } from '../mysql/types';
import { channelName, execute, readChannel, type FailoverRun } from './failoverRun';
import { hostForm, type ReplicaFacts } from './failoverFacts';
import { killApplier } from './incompleteGroup';
import { endsInTransaction, relayRemainder } from './relayRemainder';
import { StepError } from './runPlan';

/** Between two looks at a replica's progress: short at first, since most have applied everything already. */
const FIRST_POLL_MS = 5;
const LONGEST_POLL_MS = 200;
/** No progress for so long: perhaps only the beginning of a transaction is left. */
const STILL_MS = 60;

/** A replica whose applier is stopped, with everything applied that it can apply on its own. */
export interface Drained {
  /** As it is after the applier was stopped. `applied` is where the next transaction begins. */
  readonly channel: ReplicaChannel;
  /** There is something left in the relay log: the beginning of a transaction, or what a delayed replica had before it. */
  readonly partial: boolean;
}

/**
 * Waits until a replica has applied every whole transaction of its relay logs, and stops its applier; that of a delayed
 * replica is stopped at once. The receiver must be stopped. Bounded by the replica's `apply_timeout`. Rejects with StepError `applier` if the applier stops with an error, `apply-timeout` if it takes
 * too long; with MysqlError if the replica is lost.
 */
export async function drain(
  run: FailoverRun,
  step: string,
  replica: ReplicaFacts,
  connection: MysqlServer,
  signal: AbortSignal,
): Promise<Drained> {
  const server = hostForm(replica.config);
  const name = channelName(connection, replica);
  const { dialect } = connection;
  const limit = performance.now() + replica.config.extended.apply_timeout * 1000;
  let pause = FIRST_POLL_MS;
  let before = '';
  let still = performance.now();
  let restarted = false;
  // A delayed one would be hours behind; CHANGE MASTER, which could end that, throws relay logs away. It gets what it lacks otherwise.
  for (; replica.channel.delaySeconds === 0;) {
    const channel = await readChannel(connection, replica, { signal });
    if (isLevel(channel) || (await hasAll(channel, connection, signal))) break;
    if (channel.applier === 'stopped') {
      const error = channel.applierError;
      if ((error && error.errno !== STOPPED_IN_GROUP) || restarted)
        throw new StepError(
          'applier',
          msg('The SQL thread of {server} stopped with error {errno}: {text}', {
            server,
            errno: error?.errno ?? 0,
            text: error?.text ?? '',
          }),
        );
      restarted = true;
      await execute(run, step, { id: replica.id, connection }, dialect.statement('startApplier', [], name), { signal });
    }
    const progress = JSON.stringify([channel.applied, channel.relayLog]);
    if (progress !== before) {
      before = progress;
      still = performance.now();
      pause = FIRST_POLL_MS;
    } else if (channel.relayLog && performance.now() - still > STILL_MS) {
      if ((await relayRemainder(connection, channel.relayLog, name, { signal })) !== 'complete') {
        // It may have gone on between the two looks.
        const again = await readChannel(connection, replica, { signal });
        if (JSON.stringify([again.applied, again.relayLog]) === before) break;
      }
      still = performance.now();
    }
    if (performance.now() > limit)
      throw new StepError(
        'apply-timeout',
        msg('{server} has not applied its relay log within {seconds} s (apply_timeout)', {
          server,
          seconds: replica.config.extended.apply_timeout,
        }),
      );
    await sleep(pause, undefined, { signal });
    pause = Math.min(LONGEST_POLL_MS, pause * 1.5);
  }
  await endHalfTransaction(run, step, replica, connection, signal);
  // A half transaction is rolled back; with tables that cannot, the server waits for up to a minute first.
  const stop = dialect.statement('stopApplier', [], name);
  await execute(run, step, { id: replica.id, connection }, stop, { signal, timeoutMs: 90_000 });
  const channel = await readChannel(connection, replica, { signal });
  return { channel, partial: !isLevel(channel) && !(await hasAll(channel, connection, signal)) };
}

/** The beginning of a transaction, whose rest will never come, is taken back: see killApplier. */
export async function endHalfTransaction(
  run: FailoverRun,
  step: string,
  replica: ReplicaFacts,
  connection: MysqlServer,
  signal: AbortSignal,
): Promise<void> {
  const channel = await readChannel(connection, replica, { signal });
  if (channel.applier !== 'running' || isLevel(channel) || !channel.relayLog) return;
  if (await endsInTransaction(connection, channel.relayLog, channelName(connection, replica), { signal }))
    await killApplier(run, step, replica, connection);
}

function isLevel({ received, applied }: ReplicaChannel): boolean {
  return !received || (applied !== undefined && comparePositions(applied, received) >= 0);
}

/** Positions of parallel appliers come late (a checkpoint every 300 ms); sets do not. */
async function hasAll(channel: ReplicaChannel, connection: MysqlServer, signal: AbortSignal): Promise<boolean> {
  if (connection.version.flavour !== 'mysql' || !channel.retrievedGtids || !channel.autoPosition) return false;
  const executed = await gtidExecutedOf(connection, { signal });
  return executed !== undefined && executed.contains(GtidSet.parse(channel.retrievedGtids));
}

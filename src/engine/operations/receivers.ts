import { msg } from '../../l10n/message';
import { number } from '../mysql/values';
import { channelName, connectionOf, execute, readChannel, replicaOf, type FailoverRun } from './failoverRun';
import { hostForm } from './failoverFacts';
import type { FailoverStepKind } from './failoverPlan';
import type { Step } from './plan';
import { StepError, type StepResult } from './runPlan';

/** MHA's name of the lock that failover, switch and relay-log purge take on every replica: an interoperability fact. */
export const FAILOVER_LOCK = 'MHA_Master_High_Availability_Failover';

/** As MHA's: seconds to wait for the lock of one replica. */
const LOCK_SECONDS = 1;

type FailoverStep = Step<FailoverStepKind>;

/** Takes the lock on every replica; it lasts as long as the connections. */
export async function lockReplicas(run: FailoverRun, step: FailoverStep, signal: AbortSignal): Promise<StepResult> {
  await Promise.all(
    run.facts.replicas.map(async replica => {
      const connection = await connectionOf(run, replica.config);
      const statement = { sql: 'SELECT GET_LOCK(?, ?) AS value', values: [FAILOVER_LOCK, LOCK_SECONDS] };
      const [row] = await execute(run, step.id, { id: replica.id, connection }, statement, { signal });
      if (row && number(row, 'value') === 1) return;
      throw new StepError(
        'locked',
        msg('Getting advisory lock failed on {server}. Maybe failover script or purge_relay_logs script is running on the same slave?', { server: hostForm(replica.config) }), // prettier-ignore
      );
    }),
  );
  return undefined;
}

export async function releaseLocks(run: FailoverRun): Promise<void> {
  await Promise.all(
    run.facts.replicas.map(async ({ id }) => {
      const connection = run.connections.get(id);
      if (connection?.isOpen) await connection.query('SELECT RELEASE_LOCK(?)', [FAILOVER_LOCK]).catch(() => undefined);
    }),
  );
}

/** From the command's return the receiver is stopped: the server waits for it. */
export async function stopReceiver(run: FailoverRun, step: FailoverStep, signal: AbortSignal): Promise<StepResult> {
  const replica = replicaOf(run, step.server ?? '');
  const connection = await connectionOf(run, replica.config);
  const statement = connection.dialect.statement('stopReceiver', [], channelName(connection, replica));
  await execute(run, step.id, { id: replica.id, connection }, statement, { signal });
  const channel = await readChannel(connection, replica, { signal });
  if (channel.receiver !== 'stopped')
    throw new StepError('receiver', msg('{server} goes on receiving', { server: hostForm(replica.config) }));
  return undefined;
}

/** The undo of `stopReceiver`, and of what a run that was killed left behind. */
export async function startReceiver(run: FailoverRun, step: FailoverStep): Promise<void> {
  const replica = replicaOf(run, step.server ?? '');
  const connection = await connectionOf(run, replica.config);
  const statement = connection.dialect.statement('startReceiver', [], channelName(connection, replica));
  await execute(run, step.id, { id: replica.id, connection }, statement);
}

export async function startApplier(run: FailoverRun, step: FailoverStep, signal: AbortSignal): Promise<StepResult> {
  const replica = replicaOf(run, step.server ?? '');
  const connection = await connectionOf(run, replica.config);
  const statement = connection.dialect.statement('startApplier', [], channelName(connection, replica));
  await execute(run, step.id, { id: replica.id, connection }, statement, { signal });
  return undefined;
}

export async function stopApplier(run: FailoverRun, step: FailoverStep): Promise<void> {
  const replica = replicaOf(run, step.server ?? '');
  const connection = await connectionOf(run, replica.config);
  const statement = connection.dialect.statement('stopApplier', [], channelName(connection, replica));
  await execute(run, step.id, { id: replica.id, connection }, statement);
}

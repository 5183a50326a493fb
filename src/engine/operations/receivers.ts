import { msg } from '../../l10n/message';
import { MysqlError } from '../mysql/mysqlError';
import { number } from '../mysql/values';
import { channelName, connectionOf, execute, leaveOut, readChannel, replicaOf, type FailoverRun } from './failoverRun';
import { hostForm, type ReplicaFacts } from './failoverFacts';
import type { FailoverStepKind } from './failoverPlan';
import type { Step } from './plan';
import { readOnlyOf } from './readOnly';
import { StepError, whyOf, type StepResult } from './runPlan';

/** MHA's name of the lock that failover, switch and relay-log purge take on every replica: an interoperability fact. */
export const FAILOVER_LOCK = 'MHA_Master_High_Availability_Failover';

/** As MHA's: seconds to wait for the lock of one replica. */
const LOCK_SECONDS = 1;

type FailoverStep = Step<FailoverStepKind>;

/** Milliseconds for a statement that a living replica answers at once, beside what it waits on the server. */
const PROMPT_MS = 2000;

/**
 * Takes the lock on every replica; it lasts as long as the connections. One after the other, so that of two failovers one gets
 * them all. Then nobody else changes the cluster: it must be what it was when this failover was planned.
 */
export async function lockReplicas(run: FailoverRun, step: FailoverStep, signal: AbortSignal): Promise<StepResult> {
  for (const replica of run.facts.replicas)
    await unlessExcused(run, replica, signal, async () => {
      const connection = await connectionOf(run, replica.config);
      const statement = { sql: 'SELECT GET_LOCK(?, ?) AS value', values: [FAILOVER_LOCK, LOCK_SECONDS] };
      const options = { signal, timeoutMs: LOCK_SECONDS * 1000 + PROMPT_MS };
      const [row] = await execute(run, step.id, { id: replica.id, connection }, statement, options);
      if (row && number(row, 'value') === 1) return;
      throw new StepError(
        'locked',
        msg('Getting advisory lock failed on {server}. Maybe failover script or purge_relay_logs script is running on the same slave?', { server: hostForm(replica.config) }), // prettier-ignore
      );
    });
  await Promise.all(
    run.facts.replicas.map(replica => unlessExcused(run, replica, signal, () => unchanged(run, replica, signal))),
  );
  return undefined;
}

/** Another failover, or a person, may have been faster. */
async function unchanged(run: FailoverRun, replica: ReplicaFacts, signal: AbortSignal): Promise<void> {
  const connection = await connectionOf(run, replica.config);
  const options = { signal, timeoutMs: PROMPT_MS };
  const { readOnly } = await readOnlyOf(connection, options);
  const { source } = replica.promoted ? replica.channel : await readChannel(connection, replica, options);
  const { host, port } = replica.channel.source;
  if (source.host === host && source.port === port && readOnly === replica.state.readOnly) return;
  throw new StepError(
    'changed',
    msg('{server} is not what it was a moment ago: another failover, or somebody, has changed it', {
      server: hostForm(replica.config),
    }),
  );
}

/** What is lost of a replica with ignore_fail is lost: the failover goes on without it. */
async function unlessExcused(
  run: FailoverRun,
  replica: ReplicaFacts,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    signal.throwIfAborted();
    const lost = error instanceof MysqlError || (error instanceof StepError && error.code === 'connect');
    if (!lost || !replica.config.values.ignore_fail) throw error;
    leaveOut(run, replica.id, whyOf(error));
  }
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
  await unlessExcused(run, replica, signal, async () => {
    const connection = await connectionOf(run, replica.config);
    const statement = connection.dialect.statement('stopReceiver', [], channelName(connection, replica));
    await execute(run, step.id, { id: replica.id, connection }, statement, { signal });
    const channel = await readChannel(connection, replica, { signal });
    if (channel.receiver !== 'stopped')
      throw new StepError('receiver', msg('{server} goes on receiving', { server: hostForm(replica.config) }));
  });
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

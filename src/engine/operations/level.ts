import { msg } from '../../l10n/message';
import type { TransactionRange } from '../binlog/grouper';
import { comparePositions } from '../binlog/position';
import { MysqlError } from '../mysql/mysqlError';
import type { MysqlServer } from '../mysql/server';
import type { LogPosition } from '../mysql/types';
import { number, text } from '../mysql/values';
import { applyTransactions } from './applyTransactions';
import { drain, type Drained } from './drain';
import { connectionOf, leaveOut, noteFact, type FailoverRun } from './failoverRun';
import { hostForm, type ReplicaFacts } from './failoverFacts';
import type { AppliedFact } from './resume';
import { StepError, whyOf } from './runPlan';
import { supplyFrom, transactionsOf } from './supply';

/**
 * Applies to a replica whose applier is stopped every transaction of the dead master that it lacks and somebody has, in
 * position mode: the new master all of them, the others (once `run.levelAt` is known) what the new master has. Returns where
 * it has come in the dead master's log. Each transaction is in the journal before it is committed, so that a run that is
 * killed is gone on with, without applying one twice. Rejects with StepError if it cannot be brought as far.
 */
export async function levelByPosition(
  run: FailoverRun,
  step: string,
  replica: ReplicaFacts,
  connection: MysqlServer,
  { channel, partial }: Drained,
  signal: AbortSignal,
): Promise<LogPosition> {
  const server = hostForm(replica.config);
  if (!channel.applied) throw new StepError('no-position', msg('{server} has never applied anything', { server }));
  const from = await resumeFrom(run, replica, connection, channel.applied);
  const { levelAt } = run;
  if (levelAt ? comparePositions(from, levelAt) === 0 : await hasEverything(run, step, replica, from, signal))
    return from;
  const { ranges, end } = await transactionsOf(await supplyFrom(run, replica, from, partial));
  const wanted = levelAt ? ranges.filter(range => comparePositions(range.end, levelAt) <= 0) : ranges;
  if (wanted.length > 0) await apply(run, step, replica, connection, wanted, channel.applied, signal);
  if (levelAt && (!end || comparePositions(end, levelAt) < 0 || comparePositions(from, levelAt) > 0))
    throw new StepError(
      'not-level',
      msg('{server} cannot be brought to where the new master is ({position})', { server, position: shown(levelAt) }),
    );
  if (levelAt) return levelAt;
  const reached = wanted.at(-1)?.end ?? from;
  // A replica that lives has more than what could be had: it would be lost.
  if (await somebodyIsAhead(run, step, replica, reached, signal))
    throw new StepError('not-level', msg('{server} cannot be brought beyond {position}, and others have more', { server, position: shown(reached) })); // prettier-ignore
  return reached;
}

const shown = ({ file, position }: LogPosition): string => `${file}:${position}`;

/**
 * Whether nobody has a transaction that comes behind `from`. What was saved of the dead master's log is looked at in any
 * case. Other replicas may have received the beginning of a transaction, which nobody needs: what counts is what they can apply.
 */
async function hasEverything(
  run: FailoverRun,
  step: string,
  replica: ReplicaFacts,
  from: LogPosition,
  signal: AbortSignal,
): Promise<boolean> {
  const tail = run.tail && comparePositions(run.tail.to, from) > 0;
  return !tail && !(await somebodyIsAhead(run, step, replica, from, signal));
}

async function somebodyIsAhead(
  run: FailoverRun,
  step: string,
  replica: ReplicaFacts,
  from: LogPosition,
  signal: AbortSignal,
): Promise<boolean> {
  const ahead = run.facts.replicas.filter(
    ({ id, channel }) => id !== replica.id && channel.received && comparePositions(channel.received, from) > 0,
  );
  for (const other of ahead) {
    // It does not apply what it has: its relay logs are what counts, once they have been looked at.
    if (other.channel.delaySeconds > 0) {
      if (!run.relayLogs.has(other.id)) return true;
      continue;
    }
    const drained = await ofOther(run, other, async () =>
      drain(run, step, other, await connectionOf(run, other.config), signal),
    );
    const { applied } = drained?.channel ?? {};
    if (applied && comparePositions(applied, from) > 0) return true;
  }
  return false;
}

/**
 * Something that concerns another replica than the one that is worked on: if that one is lost, the work goes on without it.
 * Undefined: it was lost.
 */
export async function ofOther<T>(
  run: FailoverRun,
  other: ReplicaFacts,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const lost =
      error instanceof MysqlError ? error.kind !== 'server' : error instanceof StepError && error.code === 'connect';
    if (!lost) throw error;
    leaveOut(run, other.id, whyOf(error));
    return undefined;
  }
}

async function apply(
  run: FailoverRun,
  step: string,
  replica: ReplicaFacts,
  connection: MysqlServer,
  ranges: readonly TransactionRange[],
  base: LogPosition,
  signal: AbortSignal,
): Promise<void> {
  run.log.log('info', ` Applying ${ranges.length} transactions to ${hostForm(replica.config)}..`);
  await applyTransactions(run, step, replica, ranges, {
    signal,
    beforeCommit: async range => {
      const own = replica.config.values.disable_log_bin ? undefined : await ownPosition(connection);
      const value: AppliedFact = { base, from: range.start, next: range.end, ...(own && { own }) };
      run.applied.set(replica.id, value);
      noteFact(run, 'applied', replica.id, value);
    },
  });
}

/** An earlier run, or this one for another purpose, may have applied transactions that the replica's position knows nothing of. */
async function resumeFrom(
  run: FailoverRun,
  replica: ReplicaFacts,
  connection: MysqlServer,
  base: LogPosition,
): Promise<LogPosition> {
  const fact = run.applied.get(replica.id);
  if (!fact || comparePositions(fact.base, base) !== 0) return base;
  const committed = await wasCommitted(connection, fact);
  if (committed === undefined)
    throw new StepError(
      'in-doubt',
      msg('It cannot be told whether {server} has the transaction at {position}: it has no binary log', {
        server: hostForm(replica.config),
        position: `${fact.from.file}:${fact.from.position}`,
      }),
    );
  return committed ? fact.next : fact.from;
}

/** ER_ERROR_WHEN_EXECUTING_COMMAND: SHOW BINLOG EVENTS of a log that is not there any more. */
const NO_SUCH_LOG = 1220;

/** What only says that a log begins or ends. */
const MARKS = /^(rotate|stop|format_desc|previous_gtids|gtid_list|binlog_checkpoint|start_encryption)/i;

/** Whether something was committed after the server's own log stood where the journal says. Undefined: it has no log. */
async function wasCommitted(connection: MysqlServer, { own }: AppliedFact): Promise<boolean | undefined> {
  if (!own) return undefined;
  const statement = connection.dialect.statement('showBinaryLogEvents', [own.file, own.position, 20]);
  try {
    const rows = await connection.query(statement.sql, statement.values);
    return rows.some(row => !MARKS.test(text(row, 'Event_type') ?? ''));
  } catch (error) {
    if (error instanceof MysqlError && error.errno === NO_SUCH_LOG) return true;
    throw error;
  }
}

/** Where the server's own binary log stands. */
export async function ownPosition(connection: MysqlServer): Promise<LogPosition | undefined> {
  const [row = {}] = await connection.query(connection.dialect.statement('showBinaryLogStatus').sql);
  const file = text(row, 'File');
  return file ? { file, position: number(row, 'Position') ?? 0 } : undefined;
}

import { setTimeout as sleep } from 'node:timers/promises';
import { msg, type Message } from '../../l10n/message';
import { comparePositions } from '../binlog/position';
import { GtidSet } from '../mysql/gtid';
import type { MysqlServer } from '../mysql/server';
import { applyTransactions } from './applyTransactions';
import { drain, type Drained } from './drain';
import type { Election } from './election';
import { connectionOf, newMasterOf, noteFact, readChannel, type FailoverRun } from './failoverRun';
import { formOf, hostForm, type ReplicaFacts } from './failoverFacts';
import { announceCoordinates } from './failoverLog';
import { planFailover, type FailoverStepKind } from './failoverPlan';
import { gtidExecutedOf, mariadbPositionOf, mariadbReceivedOf } from './gtidState';
import { levelByPosition, ofOther, ownPosition } from './level';
import type { Step } from './plan';
import { pointAt, startReplica, stopReplica } from './pointAt';
import { clusterPosition, clusterSet, errantOf, receivedPosition, receivedSet } from './progress';
import { StepError, type StepResult } from './runPlan';
import { supplyFrom, transactionsOf } from './supply';

/**
 * Brings the new master level with everything that anybody still has: its own relay log, what the dead master's disk gave,
 * what other replicas have. If the elected one cannot be brought level but the most advanced one can become master, that one
 * is taken instead. Afterwards the place where replicas go on is known.
 */
export async function recover(
  run: FailoverRun,
  step: Step<FailoverStepKind>,
  signal: AbortSignal,
): Promise<StepResult> {
  try {
    return await recoverNewMaster(run, step.id, signal);
  } catch (error) {
    const instead = error instanceof StepError && INSTEAD.has(error.code) ? insteadOf(run) : undefined;
    if (!instead || run.options.newMaster !== undefined) throw error;
    const { election } = run.plan;
    run.log.log('warning', `${formOf(run.facts.cluster, election.newMaster ?? '')} cannot be brought level. New master is ${formOf(run.facts.cluster, instead)}`); // prettier-ignore
    run.plan = planFailover({
      facts: run.facts,
      election: changed(election, instead, (error as StepError).why),
      options: run.options,
      expectedLoss: run.plan.expectedLoss,
    });
    run.journal.write({ type: 'plan', plan: run.plan });
    return await recoverNewMaster(run, step.id, signal);
  }
}

/** Failures that concern what the new master lacks, and not the new master. */
const INSTEAD: ReadonlySet<string> = new Set([
  'no-supply',
  'not-level',
  'in-doubt',
  'apply',
  'applier',
  'apply-timeout',
]);

function insteadOf({ plan: { election, newMaster } }: FailoverRun): string | undefined {
  return election.candidates.find(c => c.latest && c.eligible && c.id !== newMaster)?.id;
}

function changed(election: Election, instead: string, why: Message): Election {
  return {
    ...election,
    newMaster: instead,
    candidates: election.candidates.map(candidate => ({
      ...candidate,
      chosen: candidate.id === instead,
      reasons: candidate.chosen
        ? [why]
        : candidate.id === instead
          ? [msg('none has received more, and the elected one cannot be brought level')]
          : candidate.reasons,
    })),
  };
}

async function recoverNewMaster(run: FailoverRun, step: string, signal: AbortSignal): Promise<StepResult> {
  const replica = newMasterOf(run);
  const connection = await connectionOf(run, replica.config);
  const server = hostForm(replica.config);
  if (run.resumed?.promoted) {
    run.recovered = true;
    return { skipped: true, message: msg('{server} was brought level by an earlier run', { server }) };
  }
  const drained = await drain(run, step, replica, connection, signal);
  run.newMasterChannel = drained.channel;
  if (run.facts.mode === 'position')
    run.levelAt = await levelByPosition(run, step, replica, connection, drained, signal);
  else if (run.facts.mode === 'gtid') await recoverByGtid(run, step, { replica, connection, drained, signal });
  else await recoverByMariadbGtid(run, step, { replica, connection, drained, signal });
  const coordinates = await ownPosition(connection);
  if (!coordinates) throw new StepError('no-coordinates', msg('{server} has no binary log position', { server }));
  run.coordinates = coordinates;
  run.recovered = true;
  const place = `${coordinates.file}:${coordinates.position}`;
  announceCoordinates(run.log, run.facts, replica.id, { mode: run.facts.mode, at: coordinates });
  return { message: msg('{server} has everything; the others go on at {place}', { server, place }) };
}

/**
 * What was saved of the dead master's log, applied where it is lacking. It may begin within a transaction that the replica has
 * the first half of: then it is read once more, or put together with relay logs.
 */
async function applyTail(
  run: FailoverRun,
  step: string,
  replica: ReplicaFacts,
  { channel, partial }: Drained,
  lacks: (gtid: string) => boolean,
  signal: AbortSignal,
): Promise<void> {
  const from = replica.foreign ? run.tail?.from : channel.applied;
  if (!from) return;
  const delayed = run.facts.replicas.filter(
    ({ id, foreign, channel: { delaySeconds, received } }) =>
      id !== replica.id && !foreign && delaySeconds > 0 && received && comparePositions(received, from) > 0,
  );
  if (!run.tail && delayed.length === 0) return;
  const supply = await supplyFrom(run, replica, from, partial).catch((error: unknown) => {
    if (run.tail || !(error instanceof StepError)) throw error;
    const servers = delayed.map(({ config }) => hostForm(config)).join(', ');
    run.left.push(msg('What only {servers} had received, and not applied because of its delay, could not be had: {reason}', { servers, reason: error.why })); // prettier-ignore
    return undefined;
  });
  if (!supply) return;
  const { ranges } = await transactionsOf(supply);
  const wanted = ranges.filter(range => range.gtid !== undefined && lacks(range.gtid.text));
  if (wanted.length === 0) return;
  run.log.log('info', ` Applying ${wanted.length} transactions to ${hostForm(replica.config)}..`);
  await applyTransactions(run, step, replica, wanted, { signal });
}

interface Recovery {
  readonly replica: ReplicaFacts;
  readonly connection: MysqlServer;
  readonly drained: Drained;
  readonly signal: AbortSignal;
}

async function recoverByGtid(
  run: FailoverRun,
  step: string,
  { replica, connection, drained, signal }: Recovery,
): Promise<void> {
  const executed = async () => (await gtidExecutedOf(connection, { signal })) ?? GtidSet.empty;
  const tail = async () => {
    const before = await executed();
    await applyTail(run, step, replica, drained, gtid => !before.contains(GtidSet.parse(gtid)), signal);
  };
  // Where an earlier run let it fetch from another, what was saved may begin behind what it lacks: what others have comes first.
  if (!replica.foreign) await tail();
  for (const other of byMost(run, replica)) {
    const errant = errantOf(other, run.facts.replicas);
    const missing = async () =>
      receivedSet(other)
        .subtract(errant)
        .subtract(await executed());
    if ((await missing()).isEmpty) continue;
    // What it has received and cannot apply (the beginning of a transaction) nobody can have of it.
    const has = await ofOther(run, other, async () => {
      const source = await connectionOf(run, other.config);
      await drain(run, step, other, source, signal);
      return clusterSet(other, (await gtidExecutedOf(source, { signal })) ?? GtidSet.empty).subtract(errant);
    });
    if (!has || (await executed()).contains(has)) continue;
    if (!errant.isEmpty)
      run.notes.push(msg('{server} had transactions of its own, which every server has now: {gtids}', { server: hostForm(other.config), gtids: errant.toString() })); // prettier-ignore
    await fetchFrom(run, step, { replica, connection, other, signal }, async () => (await executed()).contains(has));
  }
  if (replica.foreign) await tail();
  const lost = run.facts.replicas
    .map(other => clusterSet(other, other.state.gtidExecuted ?? '').subtract(errantOf(other, run.facts.replicas)))
    .reduce((all, set) => all.union(set), GtidSet.empty)
    .subtract(await executed());
  if (!lost.isEmpty)
    throw new StepError(
      'not-level',
      msg('{server} lacks {gtids}', { server: hostForm(replica.config), gtids: lost.toString() }),
    );
}

async function recoverByMariadbGtid(
  run: FailoverRun,
  step: string,
  { replica, connection, drained, signal }: Recovery,
): Promise<void> {
  const position = () => mariadbPositionOf(connection, { signal });
  for (const other of byMost(run, replica)) {
    if ((await position()).contains(receivedPosition(other, run.facts.replicas))) continue;
    const has = await ofOther(run, other, async () => {
      const source = await connectionOf(run, other.config);
      await drain(run, step, other, source, signal);
      return clusterPosition(await mariadbReceivedOf(source, { signal }), other, run.facts.replicas);
    });
    if (!has || (await position()).contains(has)) continue;
    await fetchFrom(run, step, { replica, connection, other, signal }, async () => (await position()).contains(has));
  }
  // Last: what is applied directly is not in gtid_slave_pos, by which it would have asked another replica.
  await applyTail(run, step, replica, drained, () => true, signal);
}

/** The others, those that have received the most first. */
function byMost(run: FailoverRun, replica: ReplicaFacts): ReplicaFacts[] {
  const { latest } = run.plan.election;
  const rank = ({ id }: ReplicaFacts) => (latest.includes(id) ? 0 : 1);
  return run.facts.replicas.filter(r => r.id !== replica.id).sort((a, b) => rank(a) - rank(b));
}

interface Fetch {
  readonly replica: ReplicaFacts;
  readonly connection: MysqlServer;
  readonly other: ReplicaFacts;
  readonly signal: AbortSignal;
}

const FETCH_POLL_MS = 10;

/** Lets the new master replicate from another replica until it has what that has. */
async function fetchFrom(
  run: FailoverRun,
  step: string,
  { replica, connection, other, signal }: Fetch,
  done: () => Promise<boolean>,
): Promise<void> {
  const mode = run.facts.mode === 'gtid' ? 'gtid' : 'mariadbGtid';
  run.log.log('info', ` ${hostForm(replica.config)} replicates from ${hostForm(other.config)} for what it lacks..`);
  await stopReplica(run, step, replica, connection);
  noteFact(run, 'fetching', replica.id, other.id);
  await pointAt(run, step, { replica, connection, source: other.config, start: { mode }, delay: 0 });
  await startReplica(run, step, replica, connection, signal);
  const limit = performance.now() + replica.config.extended.apply_timeout * 1000;
  while (!(await done())) {
    const { receiver, applier, receiverError, applierError } = await readChannel(connection, replica, { signal });
    const error = applier === 'stopped' ? applierError : receiver === 'stopped' ? receiverError : undefined;
    if (error || performance.now() > limit)
      throw new StepError(
        'not-level',
        msg('{server} does not get what {other} has: {text}', {
          server: hostForm(replica.config),
          other: hostForm(other.config),
          text: error?.text ?? 'apply_timeout',
        }),
      );
    await sleep(FETCH_POLL_MS, undefined, { signal });
  }
  await stopReplica(run, step, replica, connection);
}

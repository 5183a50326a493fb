import { setTimeout as sleep } from 'node:timers/promises';
import { msg, type Message } from '../../l10n/message';
import { comparePositions } from '../binlog/position';
import { GtidSet } from '../mysql/gtid';
import type { MysqlServer } from '../mysql/server';
import type { ReplicaChannel } from '../mysql/types';
import { applyTransactions } from './applyTransactions';
import { drain, type Drained } from './drain';
import type { Election } from './election';
import {
  channelName,
  connectionOf,
  execute,
  newMasterOf,
  noteFact,
  readChannel,
  type FailoverRun,
} from './failoverRun';
import { formOf, hostForm, type ReplicaFacts } from './failoverFacts';
import { announceCoordinates } from './failoverLog';
import { planFailover, type FailoverStepKind } from './failoverPlan';
import { gtidExecutedOf, mariadbPositionOf, mariadbReceivedOf } from './gtidState';
import { levelByPosition, ofOther, ownPosition } from './level';
import type { Step } from './plan';
import { pointAt, START_MS, stopReplica } from './pointAt';
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
    if (!(error instanceof StepError && INSTEAD.has(error.code))) throw error;
    const before = run.facts.replicas.length;
    const instead = await insteadOf(run, signal);
    // What stood in the way was what another had; that one is lost.
    if (!instead && run.facts.replicas.length < before) return await recoverNewMaster(run, step.id, signal);
    if (!instead || run.options.newMaster !== undefined) throw error;
    const { election } = run.plan;
    run.log.log('warning', `${formOf(run.facts.cluster, election.newMaster ?? '')} cannot be brought level. New master is ${formOf(run.facts.cluster, instead)}`); // prettier-ignore
    run.plan = planFailover({
      facts: run.facts,
      election: changed(election, instead, error.why),
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

/** One that lives and has everything; those that turn out to be lost are left out. */
async function insteadOf(run: FailoverRun, signal: AbortSignal): Promise<string | undefined> {
  const { election, newMaster } = run.plan;
  for (const { id, latest, eligible } of election.candidates) {
    const replica = run.facts.replicas.find(r => r.id === id);
    if (!replica || !latest || id === newMaster || !(await lives(run, replica, signal))) continue;
    if (eligible) return id;
  }
  return undefined;
}

/** Milliseconds in which a server answers. */
const ANSWER_MS = 3_000;

/** Whether a replica that others need still answers; if not, it is left out. */
async function lives(run: FailoverRun, replica: ReplicaFacts, signal: AbortSignal): Promise<boolean> {
  const answer = await ofOther(run, replica, async () => {
    const server = await connectionOf(run, replica.config);
    return await server.query('SELECT 1', [], { timeoutMs: ANSWER_MS, signal });
  });
  return answer !== undefined;
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
  const from = hasPlace(replica, channel) ? channel.applied : run.tail?.from;
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

/** Whether it knows where it stands in the dead master's log: not if it never connected, nor if it fetched from another since. */
function hasPlace({ foreign }: ReplicaFacts, { applied }: ReplicaChannel): boolean {
  return !foreign && applied !== undefined;
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
  // Without a place of its own, what was saved may begin behind what it lacks: what others have comes first.
  const isFirst = hasPlace(replica, drained.channel);
  if (isFirst) await tail();
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
  if (!isFirst) await tail();
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
/** Between two looks at whether the other still lives. */
const LIVES_MS = 1_000;

/** Lets the new master replicate from another replica until it has what that has, or that one is lost (and left out). */
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
  const start = connection.dialect.statement('startReplica', [], channelName(connection, replica));
  await execute(run, step, { id: replica.id, connection }, start, { signal });
  const begin = performance.now();
  const limit = begin + replica.config.extended.apply_timeout * 1000;
  let hasConnected = false;
  let looked = begin;
  while (!(await done())) {
    const now = performance.now();
    const { receiver, applier, receiverError, applierError } = await readChannel(connection, replica, { signal });
    hasConnected ||= receiver === 'running';
    const hasEnded = receiver === 'stopped' || applier === 'stopped' || (!hasConnected && now - begin > START_MS);
    if (hasEnded || now - looked > LIVES_MS) {
      if (!(await lives(run, other, signal))) break;
      looked = performance.now();
    }
    const notRunning = msg('Starting slave failed on {server}: its threads do not run', {
      server: hostForm(replica.config),
    });
    if (hasEnded || now > limit)
      throw new StepError(
        'not-level',
        msg('{server} does not get what {other} has: {text}', {
          server: hostForm(replica.config),
          other: hostForm(other.config),
          text: (applierError ?? receiverError)?.text ?? (hasEnded ? notRunning : 'apply_timeout'),
        }),
      );
    await sleep(FETCH_POLL_MS, undefined, { signal });
  }
  await stopReplica(run, step, replica, connection);
}

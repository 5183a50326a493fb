import type { LogPosition, ReplicaChannel } from '../mysql/types';
import type { ClusterConfig } from '../../config/types';
import type { UnfinishedFailover } from '../monitor/types';
import type { Snapshot } from '../topology/types';
import { comparePositions } from '../binlog/position';
import type { FailoverPlan } from './failoverPlan';
import { listJournals, readJournal, type JournalLine } from './journal';

/**
 * What failovers of a dead master that did not come to their end leave to the next one. Only facts: what is not known for
 * certain is looked at anew.
 */
export interface Unfinished {
  /** The newest of them. */
  readonly journal: string;
  /** The promotion was begun: clients may have written to this server, so it is the new master, whatever comes. */
  readonly promoted?: PromotedFact;
  /** Replicas that were made to fetch from another replica what they lacked: id -> id of that other one. */
  readonly fetching: ReadonlyMap<string, string>;
  /** The part of the dead master's log that was copied. */
  readonly saved?: SavedFact;
  /** By server: the transactions of the dead master that were applied to it directly. */
  readonly applied: ReadonlyMap<string, AppliedFact>;
}

/** Written before the first thing that may let clients write to the new master. */
export interface PromotedFact {
  readonly newMaster: string;
  /** Where replicas go on there. */
  readonly coordinates: LogPosition;
  /** Where it had come in the dead master's log (position mode). */
  readonly levelAt?: LogPosition;
  /** Of its channel then: somebody who starts it moves them. */
  readonly received?: LogPosition;
  readonly applied?: LogPosition;
  /** The most that any replica had received then: more means that the old master lived on. */
  readonly best?: LogPosition;
}

/** A copy of the dead master's log from a place on. */
export interface SavedFact {
  readonly file: string;
  readonly from: LogPosition;
}

/** Written before a transaction is committed on a server: where it ends in the dead master's log, and the server's own log then. */
export interface AppliedFact {
  /** Where the replica's own applier had come: as long as it is there, this applies. */
  readonly base: LogPosition;
  readonly from: LogPosition;
  readonly next: LogPosition;
  /** Absent: the server does not log what is applied. */
  readonly own?: LogPosition;
}

/** The names of the facts, each with its value's type. */
export interface FailoverFactValues {
  readonly promoted: PromotedFact;
  readonly fetching: string;
  readonly saved: SavedFact;
  readonly applied: AppliedFact;
}

/** The failovers of this dead master since the last one that came to its end. */
export function resumedOf(workdir: string, app: string, deadMaster: string): Unfinished | undefined {
  const chain = openJournals(workdir, app, deadMaster);
  const newest = chain.at(-1);
  return (
    newest &&
    unfinishedOf(
      newest.file,
      chain.flatMap(({ lines }) => lines),
    )
  );
}

/**
 * The failover that the next one should go on with, whoever is to say which master is dead: only one whose work can still be
 * seen, a promotion that holds or a replica that fetches from another one. Until then the topology itself names the master.
 */
export function unfinishedFailover(
  workdir: string,
  cluster: ClusterConfig,
  snapshot: Snapshot,
): UnfinishedFailover | undefined {
  const deadMaster = lastDead(workdir, cluster.name);
  if (deadMaster === undefined || !cluster.servers.some(s => s.id === deadMaster)) return undefined;
  const resumed = stillOpen(resumedOf(workdir, cluster.name, deadMaster), snapshot, deadMaster);
  const fetches = snapshot.edges.some(({ replica, source }) => resumed?.fetching.get(replica) === source);
  if (!resumed || !(resumed.promoted || fetches)) return undefined;
  const since = openJournals(workdir, cluster.name, deadMaster)[0]?.lines[0]?.at ?? '';
  const status = snapshot.servers.find(s => s.id === deadMaster)?.status;
  return { deadMaster, since, journal: resumed.journal, answers: status === 'alive' || status === 'refusing' };
}

/** The dead master of the newest failover that came as far as a plan. */
function lastDead(workdir: string, app: string): string | undefined {
  for (const { file } of listJournals(workdir, app).filter(j => j.operation === 'failover')) {
    const plan = readJournal(file).find(line => line.type === 'plan');
    if (plan?.type === 'plan') return (plan.plan as FailoverPlan).dead;
  }
  return undefined;
}

/** Oldest first. */
function openJournals(workdir: string, app: string, deadMaster: string): { file: string; lines: JournalLine[] }[] {
  const chain: { file: string; lines: JournalLine[] }[] = [];
  for (const { file } of listJournals(workdir, app).filter(j => j.operation === 'failover')) {
    const lines = readJournal(file);
    if (!isOpen(lines, deadMaster)) break;
    chain.unshift({ file, lines });
  }
  return chain;
}

/** One that was refused, cancelled or failed has not brought an earlier one to its end. */
function isOpen(lines: readonly JournalLine[], deadMaster: string): boolean {
  const end = lines.find(line => line.type === 'end');
  if (end?.type === 'end' && (end.outcome === 'succeeded' || end.outcome === 'partial')) return false;
  const plan = lines.find(line => line.type === 'plan');
  return plan?.type !== 'plan' || (plan.plan as FailoverPlan).dead === deadMaster;
}

/** The facts of the lines of journals, oldest first; undefined: there are none. Pure. */
export function unfinishedOf(journal: string, lines: readonly JournalLine[]): Unfinished | undefined {
  let promoted: PromotedFact | undefined;
  let saved: SavedFact | undefined;
  const fetching = new Map<string, string>();
  const applied = new Map<string, AppliedFact>();
  for (const line of lines) {
    if (line.type !== 'fact') continue;
    const { name, server = '', value } = line;
    if (name === 'promoted') promoted = value as PromotedFact;
    else if (name === 'saved') saved = value as SavedFact;
    else if (name === 'fetching') fetching.set(server, value as string);
    else if (name === 'applied') applied.set(server, value as AppliedFact);
  }
  if (!promoted && !saved && fetching.size + applied.size === 0) return undefined;
  return { journal, ...(promoted && { promoted }), fetching, ...(saved && { saved }), applied };
}

/**
 * A begun promotion counts as long as nothing speaks against it: the new master has not been set up to replicate from the old
 * one again, and no replica has received more than there was. Otherwise the old master lived on, and the promotion is history.
 */
export function stillOpen(
  unfinished: Unfinished | undefined,
  snapshot: Snapshot,
  deadId: string,
): Unfinished | undefined {
  const { promoted } = unfinished ?? {};
  if (!unfinished || !promoted || holds(promoted, snapshot, deadId)) return unfinished;
  const { promoted: _, ...rest } = unfinished;
  return rest;
}

function holds(promoted: PromotedFact, snapshot: Snapshot, deadId: string): boolean {
  const channels = new Map(
    snapshot.edges
      .filter(edge => edge.source === deadId)
      .map(edge => [edge.replica, channelOf(snapshot, edge.replica, edge.channel)]),
  );
  const server = snapshot.servers.find(s => s.id === promoted.newMaster);
  if (!server?.state) return false;
  const own = channels.get(promoted.newMaster);
  if (
    own &&
    (own.receiver !== 'stopped' || !same(own.received, promoted.received) || !same(own.applied, promoted.applied))
  )
    return false;
  const { best } = promoted;
  return ![...channels.values()].some(c => best && c?.received && comparePositions(c.received, best) > 0);
}

function channelOf(snapshot: Snapshot, id: string, name: string): ReplicaChannel | undefined {
  return snapshot.servers.find(s => s.id === id)?.state?.channels.find(c => c.name === name);
}

const same = (a: LogPosition | undefined, b: LogPosition | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && comparePositions(a, b) === 0);

import type { LogPosition } from '../mysql/types';
import { msg, type Message } from '../../l10n/message';
import { logNumber } from '../binlog/position';
import type { FailoverFacts, ReplicaFacts, Refusal } from './failoverFacts';
import { hostForm } from './failoverFacts';
import { errantOf, latestReplicas } from './progress';

/** MHA: a replica that is this far behind the latest one is not elected. Bytes. */
const MAX_DELAY_BYTES = 100_000_000;
/** max_binlog_size as nearly everybody has it: what a whole file between two positions counts. Bytes. */
const FILE_BYTES = 1_073_741_824;

export interface ElectionOptions {
  /** The new master that somebody asked for (`--new_master_host`, or an earlier run's). */
  readonly wanted?: string;
}

/** One replica in the election. */
export interface Candidate {
  readonly id: string;
  readonly chosen: boolean;
  readonly eligible: boolean;
  /** Has received the most. */
  readonly latest: boolean;
  /** Why it was, or was not, chosen; for a person. */
  readonly reasons: readonly Message[];
}

/** Who becomes master, and why. Every replica is named. */
export interface Election {
  readonly newMaster?: string;
  readonly candidates: readonly Candidate[];
  /** Ids of the replicas that have received the most, in their order. */
  readonly latest: readonly string[];
  /** There is no new master. */
  readonly refusal?: Refusal;
}

/** Something that speaks against a replica. `errant` replicas are the last resort; the others are no resort. */
interface Fault {
  readonly message: Message;
  readonly errant?: true;
}

/**
 * MHA's election (mha-behaviour: election), judged by GTID sets where there are any, with the delay rule of each candidate
 * itself. Pure. Invariants: the new master is one of the replicas and has no fault (errant transactions excepted, if all
 * others have faults); with the same facts it is always the same; every replica is named with a reason.
 */
export function elect(facts: FailoverFacts, options: ElectionOptions = {}): Election {
  const { replicas, mode } = facts;
  const latest = latestReplicas(replicas, mode);
  const isLatest = new Set(latest);
  const faults = new Map(replicas.map(r => [r.id, faultsOf(r, facts, latest)]));
  const clean = (r: ReplicaFacts) => faults.get(r.id)?.length === 0;
  const usable = replicas.some(clean) ? clean : (r: ReplicaFacts) => faults.get(r.id)?.every(f => f.errant) === true;
  const { wanted } = options;
  const { chosen, rule } = wanted === undefined ? byRules(facts, isLatest, usable) : byWish(wanted, replicas, faults);

  const candidates = replicas.map((replica): Candidate => {
    const own = faults.get(replica.id) ?? [];
    const isChosen = replica === chosen;
    return {
      id: replica.id,
      chosen: isChosen,
      eligible: usable(replica),
      latest: isLatest.has(replica.id),
      reasons: isChosen ? [rule, ...own.map(f => f.message)] : reasonsAgainst(replica, own, isLatest, chosen),
    };
  });
  if (chosen) return { newMaster: chosen.id, candidates, latest };
  return { candidates, latest, refusal: refusalOf(wanted) };
}

function refusalOf(wanted: string | undefined): Refusal {
  if (wanted !== undefined)
    return {
      code: 'new-master-unfit',
      server: wanted,
      message: msg('{server} can not be new master: see the reasons above', { server: wanted }),
    };
  return {
    code: 'no-candidate',
    message: msg('None of existing slaves matches as a new master. Maybe preferred node is misconfigured or all slaves are too far behind.'), // prettier-ignore
  };
}

interface Choice {
  readonly chosen: ReplicaFacts | undefined;
  readonly rule: Message;
}

function byRules(facts: FailoverFacts, latest: ReadonlySet<string>, usable: (r: ReplicaFacts) => boolean): Choice {
  const { replicas } = facts;
  const fit = replicas.filter(usable);
  const isCandidate = (r: ReplicaFacts) => r.config.values.candidate_master;
  const byLatest = replicas.find(r => latest.has(r.id))?.config.values.latest_priority !== false;
  const rules: readonly (readonly [(r: ReplicaFacts) => boolean, Message])[] = [
    ...(byLatest
      ? [
          [
            (r: ReplicaFacts) => latest.has(r.id) && isCandidate(r),
            msg('candidate_master is set, and none has received more'),
          ] as const,
        ]
      : []),
    [isCandidate, msg('candidate_master is set')],
    ...(byLatest ? [[(r: ReplicaFacts) => latest.has(r.id), msg('none has received more')] as const] : []),
    [() => true, msg('the first in the configuration that may become master')],
  ];
  for (const [test, rule] of rules) {
    const chosen = fit.find(test);
    if (chosen) return { chosen, rule };
  }
  return { chosen: undefined, rule: msg('none may become master') };
}

/** What somebody asks for is taken, unless it cannot be (MHA: known problem M6). */
function byWish(
  wanted: string,
  replicas: readonly ReplicaFacts[],
  faults: ReadonlyMap<string, readonly Fault[]>,
): Choice {
  const replica = replicas.find(r => r.id === wanted);
  const fit = replica && faults.get(replica.id)?.every(f => f.errant);
  return { chosen: fit ? replica : undefined, rule: msg('it was asked for') };
}

function faultsOf(replica: ReplicaFacts, facts: FailoverFacts, latest: readonly string[]): Fault[] {
  const { config, state, channel } = replica;
  const faults: Fault[] = [];
  if (config.values.no_master) faults.push({ message: msg('no_master is set') });
  if (!state.logBin) faults.push({ message: msg('its binary log is disabled') });
  if (facts.mode !== 'position' && !state.logReplicaUpdates)
    faults.push({ message: msg('log_replica_updates is off: others could not replicate from it by GTID') });
  if (channel.delaySeconds > 0)
    faults.push({ message: msg('it applies with a delay of {seconds} s', { seconds: channel.delaySeconds }) });
  const oldest = oldestMajor(facts.replicas);
  if (major(replica) > oldest) faults.push({ message: msg('its major version is newer than that of another replica') });
  const behind = delayOf(replica, facts, latest);
  if (behind !== undefined && config.values.check_repl_delay && behind > MAX_DELAY_BYTES)
    faults.push({ message: msg('it is about {bytes} bytes behind the latest replica', { bytes: behind }) });
  const errant = facts.mode === 'gtid' ? errantOf(replica, facts.replicas) : undefined;
  if (errant && !errant.isEmpty)
    faults.push({
      message: msg('it has transactions of its own: {gtids}', { gtids: errant.toString() }),
      errant: true,
    });
  return faults;
}

const major = ({ state: { version } }: ReplicaFacts): number => version.major * 1000 + version.minor;
const oldestMajor = (replicas: readonly ReplicaFacts[]): number => Math.min(...replicas.map(major));

/**
 * Bytes of the dead master's binary log between what this replica has applied and what the latest has received. MHA calls
 * any difference of files too much (its issue 143). Here a whole file in between counts FILE_BYTES, but what the replica has
 * yet to apply cannot be more than its relay logs hold.
 */
function delayOf({ channel }: ReplicaFacts, facts: FailoverFacts, latest: readonly string[]): number | undefined {
  const best = facts.replicas.find(r => r.id === latest[0])?.channel.received;
  const { applied, received, relayLogBytes = Infinity } = channel;
  if (!best || !applied) return undefined;
  if (!received) return between(applied, best);
  return Math.min(between(applied, received), relayLogBytes) + between(received, best);
}

function between(from: LogPosition, to: LogPosition): number {
  const files = logNumber(to.file) - logNumber(from.file);
  if (files < 0) return 0;
  return files === 0 ? Math.max(0, to.position - from.position) : (files - 1) * FILE_BYTES + to.position;
}

function reasonsAgainst(
  replica: ReplicaFacts,
  faults: readonly Fault[],
  latest: ReadonlySet<string>,
  chosen: ReplicaFacts | undefined,
): Message[] {
  const reasons = faults.map(f => f.message);
  if (reasons.length > 0 || !chosen) return reasons;
  const server = hostForm(chosen.config);
  if (chosen.config.values.candidate_master && !replica.config.values.candidate_master)
    return [msg('{server} has candidate_master set', { server })];
  if (latest.has(chosen.id) && !latest.has(replica.id)) return [msg('{server} has received more', { server })];
  return [msg('{server} comes first in the configuration', { server })];
}

import { GtidSet } from '../mysql/gtid';
import { MariadbPosition } from '../mysql/mariadbGtid';
import { comparePositions } from '../binlog/position';
import type { LogPosition } from '../mysql/types';
import type { FailoverMode, ReplicaFacts } from './failoverFacts';

const START: LogPosition = { file: '', position: 0 };

/** Everything that a replica has received or done, as a set. MySQL only. */
export function receivedSet({ state, channel }: ReplicaFacts): GtidSet {
  return GtidSet.parse(state.gtidExecuted ?? '').union(GtidSet.parse(channel.retrievedGtids ?? ''));
}

/** What a MariaDB replica has received or done: the last transaction of each domain. */
export function receivedPosition({ state, channel }: ReplicaFacts): MariadbPosition {
  return [channel.retrievedGtids, state.gtidExecuted, state.gtidBinlogPos]
    .map(text => MariadbPosition.parse(text ?? ''))
    .reduce((all, next) => all.union(next));
}

/**
 * Transactions that only this replica has and that did not come from the dead master: written on it directly. With a
 * single replica they cannot be told apart.
 */
export function errantOf(replica: ReplicaFacts, all: readonly ReplicaFacts[]): GtidSet {
  const others = all.filter(other => other.id !== replica.id);
  if (others.length === 0 || replica.state.version.flavour !== 'mysql') return GtidSet.empty;
  const elsewhere = others.map(receivedSet).reduce((union, set) => union.union(set), GtidSet.empty);
  const only = GtidSet.parse(replica.state.gtidExecuted ?? '').subtract(elsewhere);
  const sources = replica.state.channels.flatMap(channel => (channel.sourceUuid ? [channel.sourceUuid] : []));
  return only.subtract(only.from(sources));
}

/**
 * Ids of the replicas that have received the most of the dead master's transactions, in their order. By GTID: those that
 * nobody has more than; errant transactions do not count. By position: the greatest file number, then position.
 */
export function latestReplicas(replicas: readonly ReplicaFacts[], mode: FailoverMode): string[] {
  const ahead = aheadOf(replicas, mode);
  return replicas.filter(one => !replicas.some(other => ahead(other, one))).map(({ id }) => id);
}

/** Whether `a` has something that `b` lacks, and `b` nothing that `a` lacks (by GTID, the larger of two that diverge). */
function aheadOf(replicas: readonly ReplicaFacts[], mode: FailoverMode): (a: ReplicaFacts, b: ReplicaFacts) => boolean {
  if (mode === 'gtid') {
    const sets = new Map(replicas.map(r => [r.id, receivedSet(r).subtract(errantOf(r, replicas))]));
    return (a, b) => {
      const [x, y] = [sets.get(a.id) ?? GtidSet.empty, sets.get(b.id) ?? GtidSet.empty];
      if (x.equals(y)) return false;
      return x.contains(y) || (!y.contains(x) && x.count > y.count);
    };
  }
  if (mode === 'mariadbGtid') {
    const positions = new Map(replicas.map(r => [r.id, receivedPosition(r)]));
    return (a, b) => positions.get(a.id)?.compare(positions.get(b.id) as MariadbPosition) === 'ahead';
  }
  return (a, b) => comparePositions(a.channel.received ?? START, b.channel.received ?? START) > 0;
}

import { GtidSet } from '../mysql/gtid';
import { MariadbPosition } from '../mysql/mariadbGtid';
import { comparePositions } from '../binlog/position';
import type { LogPosition } from '../mysql/types';
import type { FailoverMode, ReplicaFacts } from './failoverFacts';

const START: LogPosition = { file: '', position: 0 };

/** Everything that a replica has received or done, as a set; what came by its other channels left out. MySQL only. */
export function receivedSet(replica: ReplicaFacts): GtidSet {
  return clusterSet(replica, replica.state.gtidExecuted ?? '').union(
    GtidSet.parse(replica.channel.retrievedGtids ?? ''),
  );
}

/** A set of the replica without the transactions of other clusters, from which it replicates by other channels. */
export function clusterSet({ state, channel }: ReplicaFacts, gtids: string | GtidSet): GtidSet {
  const set = typeof gtids === 'string' ? GtidSet.parse(gtids) : gtids;
  const others = state.channels.filter(c => c.name !== channel.name);
  if (others.length === 0) return set;
  const foreign = others
    .map(other => GtidSet.parse(other.retrievedGtids ?? ''))
    .reduce((all, next) => all.union(next), set.from(others.flatMap(({ sourceUuid }) => sourceUuid ?? [])));
  return set.subtract(foreign.subtract(foreign.from(channel.sourceUuid === undefined ? [] : [channel.sourceUuid])));
}

/**
 * What a MariaDB replica has received: the last transaction of each domain. What was written on it directly, and domains of
 * other clusters, are left out.
 */
export function receivedPosition(replica: ReplicaFacts, all: readonly ReplicaFacts[]): MariadbPosition {
  const { state, channel } = replica;
  const position = [channel.retrievedGtids, state.gtidSlavePos]
    .map(text => MariadbPosition.parse(text ?? ''))
    .reduce((union, next) => union.union(next));
  return clusterPosition(position, replica, all);
}

/** A position of a replica without the domains that it has by other channels: those that no replica with one channel has. */
export function clusterPosition(
  position: MariadbPosition,
  replica: ReplicaFacts,
  all: readonly ReplicaFacts[],
): MariadbPosition {
  const plain = all.filter(({ state }) => state.channels.length < 2);
  if (replica.state.channels.length < 2 || plain.length === 0) return position;
  const domains = plain.flatMap(({ state, channel }) =>
    [state.gtidSlavePos, channel.retrievedGtids].flatMap(text => MariadbPosition.parse(text ?? '').gtids),
  );
  return position.only(domains.map(({ domain }) => domain));
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
    const positions = new Map(replicas.map(r => [r.id, receivedPosition(r, replicas)]));
    return (a, b) => positions.get(a.id)?.compare(positions.get(b.id) as MariadbPosition) === 'ahead';
  }
  return (a, b) => comparePositions(a.channel.received ?? START, b.channel.received ?? START) > 0;
}

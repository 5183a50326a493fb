import { GtidError, GtidSet } from '../mysql/gtid';
import { MariadbPosition } from '../mysql/mariadbGtid';
import type { ReplicaChannel, ServerState } from '../mysql/types';

/** The value, or undefined if a text that a server printed is not what it should be. */
function readable<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof GtidError) return undefined;
    throw error;
  }
}

const position = (...texts: (string | undefined)[]): MariadbPosition =>
  texts.reduce((all, text) => all.union(MariadbPosition.parse(text ?? '')), MariadbPosition.parse(''));

function mariadbErrant(replica: ServerState, master: ServerState): string | undefined {
  return readable(() => {
    const of = position(master.gtidExecuted, master.gtidBinlogPos);
    const own = position(replica.gtidExecuted, replica.gtidBinlogPos);
    const extra = own.gtids
      .map(gtid => `${gtid.domain}-${gtid.server}-${gtid.sequence}`)
      .filter(text => !of.contains(MariadbPosition.parse(text)));
    return extra.join(',') || undefined;
  });
}

/**
 * Transactions that a replica has and its cluster's master has not, as text; undefined: none, or GTIDs are not used.
 * The master's state must not be older than the replica's. Transactions of the replica's other sources do not count.
 * MariaDB shows only the last transaction of each domain: older ones cannot be seen.
 */
export function errantGtids(
  replica: ServerState,
  master: ServerState,
  otherChannels: readonly ReplicaChannel[] = [],
): string | undefined {
  if (replica.version.flavour !== master.version.flavour) return undefined;
  if (replica.version.flavour === 'mariadb') return mariadbErrant(replica, master);
  if (!replica.gtidExecuted) return undefined;
  return readable(() => {
    const extra = GtidSet.parse(replica.gtidExecuted ?? '').subtract(GtidSet.parse(master.gtidExecuted ?? ''));
    const foreign = extra.from(otherChannels.flatMap(channel => (channel.sourceUuid ? [channel.sourceUuid] : [])));
    const errant = extra.subtract(foreign);
    return errant.isEmpty ? undefined : errant.toString();
  });
}

/** Transactions that `from` has thrown away and `to` still lacks: `to` cannot replicate from it by auto-position. */
export function purgedAndMissing(from: ServerState, to: ServerState): string | undefined {
  if (!from.gtidPurged || to.gtidExecuted === undefined) return undefined;
  return readable(() => {
    const missing = GtidSet.parse(from.gtidPurged ?? '').subtract(GtidSet.parse(to.gtidExecuted ?? ''));
    return missing.isEmpty ? undefined : missing.toString();
  });
}

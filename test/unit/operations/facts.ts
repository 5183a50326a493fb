import type { ReplicaChannel, ServerState } from '../../../src/engine/mysql/types';
import { failoverFacts, type FailoverFacts, type Resumed } from '../../../src/engine/operations/failoverFacts';
import { clusterOf, replicaOf, snapshotOf, version, type Entry } from '../topology/snapshots';

/** One replica of a test: what differs from a healthy one that has everything. */
export interface ReplicaSpec {
  /** Lines of its section. */
  readonly lines?: readonly string[];
  readonly state?: Partial<ServerState>;
  readonly channel?: Partial<ReplicaChannel>;
  /** Instead of a living replica of the dead master. */
  readonly entry?: Entry;
}

export interface FactsOptions {
  readonly mode?: 'gtid' | 'position' | 'mariadbGtid';
  readonly lines?: readonly string[];
  readonly masterLines?: readonly string[];
  readonly resumed?: Resumed;
  readonly dead?: Entry;
}

export const at = (file: number, position: number) => ({
  file: `bin.${String(file).padStart(6, '0')}`,
  position,
});

const BY_POSITION: Partial<ServerState> = { gtidMode: 'OFF', gtidExecuted: '' };
const MARIADB: Partial<ServerState> = { version: { ...version('10.11.6'), flavour: 'mariadb' } };

function modeOf(mode: FactsOptions['mode']): { state: Partial<ServerState>; channel: Partial<ReplicaChannel> } {
  if (mode === 'position') return { state: BY_POSITION, channel: { autoPosition: false } };
  if (mode !== 'mariadbGtid') return { state: {}, channel: {} };
  const gtids = { gtidMode: undefined, gtidExecuted: '0-1-100', gtidSlavePos: '0-1-100' };
  const state = { ...MARIADB, ...gtids } as unknown as Partial<ServerState>;
  return { state, channel: { autoPosition: true, usingGtid: 'Slave_Pos', retrievedGtids: '0-1-100' } };
}

/** The facts of a failover from server1, whose replicas are server2 … in the order given. */
export function factsOf(replicas: readonly ReplicaSpec[], options: FactsOptions = {}): FailoverFacts {
  const base = modeOf(options.mode);
  const sections = Object.fromEntries([
    ['server1', options.masterLines ?? []],
    ...replicas.map((r, i) => [`server${i + 2}`, r.lines ?? []] as const),
  ]);
  const cluster = clusterOf(replicas.length + 1, { sections, ...(options.lines && { lines: options.lines }) });
  const entries = replicas.map(
    ({ entry, state, channel }, i): Entry =>
      entry ?? replicaOf(i + 2, 1, { ...base.state, ...state }, { ...base.channel, ...channel }),
  );
  const snapshot = snapshotOf(cluster, [options.dead ?? 'dead', ...entries]);
  return failoverFacts(cluster, snapshot, 'server1', options.resumed);
}

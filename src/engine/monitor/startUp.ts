import type { ClusterConfig, ServerConfig } from '../../config/types';
import { checkReplication, type LoadedConfiguration, type ReplicationCheckOptions } from '../checks/replicationCheck';
import type { CheckItem, ReplicationReport } from '../checks/types';
import type { EngineOptions } from '../options';
import { addressOf } from '../topology/connectServer';
import type { Snapshot } from '../topology/types';
import type { MasterIdentity } from './opinions';
import type { UnfinishedFailover } from './types';

export interface StartUpOptions extends ReplicationCheckOptions {
  readonly engine: EngineOptions;
  /** Begin all the same if there is a living master: after a failover its predecessor is dead, of course. */
  readonly tolerant: boolean;
  /** Whether a failover waits to be brought to its end. */
  readonly unfinished?: (cluster: ClusterConfig, snapshot: Snapshot) => UnfinishedFailover | undefined;
  readonly onReport: (report: ReplicationReport, cluster: ClusterConfig | undefined) => void;
}

/** What is to be monitored. */
export interface Monitored {
  readonly cluster: ClusterConfig;
  readonly master: ServerConfig;
  /** The other servers of the configuration, which are asked when the master is in doubt. */
  readonly others: readonly ServerConfig[];
  readonly identity: MasterIdentity;
  readonly masterIsAlive: boolean;
}

export type StartUp =
  | ({ readonly kind: 'ready' } & Monitored)
  /** Of this dead master: not another one is to be monitored before it has come to its end. */
  | { readonly kind: 'unfinished'; readonly master: ServerConfig; readonly failover: UnfinishedFailover }
  | {
      readonly kind: 'refused';
      readonly reason: string;
      /** A failover whose dead master answers again, perhaps why. */
      readonly unfinished?: { readonly master: ServerConfig; readonly failover: UnfinishedFailover };
    };

/** How replication goes is for masterha_check_repl: MHA's manager begins with a replica that lags or has lost its source. */
const HEALTH = new Set([
  'lagging',
  'lag-unknown',
  'receiver-connecting',
  'receiver-stopped',
  'receiver-failed',
  'applier-stopped',
]);

const GONE = new Set(['dead', 'unreachable', 'hung']);

/** The report as it counts for a manager that starts: what it tolerates is a warning. */
export function forManager(report: ReplicationReport, tolerant: boolean): ReplicationReport {
  const master = masterOf(report.snapshot);
  const excused = (item: CheckItem): boolean => {
    if (HEALTH.has(item.code)) return true;
    if (master === undefined) return false;
    return GONE.has(master.status) ? item.server === master.id : tolerant && master.status === 'alive';
  };
  const items = report.items.map(item =>
    item.verdict === 'failed' && excused(item) ? { ...item, verdict: 'warning' as const } : item,
  );
  const failed = items.some(i => i.verdict === 'failed');
  const verdict = failed ? 'failed' : items.some(i => i.verdict === 'warning') ? 'warning' : 'ok';
  return { ...report, items, verdict };
}

const masterOf = (snapshot: Snapshot | undefined) => snapshot?.servers.find(s => s.id === snapshot.master);

/**
 * MHA's checks before the monitoring, with our replication check. A master that is dead is no reason to refuse: it takes the
 * way of every dead master. Rejects only when cancelled.
 */
export async function startUp(loaded: LoadedConfiguration, options: StartUpOptions): Promise<StartUp> {
  const { engine, tolerant, onReport, unfinished, ...checks } = options;
  const checked = forManager(await checkReplication(loaded, { ...engine, ...checks }), tolerant);
  const { cluster } = loaded;
  const { snapshot } = checked;
  const failover = cluster && snapshot && unfinished?.(cluster, snapshot);
  const dead = failover && cluster.servers.find(s => s.id === failover.deadMaster);
  const open = failover && dead && { master: dead, failover };
  const goesOn = open !== undefined && !open.failover.answers;
  const report = goesOn ? excused(checked) : checked;
  onReport(report, cluster);
  if (goesOn) return { kind: 'unfinished', ...open };
  const master = cluster?.servers.find(s => s.id === snapshot?.master);
  if (report.verdict === 'failed' || !cluster || !snapshot)
    return {
      kind: 'refused',
      reason: report.items.find(i => i.verdict === 'failed')?.code ?? 'not checked',
      ...(open && { unfinished: open }),
    };
  if (!master)
    return {
      kind: 'refused',
      reason: 'the master is not known, or not a server of the configuration',
      ...(open && { unfinished: open }),
    };
  return {
    kind: 'ready',
    cluster,
    master,
    others: cluster.servers.filter(s => s.id !== master.id),
    identity: identityOf(master, snapshot),
    masterIsAlive: masterOf(snapshot)?.status === 'alive',
  };
}

/** What a failover left half done is what it is brought to its end for; it looks at the servers itself. */
function excused(report: ReplicationReport): ReplicationReport {
  const items = report.items.map(i => (i.verdict === 'failed' ? { ...i, verdict: 'warning' as const } : i));
  return { ...report, items, verdict: report.verdict === 'failed' ? 'warning' : report.verdict };
}

/** Every address that replicas use for it, and its own. */
function identityOf(master: ServerConfig, snapshot: Snapshot): MasterIdentity {
  const byId = new Map(snapshot.servers.map(s => [s.id, s]));
  const seen = snapshot.edges
    .filter(edge => edge.source === master.id)
    .flatMap(({ replica, channel }) => byId.get(replica)?.state?.channels.find(c => c.name === channel)?.source ?? []);
  const { hostname, port } = master.values;
  const own = [addressOf(master), ...(hostname ? [{ host: hostname, port }] : [])];
  const uuid = byId.get(master.id)?.state?.serverUuid;
  return {
    addresses: [...own, ...seen].map(({ host, port: p }) => ({ host: host.toLowerCase(), port: p })),
    ...(uuid !== undefined && { uuid }),
  };
}

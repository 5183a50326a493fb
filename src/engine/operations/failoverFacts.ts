import type { ClusterConfig, ServerConfig } from '../../config/types';
import { msg, type Message } from '../../l10n/message';
import { connectFailureMessage } from '../mysql/failureMessage';
import { STOPPED_IN_GROUP } from '../mysql/applierErrors';
import type { ReplicaChannel, ServerState } from '../mysql/types';
import { addressOf } from '../topology/connectServer';
import { contextOf, isReplica, type Node } from '../topology/rules/context';
import type { Snapshot } from '../topology/types';
import type { Unfinished } from './resume';

/**
 * How replicas are brought level and repointed. `gtid`: MySQL's GTIDs and auto-position; `mariadbGtid`: MariaDB's GTIDs;
 * `position`: binary log file and position. MHA's failover modes 0 and 2 are `position`, 1 is `gtid`; it knows no other.
 */
export type FailoverMode = 'position' | 'gtid' | 'mariadbGtid';

/** Why an operation may not begin. The English text is MHA's where MHA refuses for the same reason. */
export interface Refusal {
  readonly code: string;
  readonly server?: string;
  readonly message: Message;
}

/** A server of the configuration that answers and replicates from the dead master. */
export interface ReplicaFacts {
  readonly id: string;
  readonly config: ServerConfig;
  readonly state: ServerState;
  /** The channel by which it replicates from the dead master. */
  readonly channel: ReplicaChannel;
  /** An earlier run made it the new master, and it has forgotten its source: `channel` only names what was there. */
  readonly promoted?: true;
  /** An earlier run let it fetch from another replica: the positions of `channel` are not those of the dead master. */
  readonly foreign?: true;
}

/** A configured server that takes no part. */
export interface LeftOut {
  readonly id: string;
  readonly reason: Message;
  /** `ignore_fail` is set: the failover goes on without it, and ends with exit code 10. */
  readonly excused: boolean;
}

/** What a failover starts from. Plain data. */
export interface FailoverFacts {
  readonly cluster: ClusterConfig;
  readonly snapshot: Snapshot;
  readonly dead: ServerConfig;
  readonly mode: FailoverMode;
  /** In the order of the configuration, which is the order of election. */
  readonly replicas: readonly ReplicaFacts[];
  readonly leftOut: readonly LeftOut[];
  /** Replicas that an earlier run has already pointed at the new master, by that channel. It may not have started them. */
  readonly repointed: readonly ReplicaFacts[];
  /** Replicas of other servers with multi_tier_slave=1, and servers outside the configuration. */
  readonly unmanaged: readonly string[];
  readonly refusals: readonly Refusal[];
}

/** `host(ip:port)`, MHA's print form of a server. */
export function hostForm({ id, values }: ServerConfig): string {
  const hostname = values.hostname ?? id;
  return `${hostname}(${values.ip || hostname}:${values.port})`;
}

/** What an earlier run, which did not come to its end, had done. */
export type Resumed = Pick<Unfinished, 'promoted' | 'fetching'>;

/**
 * Sorts the servers of a snapshot for the failover of `deadId`. Pure. Invariant: every configured server but the dead master
 * is a replica, left out, or unmanaged. With `resumed`, servers that already replicate from the new master count as replicas.
 */
export function failoverFacts(
  cluster: ClusterConfig,
  snapshot: Snapshot,
  deadId: string,
  resumed?: Resumed,
): FailoverFacts {
  const context = contextOf(cluster, snapshot);
  const dead = cluster.servers.find(server => server.id === deadId) as ServerConfig;
  const replicas: ReplicaFacts[] = [];
  const leftOut: LeftOut[] = [];
  const repointed: ReplicaFacts[] = [];
  const unmanaged = snapshot.servers.filter(server => !server.configured).map(server => server.id);
  const refusals: Refusal[] = [];
  for (const node of context.configured) {
    if (node.id === deadId || !node.config) continue;
    const { config } = node;
    const problem = outside(node);
    const sources = snapshot.edges.filter(edge => edge.replica === node.id).map(edge => edge.source);
    const ours = sources.includes(deadId);
    const newMaster = resumed?.promoted?.newMaster;
    const other = resumed?.fetching.get(node.id);
    if (problem) leftOut.push({ id: node.id, reason: problem, excused: config.values.ignore_fail });
    else if (isReplica(node) && ours) {
      const edge = snapshot.edges.find(e => e.replica === node.id && e.source === deadId);
      const channel = node.state.channels.find(c => c.name === edge?.channel) ?? node.channel;
      replicas.push({ id: node.id, config, state: node.state, channel });
    } else if (isReplica(node) && other !== undefined && sources.includes(other))
      replicas.push({ id: node.id, config, state: node.state, channel: node.channel, foreign: true });
    else if (node.id === newMaster && node.state)
      replicas.push({ id: node.id, config, state: node.state, channel: formerChannel(dead), promoted: true });
    else if (newMaster !== undefined && isReplica(node) && sources.includes(newMaster))
      repointed.push({ id: node.id, config, state: node.state, channel: node.channel });
    else if (config.values.multi_tier_slave && sources.length > 0) unmanaged.push(node.id);
    else if (config.values.ignore_fail && sources.length === 0)
      leftOut.push({ id: node.id, reason: msg('it does not replicate'), excused: true });
    else
      refusals.push({
        code: 'not-a-replica',
        server: node.id,
        message:
          sources.length > 0
            ? msg('Slave {server} replicates from {source}, but real master is {master}!', {
                server: hostForm(config),
                source: sources.join(', '),
                master: hostForm(dead),
              })
            : msg('Server {server} is alive, but does not work as a slave!', { server: hostForm(config) }),
      });
  }
  for (const { id, excused, reason } of leftOut)
    if (!excused)
      refusals.push({
        code: 'server-dead',
        server: id,
        message: msg('Server {server} is dead, but must be alive! Check server settings. ({reason})', {
          server: formOf(cluster, id),
          reason,
        }),
      });
  if (snapshot.master !== deadId && !resumed?.promoted && !resumed?.fetching.size)
    refusals.unshift({
      code: 'other-master',
      message: msg('Detected dead master {detected} does not match with specified dead master {dead}!', {
        detected: snapshot.master === undefined ? '-' : formOf(cluster, snapshot.master),
        dead: hostForm(dead),
      }),
    });
  if (replicas.length === 0)
    refusals.push({ code: 'no-replica', message: msg("There is no alive slave. We can't do failover") });
  return {
    cluster,
    snapshot,
    dead,
    mode: modeOf(snapshot, replicas),
    replicas,
    leftOut,
    repointed,
    unmanaged,
    refusals,
  };
}

export function formOf(cluster: ClusterConfig, id: string): string {
  const server = cluster.servers.find(s => s.id === id);
  return server ? hostForm(server) : id;
}

const NO_FILTERS = { doDb: [], ignoreDb: [], doTable: [], ignoreTable: [], wildDoTable: [], wildIgnoreTable: [] };

/** Stands for the channel that a promoted server had. */
function formerChannel(dead: ServerConfig): ReplicaChannel {
  return {
    name: '',
    source: addressOf(dead),
    sourceUser: '',
    receiver: 'stopped',
    applier: 'stopped',
    autoPosition: false,
    filters: NO_FILTERS,
    delaySeconds: 0,
    tls: false,
  };
}

/** Why a server cannot take part; undefined: it can. MHA calls a replica failed when its applier stopped with an error. */
function outside(node: Node): Message | undefined {
  const { failure, status } = node.snapshot;
  if (failure) return connectFailureMessage(failure);
  if (status !== 'alive') return msg('it does not answer');
  const error = node.channel?.applier === 'stopped' ? node.channel.applierError : undefined;
  // An earlier run killed it: it goes on where it was.
  if (error?.errno === STOPPED_IN_GROUP) return undefined;
  return error && msg('its SQL thread stopped with error {errno}: {text}', { errno: error.errno, text: error.text });
}

function modeOf(snapshot: Snapshot, replicas: readonly ReplicaFacts[]): FailoverMode {
  if (snapshot.gtidMode === 1) return 'gtid';
  const following = replicas.filter(r => !r.promoted);
  const byGtid = ({ state, channel }: ReplicaFacts) => state.version.flavour === 'mariadb' && channel.autoPosition;
  return following.length > 0 && following.every(byGtid) ? 'mariadbGtid' : 'position';
}

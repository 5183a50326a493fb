import type { ClusterConfig, ServerConfig } from '../../../config/types';
import type { ReplicaChannel, ServerState } from '../../mysql/types';
import { clusterChannels } from '../graph';
import type { Finding, ServerSnapshot, Snapshot } from '../types';

export interface AnalyseOptions {
  /** Seconds behind the source from which a replica is called lagging; default 30, as masterha_check_repl. */
  readonly lagSeconds?: number;
}

/** One server with its section and its place in the topology. */
export interface Node {
  readonly id: string;
  readonly name: string;
  readonly snapshot: ServerSnapshot;
  readonly config?: ServerConfig;
  /** There only if alive. */
  readonly state?: ServerState;
  /** Replicates, or is set up to, by a channel of this cluster. */
  readonly isReplica: boolean;
  /** The channel by which it replicates from a member of the cluster. */
  readonly channel?: ReplicaChannel;
  /** Id of its source, by that channel. */
  readonly source?: string;
  /** Ids of its replicas. */
  readonly replicas: readonly string[];
}

/** A node that is alive. */
export type LiveNode = Node & { readonly state: ServerState };
/** A living replica of this cluster. */
export type ReplicaNode = LiveNode & { readonly channel: ReplicaChannel };

/** Everything that a rule may look at. Plain data. */
export interface Context {
  readonly cluster: ClusterConfig;
  readonly snapshot: Snapshot;
  readonly nodes: readonly Node[];
  /** Nodes of the configuration, in its order. */
  readonly configured: readonly Node[];
  readonly alive: readonly LiveNode[];
  /** Living replicas of this cluster, in order; the master is among them if it is a co-master. */
  readonly replicas: readonly ReplicaNode[];
  readonly master?: Node;
  readonly lagSeconds: number;
  node(id: string): Node | undefined;
}

/** A named check of the table. Pure. */
export type Rule = (context: Context) => readonly Finding[];

export const isAlive = (node: Node): node is LiveNode => node.state !== undefined;
export const isReplica = (node: Node): node is ReplicaNode => node.state !== undefined && node.channel !== undefined;

/** `host:port`, the way a server is called in messages. */
export function label(node: Node): string {
  const { host, port } = node.snapshot.address;
  return node.name.includes(':') || !node.name ? `${host}:${port}` : `${node.name}:${port}`;
}

export const labels = (nodes: readonly Node[]): string => nodes.map(label).join(', ');

/** `MHA: yes` is false, empty and 0 apart: candidate_master and no_master are already booleans of the table. */
export const isCandidate = (node: Node): boolean => node.config?.values.candidate_master === true;
export const isNoMaster = (node: Node): boolean => node.config?.values.no_master === true;

export function contextOf(cluster: ClusterConfig, snapshot: Snapshot, options: AnalyseOptions = {}): Context {
  const configs = new Map(cluster.servers.map(server => [server.id, server]));
  const nodes = snapshot.servers.map((server): Node => {
    const config = server.configured ? configs.get(server.id) : undefined;
    const { state } = server;
    const own = snapshot.edges.filter(edge => edge.replica === server.id);
    const edge = own.find(e => e.source === snapshot.master) ?? own[0];
    const channels = state
      ? clusterChannels(
          {
            id: server.id,
            configured: server.configured,
            status: server.status,
            addresses: [],
            state,
            ...channelOf(config),
          },
          c => own.some(e => e.channel === c.name),
        )
      : [];
    const channel = edge ? channels.find(c => c.name === edge.channel) : channels[0];
    return {
      id: server.id,
      name: server.name,
      snapshot: server,
      ...(config && { config }),
      ...(state && { state }),
      isReplica: channels.length > 0,
      ...(channel && { channel }),
      ...(edge && { source: edge.source }),
      replicas: snapshot.edges.filter(e => e.source === server.id).map(e => e.replica),
    };
  });
  const byId = new Map(nodes.map(node => [node.id, node]));
  const master = snapshot.master === undefined ? undefined : byId.get(snapshot.master);
  return {
    cluster,
    snapshot,
    nodes,
    configured: nodes.filter(node => node.config !== undefined),
    alive: nodes.filter(isAlive),
    replicas: nodes.filter(isReplica),
    ...(master && { master }),
    lagSeconds: options.lagSeconds ?? 30,
    node: id => byId.get(id),
  };
}

function channelOf(config: ServerConfig | undefined): { channel?: string } {
  return config?.extended.channel === undefined ? {} : { channel: config.extended.channel };
}

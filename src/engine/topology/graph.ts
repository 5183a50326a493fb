import net from 'node:net';
import type { Address, ReplicaChannel, ServerState } from '../mysql/types';
import type { ReplicationEdge, ServerStatus } from './types';

/** What is needed of a server to find out who replicates from whom. */
export interface Member {
  readonly id: string;
  readonly configured: boolean;
  readonly status: ServerStatus;
  /** Every `host:port` it is known by: host name, address, resolved addresses. Hosts in lower case. */
  readonly addresses: readonly Address[];
  readonly state?: ServerState;
  /** `#@ channel` of its section. */
  readonly channel?: string;
  /** `multi_tier_slave`: whom it replicates from does not tell who the master is. */
  readonly multiTier?: boolean;
}

/** Who a server is, by whatever address it was reached: two members with one identity are one server. */
export function identityOf(state: ServerState): string {
  const place = [state.hostname, state.port, state.datadir].join('|');
  return state.serverUuid ? `${state.serverUuid}|${place}` : `${state.serverId}|${place}`;
}

/** Loopback from a server's point of view: its own host. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (net.isIPv4(host) && host.startsWith('127.'));
}

const sameAddress = (a: Address, b: Address): boolean =>
  a.port === b.port && a.host.toLowerCase() === b.host.toLowerCase();

function only<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined;
}

/**
 * The member that a channel replicates from. Order of trust: the UUID that a running receiver has seen; the address as
 * configured; the UUID seen earlier; what the server calls itself (report_host, host name: names inside containers);
 * addresses that the name resolves to; loopback on the replica's own host; the server id.
 * `resolved` are the addresses of the channel's source host.
 */
export function matchSource(
  channel: ReplicaChannel,
  replica: Member,
  members: readonly Member[],
  resolved: readonly string[] = [],
): Member | undefined {
  const others = members.filter(m => m.id !== replica.id);
  const byUuid = () => (channel.sourceUuid ? others.find(m => m.state?.serverUuid === channel.sourceUuid) : undefined);
  const byAddress = (hosts: readonly string[]) =>
    others.find(m => m.addresses.some(a => hosts.some(host => sameAddress(a, { host, port: channel.source.port }))));
  const selfNamed = () =>
    only(
      others.filter(
        ({ state }) =>
          state !== undefined &&
          ((state.reportHost === channel.source.host && (state.reportPort ?? state.port) === channel.source.port) ||
            (state.hostname === channel.source.host && state.port === channel.source.port)),
      ),
    );
  const loopback = () =>
    isLoopback(channel.source.host) ? byAddress(replica.addresses.map(address => address.host)) : undefined;
  const byServerId = () =>
    channel.sourceServerId ? only(others.filter(m => m.state?.serverId === channel.sourceServerId)) : undefined;
  return (
    (channel.receiver === 'running' ? byUuid() : undefined) ??
    byAddress([channel.source.host]) ??
    byUuid() ??
    selfNamed() ??
    byAddress(resolved) ??
    loopback() ??
    byServerId()
  );
}

/**
 * The channels of a member that concern this cluster: the configured channel, else the only one, else those whose source
 * belongs to the cluster, else all.
 */
export function clusterChannels(
  member: Member,
  isMember: (channel: ReplicaChannel) => boolean,
): readonly ReplicaChannel[] {
  const channels = member.state?.channels ?? [];
  if (member.channel !== undefined) return channels.filter(c => c.name === member.channel);
  if (channels.length < 2) return channels;
  const inside = channels.filter(isMember);
  return inside.length > 0 ? inside : channels;
}

/** Who replicates from whom, for every channel of the cluster whose source is a member. */
export function edgesOf(
  members: readonly Member[],
  resolved: (host: string) => readonly string[] = () => [],
): ReplicationEdge[] {
  const edges: ReplicationEdge[] = [];
  for (const replica of members) {
    const source = (c: ReplicaChannel) => matchSource(c, replica, members, resolved(c.source.host));
    for (const channel of clusterChannels(replica, c => source(c)?.configured === true)) {
      const from = source(channel);
      if (from) edges.push({ source: from.id, replica: replica.id, channel: channel.name });
    }
  }
  return edges;
}

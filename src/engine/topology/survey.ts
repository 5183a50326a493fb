import type { ClusterConfig, ServerConfig } from '../../config/types';
import type { MysqlServer } from '../mysql/server';
import type { Address } from '../mysql/types';
import { withOwnSignal, type EngineOptions } from '../options';
import { msg } from '../../l10n/message';
import { addressOf } from './connectServer';
import { clusterChannels, edgesOf, identityOf, isLoopback, matchSource, type Member } from './graph';
import { findMaster, gtidModeOf } from './master';
import { probe, type Probe } from './probe';
import { rereadMaster } from './rereadMaster';
import { NameCache } from './resolveNames';
import type { ServerSnapshot, Snapshot } from './types';

/** Servers outside the configuration that are looked at, at most; and how many steps away from it. */
const MAX_DISCOVERED = 64;
const MAX_ROUNDS = 8;
/** Milliseconds to connect to a server that the configuration does not name: it may be anything. */
const DISCOVERED_TIMEOUT_MS = 1500;

/** Milliseconds to connect to a server that is said to be dead: one look more, as MHA's double check. */
const SUSPECT_TIMEOUT_MS = 1000;

export interface SurveyOptions extends EngineOptions {
  /** Id of a server that is said to be dead: nobody waits long for it. */
  readonly suspect?: string;
}

/** A snapshot with the connections that it was taken through still open, for those who want to ask more. */
export interface Survey extends AsyncDisposable {
  readonly snapshot: Snapshot;
  /** By server id; only of living servers. */
  readonly connections: ReadonlyMap<string, MysqlServer>;
}

/** A server of the survey while it grows. */
interface Found {
  readonly id: string;
  readonly name: string;
  readonly configured: boolean;
  /** The section whose account, TLS and tunnel are used. */
  readonly config: ServerConfig;
  /** Found as a source of another one (and not as its replica): its own replicas are not followed. */
  readonly upstream: boolean;
  readonly addresses: Address[];
  probe: Probe;
}

/** An address that somebody mentioned and nobody knows yet. */
interface Lead {
  readonly address: Address;
  readonly config: ServerConfig;
  readonly upstream: boolean;
}

const memberOf = (found: Found): Member => ({
  id: found.id,
  configured: found.configured,
  status: found.probe.status,
  addresses: found.addresses,
  ...(found.probe.state && { state: found.probe.state }),
  ...(found.configured && found.config.extended.channel !== undefined && { channel: found.config.extended.channel }),
  ...(found.configured && found.config.values.multi_tier_slave && { multiTier: true }),
});

const keyOf = (address: Address): string => `${address.host.toLowerCase()}:${address.port}`;

/** Sources and registered replicas that are not among the servers found so far. */
function leads(servers: readonly Found[], names: NameCache): Lead[] {
  const members = servers.map(memberOf);
  const known = new Set(servers.flatMap(s => s.addresses.map(keyOf)));
  const result = new Map<string, Lead>();
  const add = (from: Found, host: string, port: number, upstream: boolean) => {
    const real = isLoopback(host) ? from.probe.address.host : host;
    const lead = { address: { host: real, port }, config: from.config, upstream };
    if (real && port && !known.has(keyOf(lead.address))) result.set(keyOf(lead.address), lead);
  };
  servers.forEach((server, index) => {
    const member = members[index] as Member;
    const source = (c: Parameters<typeof matchSource>[0]) =>
      matchSource(c, member, members, names.addresses(c.source.host));
    if (server.configured || server.upstream)
      for (const channel of clusterChannels(member, c => source(c)?.configured === true))
        if (channel.source.host && !source(channel)) add(server, channel.source.host, channel.source.port, true);
    if (server.upstream) return;
    for (const replica of member.state?.registeredReplicas ?? []) {
      const here = members.some(
        m =>
          (replica.uuid && m.state?.serverUuid === replica.uuid) ||
          m.state?.serverId === replica.serverId ||
          m.addresses.some(a => replica.host && keyOf(a) === keyOf({ host: replica.host, port: replica.port })),
      );
      if (!here && replica.host) add(server, replica.host, replica.port, false);
    }
  });
  return [...result.values()];
}

function configuredAddresses(server: ServerConfig, names: NameCache): Address[] {
  const { hostname, ip, port } = server.values;
  const hosts = [ip, hostname].filter((h): h is string => !!h);
  const all = new Set([...hosts, ...hosts.flatMap(h => names.addresses(h))].map(h => h.toLowerCase()));
  return [...all].map(host => ({ host, port }));
}

/** All at once; when cancelled, what was already connected is closed. */
async function probeAll(probes: readonly Promise<Probe>[]): Promise<Probe[]> {
  const settled = await Promise.allSettled(probes);
  const failed = settled.find(p => p.status === 'rejected');
  if (!failed) return settled.map(p => (p as PromiseFulfilledResult<Probe>).value);
  for (const p of settled) if (p.status === 'fulfilled') p.value.connection?.destroy();
  throw failed.reason;
}

async function probeConfigured(cluster: ClusterConfig, options: SurveyOptions, names: NameCache): Promise<Found[]> {
  let done = 0;
  const [probes] = await Promise.all([
    probeAll(
      cluster.servers.map(async server => {
        // Nor for one that may fail: others wait.
        const impatient = options.suspect !== undefined && (server.id === options.suspect || server.values.ignore_fail);
        const suspected = impatient && { timeoutMs: SUSPECT_TIMEOUT_MS };
        const result = await probe(server, { ...options, ...suspected }, addressOf(server));
        done++;
        options.onProgress?.({
          message: msg('Asked {done} of {count} servers', { done, count: cluster.servers.length }),
          done: done / (cluster.servers.length + 1),
        });
        return result;
      }),
    ),
    names.resolve(
      cluster.servers.flatMap(s => [s.values.hostname ?? '', s.values.ip ?? '']),
      options.signal,
    ),
  ]);
  return cluster.servers.map((config, index) => ({
    id: config.id,
    name: config.values.hostname ?? config.id,
    configured: true,
    config,
    upstream: false,
    addresses: configuredAddresses(config, names),
    probe: probes[index] as Probe,
  }));
}

/**
 * A source whose name nobody here knows (a name inside containers) while exactly one configured server cannot be read: it is
 * that one, since replicas have a source and all the others say that they are not it.
 */
function byElimination(lead: Lead, result: Probe, servers: readonly Found[]): Found | undefined {
  if (!lead.upstream || result.failure?.kind !== 'unknownHost') return undefined;
  const unread = servers.filter(s => s.configured && !s.probe.state);
  return unread.length === 1 ? unread[0] : undefined;
}

/** One step outwards: asks every new lead at once; answers of servers already known become further addresses of theirs. */
async function follow(servers: Found[], found: readonly Lead[], options: EngineOptions, names: NameCache) {
  const probes = await probeAll(
    found.map(lead => probe(lead.config, { ...options, timeoutMs: DISCOVERED_TIMEOUT_MS }, lead.address)),
  );
  for (const [index, lead] of found.entries()) {
    const result = probes[index] as Probe;
    const { host, port } = lead.address;
    const addresses = [host, ...names.addresses(host)].map(h => ({ host: h.toLowerCase(), port }));
    const identity = result.state && identityOf(result.state);
    const same = identity
      ? servers.find(s => s.probe.state && identityOf(s.probe.state) === identity)
      : byElimination(lead, result, servers);
    if (same) {
      same.addresses.push(...addresses);
      result.connection?.destroy();
    } else if (lead.upstream || result.status === 'alive') {
      const id = `${host}:${port}`;
      servers.push({ ...lead, id, name: host, configured: false, addresses, probe: result });
    }
  }
}

function snapshotOf(servers: readonly Found[], cluster: ClusterConfig, names: NameCache): Snapshot {
  const members = servers.map(memberOf);
  const edges = edgesOf(members, host => names.addresses(host));
  const master = findMaster(members, edges);
  const useGtidAutoPos = cluster.servers.some(s => s.values.use_gtid_auto_pos);
  return {
    cluster: cluster.name,
    takenAt: new Date().toISOString(),
    servers: servers.map(
      ({ id, name, configured, probe: { address, status, failure, state, tookMs } }): ServerSnapshot => ({
        id,
        name,
        address,
        configured,
        status,
        ...(failure && { failure }),
        ...(state && { state }),
        tookMs,
      }),
    ),
    edges,
    ...(master !== undefined && { master }),
    gtidMode: gtidModeOf(members, edges, useGtidAutoPos),
  };
}

/**
 * Looks at every server of the cluster at once, then at the sources and registered replicas that they mention and the
 * configuration does not (bounded, with the account of the server that mentioned them).
 * Dead and silent servers are part of the answer. Rejects only when cancelled, with nothing left open.
 */
export async function survey(cluster: ClusterConfig, given: SurveyOptions): Promise<Survey> {
  const options = withOwnSignal(given);
  const names = new NameCache();
  const servers: Found[] = [];
  try {
    servers.push(...(await probeConfigured(cluster, options, names)));
    const asked = new Set<string>();
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const channels = servers.flatMap(s => s.probe.state?.channels ?? []);
      await names.resolve(
        channels.map(c => c.source.host),
        options.signal,
      );
      const room = MAX_DISCOVERED - asked.size;
      const next = leads(servers, names)
        .filter(lead => !asked.has(keyOf(lead.address)))
        .slice(0, room);
      if (next.length === 0) break;
      next.forEach(lead => asked.add(keyOf(lead.address)));
      await follow(servers, next, options, names);
    }
    const first = snapshotOf(servers, cluster, names);
    const master = servers.find(s => s.id === first.master);
    const fresh = master?.probe.connection && (await rereadMaster(first, master.probe.connection, options.signal));
    if (master && fresh) master.probe = { ...master.probe, state: fresh };
    options.signal?.throwIfAborted();
    const connections = new Map<string, MysqlServer>();
    for (const s of servers) if (s.probe.connection) connections.set(s.id, s.probe.connection);
    return {
      snapshot: fresh ? snapshotOf(servers, cluster, names) : first,
      connections,
      [Symbol.asyncDispose]: () => closeAll(servers),
    };
  } catch (error) {
    await closeAll(servers);
    throw error;
  }
}

async function closeAll(servers: readonly Found[]): Promise<void> {
  await Promise.all(servers.flatMap(s => (s.probe.connection ? [s.probe.connection[Symbol.asyncDispose]()] : [])));
}

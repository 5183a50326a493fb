import type { ServerConfig } from '../../config/types';
import { deadline } from '../deadline';
import { errorText } from '../errors';
import { MysqlError } from '../mysql/mysqlError';
import { channelsOf } from '../mysql/replicaStatus';
import type { MysqlServer } from '../mysql/server';
import type { Address, ReplicaChannel } from '../mysql/types';
import type { EngineOptions } from '../options';
import { connectServer } from '../topology/connectServer';
import type { ReplicaOpinion } from './decision';

/** How replicas may know the master. */
export interface MasterIdentity {
  /** Hosts in lower case. */
  readonly addresses: readonly Address[];
  readonly uuid?: string;
}

/** What a replica had received when it was last looked at, by server id: what grows is being received. */
export type Received = Map<string, string>;

export interface AskedReplica {
  readonly opinion: ReplicaOpinion;
  /** The master's address as the replica knows it. */
  readonly source?: Address;
}

export interface AskOptions {
  readonly engine: EngineOptions;
  readonly identity: MasterIdentity;
  /** Milliseconds for everything; default 1000. */
  readonly deadlineMs?: number;
  /** One look each, without waiting for a receiver that runs to notice. */
  readonly once?: boolean;
  /** Written and compared: give the same map for one suspicion. */
  readonly received: Received;
}

const DEADLINE_MS = 1000;
/** A receiver notices a closed connection within a few milliseconds: time to look again. */
const AGAIN_MS = 25;

/**
 * Error numbers with which a receiver that tries to connect has met nobody (2002, 2003 …) or lost its connection (2006,
 * 2013, network errors). Any other number came from a server.
 */
const UNREACHED = new Set([0, 1158, 1159, 1160, 1161, 2002, 2003, 2005, 2006, 2012, 2013, 2055]);

/** What a channel says of its source. `before`: what it had received when it was looked at earlier. */
export function channelOpinion(
  channel: Pick<ReplicaChannel, 'receiver' | 'receiverError' | 'received' | 'retrievedGtids'>,
  before: string | undefined,
): Omit<ReplicaOpinion, 'server'> {
  const { receiver, receiverError } = channel;
  const errno = receiverError?.errno ?? 0;
  const code = errno === 0 ? {} : { code: String(errno) };
  const text = receiverError?.text ?? '';
  if (receiver === 'stopped') return { says: 'stopped', ...code, text: text || 'its receiver is stopped' };
  if (receiver === 'connecting')
    return UNREACHED.has(errno)
      ? { says: 'broken', ...code, text: text || 'its receiver has lost the connection' }
      : { says: 'answered', ...code, text };
  if (before !== undefined && before !== receivedOf(channel))
    return { says: 'receiving', text: 'its receiver received something meanwhile' };
  return { says: 'connected', text: 'its receiver runs' };
}

export function receivedOf({ received, retrievedGtids }: Pick<ReplicaChannel, 'received' | 'retrievedGtids'>): string {
  return `${received?.file ?? ''}:${received?.position ?? ''}:${retrievedGtids ?? ''}`;
}

/**
 * Asks all replicas at once. A receiver that runs is looked at again until it has noticed, something arrived, or the time
 * is up: a dead replica never delays the others beyond the deadline. Rejects only when cancelled.
 */
export async function askReplicas(
  replicas: readonly ServerConfig[],
  options: AskOptions,
): Promise<readonly AskedReplica[]> {
  return Promise.all(replicas.map(replica => askReplica(replica, options)));
}

async function askReplica(
  config: ServerConfig,
  { engine, identity, received, once, deadlineMs = DEADLINE_MS }: AskOptions,
): Promise<AskedReplica> {
  const until = performance.now() + deadlineMs;
  const left = () => Math.max(1, Math.ceil(until - performance.now()));
  const unknown = (text: string, code?: string): AskedReplica => ({
    opinion: { server: config.id, says: 'unknown', ...(code !== undefined && { code }), text },
  });
  const connected = await connectServer(config, { ...engine, timeoutMs: deadlineMs });
  if (!connected.ok) return unknown(connected.failure.text, connected.failure.code ?? connected.failure.kind);
  const { server } = connected;
  let latest: AskedReplica | undefined;
  try {
    for (;;) {
      const found = await readChannel(server, identity, deadline(left(), engine.signal));
      if (!found) return unknown('it does not replicate from the master', 'no-channel');
      const opinion = { server: config.id, ...channelOpinion(found, received.get(config.id)) };
      if (!received.has(config.id)) received.set(config.id, receivedOf(found));
      latest = { opinion, source: found.source };
      if (once || opinion.says !== 'connected' || left() <= AGAIN_MS) return latest;
      await new Promise(done => setTimeout(done, AGAIN_MS));
    }
  } catch (error) {
    engine.signal?.throwIfAborted();
    if (latest) return latest;
    return unknown(errorText(error), error instanceof MysqlError ? error.code : undefined);
  } finally {
    server.destroy();
  }
}

/** The channel by which a server replicates from the master, if it does. */
export async function readChannel(
  server: MysqlServer,
  master: MasterIdentity,
  signal: AbortSignal,
): Promise<ReplicaChannel | undefined> {
  const { sql } = server.dialect.statement('showReplicaStatus');
  const channels = channelsOf(await server.query(sql, [], { signal }), server.dialect);
  return channels.find(channel => isFrom(channel, master));
}

/** Whether a channel's source is the master. */
export function isFrom(
  { source, sourceUuid }: Pick<ReplicaChannel, 'source' | 'sourceUuid'>,
  { addresses, uuid }: MasterIdentity,
): boolean {
  if (uuid !== undefined && sourceUuid === uuid) return true;
  return addresses.some(a => a.port === source.port && a.host === source.host.toLowerCase());
}

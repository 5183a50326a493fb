import { connect, type ConnectOptions } from './connect';
import { MysqlError } from './mysqlError';
import { missingPrivileges, readPrivileges } from './privileges';
import type { MysqlServer, QueryOptions } from './server';
import type { ConnectFailure } from './types';

/** How the replica will log in: its channel's TLS and public key options. */
export interface ReceiverOptions {
  readonly tls: boolean;
  /** GET_SOURCE_PUBLIC_KEY or a key file; absent = the replica's server has no such option (and no such plugin). */
  readonly publicKey?: boolean;
}

export interface CanReplicateOptions extends Omit<ConnectOptions, 'tls'> {
  readonly receiver: ReceiverOptions;
}

export type ReplicationLogin =
  | {
      readonly ok: true;
      /** The account's authentication plugin, where the server tells. */
      readonly plugin?: string;
    }
  | { readonly ok: false; readonly reason: 'connect'; readonly failure: ConnectFailure }
  /** Logged in, but may not read the binary log. */
  | { readonly ok: false; readonly reason: 'privileges'; readonly missing: readonly string[] }
  /** Works only while the server has the password in its cache, that is until it restarts: error 2061 afterwards. */
  | { readonly ok: false; readonly reason: 'publicKeyNeeded'; readonly plugin: string }
  /** The connection broke before the answer. */
  | { readonly ok: false; readonly reason: 'error'; readonly text: string; readonly errno?: number };

/** The plugin that sends the password itself when its cache is cold, and therefore wants TLS or the server's key. */
const CACHED_PASSWORD_PLUGIN = 'caching_sha2_password';

/** Whether a replica with these options can log in to an account of this plugin, cold cache included. */
export function receiverCanUse(plugin: string | undefined, receiver: ReceiverOptions): boolean {
  return plugin !== CACHED_PASSWORD_PLUGIN || receiver.tls || receiver.publicKey === true;
}

/**
 * Whether a replica could replicate from this server: logs in as the replication account, in the way in which the replica
 * would, and looks at what that account may do. The login comes from this machine unless `openStream` leads through
 * another one, so an account that is limited to the replicas' hosts is refused. Never rejects.
 */
export async function canReplicate(options: CanReplicateOptions): Promise<ReplicationLogin> {
  const { receiver, ...rest } = options;
  const result = await connect({ ...rest, tls: { mode: receiver.tls ? 'required' : 'disabled' } });
  if (!result.ok) return { ok: false, reason: 'connect', failure: result.failure };
  await using server = result.server;
  const query: QueryOptions = {
    timeoutMs: options.timeoutMs ?? 4_000,
    ...(options.signal ? { signal: options.signal } : {}),
  };
  try {
    const [privileges, plugin] = await Promise.all([readPrivileges(server, query), ownPlugin(server, query)]);
    const missing = missingPrivileges(privileges, server.version, 'replication');
    if (missing.length > 0) return { ok: false, reason: 'privileges', missing };
    if (!receiverCanUse(plugin, receiver)) return { ok: false, reason: 'publicKeyNeeded', plugin: plugin as string };
    return plugin === undefined ? { ok: true } : { ok: true, plugin };
  } catch (error) {
    if (!(error instanceof MysqlError)) throw error;
    const errno = error.errno === undefined ? {} : { errno: error.errno };
    return { ok: false, reason: 'error', text: error.message, ...errno };
  }
}

/** From the account's own definition, which every account may see. The rest of that text is a password's hash. */
async function ownPlugin(server: MysqlServer, query: QueryOptions): Promise<string | undefined> {
  if (!server.dialect.has('showCreateCurrentUser')) return undefined;
  try {
    const rows = await server.query(server.dialect.statement('showCreateCurrentUser').sql, [], query);
    return /\bIDENTIFIED (?:WITH|VIA) ['`"]?(\w+)/.exec(String(Object.values(rows[0] ?? {})[0]))?.[1];
  } catch (error) {
    if (error instanceof MysqlError && error.kind === 'server') return undefined;
    throw error;
  }
}

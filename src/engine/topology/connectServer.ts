import fs from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import { readOptionFile } from '../../config/optionFile';
import { Secret } from '../../config/secret';
import type { ServerConfig } from '../../config/types';
import { EngineError, errorCode, errorText } from '../errors';
import { connect, type ConnectOptions, type ConnectResult } from '../mysql/connect';
import type { Address, ConnectFailure, Credentials } from '../mysql/types';
import type { EngineOptions } from '../options';
import { openHost } from '../ssh/openHost';
import { sshTargetOf } from '../ssh/target';

/** As MHA: 4 seconds for a management connection. */
export const CONNECT_TIMEOUT_MS = 4000;

export interface ConnectServerOptions extends EngineOptions {
  /** Milliseconds until the connection must stand; default 4000. */
  readonly timeoutMs?: number;
  /** Another server of the same cluster, reached with this one's account, TLS settings and tunnel. */
  readonly address?: Address;
  /** Another account than the manager's. */
  readonly credentials?: Credentials;
  /** As ConnectOptions has it. */
  readonly localFiles?: boolean;
}

/** `ip:port`, the host name standing in where no address is configured. */
export function addressOf(server: ServerConfig): Address {
  return { host: server.values.ip || server.values.hostname || 'localhost', port: server.values.port };
}

/** Option file groups that apply, later ones win: as for the mysql client, then our own. */
const GROUPS = ['client', 'mha'];

class LocalFailure extends Error {
  constructor(readonly failure: ConnectFailure) {
    super(failure.text);
  }
}

/** The manager's account: from the caller (a key ring), else the configuration, else the option file of `#@ defaults_file`. */
export async function credentialsOf(server: ServerConfig, options: EngineOptions): Promise<Credentials> {
  const { values, origins, extended } = server;
  const given = await options.password?.(server);
  const needsFile = extended.defaults_file && (origins.user.level === 'builtin' || (!given && !values.password));
  const file = needsFile ? await readOptionFile(extended.defaults_file, GROUPS) : undefined;
  if (needsFile && !file)
    throw new LocalFailure({
      kind: 'accessDenied',
      alive: false,
      text: `the option file ${extended.defaults_file} cannot be read`,
    });
  const user = origins.user.level === 'builtin' ? (file?.user ?? values.user) : values.user;
  return { user, password: given ?? values.password ?? file?.password ?? new Secret('') };
}

async function tlsOf(server: ServerConfig): Promise<ConnectOptions['tls']> {
  const { tls: mode, tls_ca: file } = server.extended;
  if (!file || mode === 'disabled') return { mode };
  try {
    // Opening a pipe without a writer would wait for ever.
    if (!(await fs.stat(file)).isFile()) throw new EngineError('ENOENT', `${file} is not a file`);
    return { mode, ca: await fs.readFile(file, 'utf8') };
  } catch (error) {
    const code = errorCode(error);
    throw new LocalFailure({ kind: 'tls', alive: false, ...(code && { code }), text: errorText(error) });
  }
}

/** A stream to `address` through the server's own SSH; the session ends with the stream. */
export async function openTunnel(
  server: ServerConfig,
  address: Address,
  options: EngineOptions,
  timeoutMs: number,
): Promise<Duplex> {
  const { ssh_options: sshOptions } = server.values;
  const opened = await openHost(sshTargetOf(server), {
    timeoutMs,
    log: options.log,
    ...(options.signal && { signal: options.signal }),
    ...(options.hostKeys && { hostKeys: options.hostKeys }),
    ...(sshOptions && { sshOptions }),
  });
  if (!opened.ok) throw new EngineError(opened.failure.kind, opened.failure.text);
  const { host } = opened;
  try {
    const stream = await host.tunnel(address.host, address.port);
    stream.once('close', () => void host[Symbol.asyncDispose]());
    return stream;
  } catch (error) {
    await host[Symbol.asyncDispose]();
    // SSH works and nobody listens behind it: that tells of the server, not of the tunnel.
    throw errorCode(error) === 'refused' ? new EngineError('ECONNREFUSED', errorText(error)) : error;
  }
}

/**
 * Connects to a server of the configuration as MHA does (TCP to `ip:port`, `user`/`password`), or by TLS and SSH tunnel where
 * the extended parameters say so. Never rejects for what the server or the network does; rejects when cancelled.
 */
export async function connectServer(server: ServerConfig, options: ConnectServerOptions): Promise<ConnectResult> {
  options.signal?.throwIfAborted();
  const address = options.address ?? addressOf(server);
  const timeoutMs = options.timeoutMs ?? CONNECT_TIMEOUT_MS;
  try {
    const [credentials, tls] = await Promise.all([
      options.credentials ?? credentialsOf(server, options),
      tlsOf(server),
    ]);
    const result = await connect({
      address,
      credentials,
      tls,
      timeoutMs,
      ...(options.localFiles && { localFiles: true }),
      ...(options.signal && { signal: options.signal }),
      ...(server.extended.ssh_tunnel && { openStream: () => openTunnel(server, address, options, timeoutMs) }),
    });
    if (options.signal?.aborted && result.ok) result.server.destroy();
    options.signal?.throwIfAborted();
    return result;
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof LocalFailure) return { ok: false, failure: error.failure };
    throw error;
  }
}

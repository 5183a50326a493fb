import type { ServerConfig } from '../../config/types';
import { errorCode, errorText } from '../errors';
import { MysqlError } from '../mysql/mysqlError';
import type { MysqlServer } from '../mysql/server';
import { readServerState } from '../mysql/state';
import type { Address, ConnectFailure, ServerState } from '../mysql/types';
import { connectServer, type ConnectServerOptions } from './connectServer';
import type { ServerStatus } from './types';

/** Milliseconds for reading everything about one server once connected. */
const READ_TIMEOUT_MS = 4000;

export interface Probe {
  readonly address: Address;
  readonly status: ServerStatus;
  readonly failure?: ConnectFailure;
  readonly state?: ServerState;
  /** Open if the server is alive: whoever probes closes it. */
  readonly connection?: MysqlServer;
  readonly tookMs: number;
}

/** What a failure to connect says about the server: who answered is not dead, who is silent is unknown. */
export function statusOf(failure: ConnectFailure): ServerStatus {
  if (failure.kind === 'refused') return 'dead';
  if (failure.kind === 'silent') return 'hung';
  if (failure.alive) return 'refusing';
  return failure.kind === 'closed' ? 'dead' : 'unreachable';
}

/** A connection that ended or fell silent while the state was read, as the failure that it is. */
function readFailure(error: unknown): ConnectFailure {
  const { kind, code, errno } = error instanceof MysqlError ? error : { kind: 'closed', code: errorCode(error) };
  const common = { text: errorText(error), ...(code && { code }), ...(errno !== undefined && { errno }) };
  if (kind === 'timeout') return { kind: 'silent', alive: true, ...common };
  if (kind === 'server') return { kind: 'serverError', alive: true, ...common };
  if (kind === 'protocol' || kind === 'unsupported') return { kind: 'protocol', alive: true, ...common };
  return { kind: 'closed', alive: true, ...common }; // it had let us in
}

/**
 * Connects and reads the state. A server that dies meanwhile is asked once more, so that the answer is what it is now.
 * Rejects only when cancelled.
 */
export async function probe(server: ServerConfig, options: ConnectServerOptions, address: Address): Promise<Probe> {
  const start = performance.now();
  const done = (result: Omit<Probe, 'address' | 'tookMs'>): Probe => ({
    address,
    tookMs: Math.round(performance.now() - start),
    ...result,
  });
  let last: ConnectFailure | undefined;
  for (let attempt = 0; attempt < 2; attempt++) {
    const result = await connectServer(server, { ...options, address });
    if (!result.ok) return done({ status: statusOf(result.failure), failure: result.failure });
    const { server: connection } = result;
    try {
      const state = await readServerState(connection, {
        timeoutMs: READ_TIMEOUT_MS,
        ...(options.signal && { signal: options.signal }),
      });
      return done({ status: 'alive', state, connection });
    } catch (error) {
      connection.destroy();
      options.signal?.throwIfAborted();
      last = readFailure(error);
      if (last.kind !== 'closed') break;
    }
  }
  const failure = last as ConnectFailure;
  return done({ status: statusOf(failure), failure });
}

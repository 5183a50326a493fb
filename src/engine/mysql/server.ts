import type { Connection } from 'mysql2';
import type { Readable } from 'node:stream';
import type { Address, ServerVersion } from './types';
import { isTimeout } from './connectFailure';
import { dialectOf, type Dialect } from './dialect';
import { MysqlError } from './mysqlError';
import { sendBytes } from './rawStatement';

/** Big integers, decimals, dates and JSON come as strings, so that nothing is lost. */
export type Row = Record<string, unknown>;

export interface QueryOptions {
  /** Milliseconds, from the call to the last row; default 10,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface BytesOptions extends QueryOptions {
  /**
   * What LOAD DATA LOCAL reads, whatever file it names, without empty pieces: one ends it. For connections with
   * `localFiles` only.
   */
  readonly infile?: () => Readable;
}

/** One open connection. Statements run one after the other, in the order of the calls. */
export interface MysqlServer extends AsyncDisposable {
  readonly address: Address;
  readonly version: ServerVersion;
  readonly dialect: Dialect;
  /** The server's id of this connection, as in SHOW PROCESSLIST. */
  readonly connectionId: number;
  readonly tls: boolean;
  /** False once the connection is lost or was ended: every further query is rejected. */
  readonly isOpen: boolean;
  /** Resolves when the connection is lost or ended: a server that is killed is noticed between statements, too. */
  readonly lost: Promise<void>;
  /**
   * Runs one statement; `?` in it are replaced by the values, quoted. A statement without rows gives none. Rejects with
   * MysqlError only. A time-out or an abort ends the connection, and the statement on the server with it.
   */
  query(sql: string, values?: readonly unknown[], options?: QueryOptions): Promise<Row[]>;
  /** The same for a statement that is sent as it is, byte by byte: in the session's own character set. */
  queryBytes(statement: Buffer, options?: BytesOptions): Promise<Row[]>;
  /** Ends the connection at once, without waiting for anything. */
  destroy(): void;
}

export const DEFAULT_QUERY_TIMEOUT_MS = 10_000;

/** What the server itself lets a statement run, beyond the client's patience. Longer only for queries that ask for it. */
export const STATEMENT_LIMIT_MS = 60_000;

/** How long disposing waits for a pending kill and for the server to close. */
const DISPOSE_MS = 1_000;

export interface ServerParts {
  readonly connection: Connection;
  /** Closes the transport at once. */
  readonly destroyStream: () => void;
  readonly address: Address;
  readonly version: ServerVersion;
  readonly connectionId: number;
  readonly tls: boolean;
  /** Ends `connectionId` on the server through a connection of its own. Never rejects, bounded. */
  readonly kill: () => Promise<void>;
}

interface DriverError {
  readonly code?: string;
  readonly errno?: number;
  readonly message: string;
}

/** Error packets have a positive errno; the operating system's are negative or absent. */
export function toMysqlError(error: unknown): MysqlError {
  if (error instanceof MysqlError) return error;
  const e = error as DriverError;
  const code = e.code ?? 'UNKNOWN';
  if (typeof e.errno === 'number' && e.errno > 0) return new MysqlError('server', code, e.message, e.errno);
  const protocol = code.startsWith('PROTOCOL_') && code !== 'PROTOCOL_CONNECTION_LOST';
  return new MysqlError(protocol ? 'protocol' : 'closed', code, e.message);
}

/** Makes a server of a driver's connection that is logged in. */
export function serverOf(parts: ServerParts): MysqlServer {
  const { connection, destroyStream, address, version, connectionId, tls, kill } = parts;
  const dialect = dialectOf(version);
  let lost: MysqlError | undefined;
  let running = 0;
  let killing: Promise<void> | undefined;
  let limitMs = STATEMENT_LIMIT_MS;

  let onLost: () => void = () => undefined;
  const whenLost = new Promise<void>(resolve => (onLost = resolve));

  const lose = (error: MysqlError): void => {
    lost ??= error;
    destroyStream();
    onLost();
  };
  connection.on('error', (error: unknown) => lose(toMysqlError(error)));
  connection.on('end', () =>
    lose(new MysqlError('closed', 'PROTOCOL_CONNECTION_LOST', 'the server closed the connection')),
  );

  function run(sql: string | Buffer, values: readonly unknown[], options: BytesOptions): Promise<Row[]> {
    const { timeoutMs = DEFAULT_QUERY_TIMEOUT_MS, signal } = options;
    return new Promise((resolve, reject) => {
      if (lost) return reject(new MysqlError('closed', lost.code, lost.message));
      if (signal?.aborted) return reject(aborted(signal));
      running++;
      let settled = false;
      const settle = (): boolean => {
        if (settled) return false;
        settled = true;
        running--;
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        return true;
      };
      const giveUp = (error: MysqlError): void => {
        if (!settle()) return;
        killing ??= kill();
        lose(error);
        reject(error);
      };
      const onAbort = (): void => giveUp(aborted(signal));
      const timer = setTimeout(
        () => giveUp(new MysqlError('timeout', 'TIMEOUT', `no answer within ${timeoutMs} ms`)),
        timeoutMs,
      );
      signal?.addEventListener('abort', onAbort, { once: true });
      const done = (error: unknown, rows: unknown): void => {
        if (!settle()) return;
        if (!error) return resolve(Array.isArray(rows) ? (rows as Row[]) : []);
        const failure = toMysqlError(error);
        if (failure.kind !== 'server') lose(failure);
        reject(failure);
      };
      if (typeof sql === 'string') connection.query({ sql, values: values as unknown[] }, done);
      else sendBytes(connection, sql, options.infile, done);
    });
  }

  /** The server's own limit for a statement that may take longer than usual. */
  async function allow({ timeoutMs = DEFAULT_QUERY_TIMEOUT_MS, signal }: QueryOptions): Promise<void> {
    if (timeoutMs <= limitMs || !dialect.has('setStatementLimit')) return;
    limitMs = timeoutMs;
    const limit = statementLimit(dialect, timeoutMs);
    await run(limit.sql, limit.values, { timeoutMs, ...(signal ? { signal } : {}) });
  }

  return {
    address,
    version,
    dialect,
    connectionId,
    tls,
    get isOpen() {
      return lost === undefined;
    },
    lost: whenLost,
    async query(sql, values = [], options = {}) {
      await allow(options);
      return run(sql, values, options);
    },
    async queryBytes(statement, options = {}) {
      await allow(options);
      return run(statement, [], options);
    },
    destroy() {
      lose(new MysqlError('closed', 'DESTROYED', 'the connection was ended'));
    },
    async [Symbol.asyncDispose]() {
      if (lost === undefined && running === 0) {
        lost = new MysqlError('closed', 'DESTROYED', 'the connection was ended');
        // COM_QUIT, so that the server does not count an aborted client; nothing to wait for but the flush.
        await bounded(new Promise<void>(resolve => connection.end(() => resolve())));
      }
      destroyStream();
      if (killing) await bounded(killing);
    },
  };
}

function aborted(signal: AbortSignal | undefined): MysqlError {
  return isTimeout(signal)
    ? new MysqlError('timeout', 'TIMEOUT', 'no answer in time')
    : new MysqlError('cancelled', 'CANCELLED', 'cancelled');
}

/** MySQL counts milliseconds, MariaDB seconds. */
export function statementLimit(dialect: Dialect, ms: number): { sql: string; values: readonly unknown[] } {
  const value = dialect.version.flavour === 'mysql' ? Math.ceil(ms) : Math.ceil(ms / 1000);
  return dialect.statement('setStatementLimit', [value]);
}

/** Waits for `work`, but no longer than DISPOSE_MS; never rejects. */
async function bounded(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>(resolve => (timer = setTimeout(resolve, DISPOSE_MS)));
  await Promise.race([work.catch(() => undefined), late]);
  clearTimeout(timer);
}

import net from 'node:net';
import type { Duplex } from 'node:stream';
import { createConnection, type Connection, type SslOptions } from 'mysql2';
import { socketLookup } from '../lookup';
import type { Address, ConnectFailure, Credentials, ServerVersion } from './types';
import { errorPacketFailure, failureOf, isTimeout, timeoutFailure, type Phase } from './connectFailure';
import { dialectOf } from './dialect';
import { peekGreeting } from './greeting';
import { serverOf, statementLimit, STATEMENT_LIMIT_MS, type MysqlServer } from './server';
import { parseVersion } from './version';

export interface TlsOptions {
  /** MySQL's --ssl-mode. `preferred`: TLS if the server offers it and the handshake works, else without. */
  readonly mode: 'disabled' | 'preferred' | 'required' | 'verify_ca' | 'verify_identity';
  /** PEM text; absent: the certificate authorities that Node knows. */
  readonly ca?: string;
}

export interface ConnectOptions {
  readonly address: Address;
  readonly credentials: Credentials;
  readonly tls: TlsOptions;
  /** The transport instead of TCP to `address`, e.g. a tunnel. Called anew for every connection that is needed. */
  readonly openStream?: () => Promise<Duplex>;
  /** Milliseconds for everything: TCP, TLS, login, session settings. Default 4,000, as MHA's. */
  readonly timeoutMs?: number;
  /** Allows LOAD DATA LOCAL, which reads only what a statement brings along (`QueryOptions.infile`). Default false. */
  readonly localFiles?: boolean;
  readonly signal?: AbortSignal;
}

export type ConnectResult =
  { readonly ok: true; readonly server: MysqlServer } | { readonly ok: false; readonly failure: ConnectFailure };

export const DEFAULT_CONNECT_TIMEOUT_MS = 4_000;
const KILL_TIMEOUT_MS = 2_000;

/** Metadata locks and the global read lock; the default of a year would hold a check for ever. */
const LOCK_WAIT_SECONDS = 10;
/** Ends connections of a manager that froze. */
const IDLE_SECONDS = 3_600;

/** Carries a failure that is already classified through the steps of an attempt. */
class Failed extends Error {
  constructor(readonly failure: ConnectFailure) {
    super(failure.kind);
  }
}

/** One attempt: what to tear down and how far it is. */
interface Attempt {
  readonly options: ConnectOptions;
  phase: Phase;
  stream?: Duplex;
  tls: boolean;
  /** Given up: whatever it still opens is closed at once. */
  over: boolean;
}

/**
 * Logs in to one server and makes the session predictable: utf8mb4, no SQL modes, autocommit, bounded lock waits and
 * statement times. Never rejects: every failure is a value.
 */
export function connect(options: ConnectOptions): Promise<ConnectResult> {
  return connectWith(options, killConnection);
}

type Kill = (options: ConnectOptions, connectionId: number) => Promise<void>;

async function connectWith(options: ConnectOptions, kill: Kill): Promise<ConnectResult> {
  const { timeoutMs = DEFAULT_CONNECT_TIMEOUT_MS, signal } = options;
  const attempt: Attempt = { options, phase: 'open', tls: false, over: false };
  const aborted = (): ConnectResult => ({
    ok: false,
    failure: isTimeout(signal)
      ? timeoutFailure(attempt.phase)
      : { kind: 'cancelled', alive: false, code: 'CANCELLED', text: 'cancelled' },
  });
  if (signal?.aborted) return aborted();
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const ended = new Promise<ConnectResult>(resolve => {
    timer = setTimeout(() => resolve({ ok: false, failure: timeoutFailure(attempt.phase, timeoutMs) }), timeoutMs);
    onAbort = () => resolve(aborted());
    signal?.addEventListener('abort', onAbort, { once: true });
  });
  const attempted = attemptAll(attempt, kill).then(result => {
    if (attempt.over && result.ok) result.server.destroy();
    return result;
  });
  const result = await Promise.race([attempted, ended]);
  attempt.over = true;
  clearTimeout(timer);
  if (onAbort) signal?.removeEventListener('abort', onAbort);
  if (!result.ok) attempt.stream?.destroy();
  return result;
}

/** With TLS as wanted; `preferred` tries once more without where the TLS handshake itself failed. */
async function attemptAll(attempt: Attempt, kill: Kill): Promise<ConnectResult> {
  try {
    return { ok: true, server: await login(attempt, attempt.options.tls.mode !== 'disabled', kill) };
  } catch (error) {
    const failure = failed(error, attempt.phase);
    const again =
      !attempt.over &&
      attempt.options.tls.mode === 'preferred' &&
      attempt.tls &&
      failure.kind === 'tls' &&
      !failure.errno;
    if (!again) return { ok: false, failure };
  }
  attempt.stream?.destroy();
  attempt.phase = 'open';
  try {
    return { ok: true, server: await login(attempt, false, kill) };
  } catch (error) {
    return { ok: false, failure: failed(error, attempt.phase) };
  }
}

function failed(error: unknown, phase: Phase): ConnectFailure {
  return error instanceof Failed ? error.failure : failureOf(error, phase);
}

async function login(attempt: Attempt, wantTls: boolean, kill: Kill): Promise<MysqlServer> {
  const { options } = attempt;
  const stream = await openTransport(attempt);
  attempt.phase = 'accepted';
  const greeting = await peekGreeting(stream);
  if (greeting === undefined)
    throw new Failed({ kind: 'closed', alive: false, text: 'the connection was closed without a greeting' });
  if (greeting.kind === 'error') throw new Failed(errorPacketFailure(greeting.errno, greeting.text));
  if (greeting.kind === 'foreign')
    throw new Failed({ kind: 'protocol', alive: true, text: 'what listens there does not speak MySQL' });
  attempt.phase = 'greeted';
  attempt.tls = wantTls && greeting.offersTls;
  if (wantTls && !greeting.offersTls && options.tls.mode !== 'preferred')
    throw new Failed({
      kind: 'tls',
      alive: true,
      code: 'HANDSHAKE_NO_SSL_SUPPORT',
      text: 'the server does not offer TLS',
    });

  const connection = await authenticate(options, stream, attempt.tls);
  const { version, connectionId } = await openSession(connection, greeting.versionText);
  return serverOf({
    connection,
    destroyStream: () => stream.destroy(),
    address: options.address,
    version,
    connectionId,
    tls: attempt.tls,
    kill: () => kill(options, connectionId),
  });
}

/** TCP or the given stream, connected. */
async function openTransport(attempt: Attempt): Promise<Duplex> {
  const { address, openStream } = attempt.options;
  if (openStream) {
    try {
      const stream = await openStream();
      stream.on('error', () => undefined);
      attempt.stream = stream;
      if (attempt.over) stream.destroy();
      return stream;
    } catch (error) {
      throw new Failed(tunnelFailure(error));
    }
  }
  const socket = net.connect({
    host: unbracketed(address.host),
    port: address.port,
    noDelay: true,
    keepAlive: true,
    lookup: socketLookup,
  });
  attempt.stream = socket;
  // Late errors (a reset after the connection was given up) must not end the process.
  socket.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve).once('error', reject);
    socket.once('close', () => reject(new Failed({ kind: 'closed', alive: false, text: 'closed while connecting' })));
  });
  // The name that the driver's TLS compares certificates of addresses with; Node sets it for names only.
  Object.assign(socket, { _host: address.host });
  return socket;
}

/** `[::1]` is how addresses are written beside a port. */
function unbracketed(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

/** The tunnel stands or falls with SSH, except where the far host itself says that nobody listens. */
function tunnelFailure(error: unknown): ConnectFailure {
  const e = error as { code?: unknown; message?: unknown };
  const text = typeof e.message === 'string' ? e.message : String(error);
  if (e.code === 'ECONNREFUSED') return { kind: 'refused', alive: false, code: e.code, text };
  return { kind: 'tunnel', alive: false, ...(typeof e.code === 'string' ? { code: e.code } : {}), text };
}

/** One object for each kind, so that the driver parses certificates once and resumes TLS sessions. */
const sslOptions = new Map<string, SslOptions>();
function sslOf({ mode, ca }: TlsOptions): SslOptions {
  const key = `${mode}\0${ca ?? ''}`;
  let ssl = sslOptions.get(key);
  if (!ssl) {
    ssl = {
      rejectUnauthorized: mode === 'verify_ca' || mode === 'verify_identity',
      verifyIdentity: mode === 'verify_identity',
      ...(ca === undefined ? {} : { ca }),
    };
    sslOptions.set(key, ssl);
  }
  return ssl;
}

function authenticate(options: ConnectOptions, stream: Duplex, tls: boolean): Promise<Connection> {
  const { address, credentials } = options;
  return new Promise((resolve, reject) => {
    const connection = createConnection({
      host: address.host,
      port: address.port,
      user: credentials.user,
      password: credentials.password.reveal(),
      stream,
      ...(tls ? { ssl: sslOf(options.tls) } : {}),
      charset: 'UTF8MB4_GENERAL_CI',
      // IGNORE_SPACE would change sql_mode; nobody may ask us for files.
      flags: ['-IGNORE_SPACE', ...(options.localFiles ? [] : ['-LOCAL_FILES']), '-FOUND_ROWS'],
      connectTimeout: 0, // the one deadline of connect() covers this, too
      multipleStatements: false,
      supportBigNumbers: true,
      bigNumberStrings: true,
      dateStrings: true,
      jsonStrings: true,
      trace: false,
      connectAttributes: { program_name: 'mysql-ha-ops' },
    });
    // Stays: the driver may report one broken connection twice, and an error without a listener ends the process.
    connection.on('error', reject);
    connection.once('connect', () => resolve(connection));
    stream.resume();
  });
}

function ask(connection: Connection, sql: string, values: readonly unknown[] = []): Promise<unknown> {
  return new Promise((resolve, reject) => {
    connection.query({ sql, values: values as unknown[] }, (error, rows) =>
      error ? reject(error as Error) : resolve(rows),
    );
  });
}

/** The greeting's version may be a proxy's invention; the statement's is the server's own. */
async function openSession(
  connection: Connection,
  greetingVersion: string,
): Promise<{ version: ServerVersion; connectionId: number }> {
  const rows = (await ask(
    connection,
    'SELECT @@version AS version, @@version_comment AS comment, CONNECTION_ID() AS id',
  )) as [{ version: string; comment: string; id: string | number }];
  const { version: text, comment, id } = rows[0];
  const version = parseVersion(String(text || greetingVersion), String(comment));
  const limit = dialectOf(version).has('setStatementLimit')
    ? statementLimit(dialectOf(version), STATEMENT_LIMIT_MS)
    : undefined;
  const session = [
    // Whatever the server's defaults, and even if it ignores what clients ask for at login.
    "character_set_client = 'utf8mb4', character_set_connection = 'utf8mb4', character_set_results = 'utf8mb4'",
    "sql_mode = '', autocommit = 1",
    `lock_wait_timeout = ${LOCK_WAIT_SECONDS}, wait_timeout = ${IDLE_SECONDS}`,
  ];
  await ask(connection, `SET ${session.join(', ')}`);
  if (limit) await ask(connection, limit.sql, limit.values).catch(ignoreServerErrors);
  return { version, connectionId: Number(id) };
}

/** A limit that the server does not take is no reason not to work with it. */
function ignoreServerErrors(error: unknown): void {
  const { errno } = error as { errno?: number };
  if (errno === undefined || errno <= 0) throw error as Error;
}

/** Best effort: a hung server does not hear it. Keeps its own deadline, and not the caller's signal: that may be the cause. */
async function killConnection(options: ConnectOptions, connectionId: number): Promise<void> {
  const { signal: _aborted, ...rest } = options;
  const result = await connectWith({ ...rest, timeoutMs: KILL_TIMEOUT_MS }, () => Promise.resolve());
  if (!result.ok) return;
  const { server } = result;
  const { sql, values } = server.dialect.statement('killConnection', [connectionId]);
  await server.query(sql, values, { timeoutMs: KILL_TIMEOUT_MS }).catch(() => undefined);
  await server[Symbol.asyncDispose]();
}

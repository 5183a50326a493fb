import type { ConnectFailure } from './types';

type Kind = ConnectFailure['kind'];

/** Error packets by MySQL's and MariaDB's error numbers; any other is `serverError`. */
const BY_ERRNO = new Map<number, Kind>([
  [1040, 'tooManyConnections'],
  [1203, 'tooManyConnections'], // max_user_connections
  [1226, 'tooManyConnections'], // MAX_CONNECTIONS_PER_HOUR and its like
  [1044, 'accessDenied'],
  [1045, 'accessDenied'],
  [1251, 'accessDenied'], // the account's authentication method is not supported
  [1275, 'accessDenied'], // secure_auth
  [1698, 'accessDenied'],
  [1820, 'accessDenied'], // expired password
  [1862, 'accessDenied'], // expired password
  [1873, 'accessDenied'],
  [3118, 'accessDenied'], // locked account
  [3955, 'accessDenied'], // blocked after failed logins
  [4151, 'accessDenied'], // locked account (MariaDB)
  [1129, 'hostBlocked'],
  [1130, 'hostBlocked'],
  [3159, 'tls'], // require_secure_transport
]);

const NAMES = new Map<number, string>([
  [1040, 'ER_CON_COUNT_ERROR'],
  [1045, 'ER_ACCESS_DENIED_ERROR'],
  [1129, 'ER_HOST_IS_BLOCKED'],
  [1130, 'ER_HOST_NOT_PRIVILEGED'],
  [1203, 'ER_TOO_MANY_USER_CONNECTIONS'],
  [1226, 'ER_USER_LIMIT_REACHED'],
]);

/** Operating system errors (and Node's resolver) by name. */
const BY_CODE = new Map<string, Kind>([
  ['ECONNREFUSED', 'refused'],
  ['ETIMEDOUT', 'timeout'],
  ['EHOSTUNREACH', 'unreachable'],
  ['ENETUNREACH', 'unreachable'],
  ['EHOSTDOWN', 'unreachable'],
  ['ENETDOWN', 'unreachable'],
  ['EADDRNOTAVAIL', 'unreachable'],
  ['EACCES', 'unreachable'], // a local firewall
  ['EPERM', 'unreachable'], // a local firewall
  ['EMFILE', 'unreachable'], // our own limits: nothing is known about the server
  ['ENFILE', 'unreachable'],
  ['ENOBUFS', 'unreachable'],
  ['ENOTFOUND', 'unknownHost'],
  ['EAI_AGAIN', 'unknownHost'],
  ['EAI_FAIL', 'unknownHost'],
  ['EAI_NODATA', 'unknownHost'],
  ['EAI_NONAME', 'unknownHost'],
  ['ECONNRESET', 'closed'],
  ['EPIPE', 'closed'],
  ['ECONNABORTED', 'closed'],
  ['PROTOCOL_CONNECTION_LOST', 'closed'],
  ['HANDSHAKE_SSL_ERROR', 'tls'],
  ['HANDSHAKE_NO_SSL_SUPPORT', 'tls'],
]);

/** A server that sent an error packet is alive, whatever the error. */
export function errorPacketFailure(errno: number, text: string, code = NAMES.get(errno)): ConnectFailure {
  return { kind: BY_ERRNO.get(errno) ?? 'serverError', alive: true, errno, ...(code ? { code } : {}), text };
}

interface ErrorLike {
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly message?: unknown;
  readonly errors?: unknown;
}

/** Where the attempt was when it failed. `open`: no TCP connection yet; `greeted`: the server has said hello. */
export type Phase = 'open' | 'accepted' | 'greeted';

/** Classifies an exception of the network or of the driver. `alive` only if the server (or its place) answered. */
export function failureOf(error: unknown, phase: Phase): ConnectFailure {
  const e = (typeof error === 'object' && error !== null ? error : {}) as ErrorLike;
  // Several addresses of one name: Node wraps what each said.
  if (Array.isArray(e.errors) && e.errors.length > 0 && BY_CODE.get(String(e.code)) === undefined)
    return failureOf(e.errors[0], phase);
  const text = typeof e.message === 'string' && e.message !== '' ? e.message : String(e.code ?? error);
  const code = typeof e.code === 'string' ? e.code : undefined;
  // The driver gives errno > 0 for error packets; the operating system's are negative.
  if (typeof e.errno === 'number' && e.errno > 0) return errorPacketFailure(e.errno, text, code);
  const kind = code === undefined ? undefined : BY_CODE.get(code);
  if (kind !== undefined) return { kind, alive: kind === 'tls', ...(code ? { code } : {}), text };
  if (phase === 'open') return { kind: 'unreachable', alive: false, ...(code ? { code } : {}), text };
  const tls = code !== undefined && /^(ERR_TLS|ERR_SSL|EPROTO|CERT_|UNABLE_|DEPTH_|SELF_)/.test(code);
  return { kind: tls ? 'tls' : 'protocol', alive: true, ...(code ? { code } : {}), text };
}

/** The attempt took too long: silence before the TCP connection says nothing, afterwards somebody is there. */
export function timeoutFailure(phase: Phase, timeoutMs?: number): ConnectFailure {
  const within = timeoutMs === undefined ? 'in time' : `within ${timeoutMs} ms`;
  if (phase === 'open') return { kind: 'timeout', alive: false, code: 'ETIMEDOUT', text: `no answer ${within}` };
  const text =
    phase === 'accepted'
      ? `the port accepts connections, but no server answered ${within}`
      : `the server did not finish the login ${within}`;
  return { kind: 'silent', alive: true, text };
}

/** Whether a signal stands for a deadline (`AbortSignal.timeout`) rather than for somebody's wish. */
export function isTimeout(signal: AbortSignal | undefined): boolean {
  const reason: unknown = signal?.reason;
  return reason instanceof Error && reason.name === 'TimeoutError';
}

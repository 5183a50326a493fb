import { MysqlError } from '../mysql/mysqlError';
import type { ConnectFailure } from '../mysql/types';

/** What one look at the master said. */
export type PingOutcome =
  | { readonly kind: 'ok'; readonly readOnly: boolean }
  /** The open connection broke (`lost`) or gave no answer in time (`hung`). */
  | { readonly kind: 'queryFailed'; readonly how: 'lost' | 'hung'; readonly code: string; readonly text: string }
  /**
   * No connection. `refused`: nobody listens. `silent`: the port accepts, nobody answers. `unanswered`: nothing came back
   * at all. `closed`: accepted and closed again.
   */
  | {
      readonly kind: 'connectFailed';
      readonly how: 'refused' | 'silent' | 'unanswered' | 'closed';
      readonly code: string;
      readonly text: string;
    }
  /** An error of the server's own: it is alive. */
  | { readonly kind: 'answered'; readonly errno?: number; readonly code: string; readonly text: string }
  /** Our own trouble: nothing is known of the master. */
  | { readonly kind: 'local'; readonly code: string; readonly text: string };

/** Failures of the manager's host: file descriptors, ports, a firewall on it. */
const LOCAL_CODES = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL', 'EACCES', 'EPERM']);

/** Error packets that end a connection: killed, idle for too long, shutting down. They tell of the connection alone. */
const CONNECTION_ENDS = new Set([1053, 1317, 1927, 4031]);

/** An attempt to connect that failed. */
export function connectOutcome(failure: ConnectFailure): PingOutcome {
  const code = failure.code ?? failure.kind;
  const { text, errno } = failure;
  if (errno === 1053) return { kind: 'connectFailed', how: 'closed', code, text };
  if (failure.kind === 'silent') return { kind: 'connectFailed', how: 'silent', code, text };
  if (failure.alive) return { kind: 'answered', ...(errno !== undefined && { errno }), code, text };
  switch (failure.kind) {
    case 'refused':
      return { kind: 'connectFailed', how: 'refused', code, text };
    case 'closed':
      return { kind: 'connectFailed', how: 'closed', code, text };
    case 'timeout':
    case 'tunnel':
      return { kind: 'connectFailed', how: 'unanswered', code, text };
    case 'unreachable':
      return LOCAL_CODES.has(code)
        ? { kind: 'local', code, text }
        : { kind: 'connectFailed', how: 'unanswered', code, text };
    default:
      return { kind: 'local', code, text };
  }
}

/** A statement on the open connection that failed. */
export function queryOutcome(error: unknown): PingOutcome {
  if (!(error instanceof MysqlError)) throw error;
  const { kind, code, errno, message: text } = error;
  if (kind === 'server' && errno !== undefined && !CONNECTION_ENDS.has(errno))
    return { kind: 'answered', errno, code, text };
  return { kind: 'queryFailed', how: kind === 'timeout' ? 'hung' : 'lost', code, text };
}

/** The number that MHA's driver would give: scripts look for `2003` and its like in the log. */
export function clientErrno(outcome: PingOutcome): number {
  switch (outcome.kind) {
    case 'answered':
      return outcome.errno ?? 2000;
    case 'queryFailed':
      return outcome.how === 'lost' ? 2006 : 2013;
    case 'connectFailed':
      return outcome.how === 'silent' || outcome.how === 'closed' ? 2013 : 2003;
    case 'local':
      return outcome.code === 'ENOTFOUND' || outcome.code === 'EAI_AGAIN' ? 2005 : 2000;
    case 'ok':
      return 0;
  }
}

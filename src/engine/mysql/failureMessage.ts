import { msg, type Message } from '../../l10n/message';
import type { ConnectFailure } from './types';

const WORDS: Readonly<Record<ConnectFailure['kind'], Message>> = {
  refused: msg('refused'),
  timeout: msg('time-out'),
  silent: msg('no answer'),
  unreachable: msg('no route'),
  unknownHost: msg('unknown name'),
  closed: msg('closed'),
  accessDenied: msg('access denied'),
  tooManyConnections: msg('too many connections'),
  hostBlocked: msg('this host is blocked'),
  serverError: msg('the server answers with an error'),
  tls: msg('TLS failed'),
  protocol: msg('not MySQL'),
  tunnel: msg('SSH tunnel failed'),
  cancelled: msg('cancelled'),
};

/** Why there is no connection, in the user's language, then what the server or the network said. */
export function connectFailureMessage({ kind, errno, text: detail }: ConnectFailure): Message {
  if (errno !== undefined) return msg('error {errno} ({detail})', { errno, detail });
  return detail === '' ? WORDS[kind] : msg('{what} ({detail})', { what: WORDS[kind], detail });
}

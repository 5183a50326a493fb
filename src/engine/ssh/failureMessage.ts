import { msg, type Message } from '../../l10n/message';
import type { SshFailure } from './types';

/** What went wrong, in a word or two. */
export const SSH_FAILURE_WORDS: Readonly<Record<SshFailure['kind'], Message>> = {
  refused: msg('refused'),
  timeout: msg('time-out'),
  unreachable: msg('no route'),
  unknownHost: msg('unknown name'),
  closed: msg('closed'),
  authentication: msg('no key accepted'),
  hostKeyUnknown: msg('unknown host key'),
  hostKeyChanged: msg('host key changed'),
  noKeys: msg('no key'),
  jump: msg('jump host'),
  forward: msg('tunnel refused'),
  configuration: msg('SSH settings'),
  exit: msg('program failed'),
  protocol: msg('not SSH'),
  cancelled: msg('cancelled'),
};

/** The kind in the user's language, then what the network or the program said, and for a changed host key what to do. */
export function sshFailureMessage({ kind, text: detail, remedy }: SshFailure): Message {
  const what = SSH_FAILURE_WORDS[kind];
  if (remedy !== undefined)
    return msg(
      '{what} ({detail}). Verify the new fingerprint with the administrator of the host, then remove the old key: {remedy}',
      { what, detail, remedy },
    );
  return detail === '' ? what : msg('{what} ({detail})', { what, detail });
}

import { EngineError, errorCode, errorText } from '../errors';
import type { SshFailure } from './types';

/** What the methods of a Host reject with; `code` is the kind of its failure. */
export class SshError extends EngineError {
  constructor(
    readonly failure: SshFailure,
    options?: ErrorOptions,
  ) {
    super(failure.kind, failure.text, options);
  }
}

export function sshError(kind: SshFailure['kind'], text: string, cause?: unknown): SshError {
  return new SshError({ kind, text }, cause === undefined ? undefined : { cause });
}

/** libuv's codes. Anything else that a socket says means that the connection is gone. */
const KINDS: Readonly<Record<string, SshFailure['kind']>> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  EACCES: 'unreachable',
  EPERM: 'unreachable',
  ENOTFOUND: 'unknownHost',
  EAI_AGAIN: 'unknownHost',
  EAI_NONAME: 'unknownHost',
  EAI_NODATA: 'unknownHost',
  EAI_FAIL: 'unknownHost',
};

/** A socket's error as a failure, by its code. */
export function socketFailure(error: unknown): SshFailure {
  const code = errorCode(error) ?? '';
  // With several addresses Node's AggregateError has a code, but no message.
  return { kind: KINDS[code] ?? 'closed', text: errorText(error) || code };
}

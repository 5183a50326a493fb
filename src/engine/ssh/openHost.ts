import { nullLog, type Log } from '../log';
import { Deadline } from './limits';
import { openSession, type Session } from './session';
import { settingsFor, targetText } from './settings';
import { SshError } from './sshError';
import { SshHost } from './sshHost';
import type { Host, HostKeyPolicy, SshFailure, SshTarget } from './types';

export type { HostKeyPolicy, HostKeyQuestion } from './types';

export interface SshOptions {
  /** Milliseconds until the login must be done, jump hosts included; the time in which a person is asked does not count. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly log?: Log;
  /** Default `accept-new`. StrictHostKeyChecking of the user's OpenSSH settings can only make it stricter, or spare a question. */
  readonly hostKeys?: HostKeyPolicy;
  /** The `ssh_options` parameter: `-i FILE`, `-o Name=value`, … */
  readonly sshOptions?: string;
  /** Instead of ~/.ssh/config and /etc/ssh/ssh_config; `none` for no file. */
  readonly configFile?: string;
  /** Default: the process's. HOME, SSH_AUTH_SOCK and the variables of IdentityAgent count. */
  readonly env?: NodeJS.ProcessEnv;
}

export type OpenResult =
  { readonly ok: true; readonly host: Host } | { readonly ok: false; readonly failure: SshFailure };

/**
 * Logs in on a host with the keys that ssh(1) would use: the agent's, those of `ssh_options` and of ~/.ssh/config, the usual files.
 * Its key is checked against known_hosts. Never rejects for what the host or the network does, nor when cancelled.
 */
export async function openHost(target: SshTarget, options: SshOptions): Promise<OpenResult> {
  const { signal, timeoutMs, log = nullLog, hostKeys: policy = { kind: 'accept-new' } } = options;
  const { sshOptions, configFile, env } = options;
  let session: Session;
  try {
    signal?.throwIfAborted();
    const input = {
      log,
      ...(sshOptions !== undefined && { sshOptions }),
      ...(configFile !== undefined && { configFile }),
      ...(env && { env }),
    };
    const settings = await settingsFor(target, input);
    using deadline = new Deadline(Math.min(timeoutMs, settings.connectTimeoutMs ?? Infinity), signal);
    session = await openSession(settings, { ssh2: loadLibrary, input, policy, deadline, log });
  } catch (error) {
    const failure = failureOf(error, target, signal);
    log.log('debug', `SSH ${targetText(target)}: ${failure.kind}: ${failure.text}`);
    return { ok: false, failure };
  }
  log.log('debug', `SSH ${targetText(target)}: logged in (${session.software})`);
  return { ok: true, host: new SshHost(session, targetText(target), Math.min(timeoutMs, 10_000)) };
}

async function loadLibrary() {
  const ssh2 = await import('ssh2');
  return ssh2.default ?? ssh2;
}

function failureOf(error: unknown, target: SshTarget, signal: AbortSignal | undefined): SshFailure {
  if (error instanceof SshError) return error.failure;
  if (signal?.aborted) return { kind: 'cancelled', text: 'cancelled' };
  if (error instanceof DOMException && error.name === 'TimeoutError')
    return { kind: 'timeout', text: `no login on ${targetText(target)} in time` };
  throw error;
}

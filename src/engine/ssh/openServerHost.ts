import type { ServerConfig } from '../../config/types';
import type { EngineOptions } from '../options';
import { localHost } from './localHost';
import { openHost, type OpenResult } from './openHost';
import { isLocalTarget, sshTargetOf } from './target';

/**
 * The host of a server of the configuration, with its SSH settings, within `ssh_connection_timeout`; the machine that we run
 * on needs no SSH. Rejects only when cancelled.
 */
export async function openServerHost(server: ServerConfig, options: EngineOptions): Promise<OpenResult> {
  const target = sshTargetOf(server);
  if (await isLocalTarget(target)) return { ok: true, host: localHost() };
  const { ssh_options: sshOptions, ssh_connection_timeout: seconds } = server.values;
  const opened = await openHost(target, {
    timeoutMs: seconds * 1000,
    log: options.log,
    ...(options.signal && { signal: options.signal }),
    ...(options.hostKeys && { hostKeys: options.hostKeys }),
    ...(sshOptions && { sshOptions }),
  });
  options.signal?.throwIfAborted();
  return opened;
}

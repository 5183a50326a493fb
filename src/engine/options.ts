import { setMaxListeners } from 'node:events';
import type { Secret } from '../config/secret';
import type { ServerConfig } from '../config/types';
import type { CheckProgress } from './checks/types';
import type { Log } from './log';
import type { HostKeyPolicy } from './ssh/types';

/** What every entry of the engine takes from its caller. */
export interface EngineOptions {
  readonly log: Log;
  /** Ends the work early: the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CheckProgress) => void;
  /** Default: unknown host keys are accepted and remembered, changed ones are refused. */
  readonly hostKeys?: HostKeyPolicy;
  /** Asked first for the manager's password on a server; undefined falls back to the configuration. */
  readonly password?: (server: ServerConfig) => Promise<Secret | undefined>;
}

/**
 * The same options with a signal of our own behind the caller's: many servers at once listen to it, which Node would
 * otherwise take for a leak and warn about on stderr.
 */
export function withOwnSignal<T extends EngineOptions>(options: T): T {
  if (!options.signal) return options;
  const signal = AbortSignal.any([options.signal]);
  setMaxListeners(0, signal);
  return { ...options, signal };
}

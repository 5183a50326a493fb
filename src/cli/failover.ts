import type { RunFailover } from '../engine/monitor/types';
import type { loadEngine } from './engine';

/** The failover as the manager calls it: the one place where the two meet. */
export function failoverOf(_engine: Awaited<ReturnType<typeof loadEngine>>): RunFailover {
  return (_death, { log }) => {
    log.log('error', 'This version cannot fail over.');
    return Promise.resolve({ exitCode: 1 });
  };
}

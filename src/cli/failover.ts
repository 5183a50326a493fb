import type { RunFailover } from '../engine/monitor/types';
import type { loadEngine } from './engine';

/** The failover as the manager calls it: the one place where the two meet. */
export function failoverOf({ failover }: Awaited<ReturnType<typeof loadEngine>>): RunFailover {
  return async (death, options) => {
    const { configuration, failover: given } = options;
    const { cluster } = configuration;
    if (!cluster) return { exitCode: 1 };
    const { id: deadMaster, cause, evidence, sshReachable } = death;
    const known = sshReachable === 'unknown' ? {} : { sshReachable };
    const result = await failover(
      { cluster, deadMaster, options: given, cause, evidence, command: 'masterha_manager', ...known },
      options,
    );
    return {
      exitCode: result.exitCode,
      ...(result.newMaster !== undefined && { newMaster: result.newMaster }),
      ...(result.masterAlive && { masterAlive: true }),
    };
  };
}

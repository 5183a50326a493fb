import type { ServerConfig } from '../config/types';
import { errorText } from '../engine/errors';
import type { Log } from '../engine/log';
import { pause } from '../engine/monitor/pause';
import { ManagerRunning, StatusWriter } from '../engine/monitor/statusWriter';

export interface FailoverStatus {
  /** Directory of the status file; default: the configuration's manager_workdir. */
  readonly workdir: string | undefined;
  /** Name of the cluster. */
  readonly app: string;
  readonly dead: ServerConfig;
  /** Seconds for which 51:FAILOVER_ERROR stands there after a failure; default 0. */
  readonly waitOnErrorSeconds?: number | undefined;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Shows a failover that a person started as MHA does, `50:FAILOVER_RUNNING`, so that masterha_check_status and masterha_stop see
 * it. A manager that is alive keeps its own file, and the failover runs without: its lock on the replicas protects.
 */
export async function whileFailingOver<T extends { readonly exitCode: number }>(
  { workdir, app, dead, waitOnErrorSeconds = 0, log, signal }: FailoverStatus,
  work: () => Promise<T>,
): Promise<T> {
  const { hostname = '', ip, port, manager_workdir } = dead.values;
  let status: StatusWriter | undefined;
  try {
    status = (await StatusWriter.begin(workdir ?? manager_workdir, app)).writer;
    status.set(50, { master: hostname, port, ip: ip || undefined });
  } catch (error) {
    const what = error instanceof ManagerRunning ? 'A manager of this application is running' : 'No status file';
    log.log('warning', `${what}: ${errorText(error)}`);
  }
  try {
    const result = await work();
    if (result.exitCode !== 0) status?.set(51);
    if (result.exitCode !== 0 && waitOnErrorSeconds > 0) await pause(waitOnErrorSeconds * 1000, signal);
    return result;
  } finally {
    status?.[Symbol.dispose]();
  }
}

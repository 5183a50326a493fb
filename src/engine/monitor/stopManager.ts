import { errorCode } from '../errors';
import { isRunning, processGroupOf } from './managerProcess';
import { pause } from './pause';

export interface StopOptions {
  /** Milliseconds that it may take to end. */
  readonly timeoutMs: number;
  readonly pollMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Signals a manager: its whole process group if it leads one, so that hooks hear it as well, else the process alone, since the
 * group may be a shell's. `children` are what is left of a manager that is gone. True: all of them have ended. Throws EPERM.
 */
export async function stopManager(
  pid: number,
  children: readonly number[],
  name: 'SIGTERM' | 'SIGKILL',
  { timeoutMs, pollMs, signal }: StopOptions,
): Promise<boolean> {
  const all = [pid, ...children].filter(p => Number.isInteger(p) && p > 1 && p !== process.pid);
  const until = performance.now() + timeoutMs;
  if ((await processGroupOf(pid)) === pid && pid > 1) send(-pid, name);
  else for (const p of all) send(p, name);
  for (;;) {
    const running = await Promise.all(all.map(isRunning));
    if (!running.includes(true)) return true;
    if (performance.now() >= until) return false;
    await pause(pollMs, signal);
  }
}

function send(target: number, name: NodeJS.Signals): void {
  try {
    process.kill(target, name);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}

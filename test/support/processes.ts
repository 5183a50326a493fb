import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  /** Milliseconds; the program is killed afterwards, with what it started, and `code` is -1. Default 60,000. */
  readonly timeoutMs?: number;
}

/** Runs a program to its end. A failing program is a value; only one that cannot be started is an exception. */
export function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const timer = setTimeout(() => {
      for (const pid of familyOf(child.pid ?? 0)) signal(pid, 'SIGKILL');
    }, options.timeoutMs ?? 60_000);
    child.on('error', error => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', code => {
      clearTimeout(timer);
      resolve({ code: code ?? -1, stdout, stderr });
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

/** Like `run`, but a failing program is an exception that carries its output. */
export async function mustRun(file: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await run(file, args, options);
  if (result.code !== 0)
    throw new Error(
      `${file} ${args.join(' ')} ended with ${result.code}\n${result.stderr || result.stdout}`.slice(0, 4000),
    );
  return result.stdout;
}

/** The environment variable by which everything that a test run started can be found again. */
export const MARK = 'MHA_OPS_RUN';

export interface ServiceOptions {
  /** The run that the service belongs to; see `killRun`. */
  readonly mark: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Receives stdout and stderr, appended. */
  readonly logFile: string;
  /** False: the service survives its starter (a demo that is to keep running). Default true. */
  readonly bound?: boolean;
}

/**
 * Starts a long-running program. The kernel kills it when this process ends, however that happens: the signal is sent
 * when the spawning thread ends, so call this from a process's main thread.
 */
export function startService(argv: readonly string[], options: ServiceOptions): ChildProcess {
  const bound = options.bound ?? true;
  const command = bound ? ['setpriv', '--pdeathsig', 'KILL', '--', ...argv] : [...argv];
  const log = openSync(options.logFile, 'a');
  try {
    const child = spawn(command[0] as string, command.slice(1), {
      env: { ...process.env, ...options.env, [MARK]: options.mark },
      stdio: ['ignore', log, log],
      detached: !bound,
    });
    child.on('error', () => undefined);
    if (!bound) child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

/** Pids of the process and of everything below it, as far as it has not been adopted by init. */
export function familyOf(pid: number): number[] {
  const found = [pid];
  for (let i = 0; i < found.length; i++) {
    try {
      for (const thread of readdirSync(`/proc/${found[i]}/task`))
        for (const child of readFileSync(`/proc/${found[i]}/task/${thread}/children`, 'utf8').split(' '))
          if (Number(child) > 1) found.push(Number(child));
    } catch {
      // Gone meanwhile.
    }
  }
  return found;
}

/** Pids of all processes that carry the mark of a run in their environment. */
export function processesOf(mark: string): number[] {
  const wanted = Buffer.from(`${MARK}=${mark}\0`);
  return readdirSync('/proc').flatMap(name => {
    const pid = Number(name);
    if (!(pid > 1) || pid === process.pid) return [];
    try {
      return readFileSync(`/proc/${pid}/environ`).includes(wanted) && isAlive(pid) ? [pid] : [];
    } catch {
      return [];
    }
  });
}

/** Kills the given processes with their descendants and all that carry the mark, and returns when none of them is left. */
export async function killRun(mark: string, pids: readonly number[] = []): Promise<void> {
  const families = pids.filter(pid => pid > 1).flatMap(familyOf);
  const left = () => [...new Set([...families.filter(isAlive), ...processesOf(mark)])];
  for (let round = 0; round < 2000; round++) {
    const pidsLeft = left();
    if (pidsLeft.length === 0) return;
    for (const pid of pidsLeft) signal(pid, 'SIGKILL');
    await sleep(5);
  }
  throw new Error(`processes of ${mark} cannot be killed: ${left().join(' ')}`);
}

/** Never sends to 0, 1 or a negative number, which would mean a whole group or everybody. False when it is gone. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  if (!Number.isInteger(pid) || pid <= 1) return false;
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** False also for a process that has ended and only waits for its parent to notice. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 1) return false;
  try {
    if (!/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))) return true;
    // The first thread may have ended while others still hold the sockets.
    return readdirSync(`/proc/${pid}/task`).length > 1;
  } catch {
    return false;
  }
}

/** SIGSTOP; returns when every thread has stopped, which the kernel does a little later than the signal is sent. */
export function freeze(pid: number): void {
  if (!signal(pid, 'SIGSTOP')) return;
  const isStopped = (thread: string) => {
    try {
      return /\) [Tt] /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1'));
    } catch {
      return true;
    }
  };
  for (let tries = 0; tries < 2000 && existsSync(`/proc/${pid}/task`); tries++) {
    if (readdirSync(`/proc/${pid}/task`).every(isStopped)) return;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
  }
}

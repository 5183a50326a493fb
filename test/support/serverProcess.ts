import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import mysql from 'mysql2/promise';
import { LOOPBACK, programPid, type Place } from './place';
import { isAlive, signal, startService } from './processes';
import { waitFor } from './waitFor';
import type { ServerProgram } from './flavours';

export const ACCOUNTS = {
  mha: { user: 'mha', password: 'mha pass#1' },
  app: { user: 'app', password: 'app' },
  repl: { user: 'repl', password: 'repl' },
} as const;

export interface RunningServer {
  readonly pid: number;
  /** Resolves with the exit code, or the signal's name, when the process has ended. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

export interface StartOptions {
  readonly optionFile: string;
  readonly socket: string;
  /** The server's own error log, quoted when it does not start. */
  readonly errorLog: string;
  readonly mark: string;
  /** Default: on loopback. */
  readonly place?: Place;
  readonly bound?: boolean;
  readonly extraArgs?: readonly string[];
  /** Milliseconds until a login must work. Default 60,000. */
  readonly timeoutMs?: number;
}

/** Starts a database server and returns when the test accounts can log in over its socket. */
export async function startMysqld(program: ServerProgram, options: StartOptions): Promise<RunningServer> {
  const place = options.place ?? LOOPBACK;
  const child = startService(
    [...place.prefix(), ...program.argv, `--defaults-file=${options.optionFile}`, ...(options.extraArgs ?? [])],
    {
      mark: options.mark,
      // Makes MySQL 8 and newer end with code 16 for RESTART and CLONE instead of refusing them.
      env: { ...program.env, MYSQLD_PARENT_PID: String(process.pid) },
      logFile: options.errorLog,
      bound: options.bound ?? true,
    },
  );
  const ended = endOf(child);
  let over = false;
  void ended.then(() => (over = true));
  try {
    await waitFor(
      'a login at the new server',
      async () => {
        if (over) return true;
        if (!existsSync(options.socket)) return false;
        await (await openConnection(options.socket)).end();
        return true;
      },
      { timeoutMs: options.timeoutMs ?? 60_000 },
    );
  } catch (error) {
    signal(child.pid ?? 0, 'SIGKILL');
    throw startError(options, error);
  }
  if (over || child.pid === undefined) throw startError(options);
  return { pid: programPid(place, child.pid), ended };
}

function endOf(child: ChildProcess): Promise<number | NodeJS.Signals> {
  return new Promise(resolve => {
    child.once('error', () => resolve(-1));
    child.once('exit', (code, name) => resolve(name ?? code ?? -1));
  });
}

function startError(options: StartOptions, cause?: unknown): Error {
  let log = '';
  try {
    log = readFileSync(options.errorLog, 'utf8').split('\n').slice(-25).join('\n');
  } catch {
    // No log was written.
  }
  return new Error(`mysqld did not start (${options.optionFile})\n${log}`, { cause });
}

/** A connection over the unix socket, as `app` with all privileges. */
export async function openConnection(
  socket: string,
  account: { user: string; password: string } = ACCOUNTS.app,
): Promise<mysql.Connection> {
  return mysql.createConnection({
    socketPath: socket,
    ...account,
    connectTimeout: 5000,
    supportBigNumbers: true,
    dateStrings: true,
    flags: ['-IGNORE_SPACE'],
  });
}

/** Ends a process for good and waits for it. */
export async function killProcess(pid: number, name: NodeJS.Signals = 'SIGKILL', timeoutMs = 60_000): Promise<void> {
  signal(pid, name);
  await waitFor(`the end of process ${pid}`, () => !isAlive(pid), { timeoutMs, everyMs: 5 });
}

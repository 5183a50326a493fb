import { spawn, type ChildProcess } from 'node:child_process';
import { createReadStream } from 'node:fs';
import os from 'node:os';
import type { Duplex } from 'node:stream';
import { errorCode, errorText } from '../errors';
import { abortable, Deadline } from './limits';
import { Collector, DEFAULT_KEEP_BYTES } from './remoteProgram';
import { sshError } from './sshError';
import { connectTcp } from './transport';
import type { Host, RunOptions, RunResult } from './types';

const TUNNEL_MS = 10_000;

/** What a shell answers for a program that does not exist or may not be run: the same as over SSH. */
const NOT_STARTED: Readonly<Record<string, number>> = { ENOENT: 127, ENOTDIR: 127, EACCES: 126, ENOEXEC: 126 };

/** The machine we run on, without SSH. Programs run as the current user, without a shell. */
export function localHost(): Host {
  return {
    name: os.hostname(),
    local: true,
    run,
    readRange,
    tunnel,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function run(argv: readonly string[], options: RunOptions): Promise<RunResult> {
  const { timeoutMs, signal, stdin, keepBytes = DEFAULT_KEEP_BYTES } = options;
  const [program = '', ...rest] = argv;
  signal?.throwIfAborted();
  using deadline = new Deadline(timeoutMs, signal);
  // A process group of its own, so that what it starts ends with it.
  const child = spawn(program, rest, { detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const [stdout, stderr] = [new Collector(keepBytes), new Collector(keepBytes)];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on('error', () => undefined);
  const ended = endOf(child);
  child.stdin.end(stdin ?? '');
  try {
    const exit = await abortable(ended, deadline.signal);
    return { ...exit, stdout: stdout.toString(), stderr: stderr.toString() };
  } catch (error) {
    if (deadline.signal.aborted) {
      killGroup(child);
      if (!signal?.aborted) throw sshError('timeout', `${program}: no end within ${timeoutMs} ms`);
      throw error;
    }
    const code = NOT_STARTED[errorCode(error) ?? ''];
    if (code === undefined) throw sshError('exit', errorText(error), error);
    return { code, stdout: '', stderr: errorText(error) };
  }
}

function endOf(child: ChildProcess): Promise<{ code?: number; signal?: string }> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code === null ? { signal: signal ?? 'SIGKILL' } : { code }));
  });
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined || pid <= 1) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

async function* readRange(
  path: string,
  offset: number,
  length: number,
  options: { signal?: AbortSignal } = {},
): AsyncGenerator<Buffer> {
  if (length <= 0) return;
  const { signal } = options;
  const stream = createReadStream(path, {
    start: offset,
    end: offset + length - 1,
    highWaterMark: 256 * 1024,
    ...(signal && { signal }),
  });
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (error) {
    signal?.throwIfAborted();
    throw sshError('exit', errorText(error), error);
  }
}

async function tunnel(host: string, port: number): Promise<Duplex> {
  using deadline = new Deadline(TUNNEL_MS);
  try {
    return await connectTcp({ host, port }, deadline.signal);
  } catch (error) {
    if (deadline.signal.aborted) throw sshError('timeout', `${host}:${port}: no connection in time`, error);
    throw error;
  }
}

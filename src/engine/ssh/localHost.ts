import { spawn, type ChildProcess } from 'node:child_process';
import { createReadStream } from 'node:fs';
import os from 'node:os';
import type { Duplex, Readable } from 'node:stream';
import { errorCode, errorText } from '../errors';
import { killGroup } from '../processGroup';
import { Deadline } from './limits';
import { runWith } from './program';
import { Collector } from './remoteProgram';
import { sshError } from './sshError';
import { connectTcp } from './transport';
import type { Host, RunningProgram, StartOptions } from './types';

const TUNNEL_MS = 10_000;

const KEEP_STDERR = 64 * 1024;

/** What a shell answers for a program that does not exist or may not be run: the same as over SSH. */
const NOT_STARTED: Readonly<Record<string, number>> = { ENOENT: 127, ENOTDIR: 127, EACCES: 126, ENOEXEC: 126 };

/** The machine we run on, without SSH. Programs run as the current user, without a shell. */
export function localHost(): Host {
  return {
    name: os.hostname(),
    local: true,
    run: (argv, options) => runWith(starting => start(argv, starting), argv[0] ?? '', options),
    start,
    readRange,
    tunnel,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function start(argv: readonly string[], options: StartOptions = {}): Promise<RunningProgram> {
  const { signal, keepBytes = KEEP_STDERR } = options;
  const [program = '', ...rest] = argv;
  signal?.throwIfAborted();
  // A process group of its own, so that what it starts ends with it.
  const child = spawn(program, rest, { detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const stderr = new Collector(keepBytes);
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on('error', () => undefined);
  let closed = false;
  child.once('close', () => (closed = true));
  const kill = () => {
    // Not by exit code: what the program left behind may still hold its output, and is still of its group.
    if (!closed) killGroup(child.pid, 'SIGKILL');
  };
  signal?.addEventListener('abort', kill, { once: true });
  const ended = endOf(child)
    .then(
      exit => ({ ...exit, stderr: stderr.toString() }),
      (error: unknown) => {
        const code = NOT_STARTED[errorCode(error) ?? ''];
        if (code === undefined) throw sshError('exit', errorText(error), error);
        return { code, stderr: errorText(error) };
      },
    )
    .finally(() => signal?.removeEventListener('abort', kill));
  return Promise.resolve({ stdin: child.stdin, stdout: outputOf(child.stdout, kill), ended, kill });
}

async function* outputOf(stdout: Readable, kill: () => void): AsyncGenerator<Buffer> {
  let complete = false;
  try {
    for await (const chunk of stdout) yield chunk as Buffer;
    complete = true;
  } finally {
    if (!complete) kill();
  }
}

function endOf(child: ChildProcess): Promise<{ code?: number; signal?: string }> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code === null ? { signal: signal ?? 'SIGKILL' } : { code }));
  });
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

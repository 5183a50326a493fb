import { abortable, Deadline } from './limits';
import { Collector } from './remoteProgram';
import { sshError } from './sshError';
import type { RunningProgram, RunOptions, RunResult, StartOptions } from './types';

const DEFAULT_KEEP_BYTES = 1024 * 1024;

/** A file that gives nothing for so long is not read any further. */
const IDLE_MS = 30_000;

/** How long a program may take to end when all its output has come. */
const END_MS = 5000;

type Start = (options: StartOptions) => Promise<RunningProgram>;

/** Runs a program to its end within its time. */
export async function runWith(start: Start, what: string, options: RunOptions): Promise<RunResult> {
  const { timeoutMs, signal, stdin, keepBytes = DEFAULT_KEEP_BYTES } = options;
  signal?.throwIfAborted();
  using deadline = new Deadline(timeoutMs, signal);
  try {
    const program = await start({ signal: deadline.signal, keepBytes });
    const stdout = new Collector(keepBytes);
    const reading = (async () => {
      for await (const chunk of program.stdout) stdout.push(chunk);
    })();
    // Whichever fails first is reported; the other must not stay unhandled.
    reading.catch(() => undefined);
    program.ended.catch(() => undefined);
    program.stdin.end(stdin ?? '');
    const [, { stderr, ...exit }] = await abortable(Promise.all([reading, program.ended]), deadline.signal);
    return { ...exit, stdout: stdout.toString(), stderr };
  } catch (error) {
    if (signal?.aborted || !deadline.signal.aborted) throw error;
    throw sshError('timeout', `${what}: no end within ${timeoutMs} ms`);
  }
}

/** What a program prints that reads `length` bytes (or fewer, at the end of a file). */
export async function* readRangeWith(
  start: Start,
  path: string,
  length: number,
  { signal }: { signal?: AbortSignal },
): AsyncGenerator<Buffer> {
  signal?.throwIfAborted();
  if (length <= 0) return;
  const program = await start(signal ? { signal } : {});
  program.ended.catch(() => undefined);
  program.stdin.end();
  const chunks = program.stdout[Symbol.asyncIterator]();
  let got = 0;
  let over = false;
  try {
    for (;;) {
      const step = await within(IDLE_MS, chunks.next(), path, signal);
      if (step.done) break;
      got += step.value.length;
      yield step.value;
    }
    const { code, stderr } = await within(END_MS, program.ended, path, signal);
    over = true;
    if (got < length && code !== 0) throw sshError('exit', stderr.trim() || `${path}: reading ended with ${code}`);
  } finally {
    if (!over) program.kill();
  }
}

async function within<T>(ms: number, promise: Promise<T>, path: string, signal?: AbortSignal): Promise<T> {
  using deadline = new Deadline(ms, signal);
  try {
    return await abortable(promise, deadline.signal);
  } catch (error) {
    if (signal?.aborted || !deadline.signal.aborted) throw error;
    throw sshError('timeout', `${path}: nothing came for ${ms} ms`);
  }
}

import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { maskPasswords } from '../../config/secret';
import { killGroup } from '../processGroup';
import { argumentText, type HookArgument } from './arguments';

export interface HookOptions {
  /** Milliseconds until the hook and everything it started in its process group is killed. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Bytes of each of stdout and stderr that are kept, from the start; default 256 KiB. The rest is read and dropped. */
  readonly keepBytes?: number;
  /** Told what is printed, as it comes. */
  readonly onOutput?: (text: string, stream: 'stdout' | 'stderr') => void;
}

/** How a call ended. `high:low` is MHA's form: exit code, and the signal that ended it. Both 0 means ok. */
export interface HookResult {
  /** The command line with secrets masked: those of the arguments, and what the user's own string gives to an option like `--password`. */
  readonly command: string;
  readonly high: number;
  readonly low: number;
  /** `high:low`, e.g. `0:0`, `255:0`, `0:9`. */
  readonly code: string;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
  /** Something was printed beyond `keepBytes`. */
  readonly truncated: boolean;
  readonly tookMs: number;
}

const KEEP_BYTES = 256 * 1024;
/** A hook may leave programs behind that hold its output open (arping in the background): it has ended all the same. */
const DRAIN_MS = 100;
/** Between asking to end and killing. */
const GRACE_MS = 2000;

const SIGNALS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGPIPE: 13, SIGALRM: 14, SIGTERM: 15 }; // prettier-ignore

/** Keeps the first bytes of a stream; never fails. */
function collect(stream: Readable, keep: number, onText?: (text: string) => void) {
  const chunks: Buffer[] = [];
  let size = 0;
  let truncated = false;
  // A character may come in two pieces.
  const decoder = new StringDecoder('utf8');
  stream.on('error', () => undefined);
  stream.on('data', (chunk: Buffer) => {
    onText?.(decoder.write(chunk));
    const part = chunk.subarray(0, keep - size);
    truncated ||= part.length < chunk.length;
    size += part.length;
    if (part.length > 0) chunks.push(part);
  });
  return { text: () => Buffer.concat(chunks).toString('utf8'), truncated: () => truncated };
}

/** After a polite signal: what the shell started gets the same time to end before it is killed. */
async function groupEnded(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined || pid <= 1) return;
  const limit = performance.now() + GRACE_MS;
  while (performance.now() < limit) {
    try {
      process.kill(-pid, 0);
    } catch {
      return;
    }
    await new Promise(done => setTimeout(done, 20));
  }
  killGroup(child.pid, 'SIGKILL');
}

const ended = (stream: Readable | null): Promise<void> =>
  new Promise(done => {
    if (!stream || stream.readableEnded || stream.destroyed) done();
    else stream.once('close', done);
  });

/** The command line as it may be shown: without the arguments' secrets and those of the user's own string. */
export function maskedCommand(command: string, args: readonly HookArgument[]): string {
  return `${maskPasswords(command)} ${argumentText(args, true)}`;
}

/**
 * Runs a user's script by MHA's protocol: the configured string, a blank and the arguments are one command line for
 * `/bin/sh -c`, so the string may hold arguments, `~`, variables and pipes of its own. Environment and directory are ours,
 * stdin is empty. Its own process group, so that all of it can be killed when the time is over or the caller cancels.
 * Never rejects for what the hook does; rejects with the signal's reason when cancelled, after the group was killed.
 */
export async function runHook(
  command: string,
  args: readonly HookArgument[],
  options: HookOptions,
): Promise<HookResult> {
  options.signal?.throwIfAborted();
  const start = performance.now();
  const child = spawn('/bin/sh', ['-c', `${command} ${argumentText(args, false)}`], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const keep = options.keepBytes ?? KEEP_BYTES;
  const stdout = collect(child.stdout, keep, text => options.onOutput?.(text, 'stdout'));
  const stderr = collect(child.stderr, keep, text => options.onOutput?.(text, 'stderr'));

  let timedOut = false;
  let harder: NodeJS.Timeout | undefined;
  const end = () => {
    killGroup(child.pid, 'SIGTERM');
    harder = setTimeout(() => killGroup(child.pid, 'SIGKILL'), GRACE_MS);
  };
  const timer = setTimeout(() => {
    timedOut = true;
    end();
  }, options.timeoutMs);
  options.signal?.addEventListener('abort', end, { once: true });

  const exit = await new Promise<{ code: number | null; signal: string | null; error?: Error }>(done => {
    child.once('error', error => done({ code: null, signal: null, error }));
    child.once('exit', (code, signal) => done({ code, signal }));
  });
  clearTimeout(timer);
  options.signal?.removeEventListener('abort', end);
  if (harder) await groupEnded(child);
  clearTimeout(harder);
  let drain: NodeJS.Timeout | undefined;
  await Promise.race([
    Promise.all([ended(child.stdout), ended(child.stderr)]),
    new Promise(done => (drain = setTimeout(done, DRAIN_MS))),
  ]);
  clearTimeout(drain);
  child.stdout.destroy();
  child.stderr.destroy();
  options.signal?.throwIfAborted();

  const high = exit.error ? 127 : (exit.code ?? 0);
  const low = exit.signal ? (SIGNALS[exit.signal] ?? 1) : 0;
  return {
    command: maskedCommand(command, args),
    high,
    low,
    code: `${high}:${low}`,
    timedOut,
    stdout: stdout.text(),
    stderr: exit.error ? exit.error.message : stderr.text(),
    truncated: stdout.truncated() || stderr.truncated(),
    tookMs: Math.round(performance.now() - start),
  };
}

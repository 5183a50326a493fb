import { spawn } from 'node:child_process';

const LARGEST_OUTPUT = 1024 * 1024;

/** Why the output of the script can't be trusted to be complete. */
export type InitScriptFailure =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'timeout'; readonly timeoutMs: number }
  | { readonly kind: 'output' }
  | { readonly kind: 'start'; readonly code: string };

export interface InitScriptResult {
  readonly stdout: string;
  readonly failure?: InitScriptFailure;
}

/**
 * Runs the user's command line with `/bin/sh -c`, as MHA does, without standard input, in a process group of its own that
 * is killed at the time-out, at 1 MiB of output, and when cancelled. Never rejects. Its standard error is not kept.
 */
export function runInitScript(
  command: string,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<InitScriptResult> {
  const { timeoutMs, signal } = options;
  return new Promise(done => {
    const chunks: Buffer[] = [];
    let size = 0;
    let failure: InitScriptFailure | undefined;
    const child = spawn('/bin/sh', ['-c', command], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
    const kill = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended already.
      }
    };
    const stop = (why?: InitScriptFailure): void => {
      failure ??= why;
      kill();
      // A grandchild that left the group may hold the pipe open.
      child.stdout.destroy();
    };
    const timer = setTimeout(() => stop({ kind: 'timeout', timeoutMs }), timeoutMs);
    const abort = (): void => stop({ kind: 'signal', signal: 'SIGKILL' });
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > LARGEST_OUTPUT) stop({ kind: 'output' });
      else chunks.push(chunk);
    });
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      done({ stdout: Buffer.concat(chunks).toString('utf8'), ...(failure ? { failure } : {}) });
    };
    child.on('error', (error: NodeJS.ErrnoException) => {
      failure ??= { kind: 'start', code: error.code ?? 'unknown' };
      finish();
    });
    child.on('close', (code, endedBy) => {
      if (endedBy) failure ??= { kind: 'signal', signal: endedBy };
      else if (code !== 0) failure ??= { kind: 'exit', code: code ?? -1 };
      finish();
    });
  });
}

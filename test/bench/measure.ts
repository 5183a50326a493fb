import { spawn } from 'node:child_process';
import path from 'node:path';

/** Milliseconds of several runs. */
export interface Times {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Runs `work` once to warm up, then `runs` times, one after the other. */
export async function times(runs: number, work: () => Promise<unknown>): Promise<Times> {
  await work();
  const all: number[] = [];
  for (let i = 0; i < runs; i++) {
    const started = performance.now();
    await work();
    all.push(performance.now() - started);
  }
  return timesOf(all);
}

/** Of milliseconds that were taken otherwise. */
export function timesOf(measured: readonly number[]): Times {
  const all = [...measured].sort((a, b) => a - b);
  return { min: all[0] ?? 0, median: all[all.length >> 1] ?? 0, max: all[all.length - 1] ?? 0 };
}

/** How one of our built commands is started. */
export const ours = (name: string): string[] => [process.execPath, path.resolve('bin', name)];

export interface ProgramOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly success?: string;
  /** What it prints goes to /dev/null. */
  readonly discard?: boolean;
  readonly timeoutMs?: number;
}

/** A whole process; rejects when it neither ends with 0 nor says `success` (MHA's SSH check ends with any code when all is well). */
export function program(
  argv: readonly string[],
  { env, success, discard = false, timeoutMs = 120_000 }: ProgramOptions = {},
): Promise<void> {
  const [command = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: env ?? process.env,
      stdio: ['ignore', discard ? 'ignore' : 'pipe', 'pipe'],
      timeout: timeoutMs,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (data: Buffer) => {
        output = (output + data.toString()).slice(-4000);
      });
    child.once('error', reject);
    child.once('close', code => {
      if (code === 0 || (success && output.includes(success))) resolve();
      else reject(new Error(`${command} ended with ${code}\n${output}`));
    });
  });
}

const ms = (value: number) => (value < 10 ? value.toFixed(2) : value.toFixed(0));

/** One line of the table: ours, and how many times as long the peer takes. */
export function line(what: string, ours: Times, peer?: Times): string {
  const own = `${ms(ours.median)} ms (${ms(ours.min)} … ${ms(ours.max)})`;
  const other = peer && `${ms(peer.median)} ms (${ms(peer.min)} … ${ms(peer.max)})`;
  const ratio = peer ? `${(peer.median / ours.median).toFixed(1)} x` : '-';
  return row(what, own, other, ratio);
}

/** A line of the same table with other things than times. */
export function row(what: string, own: string, peer = '-', ratio = '-'): string {
  return `| ${what.padEnd(46)} | ${own.padEnd(26)} | ${peer.padEnd(26)} | ${ratio.padEnd(7)} |`;
}

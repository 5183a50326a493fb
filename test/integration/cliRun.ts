import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly stdin?: string;
  /** SIGKILL after this, and an error; default 30 s. */
  readonly timeoutMs?: number;
  /** Send this signal when the predicate is first true of what stands on standard error. */
  readonly interrupt?: { readonly signal: NodeJS.Signals; readonly when: (stderr: string) => boolean };
  /** Close the reading ends of both outputs as soon as something arrives. */
  readonly closeOutputs?: boolean;
}

export interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly tookMs: number;
}

/** Built by `npm run build`. */
export const BIN = process.env['MYSQL_HA_BIN'] ?? path.resolve('bin');

/** Never to be seen in any output, whatever happens: the passwords of the test accounts. */
const SECRETS = ['mha pass#1', 'wrong pass#2'];

/** Runs a built command as a user does. Throws if it does not end in time, or if a password shows. */
export async function runCli(name: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const file = path.join(BIN, name);
  if (!existsSync(file)) throw new Error(`${file} is not there: npm run build`);
  const started = performance.now();
  const child = spawn(file, args, {
    cwd: options.cwd ?? '/',
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], LANG: 'C.UTF-8', ...options.env },
    stdio: [options.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  child.stdin?.end(options.stdin);
  let [stdout, stderr] = ['', ''];
  let interrupted = false;
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (options.closeOutputs) child.stdout?.destroy();
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    if (options.closeOutputs) child.stderr?.destroy();
    if (options.interrupt && !interrupted && options.interrupt.when(stderr)) {
      interrupted = true;
      child.kill(options.interrupt.signal);
    }
  });
  const timeoutMs = options.timeoutMs ?? 30_000;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (c, s) => resolve([c, s]));
  });
  clearTimeout(timer);
  if (late) throw new Error(`${name} ${args.join(' ')} did not end within ${timeoutMs} ms\n${stdout}${stderr}`);
  for (const secret of SECRETS)
    if (`${stdout}${stderr}`.includes(secret)) throw new Error(`${name} shows a password:\n${stdout}${stderr}`);
  return { code, signal, stdout, stderr, tookMs: performance.now() - started };
}

import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import os from 'node:os';
import * as path from 'node:path';
import type { Secret } from '../../config/secret';

export interface LaunchOptions {
  /** The extension's folder, with `bin/`. */
  readonly extension: string;
  /** A command of `bin/`. */
  readonly program: 'mha' | 'masterha_manager' | 'masterha_stop';
  readonly args: readonly string[];
  /** By server id; written to its standard input and nowhere else. Absent: it gets no standard input. */
  readonly passwords?: ReadonlyMap<string, Secret>;
  /** Files that its outputs are appended to. */
  readonly stdout: string;
  readonly stderr: string;
}

export interface Launched {
  readonly pid: number;
  /** Resolves when it has ended, as long as we live: undefined if a signal ended it. */
  readonly ended: Promise<number | undefined>;
}

/**
 * Starts one of our commands so that it outlives us: it leads a process group of its own and keeps nothing of ours open.
 * Rejects with the system's error if it cannot be started.
 */
export async function launch(options: LaunchOptions): Promise<Launched> {
  const { extension, program, args, passwords } = options;
  mkdirSync(path.dirname(options.stdout), { recursive: true });
  const outputs = [options.stdout, options.stderr].map(file => openSync(file, 'a', 0o600));
  try {
    const child = spawn(process.execPath, [path.join(extension, 'bin', program), ...args], {
      detached: true,
      cwd: os.homedir(),
      // VS Code's own program is Node.js when told so.
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
      stdio: [passwords ? 'pipe' : 'ignore', outputs[0], outputs[1]],
    });
    const ended = new Promise<number | undefined>(resolve => {
      child.once('exit', code => resolve(code ?? undefined));
      child.once('error', () => resolve(undefined));
    });
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(JSON.stringify(Object.fromEntries([...(passwords ?? [])].map(([id, p]) => [id, p.reveal()]))));
    child.unref();
    return { pid: child.pid ?? 0, ended };
  } finally {
    for (const output of outputs) closeSync(output);
  }
}

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { removeDirectory } from './runDirectory';

/** The folder in which prepared servers are kept between runs. */
export function cacheDirectory(): string {
  return path.join(process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache'), 'mysql-ha-ops');
}

/** Something that this machine lacks and that could not be installed; the message says what to install. */
export class MissingPrerequisite extends Error {
  readonly code = 'MISSING_PREREQUISITE';
  override readonly name = 'MissingPrerequisite';
}

/** Runs `work` while no other process of this machine runs any under the same name. The kernel frees a dead holder's lock. */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(cacheDirectory(), { recursive: true });
  const file = path.join(cacheDirectory(), `.lock-${name}`);
  const holder = spawn('flock', [file, 'sh', '-c', 'echo locked; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    await new Promise<void>((resolve, reject) => {
      holder.once('error', reject);
      holder.once('close', code => reject(new Error(`flock ${file} ended with ${code}`)));
      holder.stdout.once('data', () => resolve());
    });
    return await work();
  } finally {
    holder.stdin.end();
  }
}

/**
 * A folder of the cache, made by `make` when it is not there complete. Change the name when `make` changes.
 * A half-made folder (killed, disk full) is thrown away.
 */
export async function cached(name: string, make: (dir: string) => Promise<void>): Promise<string> {
  const dir = path.join(cacheDirectory(), name);
  const done = path.join(dir, '.complete');
  if (existsSync(done)) return dir;
  return withLock(name, async () => {
    if (existsSync(done)) return dir;
    process.stderr.write(`preparing ${name} …\n`);
    removeDirectory(dir);
    mkdirSync(dir, { recursive: true });
    await make(dir);
    writeFileSync(done, '');
    return dir;
  });
}

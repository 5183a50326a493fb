import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isAlive, killRun, run } from './processes';

const PREFIX = 'mhaops-';

/** Sockets inside must stay under 108 bytes, so a long TMPDIR is not used. */
function base(): string {
  return os.tmpdir().length <= 40 ? os.tmpdir() : '/tmp';
}

/** A new folder for one cluster or lab; its name carries the owner's pid, its base name is the run's mark. */
export function makeRunDirectory(): string {
  return mkdtempSync(path.join(base(), `${PREFIX}${process.pid}-`));
}

/** Keeps `sweepRunDirectories` from removing the folder after this process has ended. */
export function keepRunDirectory(dir: string): void {
  writeFileSync(path.join(dir, 'keep'), '');
}

/** Ends and removes what is left of runs whose owner was killed before it could. */
export async function sweepRunDirectories(): Promise<void> {
  for (const name of readdirSync(base())) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    const dir = path.join(base(), name);
    if (!owner || isAlive(Number(owner)) || existsSync(path.join(dir, 'keep'))) continue;
    await killRun(name);
    await removeRunDirectory(dir);
  }
}

/** Removes a run's folder, with the file systems that are mounted in it. */
export async function removeRunDirectory(dir: string): Promise<void> {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  for (const mount of mounts.map(line => line.split(' ')[1] ?? '').reverse())
    if (mount.startsWith(`${dir}/`)) await run('umount', ['--lazy', mount]);
  removeDirectory(dir);
}

export function removeDirectory(dir: string): void {
  rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
}

import {
  accessSync,
  constants,
  mkdtempSync,
  statfsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  existsSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isAlive, killRun, run } from './processes';

const PREFIX = 'mhaops-';

/** Memory when there is plenty of it: servers start and end in half the time. */
const MEMORY = '/dev/shm';
const PLENTY = 4 * 1024 ** 3;

/** Sockets inside must stay under 108 bytes, so a long TMPDIR is not used. */
function base(): string {
  try {
    accessSync(MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY);
    if (bavail * bsize >= PLENTY) return MEMORY;
  } catch {
    // Not there, or not for us.
  }
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
  const bases = [MEMORY, '/tmp', os.tmpdir()].filter(dir => existsSync(dir));
  for (const dir of bases.flatMap(parent => readdirSync(parent).map(name => path.join(parent, name)))) {
    const name = path.basename(dir);
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
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

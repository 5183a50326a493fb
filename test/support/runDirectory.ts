import { mkdtempSync, readdirSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isAlive } from './processes';

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

/** Removes folders whose owner was killed before it could. */
export function sweepRunDirectories(): void {
  for (const name of readdirSync(base())) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    const dir = path.join(base(), name);
    if (owner && !isAlive(Number(owner)) && !existsSync(path.join(dir, 'keep'))) removeDirectory(dir);
  }
}

export function removeDirectory(dir: string): void {
  rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
}

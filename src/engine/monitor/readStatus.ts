import { readFile, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from '../errors';
import { inspectManager } from './managerProcess';
import type { ManagerStatus } from './statusFile';
import { judgeStatus, parseStatusLine } from './statusFile';

/** A manager rewrites the file in place: for an instant it may be empty or torn. */
const ATTEMPTS = 5;
const PAUSE_MS = 20;

/** A status file is one line; anything larger is something else. */
const LARGEST = 4_096;

/**
 * Reads a manager's status file (a Perl manager's, too) and looks at its process. Never writes, never locks.
 * @throws the file system's error if the file is there but cannot be read
 */
export async function readManagerStatus(file: string, pingLimitSeconds: number): Promise<ManagerStatus> {
  for (let attempt = 1; ; attempt++) {
    const read = await readWhole(file);
    if (!read) return judgeStatus({ ageSeconds: 0, pingLimitSeconds });
    const line = parseStatusLine(read.text);
    if (!line && attempt < ATTEMPTS) {
      await delay(PAUSE_MS);
      continue;
    }
    const ageSeconds = Math.max(0, (Date.now() - read.writtenAtMs) / 1000);
    const process = line && (await inspectManager(line.pid, read.writtenAtMs));
    return judgeStatus({ text: read.text, ageSeconds, pingLimitSeconds, ...(process ? { process } : {}) });
  }
}

async function readWhole(file: string): Promise<{ text: string; writtenAtMs: number } | undefined> {
  try {
    const { mtimeMs, size } = await stat(file);
    return { text: size > LARGEST ? '' : await readFile(file, 'latin1'), writtenAtMs: mtimeMs };
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

import { appendFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Log, LogLevel } from '../engine/log';
import { mhaTextLog } from '../engine/log';
import { mhaLog } from './mhaLog';
import type { Terminal } from './terminal';

/**
 * The manager's log: appended to the file, line by line, so that a file that was moved away is made anew; on standard error
 * without one, and when the file cannot be written any more.
 * @throws the file system's error if the file cannot be written at the start
 */
export async function managerLog(file: string | undefined, terminal: Terminal, least: LogLevel): Promise<Log> {
  if (!file) return mhaLog(terminal, least);
  await mkdir(path.dirname(file), { recursive: true });
  appendFileSync(file, '');
  return mhaTextLog(line => {
    try {
      appendFileSync(file, line);
    } catch {
      terminal.err(line);
    }
  }, least);
}

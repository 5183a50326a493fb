import type { Log, LogLevel } from '../engine/log';
import { mhaTextLog } from '../engine/log';
import type { Terminal } from './terminal';

/** MHA's log lines on standard error, where its commands have them. */
export function mhaLog(terminal: Terminal, least: LogLevel): Log {
  return mhaTextLog(line => terminal.err(line), least);
}

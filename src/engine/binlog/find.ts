import { GtidSet } from '../mysql/gtid';
import type { MariadbPosition } from '../mysql/mariadbGtid';
import type { LogPosition } from '../mysql/types';
import { BinlogError } from './binlogError';
import { AT, type LogFormat } from './format';
import { readHeader } from './header';
import { headOf, type LogFile } from './logFile';
import { comparePositions, logNumber } from './position';
import { FIRST_EVENT, visitEvents } from './reader';
import { SourceTrack } from './source';
import type { LogStart } from './transactions';

/** `beginsLater`, `endsEarlier`: how far the logs reach. `noBoundary`: no event begins there; the logs are not that source's. */
export type Found =
  | { readonly found: true; readonly start: LogStart }
  | { readonly found: false; readonly reason: 'beginsLater'; readonly first?: LogPosition }
  | { readonly found: false; readonly reason: 'endsEarlier'; readonly last?: LogPosition }
  | { readonly found: false; readonly reason: 'noBoundary'; readonly last?: LogPosition };

/**
 * Finds the place in a server's binary logs, which must be in order, and looks whether an event begins there (or the log
 * ends there). Rejects with BinlogError where a header cannot be read.
 */
export async function findInBinaryLogs(
  logs: readonly LogFile[],
  position: LogPosition,
  signal?: AbortSignal,
): Promise<Found> {
  const index = logs.findIndex(log => logNumber(log.name) === logNumber(position.file));
  const log = logs[index];
  if (log === undefined) {
    const [first] = logs;
    if (first === undefined || logNumber(first.name) > logNumber(position.file))
      return {
        found: false,
        reason: 'beginsLater',
        ...(first ? { first: { file: first.name, position: FIRST_EVENT } } : {}),
      };
    const last = logs.at(-1) as LogFile;
    return { found: false, reason: 'endsEarlier', last: { file: last.name, position: last.size } };
  }
  const offset = Math.max(position.position, FIRST_EVENT);
  const at = { file: log.name, position: offset };
  const { format } = await readHeader(log, signal);
  const found = (place: { offset: number; format: LogFormat }): Found => ({
    found: true,
    start: { index, ...place, position: at },
  });
  if (offset === FIRST_EVENT || offset === log.size) return found({ offset, format });
  if (offset > log.size) return { found: false, reason: 'endsEarlier', last: { file: log.name, position: log.size } };
  return (await plausibleHeader(log, offset, signal))
    ? found({ offset, format })
    : { found: false, reason: 'noBoundary' };
}

/** Whether what lies there says the end that an event of its length has there. The event itself may be torn. */
async function plausibleHeader(log: LogFile, offset: number, signal?: AbortSignal): Promise<boolean> {
  const pieces: Buffer[] = [];
  for await (const piece of log.read(offset, AT.flags, signal)) pieces.push(piece);
  const header = Buffer.concat(pieces);
  if (header.length < AT.flags) return true;
  const length = header.readUInt32LE(AT.length);
  return header.every(byte => byte === 0) || header.readUInt32LE(AT.end) === (offset + length) % 2 ** 32;
}

/**
 * Finds in a replica's relay logs (in order; cut files likewise) where the source's stream goes on at that position, by
 * walking the events. Reads only the logs that can hold it. Rejects with BinlogError where a header cannot be read.
 */
export async function findInRelayLogs(
  logs: readonly LogFile[],
  position: LogPosition,
  signal?: AbortSignal,
): Promise<Found> {
  // Backwards, to the last log that begins before the place, or at it.
  let index = logs.length - 1;
  let first: LogPosition | undefined;
  for (; index >= 0; index--) {
    const begins = await firstPosition(logs[index] as LogFile, signal);
    if (begins) first = begins;
    if (begins && comparePositions(begins, position) <= 0) break;
  }
  if (index < 0) return { found: false, reason: 'beginsLater', ...(first ? { first } : {}) };
  return walkTo(logs, index, position, signal);
}

/** Where the source stands at the beginning of a relay log, if that says so itself before the source's first event. */
async function firstPosition(log: LogFile, signal?: AbortSignal): Promise<LogPosition | undefined> {
  const head = await headOf(log, signal);
  const { first, torn } = await firstPositionIn(head, signal);
  return torn && head.size < log.size ? (await firstPositionIn(log, signal)).first : first;
}

async function firstPositionIn(
  log: LogFile,
  signal: AbortSignal | undefined,
): Promise<{ readonly first: LogPosition | undefined; readonly torn: boolean }> {
  const track = new SourceTrack();
  let first: LogPosition | undefined;
  let relayLog: boolean | undefined;
  const options = { verify: false, ...(signal ? { signal } : {}) };
  try {
    const end = await visitEvents(log, options, (buffer, at, length, offset, format, data) => {
      if (relayLog === undefined) track.enter(log, (relayLog = format.relayLog), offset);
      const role = track.follow(buffer, at, length, offset, format, data);
      if (role === 'moved' || role === 'jumped') first = track.at;
      if (first !== undefined || role === 'event') return false;
    });
    return { first, torn: end.kind !== 'stopped' };
  } catch (error) {
    if (!(error instanceof BinlogError) || error.code === 'encrypted') throw error;
    return { first, torn: false };
  }
}

async function walkTo(
  logs: readonly LogFile[],
  from: number,
  position: LogPosition,
  signal?: AbortSignal,
): Promise<Found> {
  const track = new SourceTrack();
  let start: LogStart | undefined;
  let passed = false;
  /** The end of what was read, while it is at the place: the stream goes on with whatever comes next. */
  let end: LogStart | undefined;
  for (let index = from; index < logs.length; index++) {
    const log = logs[index] as LogFile;
    const header = await readHeader(log, signal);
    track.enter(log, header.format.relayLog, FIRST_EVENT);
    const options = { verify: false, ...(signal ? { signal } : {}) };
    await visitEvents(log, options, (buffer, at, length, offset, format, data) => {
      const before = track.at;
      const role = track.follow(buffer, at, length, offset, format, data);
      const now = track.at;
      if (role === 'own' || now === undefined) return;
      if (role === 'event' && before !== undefined) {
        const begins = track.start === position.position || before.position === position.position;
        if (begins && logNumber(now.file) === logNumber(position.file)) {
          start = { index, offset, format, position };
          return false;
        }
        if (comparePositions(now, position) > 0 && comparePositions(before, position) < 0) passed = true;
      }
      // At the end of a file of the source: what comes next stands in a later one.
      if (end && role !== 'event' && logNumber(now.file) > logNumber(position.file)) {
        start = end;
        return false;
      }
      const there = comparePositions(now, position) === 0;
      end = there ? { index, offset: offset + length, format, position } : undefined;
    });
    if (start) return { found: true, start };
  }
  if (end) return { found: true, start: end };
  const last = track.at;
  if (passed) return { found: false, reason: 'noBoundary', ...(last ? { last } : {}) };
  return { found: false, reason: 'endsEarlier', ...(last ? { last } : {}) };
}

/** The first log to read for what a server lacks. `missing`: what the logs no longer have of it. */
export type FirstLog =
  { readonly found: true; readonly index: number } | { readonly found: false; readonly missing: string };

/**
 * Walks back over binary logs to the last one that begins with nothing but what `executed` has. Reads headers only.
 * Where the first log has no such header (GTIDs were off), it is the one.
 */
export async function firstLogFor(
  logs: readonly LogFile[],
  executed: GtidSet | MariadbPosition,
  signal?: AbortSignal,
): Promise<FirstLog> {
  let missing = '';
  for (let index = logs.length - 1; index >= 0; index--) {
    const log = logs[index] as LogFile;
    const lacking = await lackedBefore(log, executed, signal);
    if (lacking === '') return { found: true, index };
    if (lacking === undefined && index === 0) return { found: true, index };
    if (lacking !== undefined) missing = lacking;
  }
  return { found: false, missing };
}

/** What of the logs before this one is not in `executed`, as text; undefined: the log has no header. */
async function lackedBefore(
  log: LogFile,
  executed: GtidSet | MariadbPosition,
  signal?: AbortSignal,
): Promise<string | undefined> {
  try {
    const { previousGtids, gtidList } = await readHeader(log, signal);
    if (executed instanceof GtidSet) return previousGtids?.subtract(executed).toString();
    return gtidList && (executed.contains(gtidList) ? '' : gtidList.toString());
  } catch (error) {
    if (error instanceof BinlogError && error.code === 'empty') return undefined;
    throw error;
  }
}

import type { LogPosition } from '../mysql/types';
import { BinlogError } from './binlogError';
import { eventAt, type BinlogEvent } from './event';
import { EVENT, FLAG } from './eventTypes';
import type { LogFormat } from './format';
import { TransactionGrouper, type TransactionRange } from './grouper';
import { readHeader } from './header';
import type { LogFile } from './logFile';
import { comparePositions } from './position';
import { EventReader, type LogEnd } from './reader';
import { SourceTrack } from './source';

/** Where to begin in a list of logs. See findStart. */
export interface LogStart {
  /** Of the log in the list. */
  readonly index: number;
  readonly offset: number;
  /** What applies there. */
  readonly format: LogFormat;
  /** The same place in the log of the source. */
  readonly position: LogPosition;
}

export interface ScanOptions {
  /** Default: the beginning of the first log. */
  readonly start?: LogStart;
  /** Whether checksums are verified. Default true. */
  readonly verify?: boolean;
  readonly signal?: AbortSignal;
}

/** How far a scan came, and what it saw. */
export interface ScanEnd {
  /** As LogEnd has it, of the last log that was read; `unreadable`: an error ended it, `error.code` tells which. */
  readonly kind: LogEnd['kind'] | 'unreadable';
  readonly error?: BinlogError;
  /** The log in the list where it ended. Logs behind it were not read. */
  readonly index: number;
  /** End of the last whole event there. */
  readonly offset: number;
  /** Bytes behind it that are no event. */
  readonly lostBytes: number;
  /** The source's position there; absent where a relay log has not told. */
  readonly position?: LogPosition;
  /** The transaction that had begun and not ended. */
  readonly open?: TransactionRange;
  /** Transactions that were begun and not ended further in front: rolled back, or received once more. */
  readonly abandoned: number;
  /** Whole ones. */
  readonly transactions: number;
  /** Of the whole transactions. */
  readonly bytes: number;
}

/** What holds a list of logs together. Used by scans of all kinds. */
interface Walk {
  readonly logs: readonly LogFile[];
  readonly options: ScanOptions;
  readonly track: SourceTrack;
}

/**
 * Finds the transactions in logs that follow each other: binary logs of one server, or relay logs of one replica, cut files
 * included. Reads each byte once and keeps nothing. `visit` gets whole transactions in order (and, as incomplete, one whose
 * beginning lies before the start); false ends the scan. What cannot be read ends it as a value. Rejects with the signal's
 * reason, or what reading the file threw.
 */
export async function scanTransactions(
  logs: readonly LogFile[],
  options: ScanOptions,
  visit: (range: TransactionRange) => boolean | void,
): Promise<ScanEnd> {
  const { start } = options;
  const walk: Walk = { logs, options, track: new SourceTrack(start?.position) };
  let transactions = 0;
  let bytes = 0;
  let last: LogPosition | undefined;
  const grouper = new TransactionGrouper(range => {
    // A receiver that begins anew (relay_log_recovery) writes what it had received once more.
    if (last && comparePositions(range.end, last) <= 0) return;
    last = range.end;
    if (range.complete) {
      transactions++;
      bytes += range.bytes;
    }
    return visit(range);
  });
  const end = await walkLogs(walk, grouper);
  if (end.kind !== 'stopped') grouper.finish();
  const { open, abandoned } = grouper;
  const position = walk.track.at;
  return {
    ...end,
    ...(position ? { position } : {}),
    ...(open && end.kind !== 'stopped' ? { open } : {}),
    abandoned,
    transactions,
    bytes,
  };
}

type WalkEnd = Pick<ScanEnd, 'kind' | 'error' | 'index' | 'offset' | 'lostBytes'>;

async function walkLogs({ logs, options, track }: Walk, grouper: TransactionGrouper): Promise<WalkEnd> {
  const { start, verify = true, signal } = options;
  const first = start?.index ?? 0;
  let result: WalkEnd = { kind: 'complete', index: first, offset: start?.offset ?? 0, lostBytes: 0 };
  for (let index = first; index < logs.length; index++) {
    const log = logs[index] as LogFile;
    const begin = start && index === first ? start : undefined;
    let reader: EventReader | undefined;
    try {
      const header = begin ? undefined : await readHeader(log, signal);
      const relayLog = (header?.format ?? (await readHeader(log, signal)).format).relayLog;
      const from = begin ? { from: begin.offset, format: begin.format } : {};
      if (!relayLog) grouper.abandon();
      // A relay log may begin anywhere, and so may a scan.
      if (!relayLog && !begin) grouper.align();
      track.enter(log, relayLog, begin?.offset ?? 0);
      reader = new EventReader(log, { ...from, verify });
      await readLog(log, reader, track, grouper, signal);
      const end = reader.end;
      result = { kind: end.kind, index, offset: end.offset, lostBytes: end.lostBytes };
      if (end.kind !== 'complete') return result;
    } catch (error) {
      if (!(error instanceof BinlogError)) throw error;
      // A server that dies while it opens a new log leaves an empty one.
      if (error.code === 'empty' && index === logs.length - 1)
        return { ...result, kind: 'torn', index, offset: 0, lostBytes: log.size };
      const offset = error.offset;
      return { kind: 'unreadable', error, index, offset, lostBytes: Math.max(0, log.size - offset) };
    }
  }
  return result;
}

async function readLog(
  log: LogFile,
  reader: EventReader,
  track: SourceTrack,
  grouper: TransactionGrouper,
  signal: AbortSignal | undefined,
): Promise<void> {
  for await (const piece of reader.pieces(signal)) {
    signal?.throwIfAborted();
    const more = reader.push(piece, (buffer, at, length, offset, format, dataLength) => {
      const role = track.follow(buffer, at, length, offset, format, dataLength);
      if (role === 'jumped') grouper.abandon();
      if (role !== 'event') return;
      const { start, file = '', position = 0 } = track;
      return grouper.add(log, buffer, at, length, offset, format, dataLength, file, start, position);
    });
    if (!more) return;
  }
}

export interface TransactionList {
  readonly transactions: readonly TransactionRange[];
  readonly end: ScanEnd;
}

/** scanTransactions as a list. Takes some 500 bytes of memory for each. */
export async function listTransactions(logs: readonly LogFile[], options: ScanOptions = {}): Promise<TransactionList> {
  const transactions: TransactionRange[] = [];
  const end = await scanTransactions(logs, options, range => void transactions.push(range));
  return { transactions, end };
}

/** The number of transactions from there on, and their bytes: what would be lost without them. */
export async function countTransactions(logs: readonly LogFile[], options: ScanOptions = {}): Promise<ScanEnd> {
  return scanTransactions(logs, { verify: false, ...options }, () => undefined);
}

/** The events of a transaction, in order, a piece of the file at a time. Rejects as visitEvents does. */
export async function* transactionEvents(range: TransactionRange, signal?: AbortSignal): AsyncGenerator<BinlogEvent[]> {
  for (const { log, format, offset, endOffset } of range.parts) {
    const reader = new EventReader(log, { from: offset, to: endOffset, format });
    for await (const piece of reader.pieces(signal)) {
      signal?.throwIfAborted();
      const batch: BinlogEvent[] = [];
      reader.push(piece, (...args) => {
        const event = eventAt(...args);
        if (belongs(event)) batch.push(event);
      });
      if (batch.length > 0) yield batch;
    }
    if (reader.end.kind !== 'complete')
      throw new BinlogError('corrupt', log.name, reader.end.offset, 'the log has become shorter');
  }
}

/** What a relay log has between the events of a transaction is not of the transaction. */
function belongs({ type, flags }: BinlogEvent): boolean {
  return (flags & FLAG.relayLog) === 0 && type !== EVENT.rotate && type !== EVENT.formatDescription;
}

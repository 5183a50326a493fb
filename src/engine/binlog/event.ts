import { AT, HEADER_LENGTH, type LogFormat } from './format';
import type { LogFile } from './logFile';
import { EventReader, type LogEnd, type ReadOptions } from './reader';

/** One event of a log. */
export interface BinlogEvent {
  readonly type: number;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly serverId: number;
  readonly flags: number;
  /** In the file it was read from. */
  readonly offset: number;
  readonly length: number;
  /** End in the log of the server that wrote it, modulo 2^32; 0: made up on the way. */
  readonly endLogPos: number;
  readonly format: LogFormat;
  /** All of it: header, body, checksum. */
  readonly raw: Buffer;
  /** Without header and checksum. */
  readonly body: Buffer;
}

/** The event in these bytes; they are shared, not copied. `dataLength` is the length without the checksum. */
export function eventAt(
  buffer: Buffer,
  at: number,
  length: number,
  offset: number,
  format: LogFormat,
  dataLength: number,
): BinlogEvent {
  return {
    type: buffer[at + AT.type] as number,
    timestamp: buffer.readUInt32LE(at + AT.timestamp),
    serverId: buffer.readUInt32LE(at + AT.serverId),
    flags: buffer.readUInt16LE(at + AT.flags),
    offset,
    length,
    endLogPos: buffer.readUInt32LE(at + AT.end),
    format,
    raw: buffer.subarray(at, at + length),
    body: buffer.subarray(at + HEADER_LENGTH, at + dataLength),
  };
}

/**
 * The same as visitEvents, for loops: yields the events of each piece of the file. The generator's return value says how
 * the log ended.
 */
export async function* readEvents(log: LogFile, options: ReadOptions = {}): AsyncGenerator<BinlogEvent[], LogEnd> {
  const reader = new EventReader(log, options);
  for await (const piece of reader.pieces(options.signal)) {
    options.signal?.throwIfAborted();
    const batch: BinlogEvent[] = [];
    const more = reader.push(piece, (...args) => void batch.push(eventAt(...args)));
    if (batch.length > 0) yield batch;
    if (!more) break;
  }
  return reader.end;
}

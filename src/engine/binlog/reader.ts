import { BinlogError, type BinlogErrorCode } from './binlogError';
import { crc32 } from './crc32';
import { EVENT } from './eventTypes';
import { AT, CHECKSUM_LENGTH, HEADER_LENGTH, readFormat, type LogFormat } from './format';
import type { LogFile } from './logFile';
import { EventSplitter } from './splitter';

export const MAGIC = Buffer.from([0xfe, 0x62, 0x69, 0x6e]);
const ENCRYPTED_MAGIC = Buffer.from([0xfd, 0x62, 0x69, 0x6e]);

/** Where the first event of every log begins. */
export const FIRST_EVENT = MAGIC.length;

export interface ReadOptions {
  /** An event's offset; default: the first one. */
  readonly from?: number;
  /** Where to end at the latest, an event's end. Default: the end of the file. */
  readonly to?: number;
  /** What applies at `from`; needed unless it is the first event. */
  readonly format?: LogFormat;
  /** Whether checksums are verified, where there are any. Default true. */
  readonly verify?: boolean;
  readonly signal?: AbortSignal;
}

/** How the reading ended. None of them is an error: the tail of a crashed server's log is torn. */
export interface LogEnd {
  /** `complete`: with a whole event. `torn`: within one. `zeros`: in reserved, unwritten blocks. `stopped`: by the visitor. */
  readonly kind: 'complete' | 'torn' | 'zeros' | 'stopped';
  /** End of the last whole event that was read. */
  readonly offset: number;
  /** Bytes behind it that are no event. */
  readonly lostBytes: number;
}

/** Sees one event and what format it has: see EventVisitor. `dataLength` is `length` without the checksum. */
export type FormattedVisitor = (
  buffer: Buffer,
  at: number,
  length: number,
  offset: number,
  format: LogFormat,
  dataLength: number,
) => boolean | void;

/** Checks the first four bytes. Rejects with BinlogError: `encrypted`, `empty` or `notABinlog`. */
export async function checkMagic(log: LogFile, signal?: AbortSignal): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of log.read(0, MAGIC.length, signal)) pieces.push(piece);
  const magic = Buffer.concat(pieces);
  if (magic.length < MAGIC.length) throw new BinlogError('empty', log.name, 0, 'the file has no header');
  if (magic.equals(ENCRYPTED_MAGIC)) throw new BinlogError('encrypted', log.name, 0, 'the log is encrypted');
  if (!magic.equals(MAGIC)) throw new BinlogError('notABinlog', log.name, 0, 'the file is not a binary log');
}

/** The part of reading that does not wait: pieces of the file go in, events come out. */
export class EventReader {
  readonly #log: LogFile;
  readonly #verify: boolean;
  readonly #to: number;
  readonly #splitter: EventSplitter;
  #format: LogFormat | undefined;
  #stopped = false;

  constructor(log: LogFile, options: ReadOptions) {
    const { from = FIRST_EVENT, verify = true } = options;
    this.#log = log;
    this.#verify = verify;
    this.#to = Math.min(options.to ?? log.size, log.size);
    this.#format = options.format;
    this.#splitter = new EventSplitter(log.name, from);
  }

  /** The bytes to push, in order. */
  pieces(signal?: AbortSignal): AsyncIterable<Buffer> {
    const { offset } = this.#splitter;
    return this.#log.read(offset, Math.max(0, this.#to - offset), signal);
  }

  /** False: nothing more is wanted. Throws BinlogError. */
  push(piece: Buffer, visit: FormattedVisitor): boolean {
    const more = this.#splitter.push(piece, (buffer, at, length, offset) =>
      this.#see(visit, buffer, at, length, offset),
    );
    if (!more && !this.#splitter.zeros) this.#stopped = true;
    return more;
  }

  get end(): LogEnd {
    const { offset, zeros } = this.#splitter;
    if (this.#stopped) return { kind: 'stopped', offset, lostBytes: 0 };
    const lostBytes = Math.max(0, this.#to - offset);
    return { kind: zeros ? 'zeros' : lostBytes > 0 ? 'torn' : 'complete', offset, lostBytes };
  }

  #see(visit: FormattedVisitor, buffer: Buffer, at: number, length: number, offset: number): boolean | void {
    const type = buffer[at + AT.type] as number;
    if (type === EVENT.formatDescription) {
      const format = readFormat(buffer.subarray(at, at + length), this.#log.name, offset);
      this.#format = format;
      return visit(buffer, at, length, offset, format, length);
    }
    const format = this.#format;
    if (format === undefined) throw this.#error('corrupt', offset, 'no format description comes first');
    if (type === EVENT.startEncryption) throw this.#error('encrypted', offset, 'the log is encrypted from here on');
    if (!format.checksum) return visit(buffer, at, length, offset, format, length);
    const dataLength = length - CHECKSUM_LENGTH;
    if (dataLength < HEADER_LENGTH) throw this.#error('corrupt', offset, `an event of ${length} bytes`);
    if (this.#verify && crc32(buffer, at, at + dataLength) !== buffer.readUInt32LE(at + dataLength))
      throw this.#error('corrupt', offset, 'the checksum is wrong');
    return visit(buffer, at, length, offset, format, dataLength);
  }

  #error(code: BinlogErrorCode, offset: number, text: string): BinlogError {
    return new BinlogError(code, this.#log.name, offset, text);
  }
}

/**
 * Reads events one after the other, without a copy of any, in bounded memory (the longest event is held). Follows the
 * format descriptions on the way. Rejects with BinlogError, the signal's reason, or what reading the file threw.
 */
export async function visitEvents(log: LogFile, options: ReadOptions, visit: FormattedVisitor): Promise<LogEnd> {
  const reader = new EventReader(log, options);
  for await (const piece of reader.pieces(options.signal)) {
    options.signal?.throwIfAborted();
    if (!reader.push(piece, visit)) break;
  }
  return reader.end;
}

import type { LogPosition } from '../mysql/types';
import { BinlogError } from './binlogError';
import { EVENT, FLAG } from './eventTypes';
import { AT, HEADER_LENGTH, type LogFormat } from './format';
import type { LogFile } from './logFile';
import { unwrapPosition } from './position';

/**
 * What an event of a log is for the transactions of the source: one of its events; `own`: the relay log's alone;
 * `moved`: only says where the source stands; `jumped`: the same, and what was open does not go on there.
 */
export type EventRole = 'event' | 'own' | 'moved' | 'jumped';

/**
 * Follows the source's positions through a log. In a binary log they are the offsets in the file. In a relay log they come
 * from the ROTATE events and the end positions that the source wrote.
 */
export class SourceTrack {
  /** The source's log; undefined until a relay log has named it. */
  file: string | undefined;
  /** End of the last event. Undefined until a relay log has said it. */
  position: number | undefined;
  /** Start of the last event. */
  start = 0;

  #log: LogFile | undefined;
  #relay = false;

  constructor(from?: LogPosition) {
    this.file = from?.file;
    this.position = from?.position;
  }

  get at(): LogPosition | undefined {
    return this.file === undefined || this.position === undefined
      ? undefined
      : { file: this.file, position: this.position };
  }

  /** Another file comes. A relay log goes on where the one before ended. */
  enter(log: LogFile, relayLog: boolean, offset: number): void {
    this.#log = log;
    this.#relay = relayLog;
    if (relayLog) return;
    this.file = log.name;
    this.position = offset;
  }

  /** Moves on over one event. Throws BinlogError. */
  follow(buffer: Buffer, at: number, length: number, offset: number, format: LogFormat, dataLength: number): EventRole {
    const type = buffer[at + AT.type] as number;
    if (!this.#relay) {
      this.start = offset;
      this.position = offset + length;
      // A transaction does not reach beyond its file: the server died, and rolled it back.
      return type === EVENT.rotate || type === EVENT.formatDescription ? 'jumped' : 'event';
    }
    const flags = (buffer[at + AT.flags] as number) | ((buffer[at + AT.flags + 1] as number) << 8);
    if (flags & FLAG.relayLog) return 'own';
    if (type === EVENT.rotate) return this.#rotate(buffer, at, offset, dataLength);
    const end = buffer.readUInt32LE(at + AT.end);
    if (type === EVENT.previousGtids) return 'own';
    if (type === EVENT.formatDescription) {
      if (end === 0 || flags & FLAG.artificial) return 'own';
      this.#advance(end, length);
      return format.created === 0 ? 'moved' : 'jumped';
    }
    if (end === 0 || flags & FLAG.artificial) return 'own';
    this.#advance(end, length);
    return 'event';
  }

  #advance(end: number, length: number): void {
    const previous = this.position ?? Math.max(0, end - length);
    this.position = unwrapPosition(end, previous);
    // MariaDB writes events larger than they were at the source, where it uncompressed them.
    this.start = Math.max(previous, this.position - length);
  }

  #rotate(buffer: Buffer, at: number, offset: number, dataLength: number): EventRole {
    const body = at + HEADER_LENGTH;
    if (dataLength < HEADER_LENGTH + 9)
      throw new BinlogError('corrupt', this.#log?.name ?? '', offset, 'a rotate event without a name');
    const position = Number(buffer.readBigUInt64LE(body));
    const file = buffer.toString('utf8', body + 8, at + dataLength);
    const goesOn =
      (this.file === undefined || file === this.file) && (this.position === undefined || position >= this.position);
    this.file = file;
    this.position = position;
    this.start = position;
    return goesOn ? 'moved' : 'jumped';
  }
}

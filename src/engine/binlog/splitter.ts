import { BinlogError } from './binlogError';
import { AT, HEADER_LENGTH } from './format';

/** The longest event: a packet of 1 GiB and what surrounds it. A longer one is a damaged length. */
const MAX_EVENT = 2 ** 30 + 2 ** 24;

/**
 * Sees one event: bytes `at` … `at + length` of `buffer`, which begin at `offset` in the log. The buffer must not be
 * written to; keeping it keeps a whole piece of the file in memory. `false` ends the reading after this event.
 */
export type EventVisitor = (buffer: Buffer, at: number, length: number, offset: number) => boolean | void;

/**
 * Cuts a stream of bytes into events, whatever pieces it comes in. Works on the pieces as they are: only an event that
 * does not lie within one piece is copied, once.
 */
export class EventSplitter {
  /** Where in the log the first byte is that belongs to no event yet: the end of the last whole event. */
  offset: number;
  /** Nothing but zeros follows where an event should begin: blocks that a crashed machine had reserved, not written. */
  zeros = false;

  readonly #log: string;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #needed = HEADER_LENGTH;

  constructor(log: string, offset: number) {
    this.#log = log;
    this.offset = offset;
  }

  /** Bytes that were pushed and belong to an event that is not whole yet. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Visits the events that are now whole. False: nothing more is wanted. Throws BinlogError for an impossible length. */
  push(piece: Buffer, visit: EventVisitor): boolean {
    let at = 0;
    while (this.#pendingBytes > 0) {
      const missing = this.#needed - this.#pendingBytes;
      if (piece.length - at < missing) {
        if (at < piece.length) this.#keep(at === 0 ? piece : piece.subarray(at));
        return true;
      }
      this.#keep(piece.subarray(at, at + missing));
      at += missing;
      const whole = this.#pending.length === 1 ? (this.#pending[0] as Buffer) : Buffer.concat(this.#pending);
      if (this.#needed === HEADER_LENGTH) {
        const length = this.#lengthAt(whole, 0);
        if (length === 0) return false;
        this.#pending = [whole];
        this.#needed = length;
        if (length > HEADER_LENGTH) continue;
      }
      const { offset } = this;
      this.offset += this.#needed;
      this.#pending = [];
      this.#pendingBytes = 0;
      this.#needed = HEADER_LENGTH;
      if (visit(whole, 0, whole.length, offset) === false) return false;
    }
    const end = piece.length;
    while (end - at >= HEADER_LENGTH) {
      const length = this.#lengthAt(piece, at);
      if (length === 0) return false;
      if (at + length > end) break;
      const { offset } = this;
      this.offset += length;
      if (visit(piece, at, length, offset) === false) return false;
      at += length;
    }
    if (at < end) {
      if (end - at >= HEADER_LENGTH) this.#needed = this.#lengthAt(piece, at);
      this.#keep(piece.subarray(at));
    }
    return true;
  }

  #keep(part: Buffer): void {
    this.#pending.push(part);
    this.#pendingBytes += part.length;
  }

  /** 0: zeros. */
  #lengthAt(buffer: Buffer, at: number): number {
    const length =
      ((buffer[at + AT.length] as number) |
        ((buffer[at + AT.length + 1] as number) << 8) |
        ((buffer[at + AT.length + 2] as number) << 16) |
        ((buffer[at + AT.length + 3] as number) << 24)) >>>
      0;
    if (length >= HEADER_LENGTH && length <= MAX_EVENT) return length;
    if (length === 0 && buffer.subarray(at, at + HEADER_LENGTH).every(byte => byte === 0)) {
      this.zeros = true;
      return 0;
    }
    throw new BinlogError('corrupt', this.#log, this.offset, `an event of ${length} bytes`);
  }
}

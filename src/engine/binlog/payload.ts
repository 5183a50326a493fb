import { decompress } from 'fzstd';
import zlib from 'node:zlib';
import { BinlogError } from './binlogError';
import { eventAt, type BinlogEvent } from './event';
import { EVENT } from './eventTypes';
import { HEADER_LENGTH, type LogFormat } from './format';
import { EventSplitter } from './splitter';

/** MySQL's numbers of variable length: one byte, or a mark and two, three or eight. */
export function packedAt(bytes: Buffer, at: number): [value: number, end: number] {
  const first = bytes.readUInt8(at);
  if (first === 252) return [bytes.readUInt16LE(at + 1), at + 3];
  if (first === 253) return [bytes.readUIntLE(at + 1, 3), at + 4];
  if (first === 254) return [Number(bytes.readBigUInt64LE(at + 1)), at + 9];
  return [first, at + 1];
}

const FIELD = { end: 0, size: 1, compression: 2, uncompressedSize: 3 } as const;
const COMPRESSION = { zstd: 0, none: 255 } as const;

/**
 * The events within TRANSACTION_PAYLOAD_EVENT (40; binlog_transaction_compression of 8.0.20). They have no checksums. Holds
 * the whole transaction in memory, as the server does. Throws BinlogError.
 */
export function payloadEvents(event: BinlogEvent, log: string): BinlogEvent[] {
  const fail = (code: 'corrupt' | 'unsupported', text: string) => new BinlogError(code, log, event.offset, text);
  const { body } = event;
  let size: number | undefined;
  let compression: number = COMPRESSION.none;
  let uncompressed: number | undefined;
  let content: Uint8Array;
  try {
    let at = 0;
    for (;;) {
      const [field, next] = packedAt(body, at);
      at = next;
      if (field === FIELD.end) break;
      const [length, value] = packedAt(body, at);
      if (field === FIELD.size) size = packedAt(body, value)[0];
      else if (field === FIELD.compression) compression = packedAt(body, value)[0];
      else if (field === FIELD.uncompressedSize) uncompressed = packedAt(body, value)[0];
      at = value + length;
    }
    content = body.subarray(at, at + (size ?? body.length));
    if (compression === COMPRESSION.zstd)
      content = uncompressed === undefined ? decompress(content) : decompress(content, new Uint8Array(uncompressed));
  } catch {
    throw fail('corrupt', 'a compressed transaction that cannot be read');
  }
  if (compression !== COMPRESSION.zstd && compression !== COMPRESSION.none)
    throw fail('unsupported', `compression of type ${compression}`);
  if (uncompressed !== undefined && content.length !== uncompressed)
    throw fail('corrupt', `a compressed transaction of ${content.length} bytes instead of ${uncompressed}`);
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
  const format: LogFormat = { ...event.format, checksum: false };
  const events: BinlogEvent[] = [];
  const splitter = new EventSplitter(log, 0);
  splitter.push(bytes, (buffer, at, length) => {
    events.push({ ...eventAt(buffer, at, length, event.offset, format, length), endLogPos: event.endLogPos });
  });
  if (splitter.pendingBytes > 0) throw fail('corrupt', 'a compressed transaction that ends within an event');
  return events;
}

/** MariaDB's compressed part of an event: a byte that tells the length of the length, the length, and zlib's format. */
export function inflated(bytes: Buffer): Buffer {
  const first = bytes.readUInt8(0);
  return zlib.inflateSync(bytes.subarray(1 + (first & 7)));
}

/** Compressed type -> the same without compression. */
const PLAIN: Readonly<Record<number, number>> = {
  [EVENT.writeRowsCompressedV1]: EVENT.writeRowsV1,
  [EVENT.updateRowsCompressedV1]: EVENT.updateRowsV1,
  [EVENT.deleteRowsCompressedV1]: EVENT.deleteRowsV1,
  [EVENT.writeRowsCompressed]: EVENT.writeRows,
  [EVENT.updateRowsCompressed]: EVENT.updateRows,
  [EVENT.deleteRowsCompressed]: EVENT.deleteRows,
};

/** A rows event as it would be without MariaDB's log_bin_compress: type and body. Throws RangeError or zlib's errors. */
export function plainRows(event: Pick<BinlogEvent, 'type' | 'body'>): { readonly type: number; readonly body: Buffer } {
  const type = PLAIN[event.type];
  if (type === undefined) return event;
  const { body } = event;
  const secondVersion = type >= EVENT.writeRows;
  let at = secondVersion ? 8 + body.readUInt16LE(8) : 8;
  const [columns, next] = packedAt(body, at);
  const bitmaps = type === EVENT.updateRowsV1 || type === EVENT.updateRows ? 2 : 1;
  at = next + bitmaps * ((columns + 7) >> 3);
  return { type, body: Buffer.concat([body.subarray(0, at), inflated(body.subarray(at))]) };
}

/** The bytes of an event without a checksum, whatever the log had. */
export function plainEvent(event: BinlogEvent): Buffer {
  const { type, body } = plainRows(event);
  const raw = Buffer.allocUnsafe(HEADER_LENGTH + body.length);
  event.raw.copy(raw, 0, 0, HEADER_LENGTH);
  body.copy(raw, HEADER_LENGTH);
  raw[4] = type;
  raw.writeUInt32LE(raw.length, 9);
  return raw;
}

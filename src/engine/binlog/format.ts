import type { ServerVersion } from '../mysql/types';
import { compareVersion, parseVersion } from '../mysql/version';
import { BinlogError } from './binlogError';
import { crc32 } from './crc32';
import { FLAG } from './eventTypes';

/** Bytes of every event's header (binlog version 4): timestamp, type, server, length, end position, flags. */
export const HEADER_LENGTH = 19;
export const CHECKSUM_LENGTH = 4;

/** Where the fields of an event's header are. */
export const AT = { timestamp: 0, type: 4, serverId: 5, length: 9, end: 13, flags: 17 } as const;

const VERSION_BYTES = 50;
const FIXED_BYTES = 2 + VERSION_BYTES + 4 + 1;
/** The checksum algorithm, and this event's own checksum. */
const TAIL = 1 + CHECKSUM_LENGTH;
/** The first versions that say whether there are checksums. */
const OLDEST = { mysql: '5.6.1', mariadb: '5.3.0' } as const;

/** What a FORMAT_DESCRIPTION event says about the events that follow. */
export interface LogFormat {
  readonly version: ServerVersion;
  readonly serverId: number;
  /** Whether every event ends with a CRC-32 of 4 bytes. */
  readonly checksum: boolean;
  /** Bytes of each event type's fixed part, by type - 1. */
  readonly postHeaderLengths: Uint8Array;
  /** Seconds; not 0 only in the first event that a server writes after it started: what was open before was rolled back. */
  readonly created: number;
  /** A replica's own: the log is a relay log. */
  readonly relayLog: boolean;
  /** Still open, or its server died. */
  readonly inUse: boolean;
  /** The whole event, a copy. */
  readonly raw: Buffer;
}

/** Reads a FORMAT_DESCRIPTION event. Throws BinlogError. */
export function readFormat(raw: Buffer, log: string, offset: number): LogFormat {
  const corrupt = (text: string): BinlogError => new BinlogError('corrupt', log, offset, text);
  if (raw.length < HEADER_LENGTH + FIXED_BYTES) throw corrupt('a format description that is too short');
  const binlogVersion = raw.readUInt16LE(HEADER_LENGTH);
  if (binlogVersion !== 4)
    throw new BinlogError('unsupported', log, offset, `version ${binlogVersion} of the log's format`);
  const text = raw.toString('latin1', HEADER_LENGTH + 2, HEADER_LENGTH + 2 + VERSION_BYTES).replace(/\0[\s\S]*$/, '');
  const version = parseVersion(text);
  const headerLength = raw[HEADER_LENGTH + FIXED_BYTES - 1];
  if (headerLength !== HEADER_LENGTH) throw corrupt(`event headers of ${headerLength} bytes`);
  if (compareVersion(version, parseVersion(OLDEST[version.flavour])) < 0)
    throw new BinlogError('unsupported', log, offset, `a log of version ${JSON.stringify(text)}`);
  if (raw.length < HEADER_LENGTH + FIXED_BYTES + TAIL) throw corrupt('a format description that is too short');
  verifyFormat(raw, corrupt);
  const algorithm = raw[raw.length - TAIL] as number;
  if (algorithm !== 0 && algorithm !== 1)
    throw new BinlogError('unsupported', log, offset, `checksum algorithm ${algorithm}`);
  const flags = raw.readUInt16LE(AT.flags);
  return {
    version,
    serverId: raw.readUInt32LE(AT.serverId),
    checksum: algorithm === 1,
    postHeaderLengths: Uint8Array.from(raw.subarray(HEADER_LENGTH + FIXED_BYTES, raw.length - TAIL)),
    created: raw.readUInt32LE(HEADER_LENGTH + 2 + VERSION_BYTES),
    relayLog: (flags & FLAG.relayLog) !== 0,
    inUse: (flags & FLAG.inUse) !== 0,
    raw: Buffer.from(raw),
  };
}

/** The only event that has a checksum whatever the algorithm; it is made as if the file were closed. */
function verifyFormat(raw: Buffer, corrupt: (text: string) => BinlogError): void {
  const copy = Buffer.from(raw.subarray(0, -CHECKSUM_LENGTH));
  copy.writeUInt16LE(copy.readUInt16LE(AT.flags) & ~FLAG.inUse, AT.flags);
  if (crc32(copy) !== raw.readUInt32LE(copy.length)) throw corrupt('the checksum of the format description is wrong');
}

export interface FormatChanges {
  /** Whether the events that will follow have checksums. */
  readonly checksum?: boolean;
  readonly created?: number;
  readonly endPosition?: number;
  readonly relayLog?: boolean;
}

/** The FORMAT_DESCRIPTION event with changes, marked as closed, with a checksum of its own. */
export function rewriteFormat(format: LogFormat, changes: FormatChanges): Buffer {
  const raw = Buffer.from(format.raw);
  let flags = raw.readUInt16LE(AT.flags) & ~FLAG.inUse;
  if (changes.relayLog !== undefined) flags = changes.relayLog ? flags | FLAG.relayLog : flags & ~FLAG.relayLog;
  raw.writeUInt16LE(flags, AT.flags);
  if (changes.created !== undefined) raw.writeUInt32LE(changes.created, HEADER_LENGTH + 2 + VERSION_BYTES);
  if (changes.endPosition !== undefined) raw.writeUInt32LE(changes.endPosition % 2 ** 32, AT.end);
  if (changes.checksum !== undefined) raw[raw.length - TAIL] = changes.checksum ? 1 : 0;
  raw.writeUInt32LE(crc32(raw.subarray(0, -CHECKSUM_LENGTH)), raw.length - CHECKSUM_LENGTH);
  return raw;
}

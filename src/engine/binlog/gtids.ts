import { GtidSet } from '../mysql/gtid';
import { MariadbPosition } from '../mysql/mariadbGtid';
import type { BinlogEvent } from './event';
import { BinlogError } from './binlogError';

/** A transaction's global id. `text` is what GTID sets and positions are made of: `uuid:7`, `uuid:tag:7`, `0-1-7`. */
export type TransactionGtid =
  | { readonly kind: 'mysql'; readonly text: string }
  | {
      readonly kind: 'mariadb';
      readonly text: string;
      readonly domain: number;
      readonly server: number;
      readonly sequence: bigint;
    };

/** An XA transaction's id: numbers and bytes. */
export interface Xid {
  readonly format: number;
  readonly global: Buffer;
  readonly branch: Buffer;
}

const lastUuid = { bytes: Buffer.alloc(16, 0), text: '00000000-0000-0000-0000-000000000000' };

/** Remembers the last one: a log has many transactions of few servers. */
function uuidAt(bytes: Buffer, at: number): string {
  if (bytes.length >= at + 16 && lastUuid.bytes.compare(bytes, at, at + 16) === 0) return lastUuid.text;
  const hex = bytes.toString('hex', at, at + 16);
  const text = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  if (hex.length === 32) {
    lastUuid.bytes = Buffer.from(bytes.subarray(at, at + 16));
    lastUuid.text = text;
  }
  return text;
}

/** GTID_LOG_EVENT (33). */
export function readGtid(body: Buffer): TransactionGtid {
  return { kind: 'mysql', text: `${uuidAt(body, 1)}:${body.readBigInt64LE(17)}` };
}

/** When the transaction was committed where it began, from the fields of 8.0.1 and 8.0.14; they follow the fixed part. */
export interface OriginalCommit {
  /** Microseconds since 1970. */
  readonly timestamp?: bigint;
  /** As 80014 for 8.0.14. */
  readonly serverVersion?: number;
}

const LOGICAL_TIMESTAMPS = 2;
/** Set in the last byte, or the highest bit, of a value when the original one follows. */
const ORIGINAL_FOLLOWS = 0x80;

/** The optional tail of events 33 and 34. */
export function readOriginalCommit(body: Buffer): OriginalCommit {
  if (body[25] !== LOGICAL_TIMESTAMPS) return {};
  let at = 26 + 16;
  if (body.length < at + 7) return {};
  if ((body[at + 6] as number) & ORIGINAL_FOLLOWS) at += 7;
  if (body.length < at + 7) return {};
  const high = (body[at + 6] as number) & ~ORIGINAL_FOLLOWS;
  const timestamp = BigInt(body.readUIntLE(at, 6)) | (BigInt(high) << 48n);
  at += 7;
  at += packedLength(body[at]);
  if (body.length >= at + 4 && (body[at + 3] as number) & ORIGINAL_FOLLOWS) at += 4;
  return body.length < at + 4 ? { timestamp } : { timestamp, serverVersion: body.readUInt32LE(at) };
}

function packedLength(first: number | undefined): number {
  if (first === 252) return 3;
  if (first === 253) return 4;
  return first === 254 ? 9 : 1;
}

/** A reader of MySQL's own variable-length numbers: as many ones at the low end of the first byte as bytes follow it. */
class VarReader {
  constructor(
    readonly bytes: Buffer,
    public at = 0,
  ) {}

  unsigned(): bigint {
    const first = this.bytes[this.at];
    if (first === undefined) throw new RangeError('the event is too short');
    let more = 0;
    while (more < 8 && first & (1 << more)) more++;
    const end = this.at + 1 + more;
    if (end > this.bytes.length) throw new RangeError('the event is too short');
    let value = 0n;
    for (let i = end - 1; i > this.at; i--) value = (value << 8n) | BigInt(this.bytes[i] as number);
    // What the marker leaves of the first byte is the low end of the number.
    if (more < 7) value = (value << BigInt(7 - more)) | BigInt(first >> (more + 1));
    this.at = end;
    return value;
  }

  signed(): bigint {
    const value = this.unsigned();
    return value & 1n ? -(value >> 1n) - 1n : value >> 1n;
  }

  text(): string {
    const length = Number(this.unsigned());
    const value = this.bytes.toString('utf8', this.at, this.at + length);
    this.at += length;
    return value;
  }
}

/**
 * GTID_TAGGED_LOG_EVENT (42, from 8.3.0 on): a serialised message, each field with its number. Fields that come later
 * than the ones needed are left alone.
 */
export function readTaggedGtid(body: Buffer): { readonly gtid: TransactionGtid; readonly original: OriginalCommit } {
  const reader = new VarReader(body);
  reader.unsigned(); // version of the serialisation
  const size = Number(reader.unsigned());
  reader.unsigned(); // the last field that must be understood
  const end = Math.min(size, body.length);
  let uuid = '';
  let sequence = 0n;
  let tag = '';
  let timestamp: bigint | undefined;
  let version: number | undefined;
  while (reader.at < end) {
    switch (Number(reader.unsigned())) {
      case 0: // flags
        reader.unsigned();
        break;
      case 1: {
        const bytes = Buffer.alloc(16);
        for (let i = 0; i < 16; i++) bytes[i] = Number(reader.unsigned());
        uuid = uuidAt(bytes, 0);
        break;
      }
      case 2:
        sequence = reader.signed();
        break;
      case 3:
        tag = reader.text();
        break;
      case 4: // last_committed
      case 5: // sequence_number
        reader.signed();
        break;
      case 6: // immediate commit
        timestamp ??= reader.unsigned();
        break;
      case 7:
        timestamp = reader.unsigned();
        break;
      case 8: // length
        reader.unsigned();
        break;
      case 9:
        version ??= Number(reader.unsigned());
        break;
      case 10:
        version = Number(reader.unsigned());
        break;
      default:
        reader.at = end;
    }
  }
  if (uuid === '' || sequence < 1n) throw new RangeError('the event has no GTID');
  return {
    gtid: { kind: 'mysql', text: tag === '' ? `${uuid}:${sequence}` : `${uuid}:${tag}:${sequence}` },
    original: {
      ...(timestamp === undefined ? {} : { timestamp }),
      ...(version === undefined ? {} : { serverVersion: version }),
    },
  };
}

const TAGGED_FORMAT = 1;

/** PREVIOUS_GTIDS_LOG_EVENT (35): all transactions of the logs before. Throws RangeError where it is too short. */
export function readPreviousGtids(body: Buffer): GtidSet {
  const head = body.readBigUInt64LE(0);
  const tagged = Number(head >> 56n) === TAGGED_FORMAT;
  const count = Number(tagged ? (head >> 8n) & 0xffff_ffff_ffffn : head);
  const parts: string[] = [];
  let at = 8;
  for (let i = 0; i < count; i++) {
    let key = uuidAt(body, at);
    at += 16;
    if (tagged) {
      const reader = new VarReader(body, at);
      const tag = reader.text();
      at = reader.at;
      if (tag !== '') key += `:${tag}`;
    }
    const intervals = Number(body.readBigUInt64LE(at));
    at += 8;
    for (let j = 0; j < intervals; j++, at += 16)
      parts.push(`${key}:${body.readBigInt64LE(at)}-${body.readBigInt64LE(at + 8) - 1n}`);
  }
  return GtidSet.parse(parts.join(','));
}

/** Bits of MariaDB's GTID event. */
export const MARIADB_GTID = { standalone: 1, groupCommit: 2, ddl: 32, preparedXa: 64, completedXa: 128 } as const;

export interface MariadbGtidEvent {
  readonly gtid: TransactionGtid & { readonly kind: 'mariadb' };
  readonly flags: number;
  /** Of XA PREPARE, and of what completes it. */
  readonly xid?: Xid;
}

/** MariaDB's GTID_EVENT (162). The server's id is the header's. */
export function readMariadbGtid({ body, serverId }: Pick<BinlogEvent, 'body' | 'serverId'>): MariadbGtidEvent {
  const sequence = body.readBigUInt64LE(0);
  const domain = body.readUInt32LE(8);
  const flags = body[12] as number;
  const gtid = {
    kind: 'mariadb',
    domain,
    server: serverId,
    sequence,
    text: `${domain}-${serverId}-${sequence}`,
  } as const;
  if ((flags & (MARIADB_GTID.preparedXa | MARIADB_GTID.completedXa)) === 0) return { gtid, flags };
  const at = 13 + (flags & MARIADB_GTID.groupCommit ? 8 : 0);
  return { gtid, flags, xid: xidAt(body, at + 6, body.readUInt32LE(at), body[at + 4], body[at + 5]) };
}

function xidAt(body: Buffer, at: number, format: number, global = 0, branch = 0): Xid {
  return {
    format,
    global: body.subarray(at, at + global),
    branch: body.subarray(at + global, at + global + branch),
  };
}

/** XA_PREPARE_LOG_EVENT (38). */
export function readXaPrepare(body: Buffer): { readonly onePhase: boolean; readonly xid: Xid } {
  return {
    onePhase: body[0] !== 0,
    xid: xidAt(body, 13, body.readUInt32LE(1), body.readUInt32LE(5), body.readUInt32LE(9)),
  };
}

/** MariaDB's GTID_LIST_EVENT (163): the last transaction of each domain in the logs before. */
export function readGtidList(body: Buffer): MariadbPosition {
  const count = body.readUInt32LE(0) & 0x0fff_ffff;
  const domains = new Map<number, string>();
  // Of one domain's several servers, the last one to write comes last.
  for (let i = 0, at = 4; i < count; i++, at += 16) {
    const domain = body.readUInt32LE(at);
    domains.set(domain, `${domain}-${body.readUInt32LE(at + 4)}-${body.readBigUInt64LE(at + 8)}`);
  }
  return MariadbPosition.parse([...domains.values()].join(','));
}

/** Runs a decoder; what it finds missing in the event is a damaged event. */
export function decoded<T>(event: Pick<BinlogEvent, 'type' | 'offset'>, log: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof BinlogError) throw error;
    throw new BinlogError('corrupt', log, event.offset, `an event of type ${event.type} that cannot be read`);
  }
}

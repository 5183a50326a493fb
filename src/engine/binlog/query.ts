import { BinlogError } from './binlogError';
import type { BinlogEvent } from './event';
import { EVENT } from './eventTypes';

/** What the statement's session was set to: the event's status variables. Absent ones were not written. */
export interface QueryStatus {
  /** Bits of OPTION_…, see QUERY_FLAG. */
  readonly flags?: number;
  readonly sqlMode?: bigint;
  readonly autoIncrement?: { readonly increment: number; readonly offset: number };
  /** Numbers of collations: character_set_client, collation_connection, collation_server. */
  readonly charset?: { readonly client: number; readonly connection: number; readonly server: number };
  readonly timeZone?: string;
  /** lc_time_names, by number. */
  readonly locale?: number;
  /** collation_database, by number. */
  readonly databaseCollation?: number;
  readonly invoker?: { readonly user: string; readonly host: string };
  readonly microseconds?: number;
  readonly explicitDefaultsForTimestamp?: boolean;
  /** default_collation_for_utf8mb4, by number. */
  readonly utf8mb4Collation?: number;
  readonly requirePrimaryKey?: boolean;
  readonly tableEncryption?: boolean;
  /** MariaDB 11.3's character_set_collations: pairs of a character set's and a collation's number. */
  readonly characterSetCollations?: readonly (readonly [charset: number, collation: number])[];
  /** An unknown variable came and ended the reading: what follows it is not known. */
  readonly unknown?: number;
}

/** https://dev.mysql.com/doc/dev/mysql-server/latest/query__options_8h.html */
export const QUERY_FLAG = {
  noCheckConstraints: 2 ** 11, // MariaDB
  autoIsNull: 2 ** 14,
  noForeignKeyChecks: 2 ** 26,
  relaxedUniqueChecks: 2 ** 27,
  ifExists: 2 ** 28, // MariaDB
} as const;

/** A statement as it was logged. */
export interface QueryEvent {
  readonly threadId: number;
  /** The error that the statement gave where it was run; 0: none. */
  readonly errorCode: number;
  readonly database: string;
  readonly status: QueryStatus;
  /** In the client's character set. */
  readonly statement: Buffer;
}

const FIXED = 13;
/** EXECUTE_LOAD_QUERY's further fixed fields. */
const LOAD_FIXED = 13;

/** Where the statement's text begins in the body of a query event, or -1 where the lengths cannot be. */
export function statementOffset(buffer: Buffer, body: number, end: number, type: number = EVENT.query): number {
  const fixed = FIXED + (type === EVENT.executeLoadQuery ? LOAD_FIXED : 0);
  if (body + fixed > end) return -1;
  const status = (buffer[body + 11] as number) | ((buffer[body + 12] as number) << 8);
  const at = body + fixed + status + (buffer[body + 8] as number) + 1;
  return at <= end ? at : -1;
}

/** Reads QUERY_EVENT and the statement of EXECUTE_LOAD_QUERY_EVENT. Throws BinlogError. */
export function readQuery(
  { type, body, offset }: Pick<BinlogEvent, 'type' | 'body' | 'offset'>,
  log: string,
): QueryEvent {
  const at = statementOffset(body, 0, body.length, type);
  if (at < 0) throw new BinlogError('corrupt', log, offset, 'a statement that is shorter than it says');
  const databaseLength = body[8] as number;
  const statusEnd = at - databaseLength - 1;
  try {
    return {
      threadId: body.readUInt32LE(0),
      errorCode: body.readUInt16LE(9),
      database: body.toString('utf8', statusEnd, at - 1),
      status: readStatus(body, statusEnd - body.readUInt16LE(11), statusEnd),
      statement: body.subarray(at),
    };
  } catch {
    throw new BinlogError('corrupt', log, offset, 'a statement whose session variables cannot be read');
  }
}

/** Reads one variable at `at`; returns where the next one begins. */
type StatusReader = (
  bytes: Buffer,
  at: number,
  status: { -readonly [K in keyof QueryStatus]: QueryStatus[K] },
) => number;

const skip =
  (length: number): StatusReader =>
  (_bytes, at) =>
    at + length;

/** A byte of length, and so many bytes. */
const string = (bytes: Buffer, at: number): [text: string, end: number] => {
  const end = at + 1 + bytes.readUInt8(at);
  return [bytes.toString('utf8', at + 1, end), end];
};

const micro: StatusReader = (bytes, at, status) => {
  status.microseconds = bytes.readUIntLE(at, 3);
  return at + 3;
};

/** By the numbers of `Query_event_vars`; MariaDB's own begin at 128. */
const STATUS: Readonly<Record<number, StatusReader>> = {
  0: (bytes, at, status) => ((status.flags = bytes.readUInt32LE(at)), at + 4),
  1: (bytes, at, status) => ((status.sqlMode = bytes.readBigUInt64LE(at)), at + 8),
  2: (bytes, at) => string(bytes, at)[1] + 1, // catalog, with a NUL
  3: (bytes, at, status) => {
    status.autoIncrement = { increment: bytes.readUInt16LE(at), offset: bytes.readUInt16LE(at + 2) };
    return at + 4;
  },
  4: (bytes, at, status) => {
    status.charset = {
      client: bytes.readUInt16LE(at),
      connection: bytes.readUInt16LE(at + 2),
      server: bytes.readUInt16LE(at + 4),
    };
    return at + 6;
  },
  5: (bytes, at, status) => {
    const [text, end] = string(bytes, at);
    status.timeZone = text;
    return end;
  },
  6: (bytes, at) => string(bytes, at)[1], // catalog
  7: (bytes, at, status) => ((status.locale = bytes.readUInt16LE(at)), at + 2),
  8: (bytes, at, status) => ((status.databaseCollation = bytes.readUInt16LE(at)), at + 2),
  9: skip(8), // tables of a multi-table update
  10: skip(4), // length at the source
  11: (bytes, at, status) => {
    const [user, next] = string(bytes, at);
    const [host, end] = string(bytes, next);
    status.invoker = { user, host };
    return end;
  },
  12: (bytes, at) => {
    // Updated databases; 254 stands for too many to list.
    const count = bytes.readUInt8(at++);
    for (let i = 0; count !== 254 && i < count; i++) at = bytes.indexOf(0, at) + 1;
    return at;
  },
  13: micro,
  14: skip(8), // commit order, of versions before 5.7's release
  15: skip(8),
  16: (bytes, at, status) => ((status.explicitDefaultsForTimestamp = bytes.readUInt8(at) !== 0), at + 1),
  17: skip(8), // the XID of an atomic DDL
  18: (bytes, at, status) => ((status.utf8mb4Collation = bytes.readUInt16LE(at)), at + 2),
  19: (bytes, at, status) => ((status.requirePrimaryKey = bytes.readUInt8(at) !== 0), at + 1),
  20: (bytes, at, status) => ((status.tableEncryption = bytes.readUInt8(at) !== 0), at + 1),
  128: micro,
  129: skip(8), // XID
  130: skip(2), // flags for the GTID
  131: (bytes, at, status) => {
    const count = bytes.readUInt8(at++);
    const pairs: [number, number][] = [];
    for (let i = 0; i < count; i++, at += 4) pairs.push([bytes.readUInt16LE(at), bytes.readUInt16LE(at + 2)]);
    status.characterSetCollations = pairs;
    return at;
  },
};

function readStatus(bytes: Buffer, at: number, end: number): QueryStatus {
  const status: { -readonly [K in keyof QueryStatus]: QueryStatus[K] } = {};
  while (at < end) {
    const key = bytes[at] as number;
    const reader = STATUS[key];
    if (reader === undefined) {
      status.unknown = key;
      break;
    }
    at = reader(bytes, at + 1, status);
  }
  return status;
}

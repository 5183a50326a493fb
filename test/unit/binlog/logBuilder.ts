import zlib from 'node:zlib';

export const TYPE = {
  query: 2,
  stop: 3,
  rotate: 4,
  intvar: 5,
  formatDescription: 15,
  xid: 16,
  tableMap: 19,
  incident: 26,
  writeRows: 30,
  gtid: 33,
  anonymousGtid: 34,
  previousGtids: 35,
  mariadbGtid: 162,
  gtidList: 163,
  startEncryption: 164,
} as const;

export interface EventSpec {
  readonly type: number;
  readonly body?: Buffer;
  readonly flags?: number;
  readonly serverId?: number;
  /** Default: where the event ends in the file. */
  readonly end?: number;
  readonly timestamp?: number;
}

export const UUID = '11223344-5566-7788-99aa-bbccddeeff00';

export interface LogSpec {
  readonly version?: string;
  readonly checksum?: boolean;
  readonly relayLog?: boolean;
}

/** Makes a log byte by byte. */
export class LogBuilder {
  readonly #parts: Buffer[] = [Buffer.from([0xfe, 0x62, 0x69, 0x6e])];
  #size: number;
  readonly #checksum: boolean;
  /** The offset of each event. */
  readonly offsets: number[] = [];

  /** `start`: as if so many bytes came before the first event that is added. */
  constructor({ version = '5.7.44-log', checksum = true, relayLog = false }: LogSpec = {}) {
    this.#checksum = checksum;
    this.#size = 4;
    this.description({ version, checksum, flags: relayLog ? 0x40 : 0 });
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  description({ version = '5.7.44-log', checksum = this.#checksum, flags = 0, created = 0, end = -1 }): this {
    const body = Buffer.alloc(57 + 40 + 1);
    body.writeUInt16LE(4, 0);
    body.write(version, 2, 'latin1');
    body.writeUInt32LE(created, 52);
    body[56] = 19;
    body.fill(8, 57, 97);
    body[97] = checksum ? 1 : 0;
    return this.#push({ type: TYPE.formatDescription, body, flags, ...(end < 0 ? {} : { end }) }, true);
  }

  add(...events: readonly EventSpec[]): this {
    for (const event of events) this.#push(event, this.#checksum);
    return this;
  }

  /** Bytes as they are. */
  raw(bytes: Buffer): this {
    this.#parts.push(bytes);
    this.#size += bytes.length;
    return this;
  }

  #push(
    { type, body = Buffer.alloc(0), flags = 0, serverId = 1, end, timestamp = 1_700_000_000 }: EventSpec,
    sum: boolean,
  ): this {
    const event = Buffer.alloc(19 + body.length + (sum ? 4 : 0));
    event.writeUInt32LE(timestamp, 0);
    event[4] = type;
    event.writeUInt32LE(serverId, 5);
    event.writeUInt32LE(event.length, 9);
    event.writeUInt32LE((end ?? this.#size + event.length) % 2 ** 32, 13);
    event.writeUInt16LE(flags, 17);
    body.copy(event, 19);
    if (sum) event.writeUInt32LE(zlib.crc32(event.subarray(0, -4)), event.length - 4);
    this.offsets.push(this.#size);
    this.#parts.push(event);
    this.#size += event.length;
    return this;
  }
}

export const query = (sql: string, database = 'd'): EventSpec => {
  const head = Buffer.alloc(13);
  head.writeUInt32LE(7, 0);
  head[8] = database.length;
  return { type: TYPE.query, body: Buffer.concat([head, Buffer.from(`${database}\0${sql}`)]) };
};

export const gtid = (sequence: number): EventSpec => {
  const body = Buffer.alloc(25);
  Buffer.from(UUID.replaceAll('-', ''), 'hex').copy(body, 1);
  body.writeBigInt64LE(BigInt(sequence), 17);
  return { type: TYPE.gtid, body };
};

export const mariadbGtid = (sequence: number, standalone = false): EventSpec => {
  const body = Buffer.alloc(19);
  body.writeBigUInt64LE(BigInt(sequence), 0);
  body[12] = standalone ? 1 : 0;
  return { type: TYPE.mariadbGtid, body };
};

export const xid = (): EventSpec => ({ type: TYPE.xid, body: Buffer.alloc(8, 1) });

export const rows = (length = 30, statementEnd = true): EventSpec => {
  const body = Buffer.alloc(10 + length, 0xab);
  body.writeUInt16LE(statementEnd ? 1 : 0, 6);
  return { type: TYPE.writeRows, body };
};

export const tableMap = (): EventSpec => ({ type: TYPE.tableMap, body: Buffer.alloc(30, 3) });

export const rotate = (file: string, position: number, more: Partial<EventSpec> = {}): EventSpec => {
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(position));
  return { type: TYPE.rotate, body: Buffer.concat([head, Buffer.from(file)]), ...more };
};

export const previousGtids = (upTo: number): EventSpec => {
  const body = Buffer.alloc(upTo > 0 ? 48 : 8);
  if (upTo > 0) {
    body.writeBigUInt64LE(1n, 0);
    Buffer.from(UUID.replaceAll('-', ''), 'hex').copy(body, 8);
    body.writeBigUInt64LE(1n, 24);
    body.writeBigInt64LE(1n, 32);
    body.writeBigInt64LE(BigInt(upTo + 1), 40);
  }
  return { type: TYPE.previousGtids, body };
};

export const gtidList = (sequence: number): EventSpec => {
  const body = Buffer.alloc(4 + 16);
  body.writeUInt32LE(1, 0);
  body.writeUInt32LE(1, 8);
  body.writeBigUInt64LE(BigInt(sequence), 12);
  return { type: TYPE.gtidList, body };
};

/** A transaction with a GTID, as a row-based one is logged. */
export const transaction = (sequence: number, length = 30): EventSpec[] => [
  gtid(sequence),
  query('BEGIN'),
  tableMap(),
  rows(length),
  xid(),
];

import fc from 'fast-check';
import zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { BinlogError } from '../../../src/engine/binlog/binlogError';
import { crc32, tableCrc32 } from '../../../src/engine/binlog/crc32';
import { readEvents, type BinlogEvent } from '../../../src/engine/binlog/event';
import { readHeader } from '../../../src/engine/binlog/header';
import { memoryLog, type LogFile } from '../../../src/engine/binlog/logFile';
import { unwrapPosition, comparePositions } from '../../../src/engine/binlog/position';
import type { LogEnd } from '../../../src/engine/binlog/reader';
import { gtidList, LogBuilder, previousGtids, query, rows, transaction, TYPE, UUID, xid } from './logBuilder';

/** A log whose bytes come in pieces of these lengths, over and over. */
function inPieces(content: Buffer, lengths: readonly number[]): LogFile {
  return {
    name: 'mysql-bin.000001',
    size: content.length,
    // eslint-disable-next-line @typescript-eslint/require-await -- the shape of every other log
    async *read(offset, length) {
      const end = Math.min(offset + length, content.length);
      for (let at = offset, i = 0; at < end; i++) {
        const next = Math.min(end, at + (lengths[i % lengths.length] ?? 1));
        yield content.subarray(at, next);
        at = next;
      }
    },
  };
}

async function all(log: LogFile): Promise<{ events: BinlogEvent[]; end: LogEnd }> {
  const events: BinlogEvent[] = [];
  const reading = readEvents(log);
  for (;;) {
    const next = await reading.next();
    if (next.done) return { events, end: next.value };
    events.push(...next.value);
  }
}

const code = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: unknown) => (error instanceof BinlogError ? error.code : String(error)),
  );

const sample = (checksum = true): LogBuilder =>
  new LogBuilder({ checksum })
    .add(previousGtids(0))
    .add(...transaction(1), ...transaction(2, 3000), query('CREATE TABLE t (i INT)'), query('BEGIN'), rows(0), xid());

describe('the reader of events', () => {
  it.each([true, false])('finds every event, in whatever pieces the file comes (checksums: %s)', async checksum => {
    const builder = sample(checksum);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 6 }), async lengths => {
        const { events, end } = await all(inPieces(builder.bytes, lengths));
        expect(events.map(event => event.offset)).toEqual(builder.offsets);
        expect(Buffer.concat(events.map(event => event.raw)).equals(builder.bytes.subarray(4))).toBe(true);
        expect(
          events.every(event => event.body.length === event.length - 19 - (checksum ? 4 : 0) || event.type === 15),
        ).toBe(true);
        expect(end).toEqual({ kind: 'complete', offset: builder.size, lostBytes: 0 });
      }),
    );
  });

  it('ends cleanly wherever the file is cut off', async () => {
    const builder = sample();
    const ends = [...builder.offsets, builder.size];
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: builder.size }), async size => {
        const { events, end } = await all(memoryLog('mysql-bin.000001', builder.bytes.subarray(0, size)));
        const last = Math.max(4, ...ends.filter(offset => offset <= size));
        expect(end).toEqual({
          kind: size > last ? 'torn' : 'complete',
          offset: last,
          lostBytes: Math.max(0, size - last),
        });
        expect(events).toHaveLength(ends.filter(offset => offset <= size && offset > 4).length);
      }),
    );
  });

  it('finds every damaged bit where there are checksums', async () => {
    const { bytes } = sample();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 4 * 8, max: bytes.length * 8 - 1 }), async bit => {
        const damaged = Buffer.from(bytes);
        damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
        try {
          const { end } = await all(memoryLog('mysql-bin.000001', damaged));
          // A length that reaches beyond the end looks like a torn event. The flag "in use" is in no checksum.
          const inUse = bit === (4 + 17) * 8;
          if (!inUse) expect(end.kind).toBe('torn');
        } catch (error) {
          expect(error).toBeInstanceOf(BinlogError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('never fails in another way, whatever the bytes are', async () => {
    const { bytes } = sample(false);
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 20 }), async changes => {
        const damaged = Buffer.from(bytes);
        for (const [at, value] of changes) damaged[at] = value;
        const log = memoryLog('mysql-bin.000001', damaged);
        for (const work of [all(log), readHeader(log)])
          await work.catch((error: unknown) => expect(error).toBeInstanceOf(BinlogError));
      }),
      { numRuns: 500 },
    );
  });

  it('takes zeros at the end for what a crashed machine did not write', async () => {
    const builder = sample();
    const log = memoryLog('mysql-bin.000001', Buffer.concat([builder.bytes, Buffer.alloc(5000)]));
    expect((await all(log)).end).toEqual({ kind: 'zeros', offset: builder.size, lostBytes: 5000 });
  });

  it('refuses an impossible length', async () => {
    const builder = sample();
    const bad = Buffer.alloc(40, 1);
    bad.writeUInt32LE(18, 9);
    expect(await code(all(memoryLog('b.1', Buffer.concat([builder.bytes, bad]))))).toBe('corrupt');
    bad.writeUInt32LE(0xfffffff0, 9);
    expect(await code(all(memoryLog('b.1', Buffer.concat([builder.bytes, bad]))))).toBe('corrupt');
  });
});

describe('the header of a log', () => {
  it('tells what it is', async () => {
    const header = await readHeader(memoryLog('b.1', new LogBuilder().add(previousGtids(7), ...transaction(8)).bytes));
    expect(header.format).toMatchObject({
      checksum: true,
      relayLog: false,
      inUse: false,
      version: { text: '5.7.44-log' },
    });
    expect(String(header.previousGtids)).toBe(`${UUID}:1-7`);
    const mariadb = new LogBuilder({ version: '10.11.6-MariaDB-log' }).add(gtidList(42));
    expect(String((await readHeader(memoryLog('b.1', mariadb.bytes))).gtidList)).toBe('0-1-42');
  });

  it('may be long', async () => {
    const events = [{ type: TYPE.previousGtids, body: Buffer.alloc(8) }, ...transaction(1)];
    const large = { type: TYPE.previousGtids, body: Buffer.alloc(200_000) };
    const builder = new LogBuilder().add(large, ...events);
    expect((await readHeader(memoryLog('b.1', builder.bytes))).endOffset).toBe(builder.offsets[3]);
    const torn = await readHeader(memoryLog('b.1', builder.bytes.subarray(0, 100_000)));
    expect(torn).toMatchObject({ endOffset: builder.offsets[1] });
    expect(torn.previousGtids).toBeUndefined();
  });

  it.each([
    ['encrypted', Buffer.from([0xfd, 0x62, 0x69, 0x6e, 1, 2, 3, 4])],
    [
      'encrypted',
      new LogBuilder({ version: '10.11.6-MariaDB' }).add({ type: TYPE.startEncryption, body: Buffer.alloc(17) }).bytes,
    ],
    ['notABinlog', Buffer.from('#!/bin/sh\n')],
    ['empty', Buffer.alloc(0)],
    ['empty', Buffer.from([0xfe, 0x62, 0x69, 0x6e])],
    ['empty', new LogBuilder().bytes.subarray(0, 60)],
    ['corrupt', new LogBuilder().bytes.fill(9, 50, 52)],
  ])('is %s', async (expected, bytes) => {
    expect(await code(readHeader(memoryLog('b.1', bytes)))).toBe(expected);
  });
});

it('CRC-32 without zlib is the same, of any part', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), fc.nat(300), (bytes, a, b) => {
      const [from, to] = [Math.min(a, b, bytes.length), Math.min(Math.max(a, b), bytes.length)];
      const expected = zlib.crc32(bytes.subarray(from, to));
      expect(tableCrc32(bytes, from, to)).toBe(expected);
      expect(crc32(bytes, from, to)).toBe(expected);
      expect(crc32(bytes)).toBe(zlib.crc32(bytes));
    }),
  );
});

describe('positions', () => {
  it('go on beyond 4 GiB', () => {
    expect(unwrapPosition(100, 2 ** 32 - 50)).toBe(2 ** 32 + 100);
    expect(unwrapPosition(500, 3 * 2 ** 32 + 100)).toBe(3 * 2 ** 32 + 500);
    expect(unwrapPosition(500, 500)).toBe(500);
  });

  it('compare by the number of the file', () => {
    const at = (file: string, position: number) => ({ file, position });
    expect(comparePositions(at('b.999999', 900), at('b.1000000', 4))).toBeLessThan(0);
    expect(comparePositions(at('a+b.(x).000009', 4), at('a+b.(x).000010', 4))).toBeLessThan(0);
    expect(comparePositions(at('b.000002', 5), at('b.000002', 4))).toBeGreaterThan(0);
  });
});

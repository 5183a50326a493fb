import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findInBinaryLogs, findInRelayLogs, firstLogFor } from '../../../src/engine/binlog/find';
import type { TransactionRange } from '../../../src/engine/binlog/grouper';
import { memoryLog, type LogFile } from '../../../src/engine/binlog/logFile';
import { countTransactions, listTransactions, transactionEvents } from '../../../src/engine/binlog/transactions';
import { GtidSet } from '../../../src/engine/mysql/gtid';
import { MariadbPosition } from '../../../src/engine/mysql/mariadbGtid';
import {
  gtid,
  gtidList,
  LogBuilder,
  mariadbGtid,
  previousGtids,
  query,
  rotate,
  rows,
  tableMap,
  transaction,
  TYPE,
  UUID,
  xid,
  type EventSpec,
} from './logBuilder';

const log = (builder: LogBuilder, name = 'mysql-bin.000001'): LogFile => memoryLog(name, builder.bytes);
const short = ({ gtid, start, end, complete }: TransactionRange) => [
  gtid?.text ?? '',
  `${start.file}:${start.position}`,
  `${end.file}:${end.position}`,
  ...(complete ? [] : ['incomplete']),
];

describe('transactions of a binary log', () => {
  it('are what lies between its beginning and its commit', async () => {
    const builder = new LogBuilder().add(
      previousGtids(0),
      ...transaction(1),
      gtid(2),
      query('CREATE TABLE t (i INT)'),
      query('BEGIN'),
      query('INSERT INTO t VALUES (1)'),
      query('ROLLBACK TO `a`'),
      query('COMMIT'),
      { type: TYPE.intvar, body: Buffer.alloc(9) },
      query('CREATE TABLE u AS SELECT 1'),
      gtid(3),
      query("XA START X'61',X'',1"),
      rows(),
      query("XA END X'61',X'',1"),
      { type: 38, body: Buffer.alloc(14) },
      query("XA COMMIT X'61',X'',1"),
      { type: TYPE.stop },
    );
    const o = builder.offsets;
    const { transactions, end } = await listTransactions([log(builder)]);
    const at = (index: number) => `mysql-bin.000001:${o[index]}`;
    expect(transactions.map(short)).toEqual([
      [`${UUID}:1`, at(2), at(7)],
      [`${UUID}:2`, at(7), at(9)],
      ['', at(9), at(13)],
      ['', at(13), at(15)],
      [`${UUID}:3`, at(15), at(20)],
      ['', at(20), at(21)],
    ]);
    expect(end).toMatchObject({ kind: 'complete', transactions: 6, abandoned: 0, lostBytes: 0 });
    expect(transactions.map(range => range.events)).toEqual([5, 2, 4, 2, 5, 1]);
    expect(await countTransactions([log(builder)])).toEqual(end);
  });

  it('of MariaDB begin with the GTID', async () => {
    const builder = new LogBuilder({ version: '10.11.6-MariaDB' }).add(
      gtidList(1),
      mariadbGtid(2),
      query('INSERT 1'),
      query('INSERT 2'),
      xid(),
      mariadbGtid(3, true),
      { type: TYPE.intvar, body: Buffer.alloc(9) },
      query('ALTER TABLE t'),
      mariadbGtid(4),
      query('INSERT'),
      query('COMMIT'),
    );
    const { transactions } = await listTransactions([log(builder)]);
    expect(transactions.map(({ gtid, events }) => [gtid?.text, events])).toEqual([
      ['0-1-2', 4],
      ['0-1-3', 3],
      ['0-1-4', 3],
    ]);
  });

  it('are reported as open where the log ends within them, and never as whole', async () => {
    const builder = new LogBuilder().add(...transaction(1), ...transaction(2));
    const { offsets: o } = builder;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: o[1] as number, max: builder.size }), async size => {
        const { transactions, end } = await listTransactions([memoryLog('b.1', builder.bytes.subarray(0, size))]);
        const whole = [o[6] as number, builder.size].filter(offset => offset <= size).length;
        expect(transactions.filter(range => range.complete)).toHaveLength(whole);
        const last = Math.max(...[...o, builder.size].filter(offset => offset <= size));
        expect(end.lostBytes).toBe(size - last);
        expect(end.open !== undefined).toBe(last !== o[6] && last !== o[1] && last !== builder.size);
        expect(end.open?.complete ?? false).toBe(false);
      }),
    );
  });

  it('without their beginning are incomplete, statements that look like single ones included', async () => {
    const builder = new LogBuilder().add(
      query('BEGIN'),
      query('INSERT 1'),
      query('INSERT 2'),
      query('INSERT 3'),
      xid(),
      query('BEGIN'),
      query('INSERT 4'),
      xid(),
    );
    const logs = [log(builder)];
    const position = { file: 'mysql-bin.000001', position: builder.offsets[3] as number };
    const found = await findInBinaryLogs(logs, position);
    if (!found.found) throw new Error(found.reason);
    const { transactions, end } = await listTransactions(logs, { start: found.start });
    expect(transactions.map(({ complete, events }) => [complete, events])).toEqual([
      [false, 3],
      [true, 3],
    ]);
    expect(end.transactions).toBe(1);
  });

  it('that the server rolled back when it started again are left out', async () => {
    const first = new LogBuilder().add(gtid(1), query('BEGIN'), rows());
    const second = new LogBuilder().add(...transaction(1));
    const { transactions, end } = await listTransactions([log(first), log(second, 'mysql-bin.000002')]);
    expect(transactions.map(range => range.start.file)).toEqual(['mysql-bin.000002']);
    expect(end.abandoned).toBe(1);
  });

  it('carry incidents and unknown events', async () => {
    const builder = new LogBuilder().add(
      gtid(1),
      { type: TYPE.incident, body: Buffer.from([1, 0, 0]) },
      gtid(2),
      query('BEGIN'),
      { type: 150, body: Buffer.alloc(5) },
      { type: 151, flags: 0x80 },
      xid(),
    );
    const { transactions } = await listTransactions([log(builder)]);
    expect(transactions).toMatchObject([{ incident: true }, { incident: false, unknownType: 150 }]);
  });

  it('what cannot be read ends the list as a value', async () => {
    const builder = new LogBuilder().add(...transaction(1), ...transaction(2));
    const damaged = builder.bytes;
    const at = builder.offsets[9] as number;
    damaged[at + 25] = (damaged[at + 25] as number) ^ 1;
    const { transactions, end } = await listTransactions([memoryLog('b.1', damaged)]);
    expect(transactions).toHaveLength(1);
    expect(end).toMatchObject({ kind: 'unreadable', offset: at, error: { code: 'corrupt' }, open: { events: 3 } });
    const encrypted = memoryLog('b.2', Buffer.from([0xfd, 0x62, 0x69, 0x6e]));
    const both = await listTransactions([log(builder), encrypted]);
    expect(both.end).toMatchObject({ kind: 'unreadable', index: 1, error: { code: 'encrypted' }, transactions: 2 });
    const left = await listTransactions([log(builder), memoryLog('b.2', Buffer.alloc(0))]);
    expect(left.end).toMatchObject({ kind: 'torn', index: 1, transactions: 2 });
  });

  it('lie beyond 4 GiB as well', async () => {
    // The file has nothing but a header and, far behind, two transactions.
    const far = 5 * 2 ** 30;
    const head = new LogBuilder();
    const tail: Buffer[] = [];
    let position = far;
    const probe = new LogBuilder().add(...transaction(1), ...transaction(2));
    const starts = [...probe.offsets.slice(1), probe.size];
    for (let i = 0; i + 1 < starts.length; i++) {
      const length = (starts[i + 1] as number) - (starts[i] as number);
      position += length;
      const spec = [...transaction(1), ...transaction(2)][i] as EventSpec;
      const one = new LogBuilder().add({ ...spec, end: position });
      tail.push(one.bytes.subarray(one.offsets[1]));
    }
    const behind = Buffer.concat(tail);
    const sparse: LogFile = {
      name: 'mysql-bin.1000000',
      size: far + behind.length,
      // eslint-disable-next-line @typescript-eslint/require-await -- the shape of every other log
      async *read(offset, length) {
        const end = Math.min(offset + length, this.size);
        if (offset < head.size) yield head.bytes.subarray(offset, Math.min(end, head.size));
        if (end > far) yield behind.subarray(Math.max(0, offset - far), end - far);
      },
    };
    const found = await findInBinaryLogs([sparse], { file: 'mysql-bin.1000000', position: far });
    if (!found.found) throw new Error(found.reason);
    const { transactions, end } = await listTransactions([sparse], { start: found.start });
    expect(transactions.map(range => range.gtid?.text)).toEqual([`${UUID}:1`, `${UUID}:2`]);
    expect(end).toMatchObject({ kind: 'complete', position: { file: 'mysql-bin.1000000', position: sparse.size } });
    expect(transactions[1]?.end.position).toBe(sparse.size);
  });
});

describe('relay logs', () => {
  const FAKE = { end: 0, flags: 0x20, timestamp: 0 };
  /** One transaction of the source from `position` on, as it arrives; and where it ends. */
  function arrived(sequence: number, position: number) {
    const probe = new LogBuilder().add(...transaction(sequence));
    const base = probe.offsets[1] as number;
    const ends = [...probe.offsets.slice(2), probe.size].map(offset => position + offset - base);
    return {
      events: transaction(sequence).map((spec, i) => ({ ...spec, end: ends[i] as number })),
      end: ends.at(-1) as number,
    };
  }
  const own = (): LogBuilder => new LogBuilder({ relayLog: true }).add({ ...previousGtids(3), flags: 0x40 });

  it('give the positions of the source, over files and restarts of the receiver', async () => {
    const a = arrived(1, 4_294_967_200);
    const second = arrived(2, a.end);
    const third = arrived(3, second.end);
    const first = own()
      .add(rotate('mysql-bin.000007', 4_294_967_200, FAKE))
      .description({ end: 0, flags: 0x20 })
      .add(...a.events, ...second.events.slice(0, 3))
      .add({ ...rotate('relay-bin.000002', 4), flags: 0x40, serverId: 2 });
    const next = own()
      .add(rotate('mysql-bin.000007', second.events[2]?.end as number, FAKE))
      .description({ end: 0, flags: 0x20 })
      .add(...second.events.slice(3))
      // Begun, and begun again by a receiver that goes by GTID.
      .add(...third.events.slice(0, 2))
      .add(rotate('mysql-bin.000007', second.end, FAKE))
      .add(...third.events);
    const logs = [log(first, 'relay-bin.000001'), log(next, 'relay-bin.000002')];
    const { transactions, end } = await listTransactions(logs);
    const at = (position: number) => `mysql-bin.000007:${position}`;
    expect(transactions.map(short)).toEqual([
      [`${UUID}:1`, at(4_294_967_200), at(a.end)],
      [`${UUID}:2`, at(a.end), at(second.end)],
      [`${UUID}:3`, at(second.end), at(third.end)],
    ]);
    expect(a.end).toBeGreaterThan(2 ** 32);
    expect(end).toMatchObject({ kind: 'complete', abandoned: 1, position: { position: third.end } });
    // The one that reaches over two files, without what the replica wrote in between.
    const across = transactions[1] as TransactionRange;
    expect(across.parts.map(part => part.log.name)).toEqual(['relay-bin.000001', 'relay-bin.000002']);
    const types: number[] = [];
    for await (const batch of transactionEvents(across)) types.push(...batch.map(event => event.type));
    expect(types).toEqual([33, 2, 19, 30, 16]);

    for (const [position, index] of [
      [4_294_967_200, 0],
      [a.end, 0],
      [second.events[2]?.end as number, 1],
      [second.end, 1],
      [third.end, 1],
    ] as const) {
      const found = await findInRelayLogs(logs, { file: 'mysql-bin.000007', position });
      expect(found).toMatchObject({ found: true, start: { index } });
      if (!found.found) continue;
      const list = await listTransactions(logs, { start: found.start });
      expect(list.transactions.filter(range => range.complete).map(range => range.start.position)).toEqual(
        [4_294_967_200, a.end, second.end].filter(start => start >= position),
      );
    }
    expect(await findInRelayLogs(logs, { file: 'mysql-bin.000007', position: a.end + 1 })).toMatchObject({
      found: false,
      reason: 'noBoundary',
    });
    expect(await findInRelayLogs(logs, { file: 'mysql-bin.000007', position: 4 })).toEqual({
      found: false,
      reason: 'beginsLater',
      first: { file: 'mysql-bin.000007', position: 4_294_967_200 },
    });
    expect(await findInRelayLogs(logs, { file: 'mysql-bin.000008', position: 4 })).toMatchObject({
      found: false,
      reason: 'endsEarlier',
      last: { file: 'mysql-bin.000007', position: third.end },
    });
  });
});

describe('the first log for what a server lacks', () => {
  const binlog = (number: number, upTo: number) =>
    log(
      new LogBuilder().add(previousGtids(upTo), ...transaction(upTo + 1)),
      `mysql-bin.${String(number).padStart(6, '0')}`,
    );
  const logs = [binlog(999_999, 5), binlog(1_000_000, 10), binlog(1_000_001, 15)];
  it.each([
    [`${UUID}:1-15`, { found: true, index: 2 }],
    [`${UUID}:1-14`, { found: true, index: 1 }],
    [`${UUID}:1-5`, { found: true, index: 0 }],
    [`${UUID}:1-3`, { found: false, missing: `${UUID}:4-5` }],
    ['', { found: false, missing: `${UUID}:1-5` }],
  ])('after %s', async (executed, expected) => {
    expect(await firstLogFor(logs, GtidSet.parse(executed))).toEqual(expected);
  });

  it('of MariaDB', async () => {
    const list = [10, 20].map(sequence => log(new LogBuilder({ version: '10.11.6-MariaDB' }).add(gtidList(sequence))));
    expect(await firstLogFor(list, MariadbPosition.parse('0-1-20'))).toEqual({ found: true, index: 1 });
    expect(await firstLogFor(list, MariadbPosition.parse('0-1-19'))).toEqual({ found: true, index: 0 });
    expect(await firstLogFor(list, MariadbPosition.parse('0-1-9'))).toEqual({ found: false, missing: '0-1-10' });
  });

  it('finds places in binary logs', async () => {
    const builder = new LogBuilder().add(tableMap(), rows());
    const names = ['mysql-bin.000009', 'mysql-bin.000010'];
    const files = names.map(name => log(builder, name));
    const find = (file: string, position: number) => findInBinaryLogs(files, { file, position });
    expect(await find('mysql-bin.000010', builder.offsets[2] as number)).toMatchObject({
      found: true,
      start: { index: 1 },
    });
    expect(await find('mysql-bin.000010', builder.size)).toMatchObject({ found: true });
    expect(await find('mysql-bin.000010', builder.size + 1)).toMatchObject({ found: false, reason: 'endsEarlier' });
    expect(await find('mysql-bin.000010', (builder.offsets[2] as number) + 3)).toEqual({
      found: false,
      reason: 'noBoundary',
    });
    expect(await find('mysql-bin.000008', 4)).toMatchObject({ found: false, reason: 'beginsLater' });
    expect(await find('mysql-bin.000011', 4)).toMatchObject({ found: false, reason: 'endsEarlier' });
  });
});

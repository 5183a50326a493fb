import { afterAll, describe, expect, it } from 'vitest';
import { Readable } from 'node:stream';
import { applyAll, applyTransaction, type ApplyReport } from '../../src/engine/binlog/apply';
import type { TransactionRange } from '../../src/engine/binlog/grouper';
import { listTransactions } from '../../src/engine/binlog/transactions';
import { tableDifferences } from '../support/checksum';
import { startCluster, type TestCluster, type TestServer } from '../support/cluster';
import type { Flavour } from '../support/flavours';
import { login } from './mysqlClient';
import { openBinaryLogs } from './binlogFiles';
import { runWorkload } from './binlogWorkload';

async function gtids(server: TestServer, flavour: Flavour): Promise<unknown> {
  const name = flavour === 'mariadb1011' ? 'gtid_binlog_pos' : 'gtid_executed';
  return (await server.query(`SELECT @@global.${name} AS g`))[0]?.['g'];
}

interface Case {
  readonly flavour: Flavour;
  readonly gtid: boolean;
  readonly largeRows: number;
}

const CASES: readonly Case[] = [
  { flavour: 'mysql56', gtid: false, largeRows: 60_000 },
  { flavour: 'mysql56', gtid: true, largeRows: 1_000 },
  { flavour: 'mysql97', gtid: true, largeRows: 20_000 },
  { flavour: 'mariadb1011', gtid: true, largeRows: 60_000 },
];

describe.each(CASES)(
  'the binary logs of $flavour, gtid $gtid, applied to an empty server',
  ({ flavour, gtid, largeRows }) => {
    const clusters: TestCluster[] = [];
    afterAll(async () => {
      for (const cluster of clusters) await cluster[Symbol.asyncDispose]();
    });

    it('make it equal', async () => {
      const extra = { local_infile: 'ON', max_binlog_size: '1M' };
      const [source, target] = (clusters.push(
        ...(await Promise.all([1, 2].map(() => startCluster({ flavour, gtid, replicas: 0, extra })))),
      ),
      clusters) as [TestCluster, TestCluster];
      await runWorkload(source.master, { flavour, gtid, largeRows });
      await using opened = await openBinaryLogs(source.master);
      const { logs } = opened;
      const { transactions, end } = await listTransactions(logs);
      expect(end).toMatchObject({ kind: 'complete', lostBytes: 0 });
      const order: string[] = [];
      let report: ApplyReport;
      {
        await using server = await login(target.master, { localFiles: true });
        report = await applyAll(server, transactions, {
          beforeCommit: range => Promise.resolve(void order.push(`before ${range.end.position}`)),
          afterEach: (range, result) => Promise.resolve(void order.push(`${result.kind} ${range.end.position}`)),
        });
        const [left] = await server.query('SELECT @@session.sql_mode AS m, @@session.character_set_client AS c');
        expect(left).toEqual({ m: '', c: 'utf8mb4' });
      }
      expect(report).toMatchObject({ kind: 'done', applied: transactions.length, skipped: 0 });
      expect(order).toEqual(transactions.flatMap(({ end }) => [`before ${end.position}`, `applied ${end.position}`]));
      expect(await tableDifferences([source.master, target.master])).toEqual([]);
      expect(report.split).toBe(0);
      if (gtid) expect(await gtids(target.master, flavour)).toBe(await gtids(source.master, flavour));

      // Once more: everything is there already.
      if (gtid) {
        await using server = await login(target.master, { localFiles: true });
        expect(await applyAll(server, transactions)).toMatchObject({
          kind: 'done',
          applied: 0,
          skipped: transactions.length,
        });
      }
    });
  },
);

it('what MariaDB logs as several transactions is told, and does not stop the rest', async () => {
  const start = () => startCluster({ flavour: 'mariadb1011', replicas: 0 });
  await using source = await start();
  await using target = await start();
  for (const sql of [
    'CREATE DATABASE d',
    'CREATE TABLE d.a (id INT PRIMARY KEY)',
    'INSERT INTO d.a VALUES (1), (2)',
    'CREATE TABLE d.b (PRIMARY KEY (id)) AS SELECT id FROM d.a',
    'INSERT INTO d.b VALUES (3)',
  ])
    await source.master.query(sql);
  await using opened = await openBinaryLogs(source.master);
  const { transactions } = await listTransactions(opened.logs);
  await using server = await login(target.master);
  expect(await applyAll(server, transactions)).toMatchObject({ kind: 'done', applied: 5, split: 1 });
  expect(await tableDifferences([source.master, target.master])).toEqual([]);
  expect(await gtids(source.master, 'mariadb1011')).toBe('0-1-5');
  expect(await gtids(target.master, 'mariadb1011')).toBe('0-1-6');
});

it.each(['mysql56', 'mysql97', 'mariadb1011'] as const)(
  'a transaction that fails on %s leaves nothing behind',
  async flavour => {
    const roomy: Record<string, string> = flavour === 'mysql56' ? { innodb_log_file_size: '24M' } : {};
    await using source = await startCluster({ flavour, replicas: 0, extra: { ...roomy, max_allowed_packet: '64M' } });
    await using target = await startCluster({ flavour, replicas: 0, extra: { ...roomy, max_allowed_packet: '1M' } });
    for (const sql of [
      'CREATE DATABASE d',
      'CREATE TABLE d.a (id INT PRIMARY KEY, v LONGBLOB)',
      'INSERT INTO d.a (id) VALUES (1), (2)',
      'INSERT INTO d.a (id) VALUES (3), (4)',
      "UPDATE d.a SET v = REPEAT('x', 2000000) WHERE id = 4",
    ])
      await source.master.query(sql);
    await using opened = await openBinaryLogs(source.master);
    const { transactions } = await listTransactions(opened.logs);
    const [create, table, first, second, large] = transactions;
    const ids = async () => (await target.master.query('SELECT id FROM d.a ORDER BY id')).map(row => row['id']);
    await using server = await login(target.master);
    expect(await applyAll(server, [create, table] as TransactionRange[])).toMatchObject({ kind: 'done', applied: 2 });
    await target.master.query('INSERT INTO d.a (id) VALUES (2)');

    const collision = await applyAll(server, [first, second] as TransactionRange[], { gtids: 'ignore' });
    expect(collision).toMatchObject({ kind: 'failed', applied: 0, failure: { code: 'server' }, last: first });
    expect([1062, 1032]).toContain(collision.failure?.errno);
    expect(await ids()).toEqual([2]);

    // Filters, the caller's veto, and the way on.
    const veto = applyAll(server, [second] as TransactionRange[], {
      gtids: 'ignore',
      beforeCommit: () => Promise.reject(new Error('not now')),
    });
    await expect(veto).rejects.toThrow('not now');
    expect(await ids()).toEqual([2]);
    const filtered = { gtids: 'ignore', wanted: (range: TransactionRange) => range !== first } as const;
    expect(await applyAll(server, [first, second] as TransactionRange[], filtered)).toMatchObject({
      kind: 'done',
      applied: 1,
      skipped: 1,
    });
    expect(await ids()).toEqual([2, 3, 4]);
    const stop = new AbortController();
    const cancelled = await applyAll(server, [first, second] as TransactionRange[], {
      ...filtered,
      afterEach: () => Promise.resolve(stop.abort()),
      signal: stop.signal,
    });
    expect(cancelled).toMatchObject({ kind: 'cancelled', applied: 0, skipped: 1, last: first });

    // Longer than the server takes.
    const { failure } = await applyAll(server, [large] as TransactionRange[], { gtids: 'ignore' });
    expect(failure).toMatchObject({ code: 'packetTooLarge' });
    expect(failure?.neededBytes).toBeGreaterThan(2_000_000);
    await target.master.query(`SET GLOBAL max_allowed_packet = ${64 * 1024 * 1024}`);
    await using wider = await login(target.master);
    const log = await gtids(target.master, flavour);
    const result = await applyTransaction(wider, large as TransactionRange, { gtids: 'ignore', disableLogBin: true });
    expect(result).toEqual({ kind: 'applied' });
    expect(await gtids(target.master, flavour)).toBe(log);
    expect((await target.master.query('SELECT LENGTH(v) AS n FROM d.a WHERE id = 4'))[0]).toEqual({ n: 2_000_000 });
  },
);

it('LOAD DATA of a log is refused with its own code where the server does not take it', async () => {
  await using source = await startCluster({ flavour: 'mysql56', replicas: 0, extra: { local_infile: 'ON' } });
  await using target = await startCluster({ flavour: 'mysql56', replicas: 0, extra: { local_infile: 'OFF' } });
  {
    await using session = await login(source.master, { localFiles: true });
    await session.query('CREATE DATABASE d');
    await session.query('CREATE TABLE d.a (id INT PRIMARY KEY)');
    await session.query("SET binlog_format = 'STATEMENT'");
    const load = Buffer.from("LOAD DATA LOCAL INFILE 'x' INTO TABLE d.a");
    await session.queryBytes(load, { infile: () => Readable.from([Buffer.from('1\n2\n')]) });
  }
  await using opened = await openBinaryLogs(source.master);
  const { transactions } = await listTransactions(opened.logs);
  await using server = await login(target.master, { localFiles: true });
  const report = await applyAll(server, transactions);
  expect(report).toMatchObject({ kind: 'failed', applied: 2, failure: { code: 'localInfile', errno: 1148 } });
  await target.master.query('SET GLOBAL local_infile = ON');
  await using again = await login(target.master, { localFiles: true });
  expect(await applyAll(again, transactions)).toMatchObject({ kind: 'done', applied: 1, skipped: 2 });
  expect(await tableDifferences([source.master, target.master])).toEqual([]);
});

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyAll } from '../../src/engine/binlog/apply';
import { cutLogs } from '../../src/engine/binlog/cut';
import { findInBinaryLogs, findInRelayLogs, firstLogFor } from '../../src/engine/binlog/find';
import type { TransactionRange } from '../../src/engine/binlog/grouper';
import { openLocalLog, type LogFile } from '../../src/engine/binlog/logFile';
import { readHeader } from '../../src/engine/binlog/header';
import { listTransactions, transactionEvents } from '../../src/engine/binlog/transactions';
import { GtidSet } from '../../src/engine/mysql/gtid';
import { readServerState } from '../../src/engine/mysql/state';
import type { LogPosition } from '../../src/engine/mysql/types';
import { tableDifferences } from '../support/checksum';
import { startCluster, type TestCluster } from '../support/cluster';
import { programOf, type Flavour } from '../support/flavours';
import { waitFor } from '../support/waitFor';
import { openBinaryLogs, openRelayLogs, type OpenLogs } from './binlogFiles';
import { runWorkload } from './binlogWorkload';
import { login } from './mysqlClient';

const CASES: readonly { flavour: Flavour; gtid: boolean }[] = [
  { flavour: 'mysql56', gtid: false },
  { flavour: 'mysql97', gtid: true },
  { flavour: 'mariadb1011', gtid: false },
];

const short = ({ gtid, start, end, complete }: TransactionRange) => ({ gtid: gtid?.text, start, end, complete });

/** All bytes of a transaction, event by event. */
async function content(range: TransactionRange): Promise<Buffer> {
  const raw: Buffer[] = [];
  for await (const batch of transactionEvents(range)) raw.push(...batch.map(event => event.raw));
  return Buffer.concat(raw);
}

describe.each(CASES)('logs of a $flavour source and its replica, gtid $gtid', ({ flavour, gtid }) => {
  let cluster: TestCluster;
  let binary: OpenLogs;
  let relay: OpenLogs;
  let source: readonly TransactionRange[];
  /** What the receiver had when it was stopped in the middle of a large transaction. */
  let received: LogPosition;
  const dir = mkdtempSync(path.join(os.tmpdir(), 'binlog-test-'));

  beforeAll(async () => {
    cluster = await startCluster({
      flavour,
      gtid,
      replicas: 1,
      extra: { local_infile: 'ON', max_binlog_size: '1M', max_relay_log_size: '256K' },
    });
    const [replica] = cluster.replicas as [(typeof cluster.replicas)[0] & object];
    await using connection = await login(replica);
    const control = async (name: 'stopApplier' | 'stopReceiver' | 'startReceiver') => {
      const { sql, values } = connection.dialect.statement(name, []);
      await connection.query(sql, values);
    };
    await control('stopApplier');
    await runWorkload(cluster.master, { flavour, gtid, largeRows: 1_000 });
    const channel = async () => (await readServerState(connection)).channels[0];
    const master = await login(cluster.master);
    await using _master = master;
    const target = (await readServerState(master)).binlogPosition as LogPosition;
    await waitFor('the receiver', async () => {
      const now = (await channel())?.received;
      return now?.file === target.file && now.position === target.position;
    });
    // A transaction of which the receiver gets a part: an event of it is larger than it takes.
    const largest = flavour === 'mysql97' ? 'replica_max_allowed_packet' : 'slave_max_allowed_packet';
    await connection.query(`SET GLOBAL ${largest} = 16384`);
    await control('stopReceiver');
    await control('startReceiver');
    const writer = await cluster.master.connect();
    for (const sql of [
      'BEGIN',
      "INSERT INTO w.big (v) SELECT REPEAT('y', 300) FROM w.digits a, w.digits b, w.digits c",
      "INSERT INTO w.many (bl) VALUES (REPEAT('z', 100000))",
      'COMMIT',
    ])
      await writer.query(sql);
    await writer.end();
    await waitFor('the receiver’s error', async () => (await channel())?.receiverError !== undefined);
    await control('stopReceiver');
    received = (await channel())?.received as LogPosition;
    binary = await openBinaryLogs(cluster.master);
    relay = await openRelayLogs(replica);
    source = (await listTransactions(binary.logs)).transactions;
  });
  afterAll(async () => {
    await binary?.[Symbol.asyncDispose]();
    await relay?.[Symbol.asyncDispose]();
    await cluster?.[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true });
  });

  it('the relay logs have the same transactions, byte for byte', async () => {
    const { transactions, end } = await listTransactions(relay.logs);
    const whole = source.filter(
      range =>
        range.end.file < received.file || (range.end.file === received.file && range.end.position <= received.position),
    );
    expect(whole.length).toBeGreaterThan(100);
    expect(transactions.map(short)).toEqual(whole.map(short));
    expect(end).toMatchObject({ kind: 'complete', position: received });
    for (const [i, range] of transactions.entries()) {
      // MariaDB's receiver uncompresses.
      if (flavour === 'mariadb1011' && range.bytes !== whole[i]?.bytes) continue;
      expect((await content(range)).equals(await content(whole[i] as TransactionRange))).toBe(true);
    }
    expect(end.open?.start).toEqual(source[whole.length]?.start);
  });

  it('every beginning of a transaction is found in both', async () => {
    const whole = (await listTransactions(relay.logs)).transactions;
    for (const range of whole.filter((_, i) => i % 17 === 0)) {
      const inBinary = await findInBinaryLogs(binary.logs, range.start);
      const inRelay = await findInRelayLogs(relay.logs, range.start);
      const [part] = range.parts;
      expect(inBinary).toMatchObject({ found: true });
      expect(inRelay).toMatchObject({ found: true, start: { offset: part?.offset } });
      expect(inRelay.found && relay.logs[inRelay.start.index]?.name).toBe(part?.log.name);
    }
    expect(await findInRelayLogs(relay.logs, received)).toMatchObject({ found: true });
    const inside = { ...received, position: (whole.at(-1)?.end.position ?? 0) - 5 };
    expect(await findInRelayLogs(relay.logs, inside)).toMatchObject({ found: false });
  });

  it('relay logs and the rest of the source’s log together are all that there is', async () => {
    const found = await findInBinaryLogs(binary.logs, received);
    if (!found.found) throw new Error(found.reason);
    const file = path.join(dir, 'rest');
    const cut = await cutLogs(binary.logs, file, { start: found.start });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(file).size).toBe(cut.bytes);
    await expect(cutLogs(binary.logs, file, { start: found.start })).rejects.toMatchObject({ code: 'EEXIST' });
    await using rest = await openLocalLog(file);
    const { transactions, end } = await listTransactions([...relay.logs, rest]);
    expect(transactions.map(short)).toEqual(source.map(short));
    expect(end).toMatchObject({ kind: 'complete' });
    expect(end.open).toBeUndefined();
  });

  it.each([0, 0.5, 0.9])('a cut file is a log of its own, from %f on', async part => {
    const index = Math.floor(source.length * part);
    const first = source[index] as TransactionRange;
    const found = await findInBinaryLogs(binary.logs, first.start);
    if (!found.found) throw new Error(found.reason);
    const file = path.join(dir, `from-${index}`);
    const cut = await cutLogs(binary.logs, file, { start: found.start });
    expect(cut).toMatchObject({ from: first.start, end: { kind: 'complete', lostBytes: 0 } });
    await using log = await openLocalLog(file);
    const { transactions } = await listTransactions([log]);
    expect(transactions.map(short)).toEqual(source.slice(index).map(short));
    expect(await findInRelayLogs([log], first.end)).toMatchObject({ found: true });
    // The packages of MariaDB's server and client have no mariadb-binlog.
    if (flavour === 'mariadb1011') return;
    const [command = '', ...args] = (await programOf('mysql97')).clients['mysqlbinlog'] ?? [];
    const options = ['--verify-binlog-checksum', file];
    const text = execFileSync(command, [...args, ...options], { maxBuffer: 2 ** 28 }).toString('latin1');
    for (const { end } of transactions) expect(text).toContain(`end_log_pos ${end.position} `);
  });

  it('applied to the replica, the rest makes it equal to the source', async () => {
    const [replica] = cluster.replicas;
    await using server = await login(replica as NonNullable<typeof replica>, { localFiles: true });
    await server.query('SET GLOBAL read_only = 0');
    const state = await readServerState(server);
    let logs: readonly LogFile[] = binary.logs;
    if (gtid) {
      const first = await firstLogFor(logs, GtidSet.parse(state.gtidExecuted ?? ''));
      expect(first).toEqual({ found: true, index: 0 });
      logs = logs.slice(first.found ? first.index : 0);
    }
    const { transactions } = await listTransactions(logs);
    expect(await applyAll(server, transactions)).toMatchObject({ kind: 'done', applied: source.length });
    expect(await tableDifferences(cluster.servers)).toEqual([]);
    const header = await readHeader(binary.logs.at(-1) as LogFile);
    expect(header.format.inUse).toBe(true);
  });
});

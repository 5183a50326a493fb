import { open } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { cutLogs } from '../../src/engine/binlog/cut';
import { openLocalLog } from '../../src/engine/binlog/logFile';
import { readHeader } from '../../src/engine/binlog/header';
import { scanTransactions } from '../../src/engine/binlog/transactions';
import { startCluster } from '../support/cluster';
import { ensureMysql97 } from '../support/servers';
import { line, program, times, type Times } from './measure';

const RUNS = 5;
const MB = 1_000_000;
const SIZE = 200 * MB;
/** Transactions of one row, and those of many. */
const SMALL = 6000;
const LARGE = 10;
const ROWS = 1000;

/** What a server's log costs to read through: our reader beside MySQL's own. */
export async function binlogs(say: (text: string) => void): Promise<void> {
  await using cluster = await startCluster({ flavour: 'mysql56', replicas: 0 });
  const file = path.join(cluster.dir, 'mysql-bin.000001');
  await writeLog(cluster, file);
  await using log = await openLocalLog(file);
  let transactions = 0;
  const scan = await times(RUNS, async () => {
    const end = await scanTransactions([log], {}, () => undefined);
    if (end.kind !== 'complete') throw new Error(`the log ends ${end.kind}`);
    ({ transactions } = end);
  });
  const copy = path.join(cluster.dir, 'copy');
  const cut = await times(RUNS, async () => {
    rmSync(copy, { force: true });
    await cutLogs([log], copy);
  });
  const { clients, env } = await ensureMysql97();
  const argv = clients['mysqlbinlog'];
  const peer =
    argv && (await times(RUNS, () => program([...argv, file], { env: { ...process.env, ...env }, discard: true })));
  const speed = ({ median }: Times) => `${Math.round(log.size / MB / (median / 1000))} MB/s`;
  say(`\n${transactions} transactions, ${Math.round(log.size / MB)} MB; beside it mysqlbinlog of MySQL 9.7 (${peer ? speed(peer) : '-'})`); // prettier-ignore
  say(line(`finding all transactions (${speed(scan)})`, scan, peer));
  say(line(`copying them into a file (${speed(cut)})`, cut, peer));
}

/** A log that a server wrote, with its events again and again behind it. */
async function writeLog({ master }: Awaited<ReturnType<typeof startCluster>>, file: string): Promise<void> {
  const connection = await master.connect();
  try {
    await connection.query('CREATE TABLE test.t (id INT PRIMARY KEY AUTO_INCREMENT, a VARCHAR(100), b BLOB)');
    const row = ['some text of a usual length', Buffer.alloc(150, 'binary')];
    for (let i = 0; i < SMALL; i++) await connection.query('INSERT INTO test.t (a, b) VALUES (?)', [row]);
    const rows = Array.from({ length: ROWS }, () => row);
    for (let i = 0; i < LARGE; i++) await connection.query('INSERT INTO test.t (a, b) VALUES ?', [rows]);
  } finally {
    connection.destroy();
  }
  await using written = await openLocalLog(path.join(master.datadir, 'mysql-bin.000001'));
  const { endOffset } = await readHeader(written);
  const read = async (from: number, to: number) => {
    const pieces: Buffer[] = [];
    for await (const piece of written.read(from, to - from)) pieces.push(piece);
    return Buffer.concat(pieces);
  };
  const events = await read(endOffset, written.size);
  const handle = await open(file, 'wx');
  try {
    await handle.appendFile(await read(0, endOffset));
    for (let size = 0; size < SIZE; size += events.length) await handle.appendFile(events);
  } finally {
    await handle.close();
  }
}

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { cutLogs } from '../../../src/engine/binlog/cut';
import { findInBinaryLogs } from '../../../src/engine/binlog/find';
import { memoryLog, openLocalLog, type LogFile } from '../../../src/engine/binlog/logFile';
import { listTransactions } from '../../../src/engine/binlog/transactions';
import { LogBuilder, previousGtids, rotate, transaction } from './logBuilder';

const dir = mkdtempSync(path.join(os.tmpdir(), 'binlog-cut-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Two files of one server; the second was switched to other checksums, and is torn. */
function logs(tornBytes: number): { logs: LogFile[]; first: LogBuilder; second: LogBuilder } {
  const first = new LogBuilder({ checksum: false })
    .add(previousGtids(0), ...transaction(1), ...transaction(2))
    .add(rotate('mysql-bin.000002', 4));
  const second = new LogBuilder({ checksum: true }).add(previousGtids(2), ...transaction(3), ...transaction(4));
  const torn = second.bytes.subarray(0, second.size - tornBytes);
  return { first, second, logs: [memoryLog('mysql-bin.000001', first.bytes), memoryLog('mysql-bin.000002', torn)] };
}

it('what a crashed server left is cut, with its torn end told', async () => {
  const all = logs(10);
  const position = { file: 'mysql-bin.000001', position: all.first.offsets[7] as number };
  const found = await findInBinaryLogs(all.logs, position);
  if (!found.found) throw new Error(found.reason);
  const file = path.join(dir, 'torn');
  const cut = await cutLogs(all.logs, file, { start: found.start });
  const lastWhole = all.second.offsets.at(-1) as number;
  expect(cut).toMatchObject({
    from: position,
    to: { file: 'mysql-bin.000002', position: lastWhole },
    end: { kind: 'torn', index: 1, offset: lastWhole, lostBytes: all.second.size - 10 - lastWhole },
  });
  await using log = await openLocalLog(file);
  const { transactions, end } = await listTransactions([log]);
  expect(transactions.map(range => range.gtid?.text.slice(-2))).toEqual([':2', ':3']);
  expect(transactions.map(range => range.end.position)).toEqual([all.first.offsets[12], all.second.offsets[7]]);
  expect(end).toMatchObject({ kind: 'complete', position: cut.to, open: { events: 4 } });
});

it('damage ends the cut as a value; other errors remove the file', async () => {
  const { logs: files, second } = logs(0);
  const damaged = second.bytes;
  damaged[(second.offsets[4] as number) + 20] = 0x77;
  const [first] = files as [LogFile];
  const file = path.join(dir, 'damaged');
  const cut = await cutLogs([first, memoryLog('mysql-bin.000002', damaged)], file);
  expect(cut.end).toMatchObject({
    kind: 'unreadable',
    index: 1,
    offset: second.offsets[4],
    error: { code: 'corrupt' },
  });
  await using log = await openLocalLog(file);
  expect((await listTransactions([log])).end).toMatchObject({ transactions: 2, open: { events: 2 } });

  const gone: LogFile = { ...first, read: () => raise(new Error('the host is gone')) };
  const other = path.join(dir, 'gone');
  await expect(cutLogs([gone], other)).rejects.toThrow('the host is gone');
  expect(existsSync(other)).toBe(false);
  const stopped = cutLogs([first], other, { signal: AbortSignal.abort(new Error('stopped')) });
  await expect(stopped).rejects.toThrow('stopped');
  expect(existsSync(other)).toBe(false);
});

function raise(error: Error): never {
  throw error;
}

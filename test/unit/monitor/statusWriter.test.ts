import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseStatusLine, statusLine } from '../../../src/engine/monitor/statusFile';
import { ManagerRunning, StatusWriter } from '../../../src/engine/monitor/statusWriter';

let directory = '';
let file = '';
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'status-'));
  file = path.join(directory, 'app1.master_status.health');
});
afterEach(() => rmSync(directory, { recursive: true }));

const text = () => readFileSync(file, 'utf8');

describe('a status line', () => {
  it.each([
    [statusLine(7, 10), '7\t10:INITIALIZING_MONITOR'],
    [statusLine(7, 0, { master: 'db1' }), '7\t0:PING_OK\tmaster:db1'],
    [
      statusLine(7, 20, { master: 'db1', extra: { port: '3306', ip: undefined } }),
      '7\t20:PING_FAILING\tmaster:db1\tport:3306',
    ],
    [statusLine(7, 31, { extra: { reason: 'two\nlines\tof it' } }), '7\t31:CONFIG_ERROR\t\treason:two lines of it'],
  ])('%j', (line, expected) => {
    expect(line).toBe(expected);
    expect(parseStatusLine(line)?.pid).toBe(7);
  });
});

describe('the status file of a manager', () => {
  it('goes through its states, in place, and is removed', async () => {
    const { writer, stale } = await StatusWriter.begin(directory, 'app1');
    expect(stale).toBe(false);
    const inode = statSync(file).ino;
    expect(text()).toBe(`${process.pid}\t10:INITIALIZING_MONITOR`);
    writer.set(20, { master: 'db1', port: 3306, reason: 'a long reason that takes much room' });
    expect(parseStatusLine(text())).toMatchObject({ state: '20:PING_FAILING', master: 'master:db1' });
    writer.set(0, { reason: undefined });
    expect(parseStatusLine(text())).toMatchObject({ state: '0:PING_OK', extra: { port: '3306', app: 'app1' } });
    expect(text()).not.toContain('reason');
    expect(statSync(file).ino).toBe(inode);
    writer[Symbol.dispose]();
    expect(existsSync(file)).toBe(false);
    writer.set(0);
    expect(existsSync(file)).toBe(false);
  });

  it('is touched by pings, and made anew if somebody took it away', async () => {
    const { writer } = await StatusWriter.begin(directory, 'app1');
    writer.set(0, { master: 'db1' });
    utimesSync(file, 1, 1);
    writer.touch();
    expect(Date.now() - statSync(file).mtimeMs).toBeLessThan(10_000);
    rmSync(file);
    writer.touch();
    expect(text()).toContain('0:PING_OK');
    writer[Symbol.dispose]();
  });

  it('is taken over from a manager that is gone, and refused while it lives', async () => {
    writeFileSync(file, '4194303\t0:PING_OK\tmaster:db1');
    const { writer, stale } = await StatusWriter.begin(directory, 'app1');
    expect(stale).toBe(true);
    writer[Symbol.dispose]();
    writeFileSync(file, `${process.ppid}\t0:PING_OK\tmaster:db1`);
    await expect(StatusWriter.begin(directory, 'app1')).rejects.toThrow(ManagerRunning);
    expect(text()).toContain(String(process.ppid));
  });

  it("is left alone at the end if it is another's", async () => {
    const { writer } = await StatusWriter.begin(directory, 'app1');
    writeFileSync(file, '4194303\t0:PING_OK\tmaster:db1');
    writer[Symbol.dispose]();
    expect(text()).toContain('4194303');
  });
});

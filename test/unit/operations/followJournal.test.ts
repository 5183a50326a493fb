import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { followJournal, JournalReader, writerLives } from '../../../src/engine/operations/followJournal';
import type { JournalEntry } from '../../../src/engine/operations/journal';
import { msg } from '../../../src/l10n/message';
import { waitFor } from '../../support/waitFor';
import { BEGIN, did, journal } from './journals';

let directory = '';
let file = '';
beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'mha-journal-'));
  file = path.join(directory, 'app1.20260102030405.failover.journal');
});
afterEach(() => rmSync(directory, { recursive: true }));

const OURS = { ...BEGIN, pid: process.pid, host: os.hostname() };
const END = { type: 'end', outcome: 'succeeded', exitCode: 0, message: msg('x'), left: [] } as const;
const text = (...entries: readonly JournalEntry[]) =>
  journal(...entries)
    .map(line => `${JSON.stringify(line)}\n`)
    .join('');

describe('reading a journal that grows', () => {
  it('takes whole lines only, also when a character is cut in two', async () => {
    const bytes = Buffer.from(text(OURS, { type: 'log', level: 'info', text: '主库 is dead' }));
    const cut = bytes.indexOf('主') + 1;
    writeFileSync(file, bytes.subarray(0, cut));
    const reader = new JournalReader(file);
    expect(await reader.read()).toBe(true);
    expect(reader.lines.map(line => line.type)).toEqual(['begin']);
    expect(await reader.read()).toBe(false);
    appendFileSync(file, bytes.subarray(cut));
    expect(await reader.read()).toBe(true);
    expect(reader.lines[1]).toMatchObject({ text: '主库 is dead' });
    expect(reader.ended).toBe(false);
  });

  it('tells of what is there, of what comes, and stops at the end', async () => {
    writeFileSync(file, text(OURS));
    const seen: [number, boolean][] = [];
    const followed = followJournal(
      file,
      ({ lines, alive }) => void seen.push([lines.length, alive]),
      AbortSignal.timeout(10_000),
    );
    await waitFor('the first line', () => seen.length === 1);
    appendFileSync(file, text(did('lock', 'started')));
    await waitFor('the second line', () => seen.at(-1)?.[0] === 2);
    appendFileSync(file, text(END));
    await followed;
    expect(seen).toEqual([
      [1, true],
      [2, true],
      [3, false],
    ]);
  });

  it('stops when the process is gone without an end', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await new Promise(resolve => child.once('exit', resolve));
    writeFileSync(file, text({ ...OURS, pid: child.pid ?? 0 }));
    const seen: boolean[] = [];
    await followJournal(file, ({ alive }) => void seen.push(alive), AbortSignal.timeout(10_000));
    expect(seen).toEqual([false]);
  });

  it('rejects for a file that is not there, and takes a process of another host for living', async () => {
    await expect(followJournal(file, () => undefined, AbortSignal.timeout(1000))).rejects.toMatchObject({
      code: 'ENOENT',
    });
    expect(await writerLives(file, journal({ ...BEGIN, host: 'elsewhere' }))).toBe(true);
  });
});

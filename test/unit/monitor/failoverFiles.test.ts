import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  failoverFilesOf,
  judgeLastFailover,
  markFailover,
  readLastFailover,
  removeMarks,
  type FailoverFiles,
} from '../../../src/engine/monitor/failoverFiles';

let dir: string;
let files: FailoverFiles;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'failover-files-'));
  files = failoverFilesOf(dir, 'app1');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('the verdict about the last failover', () => {
  const named = failoverFilesOf('/var/log/mha/', 'app1.prod');
  const done = new Date(2026, 0, 9, 3, 4, 5);
  const after = (ms: number) => new Date(done.getTime() + ms);
  const judge = (now: Date, minutes = 480) =>
    judgeLastFailover({ completeAt: done, failed: false }, named, { now, minutes });

  it("names MHA's files", () => {
    expect(named).toEqual({
      complete: '/var/log/mha/app1.prod.failover.complete',
      error: '/var/log/mha/app1.prod.failover.error',
    });
  });

  it('allows one where there was none', () => {
    const verdict = judgeLastFailover({ failed: false }, named, { now: done, minutes: 480 });
    expect(verdict).toEqual({ allowed: true, outdated: false });
  });

  it.each([
    ['just now', 0],
    ['7 hours 59 minutes 59.999 s ago', 480 * 60_000 - 1],
    ['in the future, by a clock that was set', -86_400_000],
  ])('forbids one after one %s', (_, ms) => {
    expect(judge(after(ms))).toEqual({
      allowed: false,
      reason: 'tooEarly',
      text: 'Last failover was done at 2026/01/09 03:04:05. Current time is too early to do failover again. If you want to do failover, manually remove /var/log/mha/app1.prod.failover.complete and run this script again.',
    });
  });

  it('allows one after the time is over, or without such a time', () => {
    expect(judge(after(480 * 60_000))).toEqual({ allowed: true, outdated: true });
    expect(judge(after(0), 0)).toEqual({ allowed: true, outdated: true });
    expect(judge(after(60_000), 2)).toMatchObject({ allowed: false });
  });

  it('forbids one after a failed one, however long ago', () => {
    const verdict = judgeLastFailover({ failed: true, completeAt: done }, named, { now: after(1e12), minutes: 0 });
    expect(verdict).toMatchObject({ allowed: false, reason: 'failed' });
    expect(JSON.stringify(verdict)).toContain('remove /var/log/mha/app1.prod.failover.error');
  });
});

describe('the files', () => {
  it('are empty, for their owner only, and keep their first time', async () => {
    expect(await readLastFailover(files)).toEqual({ failed: false });
    expect(await markFailover(files.complete)).toEqual({ ok: true });
    const { mode, size } = statSync(files.complete);
    expect([mode & 0o777, size]).toEqual([0o600, 0]);
    const before = new Date(2020, 1, 1);
    utimesSync(files.complete, before, before);
    expect(await markFailover(files.complete)).toEqual({ ok: true });
    expect(await readLastFailover(files)).toEqual({ failed: false, completeAt: before });
    await markFailover(files.error);
    expect(await readLastFailover(files)).toEqual({ failed: true, completeAt: before });
    expect(readFileSync(files.error, 'utf8')).toBe('');
  });

  it('are removed, whether they are there or not', async () => {
    await markFailover(files.error);
    expect(await removeMarks([files.complete, files.error])).toEqual({ ok: true });
    expect(await readLastFailover(files)).toEqual({ failed: false });
  });

  it('that cannot be written are a result', async () => {
    const nowhere = failoverFilesOf(path.join(dir, 'missing'), 'app1');
    expect(await markFailover(nowhere.error)).toMatchObject({ ok: false, code: 'ENOENT' });
    expect(await readLastFailover(nowhere)).toEqual({ failed: false });
  });

  it('that cannot be looked at are no permission', async () => {
    await markFailover(files.complete);
    await expect(readLastFailover(failoverFilesOf(files.complete, 'app1'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});

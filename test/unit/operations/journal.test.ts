import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { msg } from '../../../src/l10n/message';
import { createJournal, listJournals, parseJournal, readJournal } from '../../../src/engine/operations/journal';

let dir = '';
beforeEach(() => void (dir = mkdtempSync(path.join(os.tmpdir(), 'journal-'))));
afterEach(() => void rmSync(dir, { recursive: true }));

const NOON = new Date(2026, 0, 2, 12, 34, 56);
const names = (app: string): string[] => listJournals(dir, app).map(j => path.basename(j.file));

describe('a journal', () => {
  it('is a file of JSON lines that only its owner reads, in a folder that is made for it', () => {
    const journal = createJournal(path.join(dir, 'a/b'), 'app1', 'failover', NOON);
    expect(path.basename(journal.file)).toBe('app1.20260102123456.failover.journal');
    expect(statSync(journal.file).mode & 0o777).toBe(0o600);
    journal.write({ type: 'step', step: 'lock', state: 'started' });
    journal.write({ type: 'end', outcome: 'succeeded', exitCode: 0, message: msg('Power is off'), left: [] });
    journal.close();
    journal.write({ type: 'step', step: 'late', state: 'started' });
    journal.close();
    const text = readFileSync(journal.file, 'utf8');
    expect(text.endsWith('}\n')).toBe(true);
    expect(parseJournal(text)).toMatchObject([
      { type: 'step', step: 'lock', state: 'started' },
      { type: 'end', outcome: 'succeeded', left: [] },
    ]);
    for (const line of parseJournal(text)) expect(line.at).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  it('can be read while it is written, and after its writer was killed in the middle of a line', () => {
    const journal = createJournal(dir, 'app1', 'failover', NOON);
    journal.write({ type: 'step', step: 'lock', state: 'started' });
    expect(readJournal(journal.file)).toHaveLength(1);
    appendFileSync(journal.file, '{"at":"2026-01-02T12:34:56.000Z","type":"step","st');
    expect(readJournal(journal.file)).toMatchObject([{ step: 'lock' }]);
    journal.close();
  });

  it('gets a name of its own within one second, and never overwrites another', () => {
    const files = [1, 2, 3].map(() => {
      const journal = createJournal(dir, 'app1', 'failover', NOON);
      journal.close();
      return path.basename(journal.file);
    });
    expect(files).toEqual([
      'app1.20260102123456.failover.journal',
      'app1.20260102123456-1.failover.journal',
      'app1.20260102123456-2.failover.journal',
    ]);
  });
});

describe('the list of journals', () => {
  it('has the newest first, also of one second, and those of this cluster only', () => {
    const seconds = (s: number) => new Date(NOON.getTime() + s * 1000);
    for (const [app, s] of [
      ['app1', 1],
      ['app1', 0],
      ['app2', 5],
      ['app1.x', 6],
    ] as const)
      createJournal(dir, app, 'failover', seconds(s)).close();
    for (let i = 0; i < 12; i++) createJournal(dir, 'app1', 'failover', seconds(1)).close();
    createJournal(dir, 'app1', 'switch', seconds(2)).close();
    for (const name of ['app1.failover.complete', 'app1.2026.failover.journal', 'app1.20260102123456.other.journal'])
      writeFileSync(path.join(dir, name), '');
    expect(names('app1')).toEqual([
      'app1.20260102123458.switch.journal',
      ...[12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1].map(n => `app1.20260102123457-${n}.failover.journal`),
      'app1.20260102123457.failover.journal',
      'app1.20260102123456.failover.journal',
    ]);
    expect(listJournals(dir, 'app1')[0]?.operation).toBe('switch');
    expect(names('app1.x')).toHaveLength(1);
  });

  it('is empty where there is no folder', () => {
    expect(listJournals(path.join(dir, 'missing'), 'app1')).toEqual([]);
  });
});

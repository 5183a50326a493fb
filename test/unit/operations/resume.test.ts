import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { msg } from '../../../src/l10n/message';
import { createJournal, type JournalEntry, type JournalLine } from '../../../src/engine/operations/journal';
import type { Plan } from '../../../src/engine/operations/plan';
import { resumedOf, stillOpen, unfinishedOf, type PromotedFact } from '../../../src/engine/operations/resume';
import type { Snapshot } from '../../../src/engine/topology/types';

const plan = (dead = 'server1'): JournalEntry => ({
  type: 'plan',
  plan: { operation: 'failover', cluster: 'c', steps: [], dead, newMaster: 'server2' } as Plan,
});
const fact = (name: string, value: unknown, server?: string): JournalEntry => ({ type: 'fact', name, value, ...(server !== undefined && { server }) }); // prettier-ignore
const end = (outcome: 'succeeded' | 'partial' | 'failed' | 'cancelled'): JournalEntry => ({ type: 'end', outcome, exitCode: 1, message: msg('Power is off'), left: [] }); // prettier-ignore
const at = (position: number) => ({ file: 'bin.000001', position });
const applied = (position: number) => ({ base: at(4), from: at(position - 10), next: at(position) });
const promoted: PromotedFact = {
  newMaster: 'server2',
  coordinates: at(300),
  received: at(90),
  applied: at(80),
  best: at(90),
};

describe('the facts of an earlier failover', () => {
  const facts = (...entries: readonly JournalEntry[]) =>
    unfinishedOf(
      'journal',
      entries.map((entry): JournalLine => ({ at: '', ...entry })),
    );

  it('are the last word about each server', () => {
    const result = facts(
      plan(),
      fact('saved', { file: '/a', from: at(1) }, 'server1'),
      fact('saved', { file: '/b', from: at(2) }, 'server1'),
      fact('applied', applied(100), 'server2'),
      fact('applied', applied(200), 'server2'),
      fact('fetching', 'server3', 'server2'),
      fact('promoted', promoted, 'server2'),
      fact('applied', applied(150), 'server3'),
    );
    expect(result?.saved).toEqual({ file: '/b', from: at(2) });
    expect(result?.promoted).toEqual(promoted);
    expect([...(result?.fetching ?? [])]).toEqual([['server2', 'server3']]);
    expect([...(result?.applied ?? [])]).toEqual([
      ['server2', applied(200)],
      ['server3', applied(150)],
    ]);
  });

  it('are none where nothing was done that could not be seen', () => {
    expect(facts(plan(), { type: 'step', step: 'recover:server2', state: 'started' })).toBeUndefined();
  });
});

describe('the failovers that are gone on with', () => {
  let dir: string;
  beforeEach(() => void (dir = mkdtempSync(path.join(os.tmpdir(), 'resume-'))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));
  let second = 0;
  const write = (...entries: readonly JournalEntry[]) => {
    const journal = createJournal(dir, 'app1', 'failover', new Date(2026, 0, 1, 0, 0, second++));
    for (const entry of entries) journal.write(entry);
    journal.close();
  };
  const resumed = () => resumedOf(dir, 'app1', 'server1');

  it('are all since the last one that came to its end: one that was cancelled or failed early forgets nothing', () => {
    write(plan(), fact('applied', applied(50), 'server3'), end('partial'));
    write(plan(), fact('applied', applied(100), 'server2'), end('failed'));
    write(plan(), end('cancelled'));
    write(plan());
    expect([...(resumed()?.applied ?? [])]).toEqual([['server2', applied(100)]]);
  });

  it.each(['succeeded', 'partial'] as const)('are none if the last one %s', outcome => {
    write(plan(), fact('promoted', promoted, 'server2'), end(outcome));
    expect(resumed()).toBeUndefined();
  });

  it('are none of another dead master', () => {
    write(plan(), fact('promoted', promoted, 'server2'));
    write(plan('server2'));
    expect(resumed()).toBeUndefined();
  });
});

describe('a begun promotion', () => {
  const channel = (received: number, appliedAt: number, receiver: 'stopped' | 'connecting' = 'stopped') => ({
    state: { channels: [{ name: '', receiver, received: at(received), applied: at(appliedAt) }] },
  });
  const judge = (servers: Readonly<Record<string, object>>, edges: readonly string[]) =>
    stillOpen(
      { journal: 'j', promoted, fetching: new Map(), applied: new Map() },
      {
        servers: Object.entries(servers).map(([id, server]) => ({ id, ...server })),
        edges: edges.map(replica => ({ source: 'server1', replica, channel: '' })),
      } as unknown as Snapshot,
      'server1',
    )?.promoted;
  const alone = { state: { channels: [] } };

  it('holds while the new master is as it was left, or has forgotten its source', () => {
    expect(judge({ server2: channel(90, 80), server3: channel(85, 85) }, ['server2', 'server3'])).toEqual(promoted);
    expect(judge({ server2: alone, server3: channel(90, 90) }, ['server3'])).toEqual(promoted);
  });

  it('is history when somebody has set the new master to replicate again', () => {
    expect(judge({ server2: channel(90, 80, 'connecting') }, ['server2'])).toBeUndefined();
    expect(judge({ server2: channel(95, 80) }, ['server2'])).toBeUndefined();
    expect(judge({ server2: channel(90, 90) }, ['server2'])).toBeUndefined();
  });

  it('is history when a replica has received more: the old master lived on', () => {
    expect(judge({ server2: channel(90, 80), server3: channel(120, 120) }, ['server2', 'server3'])).toBeUndefined();
  });

  it('is none when the new master does not answer', () => {
    expect(judge({ server2: {}, server3: channel(90, 90) }, ['server3'])).toBeUndefined();
  });
});

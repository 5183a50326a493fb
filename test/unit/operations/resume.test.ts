import { describe, expect, it } from 'vitest';
import { msg } from '../../../src/l10n/message';
import type { JournalEntry, JournalLine } from '../../../src/engine/operations/journal';
import type { Plan } from '../../../src/engine/operations/plan';
import { unfinishedOf } from '../../../src/engine/operations/resume';

const plan = (newMaster?: string): JournalEntry => ({
  type: 'plan',
  plan: { operation: 'failover', cluster: 'c', steps: [], dead: 'server1', newMaster } as Plan,
});
const step = (id: string, state: 'started' | 'done' | 'failed' = 'started'): JournalEntry => ({ type: 'step', step: id, state }); // prettier-ignore
const fact = (name: string, value: unknown, server?: string): JournalEntry => ({ type: 'fact', name, value, ...(server !== undefined && { server }) }); // prettier-ignore
const end = (outcome: 'succeeded' | 'partial' | 'failed' | 'cancelled'): JournalEntry => ({ type: 'end', outcome, exitCode: 1, message: msg('Power is off'), left: [] }); // prettier-ignore
const at = (position: number) => ({ file: 'bin.000001', position });
const unfinished = (...entries: readonly JournalEntry[]) =>
  unfinishedOf(
    'journal',
    entries.map((entry): JournalLine => ({ at: '', ...entry })),
    'server1',
  );

describe('an earlier failover is gone on with', () => {
  it('if it was killed while it recovered the new master', () => {
    expect(unfinished(plan('server2'), step('recover:server2'))).toMatchObject({ newMaster: 'server2' });
  });

  it('if it failed after that', () => {
    expect(unfinished(plan('server2'), step('recover:server2', 'failed'), end('failed'))).toMatchObject({
      newMaster: 'server2',
    });
  });

  it('with the new master that was elected last', () => {
    expect(unfinished(plan('server2'), plan('server3'), step('recover:server3'))?.newMaster).toBe('server3');
  });

  it('with the one that was taken instead of the elected one, while it was recovered', () => {
    expect(unfinished(plan('server2'), step('recover:server2'), plan('server3'))?.newMaster).toBe('server3');
  });

  it('with what it had found out: the last word about each server', () => {
    const applied = (position: number) => ({ base: at(4), from: at(position - 10), next: at(position) });
    const result = unfinished(
      plan('server2'),
      fact('saved', { file: '/a', from: at(1) }, 'server1'),
      fact('saved', { file: '/b', from: at(2) }, 'server1'),
      step('recover:server2'),
      fact('applied', applied(100), 'server2'),
      fact('applied', applied(200), 'server2'),
      fact('prepared', { coordinates: at(300), levelAt: at(400) }, 'server2'),
      fact('applied', applied(150), 'server3'),
    );
    expect(result?.saved).toEqual({ file: '/b', from: at(2) });
    expect(result?.prepared).toEqual({ coordinates: at(300), levelAt: at(400) });
    expect([...(result?.applied ?? [])]).toEqual([
      ['server2', applied(200)],
      ['server3', applied(150)],
    ]);
  });
});

describe('an earlier failover is over', () => {
  it.each(['succeeded', 'partial', 'cancelled'] as const)('if it ended and %s', outcome => {
    expect(unfinished(plan('server2'), step('recover:server2'), end(outcome))).toBeUndefined();
  });

  it('if it had not yet begun to change what servers have', () => {
    expect(unfinished(plan('server2'), step('stop-receiver:server2'), step('elect'))).toBeUndefined();
  });

  it('if it was one from another master, or had no new one', () => {
    expect(unfinishedOf('j', [{ at: '', ...plan('server2') }, { at: '', ...step('recover:server2') }], 'server3')).toBeUndefined(); // prettier-ignore
    expect(unfinished(plan(), step('recover:server2'))).toBeUndefined();
    expect(unfinished()).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import type { CheckItem, ReplicationReport, SshPair, SshReport } from '../../../src/engine/checks/types';
import { logLines, verdictOf } from '../../../src/extension/commands/verdictText';
import type { Text } from '../../../src/extension/text';
import { format, msg } from '../../../src/l10n/message';

const text = (t: Text | undefined): string | undefined => (t === undefined || typeof t === 'string' ? t : format(t));
const base = { cluster: 'app1', file: '/etc/mha/app1.cnf', startedAt: '2026-01-01T00:00:00.000Z', tookMs: 10 };

function replication(verdict: ReplicationReport['verdict'], items: readonly CheckItem[]): ReplicationReport {
  return { ...base, kind: 'replication', verdict, items, configFindings: [], findings: [] };
}

const item = (verdict: CheckItem['verdict'], message: string): CheckItem => ({
  code: 'x',
  verdict,
  server: 'server1',
  message: { text: message, args: {} },
});

describe('the verdict at a glance', () => {
  it('of a replication check', () => {
    const passed = verdictOf(replication('ok', [item('ok', 'a'), item('ok', 'b')]));
    expect(text(passed.headline)).toBe('app1: replication check passed (0 servers, 2 checks)');
    expect(passed.first).toBeUndefined();

    const warned = verdictOf(replication('warning', [item('ok', 'a'), item('warning', 'late')]));
    expect(text(warned.headline)).toBe('app1: replication check passed with 1 warning');
    expect(text(warned.first)).toBe('late');

    const failed = verdictOf(
      replication('failed', [item('warning', 'late'), item('failed', 'dead'), item('failed', 'b')]),
    );
    expect(text(failed.headline)).toBe('app1: replication check failed (2 problems)');
    expect(text(failed.first)).toBe('dead');
  });

  it('of an SSH check: skipped pairs do not count, the first failure has its reason', () => {
    const pair = (from: string, to: string, result: SshPair['result']): SshPair => ({
      from,
      to,
      result,
      tookMs: 1,
      ...(result === 'failed' ? { failure: { kind: 'refused', text: 'connection refused' } } : {}),
    });
    const hosts = [
      { id: 'manager', label: 'manager' },
      { id: 'server1', label: 'db1' },
      { id: 'server2', label: 'db2' },
    ];
    const report = (...pairs: SshPair[]): SshReport => ({ ...base, kind: 'ssh', verdict: 'ok', hosts, pairs });
    const passed = verdictOf(report(pair('manager', 'server1', 'ok'), pair('manager', 'server2', 'skipped')));
    expect(text(passed.headline)).toBe('app1: SSH check passed (1 connections)');
    const failed = verdictOf(report(pair('manager', 'server1', 'ok'), pair('server1', 'server2', 'failed')));
    expect(text(failed.headline)).toBe('app1: SSH check failed (1 of 2 connections)');
    expect(text(failed.first)).toBe('db1 to db2: refused (connection refused)');
  });

  it('has a line in the log for each thing that was verified', () => {
    const lines = logLines(replication('failed', [item('ok', 'a'), { ...item('failed', 'b'), detail: 'why' }]));
    expect(lines.map(l => [l.level, l.texts.map(t => text(t)).join(': ')])).toEqual([
      ['info', 'server1: a'],
      ['error', 'server1: b: why'],
    ]);
    expect(msg('a').text).toBe('a');
  });
});

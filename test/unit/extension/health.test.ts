import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/engine/topology/analyse';
import type { Finding } from '../../../src/engine/topology/types';
import { emptyView, type ClusterView } from '../../../src/extension/clusters/clusterView';
import { clusterHealth, worstCluster, worstOf } from '../../../src/extension/clusters/health';
import { msg } from '../../../src/l10n/message';
import { clusterOf, replicaOf, snapshotOf } from '../topology/snapshots';

const config = clusterOf(3);
const healthy = snapshotOf(config, [replicaOf(1, 0), replicaOf(2, 1), replicaOf(3, 1)]);
const found = (severity: Finding['severity']): Finding => ({ code: 'x', severity, message: msg('x') });

function view(name: string, change: Partial<ClusterView> = {}): ClusterView {
  return { ...emptyView(`file:///${name}.cnf`, name, `/${name}.cnf`), ...change };
}

describe('health of a cluster', () => {
  it('is unknown before the first look', () => expect(clusterHealth(view('a'))).toBe('unknown'));

  it.each([
    [[], 'ok'],
    [[found('information'), found('hint')], 'ok'],
    [[found('information'), found('warning')], 'warning'],
    [[found('warning'), found('error'), found('hint')], 'failed'],
  ] as const)('is that of its worst finding', (findings, expected) => {
    expect(clusterHealth(view('a', { snapshot: healthy, findings }))).toBe(expected);
  });

  it('is a warning where the configuration cannot be used or the look failed', () => {
    expect(clusterHealth(view('a', { failure: msg('no') }))).toBe('warning');
    const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } };
    const blocker = { code: 'syntax', severity: 'error' as const, file: '/a.cnf', range, message: msg('x'), fixes: [] };
    const blockers = [{ ...blocker, rejectedByMha: true, blocksAction: true }];
    expect(clusterHealth(view('a', { snapshot: healthy, blockers }))).toBe('warning');
  });

  it('is failed when the master is dead', () => {
    const snapshot = snapshotOf(config, ['dead', replicaOf(2, 1, {}, { receiver: 'connecting' }), replicaOf(3, 1)]);
    expect(clusterHealth(view('a', { snapshot, findings: analyse(config, snapshot) }))).toBe('failed');
  });
});

describe('the worst cluster', () => {
  const ok = view('ok', { snapshot: healthy });
  const bad = view('bad', { snapshot: healthy, findings: [found('error')] });
  const worse = view('worse', { snapshot: healthy, findings: [found('error')] });

  it('is the one with the worst health, the first among equals', () => {
    expect(worstCluster([])).toBeUndefined();
    expect(worstCluster([ok, view('new')])?.name).toBe('new');
    expect(worstCluster([ok, bad, worse, view('new')])?.name).toBe('bad');
  });

  it('orders healths: ok, unknown, warning, failed', () => {
    expect(worstOf([])).toBe('unknown');
    expect(worstOf(['ok', 'unknown'])).toBe('unknown');
    expect(worstOf(['warning', 'unknown', 'ok'])).toBe('warning');
    expect(worstOf(['warning', 'failed', 'ok'])).toBe('failed');
  });
});

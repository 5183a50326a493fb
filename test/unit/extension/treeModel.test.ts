import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/engine/topology/analyse';
import type { Snapshot } from '../../../src/engine/topology/types';
import { emptyView, type ClusterView } from '../../../src/extension/clusters/clusterView';
import type { Text } from '../../../src/extension/text';
import { treeOf } from '../../../src/extension/views/treeModel';
import type { TreeNode } from '../../../src/extension/views/treeNode';
import { format, msg } from '../../../src/l10n/message';
import { clusterOf, replicaOf, snapshotOf, type Entry } from '../topology/snapshots';

const text = (t: Text): string => (typeof t === 'string' ? t : format(t));

/** Indented lines `label  description`. */
function drawn(nodes: readonly TreeNode[], depth = 0): string[] {
  return nodes.flatMap(n => [
    `${'  '.repeat(depth)}${[text(n.label), ...n.description.map(text)].join(' · ')}`,
    ...drawn(n.children, depth + 1),
  ]);
}

function all(nodes: readonly TreeNode[]): TreeNode[] {
  return nodes.flatMap(n => [n, ...all(n.children)]);
}

function viewOf(entries: readonly Entry[], change: Partial<ClusterView> = {}): ClusterView {
  const config = clusterOf(entries.length);
  const snapshot = snapshotOf(config, entries);
  return { ...emptyView('file:///etc/mha/app1.cnf', 'app1', config.file), config, snapshot, ...change };
}

const tree = (...views: readonly ClusterView[]): TreeNode[] => treeOf(views, { time: iso => iso.slice(11, 16) });

describe('the tree', () => {
  it('shows replicas below their source, to any depth', () => {
    const view = viewOf([replicaOf(1, 0), replicaOf(2, 1), replicaOf(3, 2, {}, { secondsBehind: 7 }), replicaOf(4, 1)]);
    expect(drawn(tree(view))).toEqual([
      'app1 · healthy',
      '  db1 · master · MySQL 8.0.36',
      '    db2 · replica · 0 s behind · MySQL 8.0.36',
      '      db3 · replica · 7 s behind · MySQL 8.0.36',
      '    db4 · replica · 0 s behind · MySQL 8.0.36',
    ]);
  });

  it('shows every server of a ring exactly once, the master on top', () => {
    const view = viewOf([replicaOf(1, 2, { readOnly: true }), replicaOf(2, 1, { readOnly: false }), replicaOf(3, 2)]);
    const lines = drawn(tree(view));
    expect(view.snapshot?.master).toBe('server2');
    expect(lines.map(l => l.split(' · ')[0])).toEqual(['app1', '  db2', '    db1', '    db3']);
  });

  it('says what is wrong with a server, and marks it', () => {
    const config = clusterOf(3);
    const stopped = { applier: 'stopped' as const, applierError: { errno: 1062, text: 'Duplicate entry' } };
    const snapshot = snapshotOf(config, ['dead', replicaOf(2, 1, {}, stopped), 'unreachable']);
    const view = { ...viewOf(['dead', replicaOf(2, 1), 'unreachable']), snapshot, findings: analyse(config, snapshot) };
    const nodes = all(tree(view));
    const byName = (name: string): TreeNode | undefined => nodes.find(n => n.kind === 'server' && n.label === name);
    expect(byName('db1')?.description.map(text)).toContain('dead: nobody listens');
    expect(byName('db1')).toMatchObject({ icon: 'debug-disconnect', health: 'failed' });
    expect(byName('db2')?.description.map(text)).toContain('stopped by error 1062');
    expect(byName('db2')?.tooltip.map(text)).toContain('1062: Duplicate entry');
    expect(byName('db2')?.health).not.toBe('ok');
    expect(byName('db3')).toMatchObject({ icon: 'question', health: 'failed' });
    expect(nodes[0]).toMatchObject({ health: 'failed', icon: 'error' });
    expect(nodes.filter(n => n.kind === 'finding').length).toBeGreaterThanOrEqual(view.findings.length);
  });

  it('does not call a replica well that waits for a dead master', () => {
    const view = viewOf(['dead', replicaOf(2, 1, {}, { receiver: 'connecting' })]);
    const replica = all(tree(view)).find(n => n.label === 'db2');
    expect(replica).toMatchObject({ health: 'warning' });
    expect(replica?.description.map(text)).toContain('connecting');
  });

  it('has unique, stable ids and something to say aloud on every line', () => {
    const view = viewOf([replicaOf(1, 0), replicaOf(2, 1), replicaOf(3, 1, { readOnly: false })]);
    const config = clusterOf(3);
    const snapshot = view.snapshot as Snapshot;
    const nodes = all(tree({ ...view, findings: analyse(config, snapshot) }));
    expect(new Set(nodes.map(n => n.id)).size).toBe(nodes.length);
    for (const node of nodes) expect(node.spoken.map(text).join(), node.id).toMatch(/\w/);
    const replica = nodes.find(n => n.label === 'db2');
    expect(replica?.spoken.map(text)).toEqual(['db2', 'replica', 'below db1', '0 s behind', 'MySQL 8.0.36']);
  });

  it('leads from a server to its section, and marks those that have none', () => {
    const config = clusterOf(2);
    const snapshot = snapshotOf(config, [replicaOf(1, 0), replicaOf(2, 1)], { db9: replicaOf(9, 1) });
    const nodes = all(tree({ ...viewOf([replicaOf(1, 0), replicaOf(2, 1)]), snapshot }));
    const db2 = nodes.find(n => n.label === 'db2');
    expect(db2?.target).toEqual({ file: '/etc/mha/app1.cnf', range: config.servers[1]?.section });
    const db9 = nodes.find(n => n.label === 'db9');
    expect(db9).toMatchObject({ context: 'discovered' });
    expect(db9?.target).toBeUndefined();
    expect(db9?.description.map(text)).toContain('not configured');
  });

  it('tells servers on one host apart by their ports', () => {
    const view = viewOf([replicaOf(1, 0), replicaOf(2, 1)]);
    const snapshot = view.snapshot as Snapshot;
    const servers = snapshot.servers.map((s, i) => ({ ...s, name: 'h', address: { host: 'h', port: 3306 + i } }));
    expect(drawn(tree({ ...view, snapshot: { ...snapshot, servers } })).map(l => l.trim().split(' · ')[0])).toEqual([
      'app1',
      'h:3306',
      'h:3307',
    ]);
  });

  it('shows what forbids using a configuration, with its line', () => {
    const range = { start: { line: 4, character: 0 }, end: { line: 4, character: 3 } };
    const blocker = { code: 'syntax', severity: 'error' as const, file: '/etc/mha/app1.cnf', range, fixes: [] };
    const blockers = [{ ...blocker, message: msg('This is no line'), rejectedByMha: true, blocksAction: true }];
    const view = { ...emptyView('file:///etc/mha/app1.cnf', 'app1', '/etc/mha/app1.cnf'), blockers };
    expect(drawn(tree(view))).toEqual(['app1 · configuration cannot be used', '  This is no line · line 5']);
  });

  it('keeps the last checks at hand', () => {
    const sshReport = {
      kind: 'ssh' as const,
      cluster: 'app1',
      file: '/etc/mha/app1.cnf',
      startedAt: '2026-01-01T10:15:00.000Z',
      tookMs: 5,
      verdict: 'failed' as const,
      hosts: [],
      pairs: [],
    };
    const [root] = tree(viewOf([replicaOf(1, 0)], { sshReport }));
    expect(root?.context).toBe('cluster reported');
    expect(drawn([root as TreeNode]).at(-1)).toBe('  SSH check · failed · 10:15');
  });
});

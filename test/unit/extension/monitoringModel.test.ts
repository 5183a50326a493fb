import { describe, expect, it } from 'vitest';
import { judgeStatus } from '../../../src/engine/monitor/statusFile';
import { emptyView, type ClusterView } from '../../../src/extension/clusters/clusterView';
import { clusterHealth } from '../../../src/extension/clusters/health';
import { localHealth, managerPid, monitoringState, remarks } from '../../../src/extension/clusters/monitoringModel';
import type { Text } from '../../../src/extension/text';
import { treeOf } from '../../../src/extension/views/treeModel';
import type { TreeNode } from '../../../src/extension/views/treeNode';
import { format, msg } from '../../../src/l10n/message';
import { clusterOf, replicaOf, snapshotOf } from '../topology/snapshots';

const config = clusterOf(2);
const snapshot = snapshotOf(config, [replicaOf(1, 0), replicaOf(2, 1)]);
const text = (t: Text): string => (typeof t === 'string' ? t : format(t));

const status = (line: string | undefined, { running = true, ageSeconds = 0 } = {}) =>
  judgeStatus({
    ageSeconds,
    pingLimitSeconds: 10,
    ...(line === undefined ? {} : { text: line, process: { running, children: [] } }),
  });

const view = (change: Partial<ClusterView>): ClusterView => ({
  ...emptyView('file:///app1.cnf', 'app1', config.file),
  config,
  snapshot,
  ...change,
});

const OK = '4711\t0:PING_OK\tmaster:db1';

describe('the state of monitoring', () => {
  it.each([
    [OK, {}, 'ok', 'the master answers', 4711],
    [`${OK}\treason:read_only`, {}, 'warning', 'the master answers', 4711],
    [OK, { ageSeconds: 60 }, 'warning', 'no sign of life for a while', 4711],
    [OK, { running: false }, 'warning', 'it was killed', undefined],
    [undefined, {}, 'unknown', 'not running', undefined],
    ['4711\t10:INITIALIZING_MONITOR', {}, 'ok', 'starting', 4711],
    ['4711\t20:PING_FAILING\tmaster:db1', {}, 'warning', 'the master does not answer', 4711],
    ['4711\t50:FAILOVER_RUNNING\tmaster:db1', {}, 'warning', 'failing over', 4711],
    ['4711\t51:FAILOVER_ERROR\tmaster:db1', {}, 'failed', 'the failover failed', 4711],
    ['4711\t99:SOMETHING_NEW', {}, 'warning', 'in a state that is not known', 4711],
    ['nonsense', {}, 'warning', 'the status file cannot be understood', undefined],
  ] as const)('%j %j', (line, options, health, words, pid) => {
    const found = status(line, options);
    expect(monitoringState(found)).toMatchObject({ health, text: msg(words) });
    expect(managerPid(found)).toBe(pid);
  });

  it('says why there is no failover, and who came back', () => {
    const found = status(`${OK}\treturned:db9\treason:the manager is cut off`);
    expect(remarks(found).map(text)).toEqual(['no failover: the manager is cut off', 'the old master came back: db9']);
    expect(remarks(status(`${OK}\treason:old`, { running: false }))).toEqual([]);
  });

  it('counts for the health of the cluster only where there is, or was, a manager', () => {
    expect(clusterHealth(view({ monitoring: status(undefined) }))).toBe('ok');
    expect(clusterHealth(view({ monitoring: status(OK) }))).toBe('ok');
    expect(clusterHealth(view({ monitoring: status(OK, { running: false }) }))).toBe('warning');
    expect(clusterHealth(view({ monitoring: status('1\t51:FAILOVER_ERROR') }))).toBe('failed');
    const operation = { file: '/j', operation: 'failover' as const, startedAt: '', pid: 1 };
    expect(localHealth(view({ operation: { ...operation, running: false } }))).toBe('warning');
    expect(localHealth(view({ operation: { ...operation, running: false, outcome: 'succeeded' } }))).toBe('ok');
  });
});

describe('the lines of monitoring and operations in the tree', () => {
  const tree = (change: Partial<ClusterView>): TreeNode => {
    const [node] = treeOf([view(change)], { time: iso => iso.slice(11, 16) });
    if (!node) throw new Error('no node');
    return node;
  };
  const drawn = ({ children }: TreeNode) =>
    children.filter(n => n.kind === 'monitoring' || n.kind === 'operation').map(n => [n.label, ...n.description].map(text).join(' · ')); // prettier-ignore

  it('are not there before somebody looked', () => {
    expect(drawn(tree({}))).toEqual([]);
    expect(tree({}).context).toBe('cluster');
  });

  it('tell who monitors and how it goes, and menus what can be done', () => {
    const node = tree({ monitoring: status(`${OK}\treason:read_only`) });
    expect(drawn(node)).toEqual(['Monitoring · the master answers · no failover: read_only · process 4711']);
    expect(node.context).toBe('cluster monitored');
    expect(node.description.map(text)).toContain('monitored');
    expect(tree({ monitoring: status(undefined) }).context).toBe('cluster unmonitored');
  });

  it('tell the newest operation', () => {
    const operation = { file: '/j', operation: 'failover' as const, startedAt: '2026-01-02T03:04:05Z', pid: 1 };
    expect(drawn(tree({ operation: { ...operation, running: true } }))).toEqual(['Failover · running · 03:04']);
    expect(drawn(tree({ operation: { ...operation, running: false } }))).toEqual(['Failover · interrupted · 03:04']);
    expect(drawn(tree({ operation: { ...operation, running: false, outcome: 'partial' } }))).toEqual([
      'Failover · done, but something is left to do · 03:04',
    ]);
  });

  it('mark a cluster whose master is dead for the menus', () => {
    const findings = [{ code: 'dead-master', severity: 'error' as const, server: 'server1', message: msg('x') }];
    expect(tree({ findings }).context.split(' ')).toContain('dead');
  });
});

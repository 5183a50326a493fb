import { describe, expect, it } from 'vitest';
import { judgeStatus } from '../../../src/engine/monitor/statusFile';
import { analyse } from '../../../src/engine/topology/analyse';
import { emptyView, type ClusterView, type OperationSummary } from '../../../src/extension/clusters/clusterView';
import { deadMasterOf, news, type Notice, type Seen } from '../../../src/extension/noticesModel';
import { clusterOf, replicaOf, snapshotOf } from '../topology/snapshots';

const config = clusterOf(3);
const lost = { receiver: 'connecting' as const };
const well = snapshotOf(config, [replicaOf(1, 0), replicaOf(2, 1), replicaOf(3, 1)]);
const dead = snapshotOf(config, ['dead', replicaOf(2, 1, {}, lost), replicaOf(3, 1, {}, lost)]);

function view(change: Partial<ClusterView>): ClusterView {
  const findings = change.snapshot ? analyse(config, change.snapshot) : [];
  return { ...emptyView('file:///app1.cnf', 'app1', config.file), config, findings, ...change };
}

const status = (text: string | undefined, running = true) =>
  judgeStatus({ ageSeconds: 0, pingLimitSeconds: 10, ...(text === undefined ? {} : { text, process: { running, children: [] } }) }); // prettier-ignore
const monitored = status('4711\t0:PING_OK\tmaster:db1\n');
const killed = status('4711\t0:PING_OK\tmaster:db1\n', false);
const unmonitored = status(undefined);

const operation = (change: Partial<OperationSummary> = {}): OperationSummary => ({
  file: '/var/mha/1.journal',
  operation: 'failover',
  startedAt: '2026-01-02T03:04:05Z',
  pid: 815,
  running: true,
  ...change,
});
const DONE = operation({ running: false, outcome: 'succeeded' });

/** What is told when a cluster is seen like this, one after the other. */
function told(
  views: readonly Partial<ClusterView>[],
  { stopped = [] as number[], seen = undefined as Seen | undefined } = {},
) {
  const notices: Notice[] = [];
  for (const change of views) {
    const result = news(view(change), seen, new Set(stopped));
    seen = JSON.parse(JSON.stringify(result.seen)) as Seen;
    notices.push(...result.notices);
  }
  return notices.map(notice => notice.kind);
}

describe('a dead master', () => {
  it('is told once, and again when it dies again', () => {
    expect(deadMasterOf(view({ snapshot: dead }))).toBe('server1');
    expect(told([{ snapshot: well }, { snapshot: dead }, { snapshot: dead }])).toEqual(['deadMaster']);
    expect(told([{ snapshot: dead }, { snapshot: well }, { snapshot: dead }])).toEqual(['deadMaster', 'deadMaster']);
  });

  it('is told although it was the first thing seen, but not twice after a reload', () => {
    const { seen } = news(view({ snapshot: dead }), undefined, new Set());
    expect(told([{}, { snapshot: dead }], { seen })).toEqual([]);
  });

  it('names the manager that decides', () => {
    const { notices } = news(view({ snapshot: dead, monitoring: monitored }), undefined, new Set());
    expect(notices).toEqual([
      { kind: 'deadMaster', cluster: 'file:///app1.cnf', server: 'server1', silent: false, manager: 4711 },
    ]);
  });

  it('is no news while an operation runs, and is when that failed', () => {
    const monitoring = unmonitored;
    const failed = operation({ running: false, outcome: 'failed' });
    expect(
      told([
        { snapshot: well, monitoring },
        { snapshot: dead, monitoring, operation: operation() },
        { snapshot: dead, monitoring, operation: failed },
      ]),
    ).toEqual(['deadMaster', 'operationEnded']);
  });

  it('is not what a machine that is cut off sees', () => {
    const cutOff = snapshotOf(config, ['dead', replicaOf(2, 1), replicaOf(3, 1)]);
    expect(told([{ snapshot: cutOff }])).toEqual([]);
  });
});

describe('an old master that is back', () => {
  const sees = (returned?: string) =>
    status(`4711\t0:PING_OK\tmaster:db2${returned === undefined ? '' : `\treturned:${returned}`}\n`);
  const all = (...values: (string | undefined)[]) => told(values.map(value => ({ monitoring: sees(value) })));

  it('is told once when it takes writes, and again when it comes back again', () => {
    expect(all(undefined, 'server1 writable', 'server1 writable')).toEqual(['masterReturned']);
    expect(all('server1 writable', undefined, 'server1 writable')).toEqual(['masterReturned', 'masterReturned']);
  });

  it('names the server, and whether it was made read-only', () => {
    const of = (returned: string) => news(view({ monitoring: sees(returned) }), undefined, new Set()).notices;
    const notice = { kind: 'masterReturned', cluster: 'file:///app1.cnf', server: 'server1' };
    expect(of('server1 writable')).toEqual([{ ...notice, fenced: false }]);
    expect(of('server1 fenced')).toEqual([{ ...notice, fenced: true }]);
  });

  it('is no news when it is read-only, or was made so by hand, and is when it becomes writable', () => {
    expect(all('server1 read-only')).toEqual([]);
    expect(all('server1 writable', 'server1 read-only')).toEqual(['masterReturned']);
    expect(all('server1 read-only', 'server1 writable', 'server1 fenced')).toEqual([
      'masterReturned',
      'masterReturned',
    ]);
  });

  it('is told after a reload only if it was not before', () => {
    const { seen } = news(view({ monitoring: sees('server1 writable') }), undefined, new Set());
    expect(told([{ snapshot: well }, { monitoring: sees('server1 writable') }], { seen })).toEqual([]);
  });

  it('is not what the file of a killed manager says, nor words that are not known', () => {
    const gone = status('4711\t0:PING_OK\tmaster:db2\treturned:server1 writable\n', false);
    expect(told([{ monitoring: gone }])).toEqual([]);
    expect(all('db9')).toEqual([]);
  });
});

describe('the end of an operation', () => {
  const monitoring = unmonitored;

  it('is told once, whether it was seen running or not', () => {
    expect(told([{ monitoring }, { monitoring, operation: operation() }, { monitoring, operation: DONE }, { monitoring, operation: DONE }])).toEqual(['operationEnded']); // prettier-ignore
    expect(told([{ monitoring }, { monitoring, operation: DONE }])).toEqual(['operationEnded']);
  });

  it('is no news if it was there before anybody looked', () => {
    expect(told([{ snapshot: well }, { monitoring, operation: DONE }, { monitoring, operation: DONE }])).toEqual([]);
  });

  it('is told after a reload in between', () => {
    const { seen } = news(view({ monitoring, operation: operation() }), undefined, new Set());
    expect(told([{ snapshot: well }, { monitoring, operation: DONE }], { seen })).toEqual(['operationEnded']);
  });

  it('is told when its process is gone', () => {
    const gone = operation({ running: false });
    expect(
      told([
        { monitoring, operation: operation() },
        { monitoring, operation: gone },
      ]),
    ).toEqual(['operationEnded']);
  });
});

describe('the end of monitoring', () => {
  it('is told when it was killed, or ended by itself', () => {
    expect(told([{ monitoring: monitored }, { monitoring: killed }, { monitoring: killed }])).toEqual([
      'monitoringEnded',
    ]);
    expect(told([{ monitoring: monitored }, { monitoring: unmonitored }])).toEqual(['monitoringEnded']);
  });

  it('is no news when it was stopped from here', () => {
    expect(told([{ monitoring: monitored }, { monitoring: unmonitored }], { stopped: [4711] })).toEqual([]);
  });

  it('is no news when the manager failed over and ended, as MHA does', () => {
    const own = operation({ pid: 4711 });
    expect(
      told([
        { monitoring: monitored },
        { monitoring: monitored, operation: own },
        { monitoring: unmonitored, operation: { ...own, running: false, outcome: 'succeeded' } },
      ]),
    ).toEqual(['operationEnded']);
  });

  it('is not known before the file was looked at after a reload', () => {
    expect(told([{ snapshot: well }], { seen: { manager: 4711 } })).toEqual([]);
  });
});

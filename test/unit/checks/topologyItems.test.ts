import { describe, expect, it } from 'vitest';
import type { CheckContext } from '../../../src/engine/checks/checkContext';
import { findingItems, topologyItems } from '../../../src/engine/checks/topologyItems';
import { nullLog } from '../../../src/engine/log';
import { analyse } from '../../../src/engine/topology/analyse';
import { contextOf } from '../../../src/engine/topology/rules/context';
import { format } from '../../../src/l10n/message';
import { clusterOf, replicaOf, snapshotOf, stateOf, type Entry } from '../topology/snapshots';

const SECTIONS = { server3: ['ignore_fail=1'], server4: ['multi_tier_slave=1'] };

function contextFor(
  entries: readonly Entry[],
  ignoreFailOnStart = false,
  cluster = clusterOf(entries.length),
): CheckContext {
  const snapshot = snapshotOf(cluster, entries);
  const topology = contextOf(cluster, snapshot);
  return {
    cluster,
    snapshot,
    topology,
    options: { log: nullLog },
    connections: new Map(),
    ignoreFailOnStart,
  };
}

function failed(entries: readonly Entry[], ignoreFailOnStart: boolean): string[] {
  const context = contextFor(entries, ignoreFailOnStart, clusterOf(4, { sections: SECTIONS }));
  return findingItems(analyse(context.cluster, context.snapshot), context)
    .filter(item => item.verdict === 'failed')
    .map(item => `${item.code} ${item.server}`);
}

/** Like masterha_check_repl: ignore_fail excuses a server only if the caller says so. */
describe('servers that may fail', () => {
  const cases: readonly (readonly [string, readonly Entry[]])[] = [
    ['dead-server server3', [stateOf(1), replicaOf(2, 1), 'dead', replicaOf(4, 2)]],
    ['hung-server server3', [stateOf(1), replicaOf(2, 1), 'hung', replicaOf(4, 2)]],
    ['dead-intermediate-master server3', [stateOf(1), replicaOf(2, 1), 'dead', replicaOf(4, 3)]],
    ['applier-stopped server3', [stateOf(1), replicaOf(2, 1), replicaOf(3, 1, {}, { applier: 'stopped' }), replicaOf(4, 2)]], // prettier-ignore
  ];
  it.each(cases)('%s', (finding, entries) => {
    expect(failed(entries, false)).toEqual([finding]);
    expect(failed(entries, true)).toEqual([]);
  });
});

describe('failover mode 0', () => {
  it('says why, where all servers have GTIDs', () => {
    const mode = (entries: readonly Entry[]) =>
      topologyItems(contextFor(entries))
        .filter(i => i.code === 'failover-mode')
        .map(i => format(i.message));
    const [said] = mode([stateOf(1, { gtidExecuted: '' }), replicaOf(2, 1, { gtidExecuted: '' })]);
    expect(said).toMatch(/mode 0\): no transaction with a GTID has been executed on db2:3306 yet$/);
    expect(mode([stateOf(1, { gtidMode: 'OFF' }), replicaOf(2, 1, { gtidMode: 'OFF' })])[0]).toMatch(/mode 0\)$/);
  });
});

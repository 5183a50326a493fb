import { describe, expect, it } from 'vitest';
import { format } from '../../../src/l10n/message';
import { failoverFacts } from '../../../src/engine/operations/failoverFacts';
import { channelFrom, clusterOf, replicaOf, snapshotOf, stateOf, version } from '../topology/snapshots';
import { factsOf } from './facts';

const codes = (facts: ReturnType<typeof factsOf>): string[] => facts.refusals.map(r => r.code);
const error = { errno: 1062, text: 'Duplicate entry' };

describe('the facts of a failover', () => {
  it('sort every configured server', () => {
    const facts = factsOf([{}, {}, {}]);
    expect(facts.replicas.map(r => r.id)).toEqual(['server2', 'server3', 'server4']);
    expect(facts).toMatchObject({ leftOut: [], unmanaged: [], refusals: [], mode: 'gtid' });
    expect(facts.dead.id).toBe('server1');
  });

  it.each(['dead', 'unreachable', 'refusing', 'hung'] as const)('refuse if a replica is %s', entry => {
    const facts = factsOf([{}, { entry }]);
    expect(facts.leftOut).toMatchObject([{ id: 'server3', excused: false }]);
    expect(facts.refusals).toMatchObject([{ code: 'server-dead', server: 'server3' }]);
    expect(format(facts.refusals[0]!.message)).toContain('Server db3(db3:3306) is dead, but must be alive!');
  });

  it('go on without a dead replica that has ignore_fail', () => {
    const facts = factsOf([{}, { entry: 'dead', lines: ['ignore_fail=1'] }]);
    expect(facts.leftOut).toMatchObject([{ id: 'server3', excused: true }]);
    expect(facts.refusals).toEqual([]);
  });

  it('leave a replica out whose SQL thread stopped with an error', () => {
    const facts = factsOf([{}, { channel: { applier: 'stopped', applierError: error }, lines: ['ignore_fail=1'] }]);
    expect(facts.replicas.map(r => r.id)).toEqual(['server2']);
    expect(format(facts.leftOut[0]!.reason)).toContain('1062');
    expect(codes(factsOf([{}, { channel: { applier: 'stopped', applierError: error } }]))).toEqual(['server-dead']);
  });

  it('keep a replica whose SQL thread is merely stopped, and one with an old error that runs', () => {
    expect(factsOf([{ channel: { applier: 'stopped' } }, { channel: { applierError: error } }]).replicas).toHaveLength(
      2,
    );
  });

  it('refuse without any living replica', () => {
    expect(codes(factsOf([{ entry: 'dead', lines: ['ignore_fail=1'] }]))).toContain('no-replica');
  });

  it('refuse if another server is the master', () => {
    const cluster = clusterOf(3);
    const snapshot = snapshotOf(cluster, ['dead', stateOf(2), replicaOf(3, 2)]);
    const facts = failoverFacts(cluster, snapshot, 'server1');
    expect(facts.refusals[0]).toMatchObject({ code: 'other-master' });
    expect(format(facts.refusals[0]!.message)).toContain('db2(db2:3306)');
  });

  it('refuse if a server is alive and no replica', () => {
    expect(codes(factsOf([{}, {}, { entry: stateOf(4) }]))).toContain('not-a-replica');
  });

  it('leave a replica of a replica alone if multi_tier_slave is set, and refuse otherwise', () => {
    const entry = replicaOf(4, 2);
    expect(factsOf([{}, {}, { entry, lines: ['multi_tier_slave=1'] }])).toMatchObject({
      unmanaged: ['server4'],
      refusals: [],
    });
    expect(codes(factsOf([{}, {}, { entry }]))).toEqual(['not-a-replica']);
  });

  it('take a co-master for a replica of the dead one', () => {
    const facts = factsOf([{ state: { readOnly: true } }, {}]);
    expect(facts.replicas.map(r => r.id)).toEqual(['server2', 'server3']);
  });

  it('name the channel of this cluster on a replica with several', () => {
    const channels = [
      channelFrom(9, { name: 'other', source: { host: 'elsewhere', port: 3306 } }),
      channelFrom(1, { name: 'main' }),
    ];
    const facts = factsOf([{}, { lines: ['#@ channel=main'], state: { channels } }]);
    expect(facts.replicas[1]?.channel.name).toBe('main');
  });

  it('find the mode', () => {
    expect(factsOf([{}, {}]).mode).toBe('gtid');
    expect(factsOf([{}, {}], { mode: 'position' }).mode).toBe('position');
    expect(factsOf([{}, {}], { mode: 'mariadbGtid' }).mode).toBe('mariadbGtid');
  });

  it('are by position if one MariaDB replica does not use GTIDs', () => {
    const facts = factsOf([{}, { channel: { autoPosition: false, usingGtid: 'No' } }], { mode: 'mariadbGtid' });
    expect(facts.mode).toBe('position');
  });
});

describe('the facts of a failover that goes on', () => {
  const resumed = {
    promoted: { newMaster: 'server2', coordinates: { file: 'bin.000001', position: 4 } },
    fetching: new Map<string, string>(),
  };

  it('know the replica that was made to fetch from another one, whose positions are not the dead master’s', () => {
    const fetching = new Map([['server2', 'server3']]);
    const facts = factsOf([{ entry: replicaOf(2, 3) }, {}], { resumed: { fetching } });
    expect(facts).toMatchObject({ replicas: [{ id: 'server2', foreign: true }, { id: 'server3' }], refusals: [] });
  });

  it('know the promoted server and the replicas that follow it already', () => {
    const facts = factsOf([{ entry: stateOf(2, { readOnly: false }) }, { entry: replicaOf(3, 2) }, {}], { resumed });
    expect(facts.replicas).toMatchObject([{ id: 'server2', promoted: true }, { id: 'server4' }]);
    expect(facts).toMatchObject({ repointed: [{ id: 'server3' }], refusals: [] });
  });

  it('are of the same mode as before, though the promoted server does not replicate', () => {
    const entry = stateOf(2, {
      ...({ version: { ...version('10.11.6'), flavour: 'mariadb' }, gtidMode: undefined } as object),
      readOnly: false,
    });
    expect(factsOf([{ entry }, {}], { mode: 'mariadbGtid', resumed }).mode).toBe('mariadbGtid');
  });

  it('refuse nothing when all replicas follow the promoted server', () => {
    const facts = factsOf([{ entry: stateOf(2, { readOnly: false }) }, { entry: replicaOf(3, 2) }], { resumed });
    expect(facts).toMatchObject({ repointed: [{ id: 'server3' }], refusals: [] });
  });
});

import { describe, expect, it } from 'vitest';
import { clusterOf, replicaOf, snapshotOf, stateOf, channelFrom, uuid, type Entry } from './snapshots';

const master = (entries: readonly Entry[], outside?: Readonly<Record<string, Entry>>) =>
  snapshotOf(clusterOf(entries.length), entries, outside).master;

describe('who the master is', () => {
  it.each<[string, readonly Entry[], Readonly<Record<string, Entry>> | undefined, string | undefined]>([
    ['a star', [stateOf(1), replicaOf(2, 1), replicaOf(3, 1)], undefined, 'server1'],
    ['a dead master', ['dead', replicaOf(2, 1), replicaOf(3, 1)], undefined, 'server1'],
    ['an unreachable master', ['unreachable', replicaOf(2, 1), replicaOf(3, 1)], undefined, 'server1'],
    ['a hung master', ['hung', replicaOf(2, 1), replicaOf(3, 1)], undefined, 'server1'],
    ['a chain', [stateOf(1), replicaOf(2, 1), replicaOf(3, 2)], undefined, 'server1'],
    ['a chain with a writable middle', [stateOf(1), replicaOf(2, 1, { readOnly: false }), replicaOf(3, 2)], undefined, 'server1'], // prettier-ignore
    ['co-masters, second read-only', [replicaOf(1, 2, { readOnly: false }), replicaOf(2, 1), replicaOf(3, 1)], undefined, 'server1'], // prettier-ignore
    ['co-masters, first read-only', [replicaOf(1, 2, { readOnly: true }), replicaOf(2, 1, { readOnly: false }), replicaOf(3, 1)], undefined, 'server2'], // prettier-ignore
    ['co-masters, both writable', [replicaOf(1, 2), replicaOf(2, 1, { readOnly: false }), replicaOf(3, 1)], undefined, undefined], // prettier-ignore
    ['co-masters, both read-only', [replicaOf(1, 2, { readOnly: true }), replicaOf(2, 1), replicaOf(3, 1)], undefined, undefined], // prettier-ignore
    ['co-masters, the passive one dead', [replicaOf(1, 2, { readOnly: false }), 'dead', replicaOf(3, 1)], undefined, 'server1'], // prettier-ignore
    ['co-masters, the active one dead', ['dead', replicaOf(2, 1), replicaOf(3, 1)], undefined, 'server1'],
    ['a ring of three, one writable', [replicaOf(1, 3, { readOnly: false }), replicaOf(2, 1), replicaOf(3, 2)], undefined, 'server1'], // prettier-ignore
    ['two stars, both writable', [stateOf(1), replicaOf(2, 1), stateOf(3, { readOnly: false }), replicaOf(4, 3)], undefined, undefined], // prettier-ignore
    ['a half-finished failover', ['dead', replicaOf(2, 0, { readOnly: false }), replicaOf(3, 2), replicaOf(4, 1)], undefined, undefined], // prettier-ignore
    ['a master outside', [replicaOf(1, 9), replicaOf(2, 9)], { db9: stateOf(9, { readOnly: false }) }, 'db9:3306'],
    ['a dead master outside', [replicaOf(1, 9), replicaOf(2, 9)], { db9: 'dead' }, 'db9:3306'],
    ['a master that replicates from outside', [replicaOf(1, 9, { readOnly: false }), replicaOf(2, 1), replicaOf(3, 1)], { db9: stateOf(9) }, 'server1'], // prettier-ignore
    ['nobody replicates', [stateOf(1), 'dead', 'dead'], undefined, 'server1'],
    ['nobody replicates, two alive', [stateOf(1), stateOf(2), 'dead'], undefined, undefined],
    ['all dead', ['dead', 'dead'], undefined, undefined],
  ])('%s', (_name, entries, outside, expected) => {
    expect(master(entries, outside)).toBe(expected);
  });

  it('follows the channel of the cluster at a multi-source replica', () => {
    const both = [channelFrom(9, { name: 'other' }), channelFrom(1, { name: 'main' })];
    const entries = [stateOf(1), stateOf(2, { channels: both })];
    expect(snapshotOf(clusterOf(2), entries).edges).toEqual([
      { source: 'server1', replica: 'server2', channel: 'main' },
    ]);
    const named = clusterOf(2, { lines: ['#@ channel=main'] });
    expect(snapshotOf(named, entries, { db9: stateOf(9) }).edges).toEqual([
      { source: 'server1', replica: 'server2', channel: 'main' },
    ]);
  });
});

describe('which server a channel means', () => {
  const edges = (entries: readonly Entry[]) => snapshotOf(clusterOf(entries.length), entries).edges.map(e => e.source);
  const odd = { source: { host: 'mysql-a', port: 3306 } };

  it('trusts the UUID that a running receiver has seen', () => {
    expect(edges([stateOf(1), replicaOf(2, 1, {}, { source: { host: '10.9.9.9', port: 3307 } })])).toEqual(['server1']);
  });
  it('trusts the address before the UUID of a receiver that is not connected', () => {
    const stale = { sourceUuid: uuid(3), sourceServerId: 3, receiver: 'connecting' as const };
    expect(edges([stateOf(1), replicaOf(2, 1, {}, stale), replicaOf(3, 1)])).toEqual(['server1', 'server1']);
  });
  it('knows what a server calls itself', () => {
    const channel = { ...odd, sourceUuid: '', sourceServerId: 0 };
    expect(edges([stateOf(1, { hostname: 'mysql-a' }), replicaOf(2, 1, {}, channel)])).toEqual(['server1']);
    expect(edges([stateOf(1, { reportHost: 'mysql-a' }), replicaOf(2, 1, {}, channel)])).toEqual(['server1']);
  });
  it('falls back on the server id', () => {
    expect(edges([stateOf(1), replicaOf(2, 1, {}, { ...odd, sourceUuid: '' })])).toEqual(['server1']);
  });
  it('never takes a server for its own source', () => {
    expect(edges([stateOf(1), replicaOf(2, 2)])).toEqual([]);
  });
});

describe("MHA's GTID failover mode", () => {
  const mode = (entries: readonly Entry[]) => snapshotOf(clusterOf(entries.length), entries).gtidMode;
  it.each<[string, readonly Entry[], number]>([
    ['GTIDs and auto-position', [stateOf(1), replicaOf(2, 1)], 1],
    ['GTIDs by position', [stateOf(1), replicaOf(2, 1, {}, { autoPosition: false })], 1],
    ['one permissive', [stateOf(1), replicaOf(2, 1, { gtidMode: 'ON_PERMISSIVE' })], 0],
    ['a replica that executed nothing', [stateOf(1), replicaOf(2, 1, { gtidExecuted: '' })], 0],
    ['a dead master does not count', ['dead', replicaOf(2, 1)], 1],
    ['nobody alive', ['dead', 'dead'], 0],
  ])('%s', (_name, entries, expected) => {
    expect(mode(entries)).toBe(expected);
  });
});

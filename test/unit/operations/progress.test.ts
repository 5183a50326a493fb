import { describe, expect, it } from 'vitest';
import {
  clusterSet,
  errantOf,
  latestReplicas,
  receivedPosition,
  receivedSet,
} from '../../../src/engine/operations/progress';
import { channelFrom, uuid } from '../topology/snapshots';
import { at, factsOf, type FactsOptions, type ReplicaSpec } from './facts';

const [a, b, other] = [uuid(1), uuid(2), uuid(9)];

const replicasOf = (specs: readonly ReplicaSpec[], mode: FactsOptions['mode'] = 'gtid') =>
  factsOf(specs, { mode }).replicas;

function twoChannels(executed: string, main: string, elsewhere: string): ReplicaSpec {
  return {
    lines: ['#@ channel=main'],
    state: {
      gtidExecuted: executed,
      channels: [
        channelFrom(1, { name: 'main', retrievedGtids: main }),
        channelFrom(9, { name: 'other', source: { host: 'elsewhere', port: 3306 }, retrievedGtids: elsewhere }),
      ],
    },
  };
}

describe('what a replica has received', () => {
  it('is what it has done and what waits in its relay log', () => {
    const [replica] = replicasOf([{ state: { gtidExecuted: `${a}:1-5,${b}:1` }, channel: { retrievedGtids: `${a}:6-9` } }, {}]); // prettier-ignore
    expect(receivedSet(replica!).toString()).toBe(`${a}:1-9,${b}:1`);
  });

  it('leaves out what came by another channel, whoever wrote it', () => {
    const third = uuid(8);
    const [replica] = replicasOf([twoChannels(`${a}:1-5,${other}:1-7,${third}:1-2`, `${a}:3-6`, `${third}:2,${other}:7`), {}]); // prettier-ignore
    expect(receivedSet(replica!).toString()).toBe(`${a}:1-6,${third}:1`);
    expect(clusterSet(replica!, `${a}:1,${other}:1`).toString()).toBe(`${a}:1`);
  });

  it("keeps the master's own transactions, even if the other channel brings them as well", () => {
    const [replica] = replicasOf([twoChannels(`${a}:1-5`, `${a}:1-5`, `${a}:2-5,${other}:1`), {}]);
    expect(receivedSet(replica!).toString()).toBe(`${a}:1-5`);
  });

  it('is, by MariaDB, what its receiver or its applier has, and not what was written on it', () => {
    const replicas = replicasOf(
      [{ state: { gtidSlavePos: '0-1-5', gtidBinlogPos: '0-2-9', gtidExecuted: '0-2-9' }, channel: { retrievedGtids: '0-1-7' } }, {}], // prettier-ignore
      'mariadbGtid',
    );
    expect(receivedPosition(replicas[0]!, replicas).toString()).toBe('0-1-7');
  });
});

describe('errant transactions', () => {
  it('are those that only one replica has and the master did not write', () => {
    const replicas = replicasOf([{ state: { gtidExecuted: `${a}:1-9,${b}:1-2` } }, { state: { gtidExecuted: `${a}:1-5` }, channel: { retrievedGtids: '' } }]); // prettier-ignore
    expect(replicas.map(r => errantOf(r, replicas).toString())).toEqual([`${b}:1-2`, '']);
  });

  it('are not those of a former master, which others have', () => {
    const executed = `${a}:1-5,${uuid(3)}:1-100`;
    const replicas = replicasOf([{ state: { gtidExecuted: executed } }, { state: { gtidExecuted: executed } }]);
    expect(replicas.map(r => errantOf(r, replicas).isEmpty)).toEqual([true, true]);
  });

  it('cannot be told apart on a single replica', () => {
    const replicas = replicasOf([{ state: { gtidExecuted: `${a}:1-5,${b}:1` } }]);
    expect(errantOf(replicas[0]!, replicas).isEmpty).toBe(true);
  });

  it('are not what another channel brought', () => {
    const replicas = replicasOf([twoChannels(`${a}:1-5,${other}:1-7`, `${a}:5`, ''), { state: { gtidExecuted: `${a}:1-5` } }]); // prettier-ignore
    expect(errantOf(replicas[0]!, replicas).isEmpty).toBe(true);
  });
});

describe('the latest replicas', () => {
  it('are several, if they have the same', () => {
    expect(latestReplicas(replicasOf([{}, {}, {}]), 'gtid')).toEqual(['server2', 'server3', 'server4']);
  });

  it('by position are those of the greatest file and position; nothing received is least', () => {
    const none = { received: undefined } as unknown as ReplicaSpec['channel'] & object;
    const specs = [at(2, 5), at(10, 4), at(9, 900)].map(received => ({ channel: { received } }));
    expect(latestReplicas(replicasOf([...specs, { channel: none }], 'position'), 'position')).toEqual(['server3']);
  });

  it('by MariaDB are all that nobody is ahead of, if domains diverge', () => {
    const specs = ['0-1-5,1-1-3', '0-1-6,1-1-2', '0-1-4,1-1-2'].map(position => ({
      state: { gtidSlavePos: position },
      channel: { retrievedGtids: position },
    }));
    expect(latestReplicas(replicasOf(specs, 'mariadbGtid'), 'mariadbGtid')).toEqual(['server2', 'server3']);
  });
});

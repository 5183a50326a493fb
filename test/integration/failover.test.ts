import { afterEach, describe, expect, it } from 'vitest';
import { startCluster, type ClusterSpec, type TestCluster } from '../support/cluster';
import { expectOneCluster, failOver, isWritable } from './failoverSupport';

let cluster: TestCluster | undefined;
afterEach(async () => {
  await cluster?.[Symbol.asyncDispose]();
  cluster = undefined;
});

const KINDS: readonly (readonly [string, ClusterSpec])[] = [
  ['MySQL 5.6 by GTID', { flavour: 'mysql56', replicas: 2, gtid: true, ssh: true }],
  ['MySQL 5.6 by position', { flavour: 'mysql56', replicas: 2, gtid: false, ssh: true }],
  ['MySQL 9.7 by GTID', { flavour: 'mysql97', replicas: 2, gtid: true, ssh: true }],
  ['MariaDB 10.11 by GTID', { flavour: 'mariadb1011', replicas: 2, gtid: true, ssh: true }],
  ['MariaDB 10.11 by position', { flavour: 'mariadb1011', replicas: 2, gtid: false, ssh: true }],
];

describe.each(KINDS)('failover, %s', (_, spec) => {
  it('with nothing to recover: the candidate is writable and the other replica follows it', async () => {
    cluster = await startCluster(spec);
    const { master, replicas } = cluster;
    await master.query('CREATE TABLE test.t (id INT PRIMARY KEY, v VARCHAR(100))');
    await master.query("INSERT INTO test.t VALUES (1, 'one'), (2, 'two')");
    await master.kill();
    const result = await failOver(cluster);
    expect(result.log.filter(line => line.startsWith('[error]'))).toEqual([]);
    expect(result).toMatchObject({ outcome: 'succeeded', exitCode: 0, newMaster: 'server2' });
    const [candidate, other] = replicas as [(typeof replicas)[0], (typeof replicas)[0]];
    expect(await isWritable(candidate)).toBe(true);
    expect(await isWritable(other)).toBe(false);
    expect(await expectOneCluster(candidate, [other])).toEqual([]);
    console.log(`${spec.flavour}: ${Math.round(result.tookMs)} ms`);
  });
});

import { cpSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startCluster, type ClusterSpec, type TestCluster } from '../support/cluster';
import { expectOneCluster, failOver } from './failoverSupport';

let cluster: TestCluster | undefined;
afterEach(async () => {
  await cluster?.[Symbol.asyncDispose]();
  cluster = undefined;
});

const KINDS: readonly (readonly [string, ClusterSpec])[] = [
  ['MySQL 5.6 by GTID', { flavour: 'mysql56', replicas: 2, gtid: true, ssh: true }],
  ['MySQL 5.6 by position', { flavour: 'mysql56', replicas: 2, gtid: false, ssh: true }],
];

/** A cluster whose dead master has one row that nobody received, and cannot be reached by SSH; `copy` holds its logs. */
async function lostMaster(spec: ClusterSpec): Promise<{ cluster: TestCluster; copy: string }> {
  cluster = await startCluster(spec);
  const { master, replicas, sshds, dir } = cluster;
  await master.query('CREATE TABLE test.t (id INT PRIMARY KEY)');
  for (const replica of replicas) await replica.query('STOP SLAVE IO_THREAD');
  await master.query('INSERT INTO test.t VALUES (7)');
  const copy = path.join(dir, 'copy');
  mkdirSync(copy);
  cpSync(master.datadir, copy, { recursive: true, filter: file => file === master.datadir || /bin\.\d+$/.test(file) });
  await master.kill();
  await sshds[0]?.kill();
  return { cluster, copy };
}

describe.each(KINDS)('failover with a binlog server, %s', (_, spec) => {
  it('takes from its copy what the dead host cannot give any more', async () => {
    const { cluster, copy } = await lostMaster(spec);
    const [candidate, other] = cluster.replicas;
    const appended = `[binlog1]\nhostname=127.0.0.1\nssh_port=${cluster.sshds[2]?.port}\nmaster_binlog_dir=${copy}\n`;
    const result = await failOver(cluster, { config: { appended } });
    expect(result).toMatchObject({ outcome: 'succeeded', exitCode: 0, newMaster: 'server2' });
    expect(await candidate!.query('SELECT id FROM test.t')).toEqual([{ id: 7 }]);
    expect(await expectOneCluster(candidate!, [other!])).toEqual([]);
  });

  it('refuses to lose what a binlog server that does not answer may have, unless told to', async () => {
    const { cluster, copy } = await lostMaster(spec);
    const appended = `[binlog1]\nhostname=127.0.0.1\nssh_port=1\nmaster_binlog_dir=${copy}\n`;
    const config = { appended };
    const refused = await failOver(cluster, { config });
    expect(refused).toMatchObject({ outcome: 'failed', exitCode: 1 });
    const told = await failOver(cluster, {
      config,
      options: { ignoreBinlogServerError: true, ignoreLastFailover: true },
    });
    expect(told.exitCode).toBe(10);
    expect(await cluster.replicas[0]!.query('SELECT id FROM test.t')).toEqual([]);
  });
});

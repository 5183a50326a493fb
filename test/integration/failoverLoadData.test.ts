import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  expectRecovered,
  failOver,
  GTID_97,
  GTID_MARIADB,
  POSITION_56,
  stopReceiver,
  worldOf,
} from './failoverSupport';

describe('LOAD DATA as a statement, where servers refuse LOCAL', () => {
  it.each([
    ['MySQL 5.6 by position', POSITION_56],
    ['MySQL 9.7 by GTID', GTID_97],
    ['MariaDB by GTID', GTID_MARIADB],
  ] as const)('%s: it is recovered, and LOCAL is refused again', async (_, kind) => {
    const extra = { binlog_format: 'STATEMENT', local_infile: 'OFF', secure_file_priv: '', super_read_only: 'OFF' };
    const { super_read_only: __, ...old } = extra;
    await using world = await worldOf(kind, { extra: kind.flavour === 'mysql97' ? extra : old });
    const { cluster, master, candidate, others } = world;
    if (kind.flavour === 'mysql97')
      for (const replica of cluster.replicas) await replica.query('SET GLOBAL super_read_only=1');
    const file = path.join(cluster.dir, 'load.txt');
    writeFileSync(file, '1000\tone\n1001\ttwo\n');
    for (const replica of cluster.replicas) await stopReceiver(replica, kind.flavour);
    await master.query('LOAD DATA INFILE ? INTO TABLE test.t (id, v)', [file]);
    await master.kill();
    const result = await failOver(cluster);
    await expectRecovered(world, result, { master: candidate, replicas: others, ids: [1, 2, 3, 1000, 1001] });
    for (const server of cluster.replicas) {
      const [row] = await server.query('SELECT @@global.local_infile AS value');
      expect(Number(row?.['value'])).toBe(0);
    }
  });
});

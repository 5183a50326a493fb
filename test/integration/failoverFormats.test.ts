import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TestServer } from '../support/testServer';
import { waitFor } from '../support/waitFor';
import {
  expectRecovered,
  failOver,
  insert,
  level,
  POSITION_56,
  POSITION_MARIADB,
  range,
  received,
  stopReceiver,
  worldOf,
  type World,
} from './failoverSupport';

describe('binlog_checksum', () => {
  it.each([
    ['of the master is NONE', { 0: 'NONE', 1: 'CRC32', 2: 'CRC32' }],
    ['of the candidate is NONE', { 0: 'CRC32', 1: 'NONE', 2: 'CRC32' }],
    ['of the master and another replica is NONE', { 0: 'NONE', 1: 'CRC32', 2: 'NONE' }],
  ] as const)('%s: everything is recovered, from relay logs and from the disk', async (_, checksums) => {
    const extraFor = Object.fromEntries(Object.entries(checksums).map(([i, value]) => [i, { binlog_checksum: value }]));
    await using world = await worldOf(POSITION_56, { extraFor });
    const { cluster, master, candidate, others } = world;
    for (const [i, value] of Object.entries(checksums))
      expect(await cluster.servers[Number(i)]?.query('SELECT @@global.binlog_checksum AS c')).toEqual([{ c: value }]);
    await stopReceiver(candidate, 'mysql56');
    await insert(master, 4, 6);
    await level(cluster, others);
    for (const other of others) await stopReceiver(other, 'mysql56');
    await insert(master, 7, 9);
    await master.kill();
    const result = await failOver(cluster);
    await expectRecovered(world, result, { master: candidate, replicas: others, ids: range(1, 9) });
  });

  it('changed while the master ran: files of both kinds are recovered', async () => {
    await using world = await worldOf(POSITION_56, { extra: { binlog_checksum: 'CRC32' } });
    const { cluster, master, candidate, others } = world;
    for (const replica of cluster.replicas) await stopReceiver(replica, 'mysql56');
    await insert(master, 4, 6);
    await master.query("SET GLOBAL binlog_checksum='NONE'");
    await insert(master, 7, 9);
    await master.kill();
    const result = await failOver(cluster);
    await expectRecovered(world, result, { master: candidate, replicas: others, ids: range(1, 9) });
  });
});

describe('numbers of binary logs', () => {
  /** The master writes mysql-bin.999999, which the replicas read from its first transaction on. */
  async function nextIsAMillion({ cluster, master }: World): Promise<void> {
    for (const replica of cluster.replicas) await replica.query('STOP SLAVE');
    await master.stop();
    const index = path.join(master.datadir, 'mysql-bin.index');
    const last = path.basename(readFileSync(index, 'utf8').trim().split('\n').at(-1) ?? '');
    renameSync(path.join(master.datadir, last), path.join(master.datadir, 'mysql-bin.999998'));
    writeFileSync(index, './mysql-bin.999998\n');
    await master.start();
    const [begin] = await master.query('SHOW MASTER STATUS');
    expect(begin?.['File']).toBe('mysql-bin.999999');
    for (const replica of cluster.replicas) {
      await replica.query("CHANGE MASTER TO MASTER_LOG_FILE='mysql-bin.999999', MASTER_LOG_POS=?", [begin?.['Position']]); // prettier-ignore
      await replica.query('START SLAVE');
    }
    await level(cluster);
  }

  it('above 999999: the last file and the one before are recovered', async () => {
    await using world = await worldOf(POSITION_56);
    const { cluster, master, candidate, others } = world;
    await nextIsAMillion(world);
    await insert(master, 4, 5);
    await level(cluster);
    for (const replica of cluster.replicas) await stopReceiver(replica, 'mysql56');
    await insert(master, 6, 8);
    await master.query('FLUSH LOGS');
    await insert(master, 9, 11);
    expect((await master.query('SHOW MASTER STATUS'))[0]?.['File']).toBe('mysql-bin.1000000');
    await master.kill();
    const result = await failOver(cluster);
    await expectRecovered(world, result, { master: candidate, replicas: others, ids: range(1, 11) });
    expect(result.log.join('\n')).toContain('Saved 6 transactions');
  });

  it('above 999999: the replica in the later file is the latest one', async () => {
    await using world = await worldOf(POSITION_56, { replicas: 3 });
    const { cluster, master, candidate, others } = world;
    const [third, fourth] = others as [TestServer, TestServer];
    await nextIsAMillion(world);
    await level(cluster);
    await stopReceiver(candidate, 'mysql56');
    await insert(master, 4, 6);
    await level(cluster, [third, fourth]);
    await stopReceiver(fourth, 'mysql56');
    await master.query('FLUSH LOGS');
    await insert(master, 7, 9);
    await level(cluster, [third]);
    expect((await master.query('SHOW MASTER STATUS'))[0]?.['File']).toBe('mysql-bin.1000000');
    await master.kill();
    await cluster.sshds[0]?.kill();
    const result = await failOver(cluster, { config: { servers: { 3: { no_master: '1' } } } });
    await expectRecovered(world, result, { master: candidate, replicas: [third, fourth], ids: range(1, 9) });
  });
});

describe.each([
  ['MySQL 5.6', POSITION_56, 'slave_parallel_workers'],
  ['MariaDB', POSITION_MARIADB, 'slave_parallel_threads'],
] as const)('parallel appliers by position, %s', (_, kind, variable) => {
  it.each([
    ['its disk has the rest', true],
    ['its host is lost, and a replica has it in relay logs', false],
  ])('held up in one of several schemas: %s', async (_name, ssh) => {
    await using world = await worldOf(kind, { extra: { [variable]: '4', binlog_format: 'ROW' } });
    const { cluster, master, candidate, others } = world;
    const [third] = others as [TestServer];
    const schemas = range(1, 4).map(n => `s${n}`);
    for (const schema of schemas) {
      await master.query(`CREATE DATABASE ${schema}`);
      await master.query(`CREATE TABLE ${schema}.p (id INT PRIMARY KEY, v INT) ENGINE=InnoDB`);
      await master.query(`INSERT INTO ${schema}.p VALUES (0, 0)`);
    }
    await level(cluster);
    const write = async (from: number, to: number) => {
      await Promise.all(
        schemas.map(async schema => {
          const connection = await master.connect();
          try {
            for (let id = from; id <= to; id++) {
              await connection.query('BEGIN');
              await connection.query(`INSERT INTO ${schema}.p VALUES (?, ?)`, [id, id]);
              await connection.query(`UPDATE ${schema}.p SET v = v + 1 WHERE id IN (0, ?)`, [id]);
              await connection.query('COMMIT');
            }
          } finally {
            connection.destroy();
          }
        }),
      );
    };
    // One worker waits for this row while the others go on, so that what is applied has gaps.
    const blocker = await candidate.connect();
    await blocker.query('BEGIN');
    await blocker.query('SELECT * FROM s2.p WHERE id = 0 FOR UPDATE');
    await write(1, 20);
    for (const replica of cluster.replicas) await received(replica, master, kind.flavour);
    await level(cluster, [third]);
    const applied = async (schema: string) => (await candidate.query(`SELECT id FROM ${schema}.p`)).length;
    // Workers of MariaDB commit in the order of the log.
    if (kind.flavour === 'mysql56') await waitFor('the other workers', async () => (await applied('s1')) === 21);
    expect(await applied('s2')).toBe(1);
    await stopReceiver(candidate, kind.flavour);
    await write(21, 40);
    await level(cluster, [third]);
    if (ssh) {
      await stopReceiver(third, kind.flavour);
      await write(41, 60);
    }
    await master.kill();
    if (!ssh) await cluster.sshds[0]?.kill();
    expect(await applied('s2')).toBe(1);
    blocker.destroy();
    const result = await failOver(cluster, { config: { servers: { 3: { no_master: '1' } } } });
    await expectRecovered(world, result, { master: candidate, replicas: others, ids: range(1, 3) });
    const rows = ssh ? 60 : 40;
    for (const schema of schemas)
      for (const server of [candidate, third])
        expect(await server.query(`SELECT COUNT(*) AS n, SUM(IF(id = 0, v, 0)) AS zero, SUM(IF(id > 0, v - id, 0)) AS ones FROM ${schema}.p`), `${schema} on server${server.serverId}`).toEqual([{ n: rows + 1, zero: String(rows), ones: String(rows) }]); // prettier-ignore
  });
});

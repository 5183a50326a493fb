import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { replicaStatus } from '../support/replication';
import { startProxy, type FaultProxy } from '../support/proxy';
import type { TestServer } from '../support/testServer';
import { waitFor } from '../support/waitFor';
import {
  expectRecovered,
  failOver,
  GTID_56,
  GTID_97,
  GTID_MARIADB,
  ids,
  insert,
  isWritable,
  level,
  POSITION_56,
  POSITION_MARIADB,
  range,
  received,
  stopApplier,
  stopReceiver,
  worldOf,
  type Kind,
  type World,
} from './failoverSupport';

const noMaster = { servers: { 3: { no_master: '1' } } };

/** server3 gets rows that the candidate does not. */
async function thirdIsAhead(world: World, flavour: Kind['flavour'], from: number, to: number): Promise<void> {
  await stopReceiver(world.candidate, flavour);
  await insert(world.master, from, to);
  await level(world.cluster, [world.others[0] as TestServer]);
}

describe.each([
  ['MySQL 5.6 by position', POSITION_56],
  ['MySQL 5.6 by GTID', GTID_56],
  ['MySQL 9.7 by GTID', GTID_97],
  ['MariaDB by position', POSITION_MARIADB],
  ['MariaDB by GTID', GTID_MARIADB],
] as const)('the host of the master is lost, %s', (_, kind) => {
  it('the candidate gets what it lacks from a replica that may not become master', async () => {
    await using world = await worldOf(kind);
    const { master, candidate, others, cluster } = world;
    await thirdIsAhead(world, kind.flavour, 4, 9);
    await master.kill();
    await cluster.sshds[0]?.kill();
    const result = await failOver(cluster, { config: noMaster });
    await expectRecovered(world, result, { master: candidate, replicas: others, ids: range(1, 9) });
  });
});

describe('the relay logs of the latest replica are purged', () => {
  async function purged(more: { no_master: boolean; ssh: boolean }) {
    const world = await worldOf(POSITION_56, { extraFor: { 2: { relay_log_purge: 'ON' } } });
    await thirdIsAhead(world, 'mysql56', 4, 6);
    const [third] = world.others as [TestServer];
    const old = readdirSync(third.datadir).filter(name => /^relay-bin\.\d+$/.test(name));
    await third.query('FLUSH RELAY LOGS');
    await insert(world.master, 7, 9);
    await level(world.cluster, [third]);
    await third.query('FLUSH RELAY LOGS');
    await waitFor('the purge', () => !old.some(name => existsSync(path.join(third.datadir, name))));
    await world.master.kill();
    if (!more.ssh) await world.cluster.sshds[0]?.kill();
    return { world, third, config: { servers: { 2: { candidate_master: '1' }, 3: more.no_master ? { no_master: '1' } : {} } } }; // prettier-ignore
  }

  it("the dead master's disk has it all", async () => {
    const { world, third, config } = await purged({ no_master: true, ssh: true });
    await using _ = world;
    const result = await failOver(world.cluster, { config });
    await expectRecovered(world, result, { master: world.candidate, replicas: [third], ids: range(1, 9) });
  });

  it('and the host of the master is lost: the latest becomes master instead, the other is left to be rebuilt', async () => {
    const { world, third, config } = await purged({ no_master: false, ssh: false });
    await using _ = world;
    const result = await failOver(world.cluster, { config });
    expect(result, result.log.join('\n')).toMatchObject({ exitCode: 10, newMaster: 'server3' });
    expect(await ids(third)).toEqual(range(1, 9));
    expect(await isWritable(third)).toBe(true);
    expect(await isWritable(world.candidate)).toBe(false);
    expect(result.left.length).toBeGreaterThan(0);
  });

  it('and the latest may not become master: nobody is made writable, nothing is thrown away', async () => {
    const { world, third, config } = await purged({ no_master: true, ssh: false });
    await using _ = world;
    const result = await failOver(world.cluster, { config });
    expect(result).toMatchObject({ exitCode: 1, outcome: 'failed' });
    expect(await Promise.all([world.candidate, third].map(isWritable))).toEqual([false, false]);
    expect(await ids(third)).toEqual(range(1, 9));
    expect((await failOver(world.cluster, { config })).refusals.map(r => r.code)).toContain('failed');
  });
});

/** Lets all replicas replicate through a proxy, which the configuration then calls the master. */
async function throughProxy({ cluster, master }: World, kind: Kind): Promise<FaultProxy> {
  const proxy = await startProxy(master);
  const [replica, source] = kind.flavour === 'mysql97' ? ['REPLICA', 'SOURCE'] : ['SLAVE', 'MASTER'];
  for (const server of cluster.replicas) {
    const status = await replicaStatus(server, kind.flavour);
    await server.query(`STOP ${replica}`);
    const at = kind.gtid ? '' : `, ${source}_LOG_FILE='${String(status?.['Master_Log_File'])}', ${source}_LOG_POS=${String(status?.['Exec_Master_Log_Pos'])}`; // prettier-ignore
    await server.query(`CHANGE ${source === 'SOURCE' ? 'REPLICATION SOURCE' : 'MASTER'} TO ${source}_PORT=?${at}`, [proxy.port]); // prettier-ignore
    await server.query(`START ${replica}`);
  }
  await level(cluster);
  return proxy;
}

describe.each([
  ['MySQL 5.6 by position', POSITION_56],
  ['MySQL 5.6 by GTID', GTID_56],
  ['MySQL 9.7 by GTID', GTID_97],
  ['MariaDB by position', POSITION_MARIADB],
  ['MariaDB by GTID', GTID_MARIADB],
] as const)('the master dies in the middle of sending a large transaction, %s', (_, kind) => {
  it.each([
    ['its disk has the rest', true],
    ['its host is lost, and nobody has half of it', false],
  ])('%s', async (_name, ssh) => {
    await using world = await worldOf(kind);
    const { cluster, master, candidate, others } = world;
    await using proxy = await throughProxy(world, kind);
    // A replica that came again would get the rest.
    proxy.closeAfter(300_000, 'refuse');
    proxy.cut();
    const [word, thread] = kind.flavour === 'mysql97' ? ['REPLICA', 'IO_THREAD'] : ['SLAVE', 'IO_THREAD'];
    for (const replica of cluster.replicas) {
      await replica.query(`STOP ${word} ${thread}`);
      await replica.query(`START ${word} ${thread}`);
    }
    await waitFor('the replicas at the master', async () => {
      const rows = await master.query('SHOW PROCESSLIST');
      return rows.filter(row => String(row['Command']).startsWith('Binlog Dump')).length >= 2;
    });
    await insert(master, 4);
    const connection = await master.connect();
    await connection.query('BEGIN');
    for (let id = 100; id < 200; id++) await connection.query('INSERT INTO test.t VALUES (?, REPEAT(?, 10000))', [id, String.fromCharCode(33 + (id % 90))]); // prettier-ignore
    await connection.query('COMMIT');
    connection.destroy();
    for (const replica of cluster.replicas)
      await waitFor(
        'the cut',
        async () => (await replicaStatus(replica, kind.flavour))?.['Slave_IO_Running'] !== 'Yes',
      );
    await master.kill();
    if (!ssh) await cluster.sshds[0]?.kill();
    const result = await failOver(cluster, { config: { servers: { 1: { port: String(proxy.port) } } } });
    const wanted = ssh ? [...range(1, 4), ...range(100, 199)] : range(1, 4);
    await expectRecovered(world, result, { master: candidate, replicas: others, ids: wanted });
  });
});

describe('what transactions hold', () => {
  it.each([
    ['MySQL 5.6, rows', POSITION_56, 'ROW'],
    ['MySQL 5.6, statements', POSITION_56, 'STATEMENT'],
    ['MySQL 5.6 by GTID, statements', GTID_56, 'STATEMENT'],
    ['MariaDB, statements', POSITION_MARIADB, 'STATEMENT'],
    ['MariaDB by GTID, statements', GTID_MARIADB, 'STATEMENT'],
    ['MySQL 9.7, rows, compressed', GTID_97, 'ROW'],
  ] as const)('%s: it is the same on every server, from the disk and from the relay logs', async (_, kind, format) => {
    const extra = { binlog_format: format, ...(kind === GTID_97 ? { binlog_transaction_compression: 'ON' } : {}) };
    await using world = await worldOf(kind, { extra });
    const { cluster, master, candidate, others } = world;
    await master.query(`CREATE TABLE test.all_types (
      id INT PRIMARY KEY AUTO_INCREMENT, d DECIMAL(20,6), f DOUBLE, b BIT(9), e ENUM('a','ü') CHARACTER SET utf8,
      t TIMESTAMP NULL, dt DATETIME, bin VARBINARY(300), txt TEXT CHARACTER SET latin1, u TEXT CHARACTER SET utf8mb4) ENGINE=InnoDB`);
    await master.query('CREATE TABLE test.notrans (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(50)) ENGINE=MyISAM');
    await level(cluster);
    const file = path.join(cluster.dir, 'load.txt');
    writeFileSync(file, "1000\tfrom a 'file'\n1001\twith \\\\ and \t\n");
    const write = async (seed: number) => {
      const connection = await master.connect();
      const bytes = Buffer.from(range(0, 255));
      await connection.query('INSERT INTO test.all_types (d, f, b, e, t, dt, bin, txt, u) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)', [
        '12345678901234.123456', 1 / 3, 257, 'ü', '2020-02-29 12:00:00', '1999-12-31 23:59:59', bytes, "é'\\\"\n", '😀 \u0000 汉字']); // prettier-ignore
      await connection.query("SET NAMES latin1, time_zone='+05:30', sql_mode='ANSI_QUOTES'");
      await connection.query("INSERT INTO test.all_types (t, txt) VALUES ('2020-06-01 00:00:00', 'caf\u00e9')");
      await connection.query('SET @x = 3, @y = NULL');
      await connection.query('INSERT INTO test.all_types (f, u) VALUES (@x * RAND(7), @y)');
      await connection.query('UPDATE test.all_types SET f = f + LAST_INSERT_ID() WHERE f IS NOT NULL');
      await connection.query('BEGIN');
      await connection.query("INSERT INTO test.notrans (v) VALUES ('in a transaction')");
      await connection.query('INSERT INTO test.t VALUES (?, 1)', [seed]);
      await connection.query('SAVEPOINT s');
      await connection.query('INSERT INTO test.t VALUES (?, 1)', [seed + 1]);
      await connection.query('ROLLBACK TO s');
      await connection.query('COMMIT');
      await connection.query(`CREATE TABLE test.made_${seed} LIKE test.t`);
      await connection.query(`ALTER TABLE test.made_${seed} ADD COLUMN w INT DEFAULT 5`);
      await connection.query(`CREATE VIEW test.view_${seed} AS SELECT 1 AS "one;--"`);
      await connection.query(`CREATE PROCEDURE test.p_${seed}() BEGIN SELECT 'a;b'; END`);
      await connection.query(`DELETE FROM test.t WHERE id = 1 OR id = ${seed}`);
      if (kind.flavour !== 'mysql97')
        await connection.query(`LOAD DATA INFILE ? INTO TABLE test.t (id, v) SET id = id + ${seed}`, [file]);
      connection.destroy();
    };
    await stopReceiver(candidate, kind.flavour);
    await write(10_000);
    await level(cluster, others);
    for (const other of others) await stopReceiver(other, kind.flavour);
    await write(20_000);
    await master.kill();
    const result = await failOver(cluster);
    await expectRecovered(world, result, { master: candidate, replicas: others });
    for (const name of ['10000', '20000'])
      expect(await candidate.query(`SELECT * FROM test.view_${name}`)).toEqual([{ 'one;--': 1 }]);
  });

  it.each([
    ['by position', POSITION_56],
    ['by GTID of MySQL', GTID_56],
    ['by GTID of MySQL 9.7', GTID_97],
    ['by GTID', GTID_MARIADB],
  ] as const)('50 small files, %s', async (_, kind) => {
    await using world = await worldOf(kind);
    const { cluster, master, candidate, others } = world;
    for (const replica of cluster.replicas) await stopReceiver(replica, kind.flavour);
    for (let id = 4; id < 54; id++) {
      await insert(master, id);
      await master.query('FLUSH LOGS');
    }
    await master.kill();
    const result = await failOver(cluster);
    await expectRecovered(world, result, { master: candidate, replicas: others, ids: range(1, 53) });
  });

  it.each([
    ['by position', POSITION_56],
    ['by GTID', GTID_56],
    ['by GTID of MySQL 9.7', GTID_97],
    ['by MariaDB GTID', GTID_MARIADB],
  ] as const)('one transaction of 30 MB, %s', async (_, kind) => {
    await using world = await worldOf(kind);
    const { cluster, master, candidate, others } = world;
    for (const replica of cluster.replicas) await stopReceiver(replica, kind.flavour);
    const connection = await master.connect();
    await connection.query('BEGIN');
    for (let id = 1000; id < 2000; id++) await connection.query('INSERT INTO test.t SELECT ?, REPEAT(CHAR(?), 30000)', [id, 33 + (id % 90)]); // prettier-ignore
    await connection.query('COMMIT');
    connection.destroy();
    await master.kill();
    const result = await failOver(cluster);
    await expectRecovered(world, result, { master: candidate, replicas: others, ids: [...range(1, 3), ...range(1000, 1999)] }); // prettier-ignore
  });
});

describe('appliers', () => {
  it.each([
    ['by position', POSITION_56],
    ['by GTID of MySQL', GTID_56],
    ['by GTID of MySQL 9.7', GTID_97],
    ['by GTID', GTID_MARIADB],
  ] as const)('that are stopped are started and finish, %s', async (_, kind) => {
    await using world = await worldOf(kind);
    const { cluster, master, candidate, others } = world;
    for (const replica of cluster.replicas) await stopApplier(replica, kind.flavour);
    await insert(master, 4, 9);
    for (const replica of cluster.replicas) await received(replica, master, kind.flavour);
    await master.kill();
    const result = await failOver(cluster);
    await expectRecovered(world, result, { master: candidate, replicas: others, ids: range(1, 9) });
  });

  async function failing(kind: Kind) {
    const world = await worldOf(kind);
    const [third] = world.others as [TestServer];
    await third.query('SET sql_log_bin=0; ').catch(() => undefined);
    const connection = await third.connect();
    await connection.query('SET sql_log_bin=0');
    await connection.query("INSERT INTO test.t VALUES (4, 'a stray row')");
    connection.destroy();
    await insert(world.master, 4, 5);
    await waitFor('the error', async () => (await replicaStatus(third, kind.flavour))?.['Slave_SQL_Running'] === 'No');
    await level(world.cluster, [world.candidate]);
    await world.master.kill();
    return { world, third };
  }

  it('that failed: refused, nothing is changed', async () => {
    const { world } = await failing(POSITION_56);
    await using _ = world;
    const result = await failOver(world.cluster);
    expect(result).toMatchObject({ exitCode: 1, outcome: 'refused', lines: [] });
    expect(result.refusals).toMatchObject([{ code: 'server-dead', server: 'server3' }]);
    expect((await replicaStatus(world.candidate, 'mysql56'))?.['Slave_IO_Running']).not.toBe('No');
  });

  it.each([
    ['by position', POSITION_56],
    ['by GTID', GTID_MARIADB],
  ] as const)('that failed, with ignore_fail: the failover goes on without it, %s', async (_, kind) => {
    const { world, third } = await failing(kind);
    await using _world = world;
    const result = await failOver(world.cluster, { config: { servers: { 3: { ignore_fail: '1' } } } });
    await expectRecovered(world, result, { master: world.candidate, replicas: [], exitCode: 10, ids: range(1, 5) });
    expect(await isWritable(third)).toBe(false);
  });
});

describe('errant transactions', () => {
  it('a replica with transactions of its own is not elected, and the others do not get them', async () => {
    await using world = await worldOf(GTID_56);
    const { master, candidate, others, cluster } = world;
    await candidate.query('CREATE TABLE test.errant (id INT)');
    await master.kill();
    const result = await failOver(cluster);
    expect(result).toMatchObject({ newMaster: 'server3' });
    expect(await isWritable(others[0] as TestServer)).toBe(true);
    expect(await others[0]?.query("SHOW TABLES FROM test LIKE 'errant'")).toEqual([]);
  });

  it('on the most advanced replica: its received transactions are recovered all the same', async () => {
    await using world = await worldOf(GTID_56, { replicas: 3 });
    const { master, candidate, others, cluster } = world;
    const [third, fourth] = others as [TestServer, TestServer];
    await stopReceiver(candidate, 'mysql56');
    await stopReceiver(fourth, 'mysql56');
    await insert(master, 4, 9);
    await level(cluster, [third]);
    await third.query("INSERT INTO test.t VALUES (500, 'errant')");
    await master.kill();
    await cluster.sshds[0]?.kill();
    const result = await failOver(cluster);
    expect(await ids(candidate)).toEqual(expect.arrayContaining(range(1, 9)));
    await expectRecovered(world, result, { master: candidate, replicas: others });
    expect(result.log.join('\n')).toContain('transactions of its own');
  });

  it('of MariaDB: what was written on a replica itself does not stop the failover', async () => {
    await using world = await worldOf({ flavour: 'mariadb1011', gtid: true }, { extra: { gtid_strict_mode: 'OFF' } });
    const { master, candidate, others, cluster } = world;
    await others[0]?.query('CREATE TABLE test.errant (id INT)');
    await master.kill();
    const result = await failOver(cluster);
    expect(result.newMaster).toBe('server2');
    expect(await isWritable(candidate)).toBe(true);
  });
});

import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadCluster } from '../../src/config/load';
import { failover } from '../../src/engine/operations/failover';
import { startCluster, type TestServer } from '../support/cluster';
import { replicaStatus } from '../support/replication';
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
  stopReceiver,
  worldOf,
  type Kind,
} from './failoverSupport';

describe.each([
  ['MySQL 5.6 by position', POSITION_56],
  ['MySQL 5.6 by GTID', GTID_56],
  ['MySQL 9.7 by GTID', GTID_97],
  ['MariaDB by position', POSITION_MARIADB],
  ['MariaDB by GTID', GTID_MARIADB],
] as const)('a delayed replica, %s', (_, kind) => {
  it('that alone has received the last transactions: they are recovered, and its settings stay', async () => {
    await using world = await worldOf(kind);
    const { cluster, master, candidate, others } = world;
    const [third] = others as [TestServer];
    const [replica, source] = kind.flavour === 'mysql97' ? ['REPLICA', 'SOURCE'] : ['SLAVE', 'MASTER'];
    await third.query(`STOP ${replica}`);
    await third.query(`CHANGE ${source === 'SOURCE' ? 'REPLICATION SOURCE' : 'MASTER'} TO ${source}_DELAY=3600, ${source}_CONNECT_RETRY=7, ${source}_HEARTBEAT_PERIOD=2.5`); // prettier-ignore
    await third.query(`START ${replica}`);
    await stopReceiver(candidate, kind.flavour);
    await insert(master, 4, 9);
    await received(third, master, kind.flavour);
    await master.kill();
    await cluster.sshds[0]?.kill();
    const result = await failOver(cluster, { config: { servers: { 3: { no_master: '1' } } } });
    expect({ exitCode: result.exitCode, newMaster: result.newMaster }, result.log.join('\n')).toEqual({ exitCode: 0, newMaster: 'server2' }); // prettier-ignore
    expect(await ids(candidate)).toEqual(range(1, 9));
    const status = await replicaStatus(third, kind.flavour);
    expect(status).toMatchObject({
      SQL_Delay: 3600,
      Connect_Retry: 7,
      Slave_IO_Running: 'Yes',
      Slave_SQL_Running: 'Yes',
    });
    expect(Number(status?.['Master_Port'])).toBe(candidate.port);
    await third.query(`STOP ${replica}`);
    await third.query(`CHANGE ${source === 'SOURCE' ? 'REPLICATION SOURCE' : 'MASTER'} TO ${source}_DELAY=0`);
    await third.query(`START ${replica}`);
    await waitFor('the rows', async () => (await ids(third)).length === 9);
  });
});

describe('shapes', () => {
  it.each([
    ['by position', POSITION_56],
    ['by GTID', GTID_56],
    ['by GTID of MySQL 9.7', GTID_97],
  ] as const)('a replica of the candidate keeps replicating from it, %s', async (_, kind) => {
    await using world = await worldOf(kind, { replicas: 3 });
    const { cluster, master, candidate, others } = world;
    const [third, fourth] = others as [TestServer, TestServer];
    const mysql97 = kind.flavour === 'mysql97';
    const [replica, source] = mysql97 ? ['REPLICA', 'SOURCE'] : ['SLAVE', 'MASTER'];
    await fourth.query(`STOP ${replica}`);
    if (kind.gtid)
      await fourth.query(`CHANGE ${mysql97 ? 'REPLICATION SOURCE' : 'MASTER'} TO ${source}_HOST=?, ${source}_PORT=?`, [
        candidate.host,
        candidate.port,
      ]);
    else {
      await fourth.query('RESET SLAVE ALL');
      const [end] = await candidate.query('SHOW MASTER STATUS');
      await fourth.query(`CHANGE MASTER TO MASTER_HOST=?, MASTER_PORT=?, MASTER_USER='repl', MASTER_PASSWORD='repl', MASTER_LOG_FILE=?, MASTER_LOG_POS=?`, [candidate.host, candidate.port, end?.['File'], end?.['Position']]); // prettier-ignore
    }
    await fourth.query(`START ${replica}`);
    await waitFor(
      'the replica of the candidate',
      async () => (await replicaStatus(fourth, kind.flavour))?.['Slave_IO_Running'] === 'Yes',
    );
    for (const server of [candidate, third]) await stopReceiver(server, kind.flavour);
    await insert(master, 4, 9);
    await master.kill();
    const result = await failOver(cluster, { config: { servers: { 4: { multi_tier_slave: '1' } } } });
    await expectRecovered(world, result, { master: candidate, replicas: [third, fourth], ids: range(1, 9) });
    expect(result.lines.filter(line => 'server' in line && line.server === 'server4')).toEqual([]);
  });

  it.each([
    ['by position', POSITION_56],
    ['by GTID', GTID_56],
    ['by GTID of MySQL 9.7', GTID_97],
    ['by MariaDB GTID', GTID_MARIADB],
  ] as const)('of co-masters the passive one is promoted, %s', async (_, kind) => {
    await using cluster = await startCluster({ ...kind, replicas: 2, ssh: true, shape: 'coMasters' });
    const { master, replicas } = cluster;
    const [candidate, third] = replicas as [TestServer, TestServer];
    await master.query('CREATE TABLE test.t (id INT PRIMARY KEY, v LONGBLOB) ENGINE=InnoDB');
    await level(cluster);
    for (const replica of replicas) await stopReceiver(replica, kind.flavour);
    await insert(master, 1, 6);
    await master.kill();
    const result = await failOver(cluster);
    await expectRecovered({ cluster }, result, { master: candidate, replicas: [third], ids: range(1, 6) });
  });

  it.each([
    ['MySQL 9.7', GTID_97],
    ['MariaDB', GTID_MARIADB],
  ] as const)('only the channel of this cluster is touched, %s', async (_, kind: Kind) => {
    await using world = await worldOf(kind, {
      extraFor: kind.flavour === 'mariadb1011' ? { 2: { gtid_strict_mode: 'OFF' } } : {},
    });
    await using elsewhere = await startCluster({
      ...kind,
      replicas: 0,
      ...(kind.flavour === 'mariadb1011' && { extra: { gtid_domain_id: '7' } }),
    });
    const { cluster, master, candidate, others } = world;
    const [third] = others as [TestServer];
    const mysql = kind.flavour === 'mysql97';
    await elsewhere.master.query('SET GLOBAL server_id=99');
    await third.query(
      mysql
        ? "CHANGE REPLICATION SOURCE TO SOURCE_HOST=?, SOURCE_PORT=?, SOURCE_USER='repl', SOURCE_PASSWORD='repl', SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1 FOR CHANNEL 'other'"
        : "CHANGE MASTER 'other' TO MASTER_HOST=?, MASTER_PORT=?, MASTER_USER='repl', MASTER_PASSWORD='repl', MASTER_USE_GTID=slave_pos",
      [elsewhere.master.host, elsewhere.master.port],
    );
    await third.query(mysql ? "START REPLICA FOR CHANNEL 'other'" : "START SLAVE 'other'");
    await elsewhere.master.query('CREATE DATABASE other');
    await elsewhere.master.query('CREATE TABLE other.o (id INT PRIMARY KEY)');
    await elsewhere.master.query('INSERT INTO other.o VALUES (1)');
    await waitFor('the other channel', async () => (await third.query('SELECT * FROM other.o')).length === 1);
    for (const replica of cluster.replicas)
      await replica.query(mysql ? "STOP REPLICA IO_THREAD FOR CHANNEL ''" : "STOP SLAVE '' IO_THREAD");
    await insert(master, 4, 9);
    await master.kill();
    const result = await failOver(cluster, { config: { servers: { 3: { '#@ channel': '' } } } });
    expect({ exitCode: result.exitCode, newMaster: result.newMaster }, result.log.join('\n')).toEqual({ exitCode: 0, newMaster: 'server2' }); // prettier-ignore
    expect(await ids(candidate)).toEqual(range(1, 9));
    expect(await candidate.query("SHOW DATABASES LIKE 'other'")).toEqual([]);
    await elsewhere.master.query('INSERT INTO other.o VALUES (2)');
    await waitFor('the other channel', async () => (await third.query('SELECT * FROM other.o')).length === 2);
    await insert(candidate, 10);
    await waitFor('this channel', async () => (await ids(third)).length === 10);
    expect(result.lines.filter(l => l.type === 'statement' && l.text.includes("'other'"))).toEqual([]);
  });
});

describe('what a promotion changes', () => {
  it.each([
    ['MySQL 5.6', POSITION_56],
    ['MySQL 9.7', GTID_97],
    ['MariaDB', GTID_MARIADB],
  ] as const)('events run on the new master, %s', async (_, kind) => {
    await using world = await worldOf(kind, { extra: { event_scheduler: 'ON' } });
    const { master, candidate, others, cluster } = world;
    await master.query('CREATE TABLE test.ticks (at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)');
    await master.query("CREATE EVENT test.`tick's` ON SCHEDULE EVERY 1 DAY DO INSERT INTO test.ticks () VALUES ()");
    await level(cluster);
    await master.kill();
    const result = await failOver(cluster);
    expect(result.exitCode, result.log.join('\n')).toBe(0);
    const events = await candidate.query(
      'SELECT EVENT_NAME AS n, STATUS AS s FROM information_schema.EVENTS ORDER BY 1',
    );
    expect(events).toEqual([{ n: "tick's", s: 'ENABLED' }]);
    expect(await isWritable(others[0] as TestServer)).toBe(false);
  });

  it('removeDeadMasterConf takes the section out and leaves everything else as it is', async () => {
    await using world = await worldOf(GTID_MARIADB);
    const file = await world.cluster.writeConfig();
    const before = readFileSync(file, 'utf8');
    const commented = `# our cluster\n${before.replace('[server1]', '# the first\n[server1]').replace('[server2]', '# the second\n[server2]')}\n# the end\n`;
    writeFileSync(file, commented, { mode: 0o600 });
    await world.master.kill();
    const { cluster } = await loadCluster({ file, runInitScript: false });
    const run = () => failover({ cluster: cluster!, deadMaster: 'server1', options: { removeDeadMasterConf: true } }, { log: { log: () => undefined } }); // prettier-ignore
    expect(await run()).toMatchObject({ exitCode: 0 });
    const after = readFileSync(file, 'utf8');
    expect(after).not.toContain('[server1]');
    const lines = (text: string) => text.split('\n');
    expect(lines(commented)).toEqual(expect.arrayContaining(lines(after)));
    for (const kept of ['# our cluster', '# the second', '# the end', '[server2]', '[server3]'])
      expect(after).toContain(kept);
  });

  it('settings of the connection stay: TLS and public key', async () => {
    await using world = await worldOf(GTID_97);
    const { cluster, master, candidate, others } = world;
    const [third] = others as [TestServer];
    await third.query('STOP REPLICA');
    await third.query(
      'CHANGE REPLICATION SOURCE TO SOURCE_SSL=0, GET_SOURCE_PUBLIC_KEY=1, SOURCE_RETRY_COUNT=42, SOURCE_CONNECT_RETRY=3',
    );
    await third.query('START REPLICA');
    await level(cluster);
    await master.kill();
    const result = await failOver(cluster);
    await expectRecovered(world, result, { master: candidate, replicas: others });
    expect(await replicaStatus(third, 'mysql97')).toMatchObject({ Master_SSL_Allowed: 'No', Get_Master_public_key: 1, Master_Retry_Count: 42, Connect_Retry: 3 }); // prettier-ignore
  });
});

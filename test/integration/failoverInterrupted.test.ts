import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { replicaStatus } from '../support/replication';
import type { TestServer } from '../support/testServer';
import { killedAt } from './failoverKilled';
import {
  expectRecovered,
  failOver,
  GTID_56,
  GTID_MARIADB,
  ids,
  insert,
  isWritable,
  level,
  POSITION_56,
  range,
  stopReceiver,
  worldOf,
  type Kind,
  type World,
} from './failoverSupport';

const again = { ignoreLastFailover: true } as const;

/** By statements: what is applied twice is seen. */
const STATEMENTS = { extra: { binlog_format: 'STATEMENT', innodb_lock_wait_timeout: '1' } };

/** A world with a table `test.c` whose rows 1 and 2 count, at 0 everywhere; receivers are stopped. */
async function counting(kind: Kind): Promise<World> {
  const world = await worldOf(kind, STATEMENTS);
  const { master, cluster } = world;
  await master.query('CREATE TABLE test.c (id INT PRIMARY KEY, n INT) ENGINE=InnoDB');
  await master.query('INSERT INTO test.c VALUES (1, 0), (2, 0)');
  await level(cluster);
  for (const replica of cluster.replicas) await stopReceiver(replica, kind.flavour);
  return world;
}
const count = (server: TestServer, id: number) => server.query('UPDATE test.c SET n = n + 1 WHERE id = ?', [id]);
const counts = async (server: TestServer) =>
  (await server.query('SELECT n FROM test.c ORDER BY id')).map(row => Number(row['n']));

/** A master_ip_failover_script that fails at the new master until it is mended. */
function failingHook({ cluster }: World) {
  const [file, flag] = [path.join(cluster.dir, 'hook.sh'), path.join(cluster.dir, 'broken')];
  writeFileSync(flag, '');
  writeFileSync(file, `#!/bin/sh\ncase "$*" in *--command=start*) [ -e '${flag}' ] && exit 1;; esac\nexit 0\n`, { mode: 0o755 }); // prettier-ignore
  return { config: { defaults: { master_ip_failover_script: file } }, mend: () => rmSync(flag) };
}

describe('what the dead master alone had is applied once', () => {
  it('when one failover fails at the end, the next at its beginning, and the third succeeds', async () => {
    await using world = await counting(POSITION_56);
    const { cluster, master, candidate, others } = world;
    await count(master, 1);
    await count(master, 2);
    await master.kill();
    const hook = failingHook(world);
    expect(await failOver(cluster, { config: hook.config })).toMatchObject({ outcome: 'failed' });
    expect(await counts(candidate)).toEqual([1, 1]);
    const connection = await others[0]!.connect();
    await connection.query("SELECT GET_LOCK('MHA_Master_High_Availability_Failover', 0)");
    const second = await failOver(cluster, { config: hook.config, options: again });
    expect(second).toMatchObject({ outcome: 'failed' });
    connection.destroy();
    hook.mend();
    const third = await failOver(cluster, { config: hook.config, options: again });
    await expectRecovered(world, third, { master: candidate, replicas: others });
    expect(await counts(candidate)).toEqual([1, 1]);
  });

  it('when the elected server has a part of it, and another one is taken instead', async () => {
    await using world = await counting(POSITION_56);
    const { cluster, master, candidate, others } = world;
    const [third] = others as [TestServer];
    await count(master, 1);
    await count(master, 2);
    await master.kill();
    const connection = await candidate.connect();
    await connection.query('BEGIN');
    await connection.query('SELECT * FROM test.c WHERE id = 2 FOR UPDATE');
    const result = await failOver(cluster, {
      onLog: line => void (line.includes('cannot be brought level') && connection.destroy()),
    });
    await expectRecovered(world, result, { master: third, replicas: [candidate] });
    expect(await counts(third)).toEqual([1, 1]);
  });

  it('when it is in doubt whether it was: another server is taken, and the doubt is said', async () => {
    await using world = await counting(POSITION_56);
    const { cluster, master, candidate, others } = world;
    const [third] = others as [TestServer];
    await count(master, 1);
    await count(master, 2);
    await master.kill();
    const config = { defaults: { disable_log_bin: '1' } };
    expect(await killedAt(world, { moment: 'before', line: /"name":"applied"/, config })).toBe(true);
    expect(await counts(candidate)).toEqual([0, 0]);
    expect(await killedAt(world, { moment: 'after', line: /"name":"applied"/, config })).toBe(true);
    const result = await failOver(cluster, { config });
    await expectRecovered(world, result, { master: third, replicas: [], exitCode: 10 });
    expect(result.left.map(left => left.text).join()).toContain('It cannot be told whether');
    expect(await counts(third)).toEqual([1, 1]);
    expect(await counts(candidate)).toEqual([0, 0]);
  });
});

describe('a promotion that was begun', () => {
  it('is history when the old master lived on with one replica: nothing is lost, nothing is applied twice', async () => {
    await using world = await counting(POSITION_56);
    const { cluster, master, candidate, others } = world;
    const [third] = others as [TestServer];
    await count(master, 1);
    await insert(master, 4, 6);
    await master.kill();
    const hook = failingHook(world);
    expect(await failOver(cluster, { config: hook.config })).toMatchObject({ outcome: 'failed' });
    expect(await ids(candidate)).toEqual(range(1, 6));
    await master.start();
    await third.query('START SLAVE');
    await insert(master, 7, 9);
    await count(master, 2);
    await level(cluster, [third]);
    await master.kill();
    hook.mend();
    const result = await failOver(cluster, { config: hook.config, options: again });
    await expectRecovered(world, result, { master: candidate, replicas: others, ids: range(1, 9) });
    expect(await counts(candidate)).toEqual([1, 1]);
  });
});

describe('a failover that was killed', () => {
  it('while it recovered replicas that were never read-only: the next one recovers them', async () => {
    const kind = GTID_56;
    const writable = { read_only: 'OFF' };
    await using world = await worldOf(kind, { extraFor: { 1: writable, 2: writable } });
    const { cluster, master, candidate, others } = world;
    await stopReceiver(candidate, kind.flavour);
    await insert(master, 4, 6);
    await level(cluster, others);
    await stopReceiver(others[0]!, kind.flavour);
    await insert(master, 7, 9);
    await master.kill();
    expect(await killedAt(world, { moment: 'after', line: /"step":"recover:server2","state":"started"/ })).toBe(true);
    const result = await failOver(cluster);
    await expectRecovered(world, result, { master: candidate, replicas: others, ids: range(1, 9) });
  });

  it.each([
    ['before it was started', GTID_MARIADB, 'CHANGE'],
    ['after it was started', GTID_56, 'START'],
  ] as const)(
    'while the new master fetched from another replica, %s: nobody replicates in circles',
    async (_, kind, statement) => {
      // prettier-ignore
      await using world = await worldOf(kind);
      const { cluster, master, candidate, others } = world;
      await stopReceiver(candidate, kind.flavour);
      await insert(master, 4, 6);
      await level(cluster, others);
      await master.kill();
      await cluster.sshds[0]?.kill();
      const config = { servers: { 3: { no_master: '1' } } };
      const lock = await candidate.connect();
      await lock.query('LOCK TABLES test.t READ');
      const line = new RegExp(`"step":"recover:server2","server":"server2","text":"${statement}`);
      expect(await killedAt(world, { moment: 'after', line, config })).toBe(true);
      lock.destroy();
      const result = await failOver(cluster, { config });
      await expectRecovered(world, result, { master: candidate, replicas: others, ids: range(1, 6) });
      expect(await replicaStatus(candidate, kind.flavour)).toBeUndefined();
    },
  );

  it.each([
    ['MySQL 5.6', GTID_56],
    ['MariaDB', GTID_MARIADB],
  ] as const)(
    'while the new master fetched, and the dead host could be reached again later: all is applied in order, %s',
    async (_, kind) => {
      // prettier-ignore
      await using world = await worldOf(kind, STATEMENTS);
      const { cluster, master, candidate, others } = world;
      await stopReceiver(candidate, kind.flavour);
      await insert(master, 4, 6);
      await level(cluster, others);
      await stopReceiver(others[0]!, kind.flavour);
      await insert(master, 7, 9);
      // Without the row, it does nothing.
      await master.query("UPDATE test.t SET v = 'changed' WHERE id = 5");
      await master.kill();
      const config = { servers: { 1: { ssh_port: '1' }, 3: { no_master: '1' } } };
      expect(await killedAt(world, { moment: 'after', line: /"step":"recover:server2","server":"server2","text":"CHANGE/, config })).toBe(true); // prettier-ignore
      const result = await failOver(cluster, { config: { servers: { 3: { no_master: '1' } } } });
      await expectRecovered(world, result, { master: candidate, replicas: others, ids: range(1, 9) });
      expect(await candidate.query("SELECT id FROM test.t WHERE v = 'changed'")).toEqual([{ id: 5 }]);
    },
  );

  it('when the new master had everything and nobody else had: nothing is wrong with it', async () => {
    const kind = GTID_MARIADB;
    await using world = await worldOf(kind);
    const { cluster, master, candidate, others } = world;
    await stopReceiver(candidate, kind.flavour);
    await insert(master, 4, 6);
    await level(cluster, others);
    await stopReceiver(others[0]!, kind.flavour);
    await insert(master, 7, 9);
    await master.kill();
    expect(await killedAt(world, { moment: 'after', line: /"step":"make-writable:server2","state":"started"/ })).toBe(true); // prettier-ignore
    const result = await failOver(cluster);
    await expectRecovered(world, result, { master: candidate, replicas: others, ids: range(1, 9) });
  });

  it('between CHANGE MASTER and START of a replica: the next one starts it', async () => {
    const kind = POSITION_56;
    await using world = await worldOf(kind);
    const { cluster, master, candidate, others } = world;
    const [third] = others as [TestServer];
    await master.kill();
    expect(await killedAt(world, { moment: 'after', line: /"step":"repoint:server3","server":"server3","text":"CHANGE/ })).toBe(true); // prettier-ignore
    expect(await isWritable(candidate)).toBe(true);
    expect(await replicaStatus(third, kind.flavour)).toMatchObject({ Slave_SQL_Running: 'No', Master_Port: candidate.port }); // prettier-ignore
    const result = await failOver(cluster);
    await expectRecovered(world, result, { master: candidate, replicas: others, ids: range(1, 3) });
    expect(await replicaStatus(candidate, kind.flavour)).toBeUndefined();
  });
});

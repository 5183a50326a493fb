import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs'; // prettier-ignore
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { fillDisk } from '../support/faults';
import { replicaStatus } from '../support/replication';
import type { TestServer } from '../support/testServer';
import { waitFor } from '../support/waitFor';
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
  received,
  stopReceiver,
  worldOf,
  type FailedOver,
  type World,
} from './failoverSupport';

const endOf = async (master: TestServer): Promise<{ file: string; position: number }> => {
  const [row] = await master.query('SHOW MASTER STATUS');
  return { file: path.join(master.datadir, String(row?.['File'])), position: Number(row?.['Position']) };
};
const textOf = (result: FailedOver): string => [...result.log, ...result.left.map(left => left.text)].join('\n');

describe('the binary log of the dead master', () => {
  it('is damaged in the middle: what comes before is recovered, and the rest is said to be lost', async () => {
    await using world = await worldOf(POSITION_56);
    const { cluster, master, candidate, others } = world;
    for (const replica of cluster.replicas) await stopReceiver(replica, 'mysql56');
    await insert(master, 4);
    const { file, position } = await endOf(master);
    await insert(master, 5, 9);
    await master.kill();
    const handle = openSync(file, 'r+');
    writeSync(handle, Buffer.from([0xaa]), 0, 1, position + 25);
    closeSync(handle);
    const result = await failOver(cluster);
    await expectRecovered(world, result, { master: candidate, replicas: others, exitCode: 10, ids: range(1, 4) });
    expect(result.left.map(left => left.text).join()).toContain('is damaged at');
    expect(textOf(result)).not.toMatch(/torn|are not a whole event/);
  });

  it.each([
    ['by position', POSITION_56, {}],
    ['by GTID of MySQL', GTID_56, {}],
    ['by GTID, strict', GTID_MARIADB, { gtid_strict_mode: 'ON' }],
    ['by GTID, not strict', GTID_MARIADB, { gtid_strict_mode: 'OFF' }],
  ] as const)(
    'is shorter than what a replica has: nothing is lost, nothing is applied twice, %s',
    async (_, kind, extra) => {
      // prettier-ignore
      await using world = await worldOf(kind, { extra: { binlog_format: 'STATEMENT', ...extra } });
      const { cluster, master, candidate, others } = world;
      await master.query('CREATE TABLE test.c (n INT PRIMARY KEY) ENGINE=InnoDB');
      await master.query('INSERT INTO test.c VALUES (0)');
      await level(cluster);
      await stopReceiver(candidate, kind.flavour);
      await master.query('UPDATE test.c SET n = n + 1');
      const { file, position } = await endOf(master);
      await master.query('UPDATE test.c SET n = n + 1');
      await insert(master, 4, 5);
      await level(cluster, others);
      await master.kill();
      truncateSync(file, position);
      const result = await failOver(cluster);
      await expectRecovered(world, result, { master: candidate, replicas: others, errors: true, ids: range(1, 5) });
      expect(await candidate.query('SELECT n FROM test.c')).toEqual([{ n: 2 }]);
    },
  );

  it('cannot be read: its section stays in the configuration', async () => {
    await using world = await worldOf(POSITION_56);
    const { cluster, master, candidate, others } = world;
    await master.kill();
    const result = await failOver(cluster, {
      config: { servers: { 1: { master_binlog_dir: path.join(cluster.dir, 'nowhere') } } },
      options: { removeDeadMasterConf: true },
    });
    await expectRecovered(world, result, { master: candidate, replicas: others, exitCode: 10, ids: range(1, 3) });
    expect(readFileSync(path.join(cluster.dir, 'app1.cnf'), 'utf8')).toContain('[server1]');
  });
});

describe('replicas', () => {
  it('a delayed one gets what it lacks from its own relay logs, where nobody else has them any more', async () => {
    await using world = await worldOf(POSITION_56);
    const { cluster, master, candidate, others } = world;
    const [third] = others as [TestServer];
    await third.query('STOP SLAVE');
    await third.query('CHANGE MASTER TO MASTER_DELAY=3600');
    await third.query('START SLAVE');
    await insert(master, 4, 6);
    await level(cluster, [candidate]);
    await received(third, master, 'mysql56');
    const relayLogs = () => readdirSync(candidate.datadir).filter(name => /relay.*\.\d+$/.test(name));
    const before = relayLogs();
    await candidate.query('SET GLOBAL relay_log_purge=1');
    for (const _ of [1, 2]) await candidate.query('FLUSH RELAY LOGS');
    await waitFor('the purge', () => before.every(name => !relayLogs().includes(name)));
    await master.kill();
    await cluster.sshds[0]?.kill();
    const result = await failOver(cluster);
    expect(result, result.log.join('\n')).toMatchObject({ exitCode: 0, newMaster: 'server2' });
    expect(await ids(third)).toEqual(range(1, 6));
    expect(await replicaStatus(third, 'mysql56')).toMatchObject({ Master_Port: candidate.port, SQL_Delay: 3600, Slave_SQL_Running: 'Yes' }); // prettier-ignore
  });

  it('one with ignore_fail that is ahead dies after the election: the failover goes on without it', async () => {
    await using world = await worldOf(GTID_56, { replicas: 3 });
    const { cluster, master, candidate, others } = world;
    const [third, fourth] = others as [TestServer, TestServer];
    await stopReceiver(candidate, 'mysql56');
    await stopReceiver(fourth, 'mysql56');
    await insert(master, 4, 6);
    await level(cluster, [third]);
    await master.kill();
    await cluster.sshds[0]?.kill();
    let killing: Promise<void> | undefined;
    const result = await failOver(cluster, {
      config: { servers: { 3: { no_master: '1', ignore_fail: '1' } } },
      onLog: line => void (line.startsWith('New master is') && (killing ??= third.kill())),
    });
    await killing;
    await expectRecovered(world, result, { master: candidate, replicas: [fourth], exitCode: 10, ids: range(1, 3) });
    expect(result.left.map(left => left.text).join()).toContain('was lost during the failover');
  });

  it('one with ignore_fail freezes before it is locked: the failover goes on without it, soon', async () => {
    await using world = await worldOf(POSITION_56, { replicas: 3 });
    const { cluster, master, candidate, others } = world;
    const [third, fourth] = others as [TestServer, TestServer];
    await master.kill();
    const result = await failOver(cluster, {
      config: { servers: { 3: { ignore_fail: '1' } } },
      onLog: line => void (line.includes('Phase 1: Configuration Check Phase completed') && third.pause()),
    });
    third.resume();
    await expectRecovered(world, result, { master: candidate, replicas: [fourth], exitCode: 10, ids: range(1, 3) });
    expect(result.tookMs).toBeLessThan(10_000);
  });
});

describe('two failovers at the same time', () => {
  it('one is done, the other changes nothing', async () => {
    await using world = await worldOf(POSITION_56, { replicas: 3 });
    const { cluster, master, candidate } = world;
    // Of two elections the places in binary logs must not decide.
    for (let i = 0; i < 3; i++) await candidate.query('FLUSH LOGS');
    await master.kill();
    const config = { defaults: { skip_reset_slave: '1' }, servers: { 2: { candidate_master: undefined } } };
    const run = (name: string) => failOver(cluster, { config, options: { workdir: path.join(cluster.dir, 'manager', name) } }); // prettier-ignore
    const results = await Promise.all([run('one'), run('other')]);
    const [done, other] = results.sort((a, b) => a.exitCode - b.exitCode);
    const newMaster = cluster.replicas.find(({ serverId }) => `server${serverId}` === done.newMaster) ?? candidate;
    const replicas = cluster.replicas.filter(replica => replica !== newMaster);
    await expectRecovered(world, done, { master: newMaster, replicas, ids: range(1, 3) });
    expect(other.exitCode).toBe(1);
    const changes = other.lines.flatMap(line => (line.type === 'statement' && !/GET_LOCK/.test(line.text) ? line.text : [])); // prettier-ignore
    expect(changes).toEqual([]);
    for (const replica of replicas)
      expect(await replicaStatus(replica, 'mysql56')).toMatchObject({ Master_Port: newMaster.port, Slave_IO_Running: 'Yes', Slave_SQL_Running: 'Yes' }); // prettier-ignore
  });
});

describe('a master that', () => {
  it('hangs: refused without fencing; with it, it is killed first', async () => {
    await using world = await worldOf(POSITION_56);
    const { cluster, master, candidate, others } = world;
    master.pause();
    const refused = await failOver(cluster);
    expect(refused).toMatchObject({ exitCode: 1, outcome: 'refused', lines: [] });
    expect(refused.refusals.map(({ code }) => code)).toContain('unfenced');
    expect(await isWritable(candidate)).toBe(false);
    const fenced = { '#@ fence': 'ssh', master_pid_file: path.join(master.dir, 'pid') };
    const result = await failOver(cluster, { config: { servers: { 1: fenced } } });
    await expectRecovered(world, result, { master: candidate, replicas: others, ids: range(1, 3) });
    await waitFor('the end of the master', () => master.pid === undefined);
  });

  it('is started while the script gives the address away: it is made read-only, and that is said', async () => {
    await using world = await worldOf(POSITION_56);
    const { cluster, master, candidate, others } = world;
    await master.kill();
    const [hook, begun, back] = ['hook.sh', 'begun', 'back'].map(name => path.join(cluster.dir, name)) as [string, string, string]; // prettier-ignore
    const wait = `touch '${begun}'; while [ ! -e '${back}' ]; do sleep 0.02; done`;
    writeFileSync(hook, `#!/bin/sh\ncase "$*" in *--command=start*) ${wait};; esac\nexit 0\n`, { mode: 0o755 });
    const starting = waitFor('the script', () => existsSync(begun)).then(async () => {
      await master.start();
      await insert(master, 100);
      writeFileSync(back, '');
    });
    const result = await failOver(cluster, { config: { defaults: { master_ip_failover_script: hook } } });
    await starting;
    await expectRecovered(world, result, { master: candidate, replicas: others, exitCode: 10, ids: range(1, 3) });
    expect(result.left.map(left => left.text).join()).toContain('Compare, and rebuild it');
    expect(await isWritable(master)).toBe(false);
  });
});

describe('the work directory', () => {
  /** On a small disk of its own. */
  function smallWorkdir({ cluster }: World): string {
    const dir = path.join(cluster.dir, 'small');
    mkdirSync(dir);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir]);
    return dir;
  }

  it('is full before it: nothing is changed', async () => {
    await using world = await worldOf(POSITION_56);
    const { cluster, master, candidate, others } = world;
    const workdir = smallWorkdir(world);
    await master.kill();
    const disk = fillDisk(workdir);
    const result = await failOver(cluster, { options: { workdir } });
    expect(result, result.log.join('\n')).toMatchObject({ exitCode: 1, outcome: 'failed' });
    for (const replica of cluster.replicas)
      expect((await replicaStatus(replica, 'mysql56'))?.['Slave_IO_Running']).not.toBe('No');
    disk[Symbol.dispose]();
    const again = await failOver(cluster, { options: { workdir } });
    await expectRecovered(world, again, { master: candidate, replicas: others, ids: range(1, 3) });
  });

  it('is full after the point of no return: the new master is made all the same', async () => {
    await using world = await worldOf(POSITION_56);
    const { cluster, master, candidate, others } = world;
    const workdir = smallWorkdir(world);
    for (const replica of cluster.replicas) await stopReceiver(replica, 'mysql56');
    await insert(master, 4, 6);
    await master.kill();
    let full = false;
    const result = await failOver(cluster, {
      options: { workdir },
      onLog: line => {
        if (!full && line.includes('Phase 3.4')) fillDisk(workdir);
        full ||= line.includes('Phase 3.4');
      },
    });
    expect(full).toBe(true);
    expect(result, result.log.join('\n')).toMatchObject({ exitCode: 10, newMaster: 'server2' });
    expect(result.left.map(left => left.text)).toEqual(['The journal cannot be written: {text}']);
    expect(await isWritable(candidate)).toBe(true);
    for (const server of [candidate, ...others]) expect(await ids(server)).toEqual(range(1, 6));
    expect(result.lines.at(-1)?.type).not.toBe('end');
  });
});

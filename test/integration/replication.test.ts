import { appendFileSync, chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { checkReplication } from '../../src/engine/checks/replicationCheck';
import { nullLog } from '../../src/engine/log';
import { startCluster, type TestCluster } from '../support/cluster';
import { occupyConnections } from '../support/faults';
import { startLoad } from '../support/load';
import { waitFor } from '../support/waitFor';
import { bad, check, fingerprint, FLAVOURS, load, show } from './replicationSupport';

/** A row everywhere, so that GTID sets are not empty. */
async function write(cluster: TestCluster): Promise<void> {
  await cluster.master.query('CREATE DATABASE kit');
  await cluster.master.query('CREATE TABLE kit.t (id INT PRIMARY KEY) ENGINE=InnoDB');
  const there = async () =>
    (await Promise.all(cluster.replicas.map(r => r.query("SHOW TABLES FROM kit LIKE 't'").catch(() => [])))).every(
      rows => rows.length === 1,
    );
  await waitFor('the table', there);
}

const replicaWord = (cluster: TestCluster) => (cluster.flavour === 'mysql97' ? 'REPLICA' : 'SLAVE');

/** Waits until the check says it: replication threads take their time to fail. */
async function until(cluster: TestCluster, expected: string, options?: Parameters<typeof check>[1]): Promise<string[]> {
  let last: string[] = [];
  await waitFor(expected, async () => (last = bad(await check(cluster, options))).includes(expected));
  return last;
}

describe.each(FLAVOURS)('the replication check of %s', flavour => {
  it.each([true, false])('passes a healthy cluster (gtid: %s) and changes nothing on any server', async gtid => {
    await using cluster = await startCluster({
      flavour,
      replicas: 2,
      gtid,
      ssh: true,
    });
    await write(cluster);
    for (const server of cluster.servers) {
      await server.query(`SET GLOBAL general_log_file = '${path.join(server.dir, 'general.log')}'`);
      await server.query('SET GLOBAL general_log = 1');
    }
    const before = await fingerprint(cluster);
    const report = await check(cluster);
    expect(bad(report)).toEqual([]);
    expect(report.items.filter(i => i.verdict === 'ok').map(show)).toEqual(
      expect.arrayContaining([
        'ok server-alive server1',
        'ok master server1',
        'ok replication-running server2',
        'ok manager-privileges server3',
        'ok replication-login server1',
        'ok replication-login server2',
        'ok ssh-reachable server3',
        'ok binlog-readable server1',
        ...(gtid && flavour !== 'mariadb1011' ? [] : ['ok relay-logs-readable server2']),
        'ok manager-workdir-writable',
      ]),
    );
    expect(report.snapshot?.gtidMode).toBe(gtid && flavour !== 'mariadb1011' ? 1 : 0);
    expect(await fingerprint(cluster)).toEqual(before);
    expect(existsSync(path.join(cluster.dir, 'node'))).toBe(false);
    for (const server of cluster.servers) {
      const statements = readFileSync(path.join(server.dir, 'general.log'), 'utf8')
        .split('\n')
        .flatMap(line => /\d (?:Query|Execute|Prepare)\t(.*)$/.exec(line)?.[1] ?? []);
      expect(statements.length).toBeGreaterThan(3);
      for (const statement of statements)
        expect(statement).toMatch(/^(SELECT|SHOW|SET (?!GLOBAL|PERSIST)|SET GLOBAL general_log)/i);
      expect(statements.join('\n')).not.toMatch(/GET_LOCK|FOR UPDATE|LOCK TABLES|sql_log_bin/i);
    }
  });

  it('tells what is wrong with replicas', async () => {
    await using cluster = await startCluster({ flavour, replicas: 3 });
    await write(cluster);
    const [stopped, broken, lost] = cluster.replicas;
    const word = replicaWord(cluster);
    await stopped!.query(`STOP ${word}`);
    const connection = await broken!.connect('app');
    await connection.query('SET sql_log_bin = 0');
    await connection.query('INSERT INTO kit.t VALUES (1)');
    await connection.end();
    await cluster.master.query('INSERT INTO kit.t VALUES (1)');
    const source = flavour === 'mysql97' ? 'REPLICATION SOURCE TO SOURCE' : 'MASTER TO MASTER';
    await lost!.query(`STOP ${word}`);
    await lost!.query(`CHANGE ${source}_PASSWORD = 'wrong'`);
    await lost!.query(`START ${word}`);
    await until(cluster, 'failed receiver-connecting server4');
    const found = await until(cluster, 'failed applier-failed server3');
    const report = await check(cluster);
    expect(found).toEqual([
      'failed no-replica-replicating server1',
      'failed receiver-stopped server2',
      'failed applier-stopped server2',
      'failed applier-failed server3',
      'failed receiver-connecting server4',
    ]);
    const text = JSON.stringify(report.items);
    expect(text).toMatch(/1062|1950/);
    expect(text).toMatch(/1045/);
    expect(report.verdict).toBe('failed');

    const ignored = { config: { servers: { 3: { ignore_fail: '1' } } } };
    expect(bad(await check(cluster, ignored))).toContain('failed applier-failed server3');
    expect(bad(await check(cluster, { ...ignored, ignoreFailOnStart: true }))).toContain('warning applier-failed server3'); // prettier-ignore
  });

  it('tells what is wrong with the master', async () => {
    await using cluster = await startCluster({ flavour, replicas: 2, shape: 'coMasters' });
    expect(bad(await check(cluster, { skipSshCheck: true }))).toEqual(
      flavour === 'mariadb1011' ? expect.anything() : [],
    );
    await cluster.replicas[0]!.query('SET GLOBAL read_only = 0');
    expect(bad(await check(cluster))).toEqual(
      expect.arrayContaining(['failed two-writable-masters', 'failed several-masters']),
    );
    await cluster.replicas[0]!.query('SET GLOBAL read_only = 1');
    await cluster.replicas[1]!.query('SET GLOBAL read_only = 0');
    expect(bad(await check(cluster))).toContain('warning writable-replica server3');
    cluster.master.pause();
    expect(bad(await check(cluster))).toContain('failed hung-master server1');
    cluster.master.resume();
    {
      await using _held = await occupyConnections(cluster.master, { administrators: true });
      expect(bad(await check(cluster))).toContain('failed master-too-many-connections server1');
    }
    await cluster.master.kill();
    expect(await until(cluster, 'failed dead-master server1')).not.toContain('failed receiver-connecting server3');
  });

  it('compares filters as sets, wherever they stand', async () => {
    await using cluster = await startCluster({
      flavour,
      replicas: 2,
      extraFor: { 2: { 'replicate-ignore-db': 'scratch' } },
    });
    expect(bad(await check(cluster))).toContain('failed replication-filters-differ');
    const ignored = { config: { defaults: { check_repl_filter: '0' } } };
    expect(bad(await check(cluster, ignored)).join()).not.toContain('filters');
  });

  it('proves that the replication account can log in', async () => {
    await using cluster = await startCluster({ flavour, replicas: 2 });
    const wrong = { config: { defaults: { repl_password: 'wrong' } } };
    expect(bad(await check(cluster, wrong)).filter(x => x.includes('replication-'))).toEqual(
      ['server1', 'server2', 'server3'].map(id => `failed replication-login-failed ${id}`),
    );
    const nobody = { config: { defaults: { repl_user: 'nobody', repl_password: 'x' } } };
    expect(bad(await check(cluster, nobody))).toContain('failed replication-user-missing server2');
    // mha has all privileges; app has them too: a user that may not replicate
    const [one] = cluster.replicas;
    const connection = await one!.connect('app');
    await connection.query('SET sql_log_bin = 0');
    await connection.query("CREATE USER 'weak'@'%' IDENTIFIED BY 'weak'");
    await connection.query("CREATE USER 'far'@'10.1.2.3' IDENTIFIED BY 'far'");
    await connection.query("GRANT REPLICATION SLAVE ON *.* TO 'far'@'10.1.2.3'");
    await connection.end();
    const weak = { config: { defaults: { repl_user: 'weak', repl_password: 'weak' } } };
    expect(bad(await check(cluster, weak))).toEqual(
      expect.arrayContaining([
        'failed replication-privilege-missing server2',
        'failed replication-user-missing server3',
      ]),
    );
    const far = { config: { defaults: { repl_user: 'far', repl_password: 'far' } } };
    expect(bad(await check(cluster, far))).toContain('warning replication-login server2');
    const unset = await check(cluster, { config: { defaults: { repl_user: undefined, repl_password: undefined } } });
    expect(bad(unset, true)).toContain('ok replication-grant server2');
    expect(JSON.stringify(await check(cluster, wrong))).not.toContain('"wrong"');
  });

  it('names every server that it may not ask', async () => {
    await using cluster = await startCluster({ flavour, replicas: 1 });
    const report = await check(cluster, { config: { defaults: { password: 'wrong-pass' } } });
    expect(bad(report)).toEqual(
      expect.arrayContaining([
        'failed no-server-alive',
        'failed access-denied server1',
        'failed access-denied server2',
      ]),
    );
    expect(JSON.stringify(report)).not.toContain('wrong-pass');
  });
});

describe('the replication check', () => {
  it('warns of relay_log_purge by position', async () => {
    await using cluster = await startCluster({
      flavour: 'mysql56',
      replicas: 2,
      gtid: false,
      extra: { relay_log_purge: '1' },
    });
    expect(bad(await check(cluster, { skipSshCheck: true }))).toEqual([
      'warning relay-log-purge server2',
      'warning relay-log-purge server3',
    ]);
  });

  it('needs SSH by position, and only warns with GTIDs', async () => {
    for (const gtid of [true, false]) {
      await using cluster = await startCluster({
        flavour: 'mysql56',
        replicas: 2,
        gtid,
        ssh: true,
      });
      await write(cluster);
      await cluster.sshds[1]!.kill();
      await cluster.sshds[0]!.kill();
      const word = gtid ? 'warning' : 'failed';
      expect(bad(await check(cluster))).toEqual([`${word} ssh-unreachable server1`, `${word} ssh-unreachable server2`]);
      expect(bad(await check(cluster, { skipSshCheck: true }))).toEqual([]);
      const left = { config: { servers: { 1: { skip_init_ssh_check: '1' }, 2: { skip_init_ssh_check: '1' } } } };
      expect(bad(await check(cluster, left))).toEqual([
        'warning ssh-unreachable server1',
        `${word} ssh-unreachable server2`,
      ]);
    }
  });

  it('looks for the binary log where the configuration says', async () => {
    await using cluster = await startCluster({ flavour: 'mysql56', replicas: 1, gtid: false, ssh: true }); // prettier-ignore
    const config = { servers: { 1: { master_binlog_dir: '/var/lib/nowhere,/tmp' } } };
    expect(bad(await check(cluster, { config }))).toEqual([
      'warning binlog-dir-mismatch server1',
      'failed binlog-not-found server1',
    ]);
    await cluster.master.kill();
    await until(cluster, 'failed dead-master server1');
    expect(bad(await check(cluster), true)).toContain('ok binlog-readable server1');
  });

  it('wants a work directory on the hosts where a failover works by position', async () => {
    for (const gtid of [true, false]) {
      await using cluster = await startCluster({ flavour: 'mysql56', replicas: 1, gtid, ssh: true });
      await write(cluster);
      const config = { servers: { 1: { remote_workdir: '/dev/null/work' } } };
      const word = gtid ? 'warning' : 'failed';
      expect(bad(await check(cluster, { config }))).toEqual([`${word} remote-workdir-not-writable server1`]);
    }
  });

  it('asks binlog servers', async () => {
    await using cluster = await startCluster({ flavour: 'mysql56', replicas: 1, ssh: true });
    await write(cluster);
    const sshd = cluster.sshds[0]!;
    const loaded = async (lines: string) => {
      const file = await cluster.writeConfig();
      appendFileSync(file, `[binlog1]\nhostname=127.0.0.1\nssh_port=${sshd.port}\n${lines}\n`);
      const { loadCluster } = await import('../../src/config/load');
      return checkReplication(await loadCluster({ file, runInitScript: false }), { log: nullLog });
    };
    expect(bad(await loaded(`master_binlog_dir=${cluster.master.datadir}`), true)).toContain('ok binlog-server-readable binlog1'); // prettier-ignore
    expect(bad(await loaded('master_binlog_dir=/nowhere'))).toContain('failed binlog-server-unreadable binlog1');
  });

  it('runs the hooks and says why they fail', async () => {
    await using cluster = await startCluster({ flavour: 'mysql56', replicas: 1 });
    await write(cluster);
    const hook = (body: string, mode = 0o755) => {
      const file = path.join(cluster.dir, 'hook.sh');
      writeFileSync(file, `#!/bin/sh\n${body}\n`);
      chmodSync(file, mode);
      return file;
    };
    const run = async (command: string) =>
      (await check(cluster, { config: { defaults: { master_ip_failover_script: command } } })).items.filter(i =>
        i.code.startsWith('hook-'),
      );
    const good = await run(hook('echo "$@"'));
    expect(good.map(show)).toEqual(['ok hook-status server1', 'warning hook-undefined server1']);
    expect(good[0]?.detail).toBe(
      `--command=status --ssh_user=root --orig_master_host=127.0.0.1 --orig_master_ip=127.0.0.1 --orig_master_port=${cluster.master.port}`,
    );
    const [failing] = await run(hook('echo the reason >&2; exit 10'));
    expect([failing && show(failing), failing?.detail]).toEqual(['failed hook-failed server1', 'the reason']);
    expect((await run('/nowhere/hook --x')).map(show)[0]).toBe('failed hook-missing server1');
    expect((await run(hook('exit 0', 0o644))).map(show)[0]).toBe('failed hook-not-executable server1');
    expect((await run(hook('FIXME_xxx || exit 255'))).map(show)[0]).toBe('failed hook-unedited server1');
    expect((await run(hook('sleep 100'))).map(show)[0]).toBe('failed hook-timeout server1');
  });

  it('speaks of the file that it was given when that changes meanwhile', async () => {
    await using cluster = await startCluster({ flavour: 'mysql56', replicas: 1 });
    await write(cluster);
    const file = await cluster.writeConfig();
    const loaded = await load(cluster);
    const pending = checkReplication(loaded, { log: nullLog });
    appendFileSync(file, '[server9]\nhostname=db9\n');
    const report = await pending;
    expect(bad(report)).toContain('warning config-changed');
    expect(report.snapshot?.servers).toHaveLength(2);
    const gone = checkReplication(loaded, { log: nullLog });
    rmSync(file);
    expect(bad(await gone)).toContain('warning config-changed');
  });

  it('does not ask the servers when the file is not what its author meant', async () => {
    await using cluster = await startCluster({ flavour: 'mysql56', replicas: 1 });
    for (const line of ['no_such_parameter', 'ping_interval']) {
      const report = await check(cluster, { config: { defaults: { [line]: '3 # seconds' } } });
      expect(report.verdict).toBe('failed');
      expect(report.snapshot).toBeUndefined();
      expect(report.items.some(i => i.code.startsWith('config-'))).toBe(true);
    }
  });

  it('goes on when a server dies during the check', async () => {
    await using cluster = await startCluster({ flavour: 'mysql56', replicas: 2, ssh: true });
    await write(cluster);
    const victim = cluster.replicas[1]!;
    for (const ms of [0, 5, 15, 30, 60, 120]) {
      const [report] = await Promise.all([check(cluster), sleep(ms).then(() => victim.kill())]);
      expect(report.items.map(show)).toContain('ok server-alive server2');
      await victim.start();
    }
  });

  it('can be cancelled at any time and leaves nothing running', async () => {
    await using cluster = await startCluster({ flavour: 'mysql56', replicas: 2, ssh: true });
    const hook = path.join(cluster.dir, 'hook.sh');
    writeFileSync(hook, '#!/bin/sh\nsleep 100\n', { mode: 0o755 });
    const config = { defaults: { shutdown_script: hook } };
    for (const ms of [1, 10, 30, 80, 200, 500]) {
      const reason = new Error('enough');
      const controller = new AbortController();
      const start = performance.now();
      setTimeout(() => controller.abort(reason), ms);
      await expect(check(cluster, { config, signal: controller.signal })).rejects.toBe(reason);
      expect(performance.now() - start).toBeLessThan(ms + 5000);
    }
    const left = async () =>
      (await cluster.master.query("SELECT id FROM information_schema.processlist WHERE user IN ('mha', 'repl') AND command <> 'Binlog Dump GTID'")).length; // prettier-ignore
    await waitFor('the connections to end', async () => (await left()) === 0);
  });

  it('tells its progress up to the end, and holds under load', async () => {
    await using cluster = await startCluster({ flavour: 'mysql56', replicas: 2, ssh: true });
    await using _load = await startLoad({ target: cluster.master, everyMs: 1 });
    await write(cluster);
    const done: number[] = [];
    const report = await check(cluster, { onProgress: p => done.push(p.done) });
    expect(bad(report)).toEqual([]);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(done.at(-1)).toBe(1);
  });
});

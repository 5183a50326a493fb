import { existsSync, readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import mysql from 'mysql2/promise';
import { tableChecksums, tableDifferences } from '../support/checksum';
import { startCluster, type ClusterSpec, type Flavour, type TestCluster } from '../support/cluster';
import { fillDisk, occupyConnections } from '../support/faults';
import { startLoad } from '../support/load';
import { isAlive, processesOf, run } from '../support/processes';
import { startProxy } from '../support/proxy';
import { replicaStatus } from '../support/replication';
import { ACCOUNTS } from '../support/serverProcess';
import { startSshd } from '../support/sshd';
import { waitFor } from '../support/waitFor';

/** A row written to the master is on every server; their tables are the same. */
async function expectReplication(cluster: TestCluster): Promise<void> {
  await cluster.master.query('CREATE DATABASE kit');
  await cluster.master.query('CREATE TABLE kit.t (id INT PRIMARY KEY) ENGINE=InnoDB');
  await cluster.master.query('INSERT INTO kit.t VALUES (1), (2)');
  for (const replica of cluster.replicas)
    await waitFor('the rows', async () => (await replica.query('SELECT COUNT(*) AS n FROM kit.t'))[0]?.['n'] === 2);
  expect(await tableDifferences(cluster.servers)).toEqual([]);
  expect(Object.keys(await tableChecksums(cluster.master))).toContain('kit.t');
}

const FLAVOURS: readonly Flavour[] = ['mysql56', 'mysql97', 'mariadb1011'];

describe.each(FLAVOURS)('a cluster of %s', flavour => {
  const up = (spec: Partial<ClusterSpec>) => startCluster({ flavour, replicas: 2, ...spec });

  it('replicates by GTID', async () => {
    await using cluster = await up({});
    await expectReplication(cluster);
    const status = await replicaStatus(cluster.replicas[0]!, flavour);
    if (flavour === 'mariadb1011') expect(status?.['Using_Gtid']).toBe('Slave_Pos');
    else expect(Number(status?.['Auto_Position'])).toBe(1);
    const [row] = await cluster.replicas[0]!.query('SELECT @@read_only AS r');
    expect(row).toEqual({ r: 1 });
  });

  it('replicates by file and position, also in a chain', async () => {
    await using cluster = await up({ gtid: false, shape: 'chain' });
    await expectReplication(cluster);
    const status = await replicaStatus(cluster.replicas[1]!, flavour);
    expect(status?.['Master_Port']).toBe(cluster.replicas[0]!.port);
    if (flavour === 'mariadb1011') expect(status?.['Using_Gtid']).toBe('No');
    else expect(Number(status?.['Auto_Position'])).toBe(0);
  });

  it('can have two masters of each other', async () => {
    await using cluster = await up({ replicas: 1, shape: 'coMasters' });
    await expectReplication(cluster);
    await cluster.replicas[0]!.query('INSERT INTO kit.t VALUES (3)');
    await waitFor('the row', async () => (await cluster.master.query('SELECT * FROM kit.t WHERE id = 3')).length === 1);
  });

  it('starts with equal, empty histories and the promised accounts', async () => {
    await using cluster = await up({ replicas: 0 });
    const server = cluster.master;
    const history = flavour === 'mariadb1011' ? '@@gtid_binlog_pos' : '@@global.gtid_executed';
    expect(await server.query(`SELECT ${history} AS h`)).toEqual([{ h: '' }]);
    for (const account of ['mha', 'app', 'repl'] as const) {
      const connection = await mysql.createConnection({ host: server.host, port: server.port, ...ACCOUNTS[account] });
      connection.destroy();
    }
    const users = await server.query("SELECT COUNT(*) AS n FROM mysql.user WHERE user = ''");
    expect(users).toEqual([{ n: 0 }]);
  });
});

describe('a cluster', () => {
  it.each(['mysql97', 'mariadb1011'] as const)('of %s can be semi-synchronous', async flavour => {
    await using cluster = await startCluster({ flavour, replicas: 1, semiSync: true });
    const name = flavour === 'mysql97' ? 'Rpl_semi_sync_source_clients' : 'Rpl_semi_sync_master_clients';
    const [row] = await cluster.master.query('SHOW GLOBAL STATUS LIKE ?', [name]);
    expect(row?.['Value']).toBe('1');
    await expectReplication(cluster);
  });

  it.each(['mysql97', 'mariadb1011'] as const)('of %s speaks TLS with a certificate for its address', async flavour => {
    await using cluster = await startCluster({ flavour, replicas: 0, tls: true });
    const connection = await mysql.createConnection({
      host: cluster.master.host,
      port: cluster.master.port,
      ...ACCOUNTS.app,
      ssl: { ca: cluster.ca ?? '', rejectUnauthorized: true },
    });
    const [rows] = await connection.query("SHOW STATUS LIKE 'Ssl_cipher'");
    connection.destroy();
    expect((rows as { Value: string }[])[0]?.Value).toMatch(/\w/);
  });

  it('lives beside others and leaves neither a process nor a folder', async () => {
    const clusters = await Promise.all(
      [0, 1, 2].map(() => startCluster({ flavour: 'mysql56', replicas: 1, ssh: true })),
    );
    const ports = clusters.flatMap(c => [...c.servers.map(s => s.port), ...c.sshds.map(s => s.port)]);
    expect(new Set(ports).size).toBe(12);
    await Promise.all(clusters.map(expectReplication));
    expect(processesOf(path.basename(clusters[0]!.dir)).length).toBeGreaterThanOrEqual(2);
    await Promise.all(clusters.map(cluster => cluster[Symbol.asyncDispose]()));
    for (const { dir } of clusters) {
      expect(existsSync(dir)).toBe(false);
      expect(processesOf(path.basename(dir))).toEqual([]);
    }
  });

  it('ends with its owner, even when that is killed', async () => {
    const script = path.join(import.meta.dirname, '../support/clusterUntilKilled.ts');
    const result = await run(process.execPath, ['--import', 'tsx', script], { timeoutMs: 30_000 });
    const { mark, pids } = JSON.parse(result.stdout) as { mark: string; pids: number[] };
    expect(pids).toHaveLength(2);
    await waitFor('the end of the servers', () => processesOf(mark).length === 0);
  });

  it('writes a configuration that names every server', async () => {
    await using cluster = await startCluster({ flavour: 'mysql56', replicas: 1, ssh: true });
    const text = readFileSync(
      await cluster.writeConfig(undefined, {
        defaults: { ping_interval: undefined },
        servers: { 2: { no_master: '1' } },
      }),
      'utf8',
    );
    expect(text).toContain('password=mha pass#1\n');
    expect(text).toContain(`port=${cluster.master.port}\nssh_port=${cluster.sshds[0]!.port}\n`);
    expect(text).toMatch(/no_master=1\n$/);
    expect(text).not.toContain('ping_interval');
  });

  it('has logins from which the other hosts can be reached', async () => {
    await using cluster = await startCluster({ flavour: 'mysql56', replicas: 1, ssh: true });
    const [first, second] = cluster.sshds as [(typeof cluster.sshds)[0], (typeof cluster.sshds)[0]];
    const ssh = (port: number) =>
      `ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=yes -i ${first.identityFile} ` +
      `-o UserKnownHostsFile=${first.knownHostsFile} -p ${port} ${first.user}@127.0.0.1`;
    const result = await run('sh', ['-c', `${ssh(first.port)} "${ssh(second.port)} echo there"`]);
    expect(result).toMatchObject({ code: 0, stdout: 'there\n' });
    const left = await run('sh', ['-c', `${ssh(first.port)} "setsid sleep 1000 >/dev/null 2>&1 & echo \\$!"`]);
    expect(Number(left.stdout)).toBeGreaterThan(1);
    await cluster[Symbol.asyncDispose]();
    expect(isAlive(Number(left.stdout))).toBe(false);
  });
});

describe('a server', () => {
  it('can be killed, started, paused, resumed and restarted with other options', async () => {
    await using cluster = await startCluster({ flavour: 'mysql56', replicas: 1 });
    const { master } = cluster;
    const tcp = () =>
      mysql.createConnection({ host: master.host, port: master.port, ...ACCOUNTS.app, connectTimeout: 300 });
    await master.kill();
    expect(master.pid).toBeUndefined();
    await expect(tcp()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await master.start();
    (await tcp()).destroy();
    master.pause();
    await expect(tcp()).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    master.resume();
    (await tcp()).destroy();
    master.configure({ max_connections: '7' });
    await master.restart();
    expect(await master.query('SELECT @@max_connections AS n')).toEqual([{ n: 7 }]);
  });

  it('can have a full disk', async () => {
    await using cluster = await startCluster({ flavour: 'mysql56', replicas: 1, diskFor: { 0: 64 } });
    await expectReplication(cluster);
    const disk = fillDisk(cluster.master.datadir);
    expect(disk.bytes).toBeGreaterThan(0);
    const writing = (async () => {
      for (let id = 1000; ; id++) await cluster.master.query('INSERT INTO kit.t VALUES (?)', [id]);
    })().catch(() => undefined);
    const waiting =
      "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE info LIKE 'INSERT INTO kit.t%' AND time > 0";
    await waitFor('a hanging write', async () => Number((await cluster.master.query(waiting))[0]?.['n']) === 1);
    disk[Symbol.dispose]();
    await cluster.master.kill();
    await writing;
  });

  it('can be out of connections', async () => {
    await using cluster = await startCluster({ flavour: 'mysql56', replicas: 0, extra: { max_connections: '3' } });
    const login = async (account: 'app' | 'repl') => (await cluster.master.connect(account)).destroy();
    await using ordinary = await occupyConnections(cluster.master);
    expect(ordinary.count).toBe(3);
    await expect(login('repl')).rejects.toMatchObject({ code: 'ER_CON_COUNT_ERROR' });
    await using all = await occupyConnections(cluster.master, { administrators: true });
    expect(all.count).toBe(1);
    await expect(login('app')).rejects.toMatchObject({ code: 'ER_CON_COUNT_ERROR' });
  });
});

describe('the load generator', () => {
  it('knows which writes were acknowledged, over a crash of the server', async () => {
    await using cluster = await startCluster({ flavour: 'mysql56', replicas: 1 });
    await using load = await startLoad({ target: cluster.master, everyMs: 1 });
    await waitFor('writes', () => load.acknowledged > 50);
    await cluster.master.kill();
    await cluster.master.start();
    const before = load.acknowledged;
    await waitFor('more writes', () => load.acknowledged > before + 20);
    const report = await load.stop();
    expect(report.failed).toBeGreaterThan(0);
    expect(report.longestGapMs).toBeGreaterThan(0);
    const rows = await cluster.master.query('SELECT id FROM load_test.writes');
    const there = new Set(rows.map(row => row['id']));
    expect(report.acknowledged.filter(id => !there.has(id))).toEqual([]);
    await waitFor('the replica', async () => (await tableDifferences(cluster.servers)).length === 0);
  });
});

describe('the table checksum', () => {
  it('names the table that differs', async () => {
    await using cluster = await startCluster({ flavour: 'mysql56', replicas: 1 });
    await expectReplication(cluster);
    await cluster.replicas[0]!.query('DELETE FROM kit.t WHERE id = 2');
    const differences = await tableDifferences(cluster.servers);
    expect(differences).toHaveLength(1);
    expect(differences[0]).toMatch(/^kit\.t: .*\(2 rows\) on server 1, .*\(1 rows\) on server 2$/);
  });
});

describe('sshd', () => {
  it('keeps its host key over a restart, unless a new one is asked for', async () => {
    await using sshd = await startSshd({ hostKeyType: 'rsa' });
    const line = sshd.knownHostsLine;
    expect(readFileSync(sshd.knownHostsFile, 'utf8')).toBe(`${line}\n`);
    await sshd.restart();
    expect(sshd.knownHostsLine).toBe(line);
    await sshd.restart({ newHostKey: true });
    expect(sshd.knownHostsLine).not.toBe(line);
    await sshd.kill();
    expect(await exchange(sshd.port)).toBe('ECONNREFUSED');
  });
});

describe('the fault proxy', () => {
  it('refuses, stays silent, delays, cuts, closes early and heals', async () => {
    const target = net.createServer(socket => {
      socket.on('error', () => undefined);
      socket.on('data', data => socket.write(data.toString().repeat(10)));
    });
    await new Promise<void>(resolve => target.listen(0, '127.0.0.1', resolve));
    const { port } = target.address() as net.AddressInfo;
    try {
      await using proxy = await startProxy({ host: '127.0.0.1', port });
      expect(await exchange(proxy.port)).toBe('ping'.repeat(10));
      proxy.closeAfter(7);
      expect(await exchange(proxy.port)).toBe('pingpin, closed');
      await proxy.refuse();
      expect(await exchange(proxy.port)).toBe('ECONNREFUSED');
      await proxy.heal();
      proxy.silence();
      expect(await exchange(proxy.port, 100)).toBe('silence');
      await proxy.heal();
      proxy.delay(100);
      const start = performance.now();
      expect(await exchange(proxy.port)).toBe('ping'.repeat(10));
      expect(performance.now() - start).toBeGreaterThan(190);
      proxy.silence();
      const asking = exchange(proxy.port, 5000);
      const before = proxy.accepted;
      await waitFor('the connection', () => proxy.accepted > before - 1 && proxy.accepted >= 5);
      proxy.cut();
      expect(await asking).toBe('ECONNRESET');
    } finally {
      target.close();
    }
  });
});

/** Sends "ping" and tells what came back until 40 bytes, the end, an error or the time-out. */
function exchange(port: number, timeoutMs = 3000): Promise<string> {
  return new Promise(resolve => {
    let text = '';
    const socket = net.connect({ host: '127.0.0.1', port }, () => socket.write('ping'));
    const done = (what: string) => {
      socket.destroy();
      resolve(what);
    };
    socket.setTimeout(timeoutMs, () => done(text || 'silence'));
    socket.on('data', data => {
      text += data.toString();
      if (text.length >= 40) done(text);
    });
    socket.on('error', error => done((error as NodeJS.ErrnoException).code ?? 'error'));
    socket.on('end', () => done(`${text}, closed`));
  });
}

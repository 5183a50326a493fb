import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startCluster, type TestCluster, type TestServer } from '../support/cluster';
import type { ConfigTextOptions } from '../support/clusterConfig';
import { occupyConnections } from '../support/faults';
import { startProxy } from '../support/proxy';
import { waitFor } from '../support/waitFor';
import { startManager, type ManagerSpec } from './monitorSupport';

const LOCK = 'MHA_Master_High_Availability_Monitor';

/** How long a promise that nothing happens is watched, where something would happen at once. */
const QUIET_MS = 1_500;

let counter = 0;

/** A configuration of its own and a manager for it, with a directory of its own. */
async function manage(
  cluster: TestCluster,
  config: ConfigTextOptions = {},
  spec: Omit<ManagerSpec, 'workdir'> & { readonly workdir?: string } = {},
) {
  const dir = spec.workdir ?? path.join(cluster.dir, `m${++counter}`);
  mkdirSync(dir, { recursive: true });
  const conf = path.join(dir, 'app1.cnf');
  writeFileSync(conf, cluster.configText(config), { mode: 0o600 });
  return startManager(conf, { ...spec, workdir: dir });
}

async function receiving(cluster: TestCluster): Promise<void> {
  for (const replica of cluster.replicas)
    await waitFor('replicas that receive', async () => {
      const [row] = await replica.query('SHOW SLAVE STATUS');
      return row?.['Slave_IO_Running'] === 'Yes' && row['Slave_SQL_Running'] === 'Yes';
    });
}

/** Dead servers live again, and replicas do not wait for their next attempt to connect. */
async function mend(cluster: TestCluster): Promise<void> {
  for (const server of cluster.servers) {
    server.resume();
    await server.start();
  }
  for (const replica of cluster.replicas) {
    await replica.query('STOP SLAVE IO_THREAD');
    await replica.query('START SLAVE');
  }
  await receiving(cluster);
}

async function holder(server: TestServer): Promise<number> {
  const [row] = await server.query('SELECT IS_USED_LOCK(?) AS id', [LOCK]);
  return Number(row?.['id'] ?? 0);
}

function script(cluster: TestCluster, name: string, text: string): string {
  const file = path.join(cluster.dir, name);
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** Longer than it takes to be wrong, measured in pings of the manager, not in sleep. */
async function quiet(manager: Awaited<ReturnType<typeof manage>>, ms = QUIET_MS): Promise<void> {
  const until = performance.now() + ms;
  await waitFor(
    'nothing to happen',
    () => manager.ended !== undefined || manager.deaths.length > 0 || performance.now() > until,
  );
  expect(manager.deaths, manager.lines.join('\n')).toEqual([]);
  expect(manager.ended, manager.lines.join('\n')).toBeUndefined();
}

describe('MySQL 5.6', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster({ flavour: 'mysql56', replicas: 2, ssh: true });
    await receiving(cluster);
  });
  afterAll(() => cluster[Symbol.asyncDispose]());
  afterEach(() => mend(cluster));

  it('kill -9 of the master is decided within a second at default settings', async () => {
    await using manager = await manage(cluster, { defaults: { ping_interval: '3' } });
    await manager.sees('0:PING_OK');
    expect(manager.status()).toMatch(/^\d+\t0:PING_OK\tmaster:127\.0\.0\.1\tport:\d+\tapp:app1\tstarted:/);
    const killedAt = performance.now();
    await cluster.master.kill();
    expect(await manager.end, manager.lines.join('\n')).toMatchObject({ exitCode: 0 });
    const tookMs = Math.round(manager.calledAt[0]! - killedAt);
    console.log(`kill -9 to declared dead: ${tookMs} ms (decided after ${manager.deaths[0]?.decidedAfterMs} ms)`);
    expect(tookMs).toBeLessThan(1_000);
    expect(manager.deaths[0]).toMatchObject({ id: 'server1', cause: 'dead' });
    expect(manager.deaths[0]?.evidence.map(e => [e.from, e.says])).toEqual([
      ['manager', 'dead'],
      ['replica', 'dead'],
      ['replica', 'dead'],
    ]);
    for (const line of [
      'Master is not reachable from health checker!',
      'Master is down!',
      'Got exit code 20 (Master dead).',
    ])
      expect(manager.said(line), line).toBe(true);
    expect(manager.status()).toBe('');
  });

  it('holds the lock, refuses a second manager, and takes the lock again after its connection was killed', async () => {
    await using manager = await manage(cluster);
    await manager.sees('0:PING_OK');
    const first = await holder(cluster.master);
    expect(first).toBeGreaterThan(0);

    await using elsewhere = await manage(cluster);

    await cluster.master.query('KILL ?', [first]);
    await waitFor('the lock to be held again', async () => {
      const now = await holder(cluster.master);
      return now > 0 && now !== first && manager.status().includes('0:PING_OK');
    });
    expect(manager.said('Connection failed')).toBe(false);
    expect(await elsewhere.end, elsewhere.lines.join('\n')).toEqual({ exitCode: 1 });
    expect(elsewhere.said("Target master's advisory lock is already held by someone.")).toBe(true);
    expect(manager.ended).toBeUndefined();
  });

  it('shows that somebody took its lock, never fails over without it, and gets it back', async () => {
    await using manager = await manage(cluster);
    await manager.sees('0:PING_OK');
    const other = await cluster.master.connect();
    const waiting = other.query('SELECT GET_LOCK(?, 20)', [LOCK]);
    await waitFor('somebody to wait for the lock', async () =>
      (await cluster.master.query('SHOW PROCESSLIST')).some(row => row['State'] === 'User lock'),
    );
    await cluster.master.query('KILL ?', [await holder(cluster.master)]);
    await waiting;
    await manager.sees('lock:busy');
    await other.query('SELECT RELEASE_LOCK(?)', [LOCK]);
    await waitFor('the lock to be shown as held', () => !manager.status().includes('lock:busy'));
    other.destroy();
    expect(manager.ended).toBeUndefined();
  });

  it('shows that the master is read-only after it was connected to anew', async () => {
    await using manager = await manage(cluster);
    await manager.sees('0:PING_OK');
    await cluster.master.query('SET GLOBAL read_only = 1');
    await cluster.master.query('KILL ?', [await holder(cluster.master)]);
    await manager.sees('reason:read_only');
    await cluster.master.query('SET GLOBAL read_only = 0');
    await waitFor('the end of it', () => !manager.status().includes('read_only'));
    expect(manager.deaths).toEqual([]);
  });

  it('leaves the decision to whoever took its lock', async () => {
    await using manager = await manage(cluster);
    await manager.sees('0:PING_OK');
    const other = await cluster.master.connect();
    const waiting = other.query('SELECT GET_LOCK(?, 20)', [LOCK]);
    await waitFor('somebody to wait for the lock', async () =>
      (await cluster.master.query('SHOW PROCESSLIST')).some(row => row['State'] === 'User lock'),
    );
    await cluster.master.query('KILL ?', [await holder(cluster.master)]);
    await waiting;
    await manager.sees('lock:busy');
    await cluster.master.kill();
    other.destroy();
    expect(await manager.end).toEqual({ exitCode: 1 });
    expect(manager.deaths).toEqual([]);
  });

  it('goes on when the master came back during the decision, or before anything was changed', async () => {
    const gate = path.join(cluster.dir, 'gate');
    const slow = script(cluster, 'slow', `until [ -e ${gate} ]; do sleep 0.05; done; exit 0`);
    const outcomes = [{ exitCode: 1, masterAlive: true } as const, { exitCode: 10 } as const];
    await using manager = await manage(
      cluster,
      { defaults: { secondary_check_script: slow, ping_interval: '3' } },
      {
        failover: async () => {
          const outcome = outcomes.shift()!;
          if ('masterAlive' in outcome) await cluster.master.start();
          return outcome;
        },
      },
    );
    await manager.sees('0:PING_OK');
    await cluster.master.kill();
    await waitFor('the replicas to have been asked', () => manager.said('Got error on MySQL connect: 2003'));
    await cluster.master.start();
    writeFileSync(gate, '');
    await waitFor('the end of the decision', () => manager.said('came back during the decision'));
    await manager.sees('0:PING_OK');
    expect(manager.deaths).toEqual([]);

    await cluster.master.kill();
    await waitFor('the failover', () => manager.said('came back before anything was changed'));
    await manager.sees('0:PING_OK');
    await cluster.master.kill();
    expect(await manager.end).toMatchObject({ exitCode: 10 });
    expect(manager.deaths).toHaveLength(2);
  });

  it('fails over with the last good configuration if the file was broken meanwhile', async () => {
    await using manager = await manage(cluster);
    await manager.sees('0:PING_OK');
    writeFileSync(manager.file, '[server default\nuser=nobody\n');
    await cluster.master.kill();
    expect(await manager.end).toMatchObject({ exitCode: 0 });
    expect(manager.said('going on with the last good one')).toBe(true);
    expect(manager.requests[0]?.configuration.cluster?.servers).toHaveLength(3);
  });

  it('begins with a dead master and decides on evidence; silence of everybody else is none', async () => {
    await cluster.master.kill();
    await using manager = await manage(cluster);
    expect(await manager.end, manager.lines.join('\n')).toMatchObject({ exitCode: 0 });
    expect(manager.said('MySQL master is not currently alive!')).toBe(true);
    expect(manager.deaths).toHaveLength(1);
  });
});

/** Each waits for seconds, most of the time for nothing to happen: all at once, each with servers of its own. */
describe('a manager that keeps running', () => {
  it('monitors the new master, and fences the old one when it comes back writable', async () => {
    await using cluster = await startCluster({ flavour: 'mysql56', replicas: 2 });
    await receiving(cluster);
    const [next, other] = [cluster.replicas[0]!, cluster.replicas[1]!];
    const failover = async () => {
      for (const replica of cluster.replicas) await replica.query('STOP SLAVE');
      await next.query('RESET SLAVE ALL');
      await next.query('SET GLOBAL read_only = 0');
      await other.query('CHANGE MASTER TO MASTER_PORT = ?', [next.port]);
      await other.query('START SLAVE');
      return { exitCode: 0, newMaster: 'server2' } as const;
    };
    const defaults = { '#@ fence_returning_master': '1' };
    await using manager = await manage(cluster, { defaults }, { failover, keepRunning: true });
    await manager.sees('0:PING_OK');
    await cluster.master.kill();
    await manager.sees(`port:${next.port}`);
    await waitFor('the new master to be monitored', () => manager.status().includes('0:PING_OK'));
    expect(await holder(next)).toBeGreaterThan(0);
    await cluster.master.start();
    await manager.sees('returned:server1 fenced');
    expect(manager.said('came back writable. It was made read-only.')).toBe(true);
    expect(await cluster.master.query('SELECT @@global.read_only AS r')).toEqual([{ r: 1 }]);
    expect(manager.ended).toBeUndefined();
    expect(manager.deaths).toHaveLength(1);
  });

  it('tries again after errors', async () => {
    await using cluster = await startCluster({ flavour: 'mysql56', replicas: 1 });
    await cluster.master.kill();
    await cluster.replicas[0]!.kill();
    await using manager = await manage(cluster, {}, { keepRunning: true });
    await manager.sees('30:RETRYING_MONITOR');
    for (const server of cluster.servers) await server.start();
    await manager.sees('0:PING_OK');
    expect(manager.said('Retrying in 0.3 seconds')).toBe(true);
  });
});

describe.concurrent('what is no death, or not at once', () => {
  const small = async () => {
    const cluster = await startCluster({ flavour: 'mysql56', replicas: 1, ssh: true });
    await receiving(cluster);
    return cluster;
  };

  it('never fails over when only the manager is cut off, refused or in silence', async () => {
    await using cluster = await small();
    await using proxy = await startProxy({ host: '127.0.0.1', port: cluster.master.port });
    await using manager = await manage(cluster, { servers: { 1: { port: String(proxy.port) } } });
    await manager.sees('0:PING_OK');
    await proxy.refuse();
    proxy.cut();
    await manager.sees('replica-connected');
    await quiet(manager);
    await proxy.heal();
    await manager.sees('0:PING_OK');
    proxy.silence();
    await manager.sees('20:PING_FAILING');
    await waitFor('the decision', () => manager.said('the master answers from the host of server2'));
    await quiet(manager);
    await proxy.heal();
    await manager.sees('0:PING_OK');
  });

  it('does not take too many connections for death', async () => {
    await using cluster = await small();
    await using proxy = await startProxy({ host: '127.0.0.1', port: cluster.master.port });
    const servers = { 1: { port: String(proxy.port) } };
    await using manager = await manage(cluster, { servers });
    await manager.sees('0:PING_OK');
    await cluster.master.query('SET GLOBAL max_connections = 30');
    await proxy.refuse();
    proxy.cut();
    const occupied = await occupyConnections(cluster.master, { administrators: true });
    await proxy.heal();
    await manager.sees('too_many_connections');
    expect(manager.said('Got MySQL error 1040, but this is not a MySQL crash. Continue health check..')).toBe(true);
    await quiet(manager);
    await occupied[Symbol.asyncDispose]();
    await manager.sees('0:PING_OK');
  });

  it('names a hung master without a failover', async () => {
    await using cluster = await small();
    await using manager = await manage(cluster);
    await manager.sees('0:PING_OK');
    cluster.master.pause();
    await manager.sees('hung');
    await waitFor('the decision', () => manager.said('it is hung, and failover_on does not name that'));
    await quiet(manager);
    cluster.master.resume();
    await manager.sees('0:PING_OK');
  });

  it('fails over from a hung master where failover_on says so, after the count', async () => {
    await using cluster = await small();
    await using manager = await manage(cluster, { defaults: { '#@ failover_on': 'hung' } });
    await manager.sees('0:PING_OK');
    const pausedAt = performance.now();
    cluster.master.pause();
    expect(await manager.end, manager.lines.join('\n')).toMatchObject({ exitCode: 0 });
    expect(manager.deaths[0]).toMatchObject({ cause: 'hung' });
    expect(manager.calledAt[0]! - pausedAt).toBeGreaterThan(3_000);
  });

  it('names a master that reads and does not write, without a write at every ping', async () => {
    await using cluster = await small();
    await using manager = await manage(cluster, { defaults: { ping_type: 'INSERT' } });
    await manager.sees('0:PING_OK');
    const backup = await cluster.master.connect();
    await backup.query('FLUSH TABLES WITH READ LOCK');
    await manager.sees('20:PING_FAILING');
    await manager.sees('hung: no answer within');
    await waitFor('further pings', () => manager.lines.filter(line => line.includes('Got timeout')).length > 3);
    const writing = (await cluster.master.query('SHOW FULL PROCESSLIST')).filter(row =>
      String(row['Info']).startsWith('INSERT INTO infra'),
    );
    expect(writing.length).toBeLessThanOrEqual(1);
    expect(manager.deaths).toEqual([]);
    backup.destroy();
    await manager.sees('0:PING_OK');
  });

  it('goes on when the secondary check reaches the master', async () => {
    await using cluster = await small();
    const reachable = script(cluster, 'reachable', 'echo "Master is reachable from there!"; exit 3');
    await using manager = await manage(cluster, { defaults: { secondary_check_script: reachable } });
    await manager.sees('0:PING_OK');
    await cluster.master.kill();
    await manager.sees('script-reachable');
    await quiet(manager);
    expect(manager.said('Secondary network check script returned errors.')).toBe(true);
    await cluster.master.start();
    await manager.sees('0:PING_OK');
    expect(manager.said('is alive.')).toBe(true);
  });
});

describe.concurrent('other servers', () => {
  it('detection=classic counts as MHA does', async () => {
    await using cluster = await startCluster({ flavour: 'mysql56', replicas: 1 });
    await using manager = await manage(cluster, { defaults: { '#@ detection': 'classic' } });
    await manager.sees('0:PING_OK');
    const killedAt = performance.now();
    await cluster.master.kill();
    expect(await manager.end, manager.lines.join('\n')).toMatchObject({ exitCode: 0 });
    const tookMs = manager.calledAt[0]! - killedAt;
    expect(tookMs).toBeGreaterThan(2_500);
    expect(tookMs).toBeLessThan(6_000);
    for (const n of [2, 3, 4]) expect(manager.said(`Connection failed ${n} time(s)..`)).toBe(true);
  });

  it.each([
    ['mariadb1011', 'INSERT'],
    ['mysql97', 'INSERT'],
    ['mysql56', 'CONNECT'],
  ] as const)('%s, ping_type %s: kill -9 is decided at once', async (flavour, ping_type) => {
    await using cluster = await startCluster({ flavour, replicas: 1 });
    await using manager = await manage(cluster, { defaults: { ping_interval: '3', ping_type } });
    await manager.sees('0:PING_OK');
    expect(await holder(cluster.master)).toBeGreaterThan(0);
    if (ping_type === 'INSERT')
      expect(await cluster.master.query('SELECT `key` FROM infra.chk_masterha')).toEqual([{ key: 1 }]);
    const killedAt = performance.now();
    await cluster.master.kill();
    expect(await manager.end, manager.lines.join('\n')).toMatchObject({ exitCode: 0 });
    const tookMs = Math.round(manager.calledAt[0]! - killedAt);
    console.log(`${flavour}: kill -9 to declared dead: ${tookMs} ms`);
    expect(tookMs).toBeLessThan(1_500);
  });
});

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { loadCluster } from '../../src/config/load';
import { Secret } from '../../src/config/secret';
import { nullLog } from '../../src/engine/log';
import { analyse } from '../../src/engine/topology/analyse';
import { discover } from '../../src/engine/topology/discover';
import type { Snapshot } from '../../src/engine/topology/types';
import { startCluster, type TestCluster } from '../support/cluster';
import type { ConfigTextOptions } from '../support/clusterConfig';
import { occupyConnections } from '../support/faults';
import { startLoad } from '../support/load';
import { startProxy } from '../support/proxy';
import { follow } from '../support/replication';
import { ACCOUNTS } from '../support/serverProcess';
import { waitFor } from '../support/waitFor';
import { configOf, FLAVOURS } from './replicationSupport';

const look = async (cluster: TestCluster, options?: ConfigTextOptions): Promise<Snapshot> =>
  discover(await configOf(cluster, options), { log: nullLog });

const statuses = (snapshot: Snapshot) => snapshot.servers.map(s => s.status);
const arrows = (snapshot: Snapshot) => snapshot.edges.map(e => `${e.source}>${e.replica}`);

/** Findings of a look at the cluster: `code server`, without those about settings of test servers. */
async function codes(cluster: TestCluster, options?: ConfigTextOptions): Promise<string[]> {
  const config = await configOf(cluster, options);
  return analyse(config, await discover(config, { log: nullLog }))
    .filter(f => (f.severity === 'error' || f.severity === 'warning') && f.code !== 'unsafe-durability')
    .map(f => [f.code, f.server].filter(part => part).join(' '));
}

/** The cluster's configuration without some of its sections. */
async function partOf(cluster: TestCluster, without: readonly number[]) {
  const text = cluster
    .configText()
    .split(/^(?=\[)/m)
    .filter(section => !without.some(n => section.startsWith(`[server${n}]`)))
    .join('');
  const file = path.join(cluster.dir, 'part.cnf');
  writeFileSync(file, text, { mode: 0o600 });
  const { cluster: config } = await loadCluster({ file, runInitScript: false });
  if (!config) throw new Error(text);
  return config;
}

describe.each(FLAVOURS)('the topology of %s', flavour => {
  it('sees a star, by GTID and by position', async () => {
    for (const gtid of [true, false]) {
      await using cluster = await startCluster({ flavour, replicas: 2, gtid });
      await cluster.master.query('CREATE DATABASE kit');
      await waitFor('the replicas', async () =>
        (await Promise.all(cluster.replicas.map(r => r.query("SHOW DATABASES LIKE 'kit'")))).every(r => r.length === 1),
      );
      const snapshot = await look(cluster);
      expect(statuses(snapshot)).toEqual(['alive', 'alive', 'alive']);
      expect(snapshot.master).toBe('server1');
      expect(arrows(snapshot)).toEqual(['server1>server2', 'server1>server3']);
      expect(snapshot.gtidMode).toBe(gtid && flavour !== 'mariadb1011' ? 1 : 0);
      expect(await codes(cluster)).toEqual([]);
    }
  });

  it('sees a chain and a ring of co-masters', async () => {
    {
      await using cluster = await startCluster({ flavour, replicas: 2, shape: 'chain' });
      const snapshot = await look(cluster);
      expect([snapshot.master, arrows(snapshot)]).toEqual(['server1', ['server1>server2', 'server2>server3']]);
      expect(await codes(cluster)).toEqual(['replicates-from-other-master server3']);
      expect(await codes(cluster, { servers: { 3: { multi_tier_slave: '1' } } })).toEqual([]);
    }
    await using cluster = await startCluster({ flavour, replicas: 2, shape: 'coMasters' });
    const snapshot = await look(cluster);
    expect(snapshot.master).toBe('server1');
    expect(arrows(snapshot).sort()).toEqual(['server1>server2', 'server1>server3', 'server2>server1']);
    await cluster.replicas[0]?.query('SET GLOBAL read_only=0');
    expect(await codes(cluster)).toEqual(['two-writable-masters', 'several-masters']);
    await cluster.servers[0]?.query('SET GLOBAL read_only=1');
    expect((await look(cluster)).master).toBe('server2');
  });

  it('tells dead, hung and refusing servers apart', async () => {
    await using cluster = await startCluster({ flavour, replicas: 3 });
    await cluster.replicas[0]?.kill();
    cluster.replicas[1]?.pause();
    const full = cluster.replicas[2]!;
    await using _held = await occupyConnections(full, { administrators: true });
    const start = performance.now();
    const snapshot = await look(cluster);
    expect(performance.now() - start).toBeLessThan(8000);
    expect(statuses(snapshot)).toEqual(['alive', 'dead', 'hung', 'refusing']);
    expect(snapshot.servers[3]?.failure).toMatchObject({ kind: 'tooManyConnections', alive: true, errno: 1040 });
    cluster.replicas[1]?.resume();
  });

  it('says what happened to the master', async () => {
    await using cluster = await startCluster({ flavour, replicas: 2 });
    cluster.master.pause();
    expect(await codes(cluster)).toEqual(['hung-master server1']);
    cluster.master.resume();
    {
      await using _held = await occupyConnections(cluster.master, { administrators: true });
      expect(await codes(cluster)).toEqual(['master-too-many-connections server1']);
    }
    await cluster.master.kill();
    const cut = async () => (await look(cluster)).servers.every(s => s.state?.channels[0]?.receiver !== 'running');
    await waitFor('the replicas to notice', cut);
    expect(await codes(cluster)).toEqual(['dead-master server1']);
    for (const replica of cluster.replicas) await replica.kill();
    expect(await codes(cluster)).toEqual([
      ...['server1', 'server2', 'server3'].map(id => `dead-server ${id}`),
      'no-server-alive',
      'no-candidate',
    ]);
  });

  it('finds what the configuration does not name', async () => {
    await using cluster = await startCluster({ flavour, replicas: 3 });
    const fourth = cluster.servers[3];
    const log = nullLog;
    const noReplica = await discover(await partOf(cluster, [4]), { log });

    expect(noReplica.servers.map(s => [s.id, s.configured, s.status])).toEqual([
      ...['server1', 'server2', 'server3'].map(name => [name, true, 'alive']),
      [`127.0.0.1:${fourth?.port}`, false, 'alive'],
    ]);
    const noMaster = await discover(await partOf(cluster, [1]), { log });
    expect(noMaster.master).toBe(`127.0.0.1:${cluster.master.port}`);
    expect(analyse(await partOf(cluster, [1]), noMaster).map(f => f.code)).toContain('master-not-configured');
    await cluster.master.kill();
    const dead = await discover(await partOf(cluster, [1]), { log });
    expect([dead.master, dead.servers.at(-1)?.status]).toEqual([`127.0.0.1:${cluster.master.port}`, 'dead']);
  });

  it('never takes what was just written for errant', async () => {
    await using cluster = await startCluster({ flavour, replicas: 2 });
    const load = await startLoad({ target: cluster.master, everyMs: 1 });
    try {
      await waitFor('writes', async () => ((await look(cluster)).servers[1]?.state?.gtidExecuted ?? '') !== '');
      for (let i = 0; i < 30; i++) expect(await codes(cluster)).not.toContainEqual(expect.stringContaining('errant'));
    } finally {
      await load.stop();
    }
  });

  it('sees errant transactions', async () => {
    await using cluster = await startCluster({ flavour, replicas: 2 });
    await cluster.replicas[1]?.query('CREATE DATABASE stray');
    expect(await codes(cluster)).toEqual(['errant-gtids server3']);
  });

  it('is never surprised by a server that dies meanwhile', async () => {
    await using cluster = await startCluster({ flavour, replicas: 2 });
    const victim = cluster.replicas[1]!;
    for (const ms of [0, 1, 3, 5, 8, 12, 20]) {
      const [snapshot] = await Promise.all([look(cluster), sleep(ms).then(() => victim.kill())]);
      expect(['alive', 'dead']).toContain(snapshot.servers[2]?.status);
      expect(statuses(snapshot).slice(0, 2)).toEqual(['alive', 'alive']);
      await victim.start();
    }
  });

  it('leaves no connection behind, finished or cancelled', async () => {
    await using cluster = await startCluster({ flavour, replicas: 2 });
    const config = await configOf(cluster);
    const own = async () =>
      (await cluster.master.query("SELECT id FROM information_schema.processlist WHERE user = 'mha'")).length;
    for (const ms of [1, 5, 10, 15, 20, 30]) {
      const reason = new Error('enough');
      const controller = new AbortController();
      setTimeout(() => controller.abort(reason), ms);
      await discover(config, { log: nullLog, signal: controller.signal }).catch(error => expect(error).toBe(reason));
    }
    await discover(config, { log: nullLog });
    await waitFor('the connections to end', async () => (await own()) === 0);
  });
});

describe('reaching a server', () => {
  it('takes the password from the caller, the file, an option file', async () => {
    await using cluster = await startCluster({ flavour: 'mysql56', replicas: 1 });
    const { user, password } = ACCOUNTS.mha;
    const wrong = { defaults: { password: 'wrong' } };
    expect((await look(cluster, wrong)).servers[0]?.failure?.kind).toBe('accessDenied');
    const config = await configOf(cluster, wrong);
    const asked = await discover(config, { log: nullLog, password: () => Promise.resolve(new Secret(password)) });
    expect(statuses(asked)).toEqual(['alive', 'alive']);

    const file = path.join(cluster.dir, 'my.cnf');
    writeFileSync(file, `[client]\nuser=nobody\n[mha]\nuser=${user}\npassword="${password}"\n`, { mode: 0o600 });
    const fromFile = { defaults: { user: undefined, password: undefined, '#@ defaults_file': file } };
    expect(statuses(await look(cluster, fromFile))).toEqual(['alive', 'alive']);
    const noFile = { defaults: { user: undefined, password: undefined, '#@ defaults_file': '/nowhere/my.cnf' } };
    expect((await look(cluster, noFile)).servers[0]?.failure?.text).toContain('/nowhere/my.cnf');
    expect(JSON.stringify(await look(cluster, wrong))).not.toContain('wrong');
  });

  it('uses TLS as the configuration says', async () => {
    await using cluster = await startCluster({ flavour: 'mysql97', replicas: 1, tls: true });
    const file = path.join(cluster.dir, 'authority.pem');
    writeFileSync(file, cluster.ca ?? '');
    const tls = (mode: string, ca?: string) => look(cluster, { defaults: { '#@ tls': mode, '#@ tls_ca': ca } });
    expect(statuses(await tls('verify_ca', file))).toEqual(['alive', 'alive']);
    const unknown = (await tls('verify_ca')).servers[0];
    expect([unknown?.status, unknown?.failure?.kind]).toEqual(['refusing', 'tls']);
    const missing = (await tls('verify_ca', '/nowhere/ca.pem')).servers[0];
    expect(missing?.failure).toMatchObject({ kind: 'tls', code: 'ENOENT' });
  });

  it('goes through SSH where the configuration says', async () => {
    await using cluster = await startCluster({ flavour: 'mysql56', replicas: 1, ssh: true });
    const tunnel = { defaults: { '#@ ssh_tunnel': '1' } };
    expect(statuses(await look(cluster, tunnel))).toEqual(['alive', 'alive']);
    await cluster.replicas[0]?.kill();
    expect(statuses(await look(cluster, tunnel))).toEqual(['alive', 'dead']);
    await cluster.sshds[0]?.kill();
    const [first] = (await look(cluster, tunnel)).servers;
    expect([first?.status, first?.failure?.kind]).toEqual(['unreachable', 'tunnel']);
  });

  it('knows one server under two names', async () => {
    await using cluster = await startCluster({ flavour: 'mysql56', replicas: 1 });
    await using proxy = await startProxy(cluster.replicas[0]!);
    const config = { servers: { 1: { port: String(proxy.port) } } };
    expect(await codes(cluster, config)).toContain('same-server server2');
  });

  it('reads a source that the replica knows by a forwarded port', async () => {
    await using cluster = await startCluster({ flavour: 'mysql56', replicas: 1 });
    await using proxy = await startProxy(cluster.master);
    const [replica] = cluster.replicas;
    await replica?.query('STOP SLAVE');
    await follow(
      replica!,
      { host: '127.0.0.1', port: proxy.port } as never,
      { flavour: 'mysql56', gtid: true } as never,
    );
    const snapshot = await look(cluster);
    expect([snapshot.master, arrows(snapshot), snapshot.servers.length]).toEqual(['server1', ['server1>server2'], 2]);
  });

  it('knows a dead master whose name means something to its replicas only', async () => {
    await using cluster = await startCluster({ flavour: 'mysql56', replicas: 2 });
    for (const replica of cluster.replicas) {
      await replica.query('STOP SLAVE');
      await replica.query("CHANGE MASTER TO MASTER_HOST = 'container-name.invalid', MASTER_PORT = 3306");
      await replica.query('START SLAVE');
    }
    await cluster.master.kill();
    const snapshot = await look(cluster);
    expect([snapshot.master, arrows(snapshot), snapshot.servers.length]).toEqual([
      'server1',
      ['server1>server2', 'server1>server3'],
      3,
    ]);
  });

  it('sees semi-synchronous replication lock up and fall back', async () => {
    await using cluster = await startCluster({
      flavour: 'mariadb1011',
      replicas: 2,
      semiSync: true,
      extra: { rpl_semi_sync_master_timeout: '2500' },
    });
    expect(await codes(cluster)).toEqual([]);
    for (const replica of cluster.replicas) await replica.query('STOP SLAVE IO_THREAD');
    const semi = async () => (await codes(cluster)).filter(code => code.includes('semi-sync'));
    await waitFor('too few replicas', async () => (await semi()).includes('semi-sync-too-few-replicas server1'));
    const write = cluster.master.query('CREATE DATABASE kit');
    await waitFor('the lock', async () => (await semi()).includes('locked-semi-sync-master server1'));
    await write;
    expect(await semi()).toEqual(['semi-sync-fallen-back server1']);
  });

  it('survives a server that breaks off in the middle of an answer', async () => {
    await using cluster = await startCluster({ flavour: 'mysql56', replicas: 1 });
    await using proxy = await startProxy(cluster.replicas[0]!);
    const through = { servers: { 2: { port: String(proxy.port) } } };
    for (const bytes of [10, 100, 500, 1500, 3000, 5000]) {
      proxy.closeAfter(bytes);
      const snapshot = await look(cluster, through);
      expect(snapshot.servers[0]?.status).toBe('alive');
      expect(['dead', 'refusing', 'alive']).toContain(snapshot.servers[1]?.status);
    }
  });
});

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../support/cluster';
import { startHosts, type HostLab, type TestHost } from '../support/hosts';
import { waitFor } from '../support/waitFor';
import { startManager, type RunningManager } from './monitorSupport';

describe('a manager on a network', () => {
  let lab: HostLab;
  let cluster: TestCluster;
  let hosts: [TestHost, TestHost, TestHost];
  let counter = 0;

  beforeAll(async () => {
    lab = await startHosts(3);
    cluster = await startCluster({ flavour: 'mysql56', replicas: 2, ssh: true, lab });
    hosts = lab.hosts as typeof hosts;
  });
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await lab?.[Symbol.asyncDispose]();
  });

  async function manage(defaults: Readonly<Record<string, string>> = {}): Promise<RunningManager> {
    const workdir = path.join(cluster.dir, `m${++counter}`);
    mkdirSync(workdir);
    const conf = path.join(workdir, 'app1.cnf');
    writeFileSync(conf, cluster.configText({ defaults }), { mode: 0o600 });
    const manager = await startManager(conf, { workdir });
    await manager.sees('0:PING_OK');
    return manager;
  }

  it('does not fail over while it alone has lost the master, or everybody', async () => {
    const [master, second, third] = hosts;
    const others = `masterha_secondary_check -s ${second.address} -s ${third.address}`;
    await using manager = await manage({ secondary_check_script: others });
    await lab.split('gateway', master);
    await waitFor('the decision', () => manager.said('Secondary network check script returned errors.'), {
      timeoutMs: 20_000,
    });
    expect(manager.status()).toContain('20:PING_FAILING');
    expect(manager.said(`${second.address}: reachable`)).toBe(true);
    await lab.join('gateway', master);
    await manager.sees('0:PING_OK');

    for (const host of hosts) await lab.split('gateway', host);
    await waitFor('the decision', () => manager.said('No failover: secondary check: '), { timeoutMs: 30_000 });
    for (const host of hosts) await lab.join('gateway', host);
    await manager.sees('0:PING_OK');
    expect(manager.deaths).toEqual([]);
    expect(manager.ended).toBeUndefined();
  });

  it('fails over from a host without power, though the replicas have not noticed', async () => {
    await using manager = await manage();
    const cutAt = performance.now();
    await hosts[0].poweroff();
    expect(await manager.end, manager.lines.join('\n')).toMatchObject({ exitCode: 0 });
    console.log(`power off to declared dead, ping_interval 1: ${Math.round(manager.calledAt[0]! - cutAt)} ms`);
    expect(manager.deaths[0]).toMatchObject({ id: 'server1', cause: 'dead', sshReachable: false });
    expect(manager.deaths[0]?.evidence.filter(e => e.from !== 'manager' && e.says !== 'unknown')).not.toEqual([]);
  });
});

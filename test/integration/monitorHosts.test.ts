import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCluster, type TestCluster, type TestServer } from '../support/cluster';
import type { ConfigTextOptions } from '../support/clusterConfig';
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
    // As it is by default: receivers do not notice silence for an hour.
    const extra = { slave_net_timeout: '3600' };
    cluster = await startCluster({ flavour: 'mysql56', replicas: 2, ssh: true, lab, extra });
    hosts = lab.hosts as typeof hosts;
  });
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await lab?.[Symbol.asyncDispose]();
  });

  async function manage(
    defaults: Readonly<Record<string, string>> = {},
    servers: ConfigTextOptions['servers'] = {},
  ): Promise<RunningManager> {
    const workdir = path.join(cluster.dir, `m${++counter}`);
    mkdirSync(workdir);
    const conf = path.join(workdir, 'app1.cnf');
    writeFileSync(conf, cluster.configText({ defaults, servers }), { mode: 0o600 });
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

  it('does not fail over while it alone has lost the master and nobody but a restarted receiver can tell', async () => {
    await using manager = await manage({}, NO_SSH);
    await lab.split('gateway', hosts[0]);
    await waitFor('the decision', () => manager.said('No failover: server2: its receiver was restarted and reached'), {
      timeoutMs: 20_000,
    });
    expect(manager.said('Restarting the receiver of server2(')).toBe(true);
    expect(manager.status()).toContain('replica-reconnected');
    // At the next full count it is too early for another one.
    await waitFor('the next', () => manager.said('No failover: server3 is still connected'), { timeoutMs: 20_000 });
    await lab.join('gateway', hosts[0]);
    await manager.sees('0:PING_OK');
    expect(manager.lines.filter(line => line.includes('Restarting the receiver'))).toHaveLength(1);
    expect(manager.deaths).toEqual([]);
    expect(manager.ended).toBeUndefined();
    for (const replica of cluster.replicas) expect(await receiverOf(replica)).toBe('Yes');
  });

  it('fails over from a host without power, though the replicas have not noticed', async () => {
    await using manager = await manage();
    const cutAt = performance.now();
    await hosts[0].poweroff();
    expect(await manager.end, manager.lines.join('\n')).toMatchObject({ exitCode: 0 });
    console.log(`power off to declared dead, ping_interval 1: ${Math.round(manager.calledAt[0]! - cutAt)} ms`);
    expect(manager.deaths[0]).toMatchObject({ id: 'server1', cause: 'dead', sshReachable: 'unknown' });
    expect(manager.deaths[0]?.evidence.filter(e => e.from !== 'manager' && e.says !== 'unknown')).not.toEqual([]);
    expect(manager.said('Restarting the receiver')).toBe(false);
  });

  it.each([
    ['evidence', 'off'],
    ['classic', 'off and on again'],
  ])('the same without SSH to anybody, by %s, power %s', async (detection, power) => {
    await hosts[0].boot();
    await cluster.master.start();
    for (const replica of cluster.replicas) {
      await replica.query('STOP SLAVE IO_THREAD');
      await replica.query('START SLAVE IO_THREAD');
      await waitFor('the receivers', async () => (await receiverOf(replica)) === 'Yes', { timeoutMs: 20_000 });
    }
    await using manager = await manage({ '#@ detection': detection }, NO_SSH);
    const cutAt = performance.now();
    await hosts[0].poweroff();
    if (power !== 'off') await hosts[0].boot();
    expect(await manager.end, manager.lines.join('\n')).toMatchObject({ exitCode: 0 });
    console.log(`power ${power}, without SSH, ${detection}: ${Math.round(manager.calledAt[0]! - cutAt)} ms`);
    const said = manager.deaths[0]?.evidence.filter(e => e.from === 'replica');
    expect(said, manager.lines.join('\n')).toMatchObject([
      { server: 'server2', says: 'dead' },
      { server: 'server3', says: 'dead' },
    ]);
  });
});

/** As on most clusters with GTID: nobody logs in anywhere. */
const NO_SSH = Object.fromEntries([1, 2, 3].map(number => [number, { ssh_port: '1' }]));

async function receiverOf(replica: TestServer): Promise<unknown> {
  const [row] = await replica.query('SHOW SLAVE STATUS');
  return row?.['Slave_IO_Running'];
}

import { readdirSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import mysql from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../support/cluster';
import { startHosts, type HostLab, type TestHost } from '../support/hosts';
import { processesOf, run } from '../support/processes';
import { waitForReplica } from '../support/replication';
import { ACCOUNTS } from '../support/serverProcess';
import { waitFor } from '../support/waitFor';

/** "open", or the code of the error that a connection attempt ends with. */
function knock(host: string, port: number, timeoutMs = 300): Promise<string> {
  return new Promise(resolve => {
    const socket = net.connect({ host, port });
    const done = (text: string) => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(timeoutMs, () => done('ETIMEDOUT'));
    socket.once('connect', () => done('open'));
    socket.once('error', error => done((error as NodeJS.ErrnoException).code ?? 'error'));
  });
}

const UNREACHABLE = /^(ETIMEDOUT|EHOSTUNREACH)$/;

describe('hosts in network namespaces', () => {
  let lab: HostLab;
  let cluster: TestCluster;
  let hosts: [TestHost, TestHost, TestHost];

  beforeAll(async () => {
    lab = await startHosts(3);
    cluster = await startCluster({ flavour: 'mysql56', replicas: 2, ssh: true, lab });
    hosts = lab.hosts as [TestHost, TestHost, TestHost];
  });

  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await lab?.[Symbol.asyncDispose]();
    if (lab) {
      expect(processesOf(path.basename(lab.dir))).toEqual([]);
      const addresses = Object.values(os.networkInterfaces()).flatMap(list => (list ?? []).map(info => info.address));
      expect(addresses).not.toContain(lab.gateway);
    }
  });

  it('run a cluster on the usual ports, each with its own name and processes', async () => {
    expect(cluster.servers.map(server => `${server.host}:${server.port}`)).toEqual(
      hosts.map(host => `${host.address}:3306`),
    );
    const connection = await mysql.createConnection({ host: hosts[1].address, port: 3306, ...ACCOUNTS.app });
    const [rows] = await connection.query('SELECT @@hostname AS name');
    connection.destroy();
    expect(rows).toEqual([{ name: 'host2' }]);
    const { sshd } = cluster;
    const ssh = await run('ssh', [
      ...['-F', 'none', '-o', 'BatchMode=yes', '-i', sshd?.identityFile ?? ''],
      ...['-o', `UserKnownHostsFile=${sshd?.knownHostsFile}`, `${sshd?.user}@${hosts[2].address}`],
      'hostname; pgrep -c mysqld',
    ]);
    expect(ssh.stdout).toBe('host3\n1\n');
    expect(readdirSync(hosts[0].varLib)).toEqual(['mysql']);
    expect(cluster.configText()).toContain(`hostname=${hosts[0].address}\nport=3306\nssh_port=22\n`);
  });

  it('lose the network and get it back', async () => {
    await hosts[2].cut();
    expect(await knock(hosts[2].address, 3306)).toMatch(UNREACHABLE);
    expect(await knock(hosts[1].address, 3306)).toBe('open');
    await hosts[2].heal();
    await waitFor('the network', async () => (await knock(hosts[2].address, 3306)) === 'open');
  });

  it('lose each other, but not the rest', async () => {
    const [one, two, three] = hosts;
    const ping = async (from: TestHost, to: TestHost) =>
      (await from.run(['arping', '-q', '-c', '1', '-w', '1', '-I', 'eth0', to.address])).code;
    const reach = async (from: TestHost, to: TestHost) =>
      (await from.run(['bash', '-c', `exec 3<>/dev/tcp/${to.address}/22`], { timeoutMs: 500 })).code === 0;
    expect(await ping(one, two)).toBe(0);
    await lab.split(one, two);
    await lab.split('gateway', three);
    expect(await reach(one, two)).toBe(false);
    expect(await reach(one, three)).toBe(true);
    expect(await knock(three.address, 22)).toMatch(UNREACHABLE);
    expect(await knock(one.address, 22)).toBe('open');
    await lab.join(one, two);
    await lab.join('gateway', three);
    expect(await reach(one, two)).toBe(true);
    await waitFor('the network', async () => (await knock(three.address, 22)) === 'open');
  });

  it('hand over a virtual address at once', async () => {
    const asked = async () => {
      const connection = await mysql.createConnection({
        host: lab.virtualAddress,
        port: 3306,
        ...ACCOUNTS.app,
        connectTimeout: 1000,
      });
      const [rows] = await connection.query('SELECT @@hostname AS name');
      connection.destroy();
      return (rows as { name: string }[])[0]?.name;
    };
    await hosts[0].addAddress(lab.virtualAddress);
    expect(await hosts[0].addresses()).toContain(lab.virtualAddress);
    expect(await asked()).toBe('host1');
    await hosts[0].removeAddress(lab.virtualAddress);
    await hosts[1].addAddress(lab.virtualAddress);
    await waitFor('the address on its new host', async () => (await asked().catch(() => '')) === 'host2', {
      timeoutMs: 3000,
    });
    await hosts[1].removeAddress(lab.virtualAddress);
  });

  it('can be switched off and on', async () => {
    const [first, second] = cluster.servers;
    const open = await mysql.createConnection({ host: hosts[1].address, port: 3306, ...ACCOUNTS.app });
    open.on('error', () => undefined);
    await hosts[1].poweroff();
    expect(second?.pid).toBeUndefined();
    expect(await knock(hosts[1].address, 3306)).toMatch(UNREACHABLE);
    await expect(open.query({ sql: 'SELECT 1', timeout: 300 })).rejects.toMatchObject({
      code: 'PROTOCOL_SEQUENCE_TIMEOUT',
    });
    open.destroy();
    await hosts[1].boot();
    await waitFor('the host', async () => (await knock(hosts[1].address, 3306)) === 'ECONNREFUSED', {
      timeoutMs: 3000,
    });
    await second!.start();
    await cluster.sshds[1]!.restart();
    await waitForReplica(second!, first!, 'mysql56');
  });
});

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { loadCluster } from '../../src/config/load';
import type { ServerConfig } from '../../src/config/types';
import { probeReceivers, type Probed } from '../../src/engine/monitor/receiverProbe';
import { startCluster, type TestCluster, type TestServer } from '../support/cluster';
import { waitFor } from '../support/waitFor';

let cluster: TestCluster;
let configs: readonly ServerConfig[];
let first: TestServer;
let second: TestServer;
const lines: string[] = [];

beforeAll(async () => {
  cluster = await startCluster({ flavour: 'mariadb1011', replicas: 2 });
  [first, second] = cluster.replicas as [TestServer, TestServer];
  // Another source, which is none of the manager's business.
  await first.query(`CHANGE MASTER 'other' TO MASTER_HOST='127.0.0.1', MASTER_PORT=1, MASTER_USER='nobody'`);
  const { cluster: config } = await loadCluster({
    file: await cluster.writeConfig(),
    globalFile: false,
    runInitScript: false,
  });
  configs = config!.servers.slice(1);
});
afterAll(() => cluster[Symbol.asyncDispose]());
beforeEach(async () => {
  lines.length = 0;
  for (const replica of [first, second]) {
    await replica.query('START SLAVE IO_THREAD');
    await waitFor('the receiver', async () => (await receiverOf(replica)) === 'Yes');
  }
});

async function receiverOf(replica: TestServer, connection = ''): Promise<unknown> {
  const rows = await replica.query('SHOW ALL SLAVES STATUS');
  return rows.find(row => row['Connection_name'] === connection)?.['Slave_IO_Running'];
}

const probe = (signal?: AbortSignal, onLine?: (line: string) => void): Promise<Probed> =>
  probeReceivers(configs, {
    identity: { addresses: [{ host: '127.0.0.1', port: cluster.master.port }] },
    engine: { log: { log: (_, text) => (lines.push(text), onLine?.(text)) }, ...(signal && { signal }) },
    resultMs: 2000,
  });

const restarts = () => lines.filter(line => line.startsWith('Restarting the receiver of ')).length;

it('restarts one receiver, of the one channel, when the master lives', async () => {
  const { opinions, unprobed } = await probe();
  expect(opinions).toMatchObject([{ server: 'server2', says: 'reconnected', probed: true }]);
  expect(unprobed).toEqual([]);
  expect(restarts()).toBe(1);
  expect(await receiverOf(first, 'other')).toBe('No');
});

it('leaves alone a delayed replica, and one that somebody else changes', async () => {
  await first.query('STOP SLAVE');
  await first.query('CHANGE MASTER TO MASTER_DELAY=60');
  await first.query('START SLAVE');
  await waitFor('the receiver', async () => (await receiverOf(first)) === 'Yes');
  const holder = await second.connect();
  await holder.query("SELECT GET_LOCK('MHA_Master_High_Availability_Failover', 1)");
  const { opinions, unprobed } = await probe();
  expect(opinions).toEqual([]);
  expect(unprobed.map(u => u.server)).toEqual(['server2', 'server3']);
  expect(unprobed[0]?.text).toContain('delayed');
  expect(unprobed[1]?.text).toContain('somebody else');
  expect(restarts()).toBe(0);
  await holder.end();
  await first.query('STOP SLAVE');
  await first.query('CHANGE MASTER TO MASTER_DELAY=0');
  await first.query('START SLAVE');
});

it('starts what it has stopped, though it is cancelled meanwhile', async () => {
  const abort = new AbortController();
  await expect(
    probe(abort.signal, line => {
      if (line.startsWith('Restarting')) abort.abort(new Error('SIGTERM'));
    }),
  ).rejects.toThrow('SIGTERM');
  expect(restarts()).toBe(1);
  await waitFor('the receiver', async () => (await receiverOf(first)) === 'Yes');
});

it('does not restart receivers that have noticed by themselves meanwhile', async () => {
  await cluster.master.kill();
  for (const replica of [first, second])
    await waitFor('its notice', async () => (await receiverOf(replica)) === 'Connecting');
  const { opinions } = await probe();
  expect(opinions).toMatchObject([
    { server: 'server2', says: 'broken' },
    { server: 'server3', says: 'broken' },
  ]);
  expect(restarts()).toBe(0);
});

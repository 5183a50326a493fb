import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startCluster, type TestCluster, type TestServer } from '../support/cluster';
import type { ConfigTextOptions } from '../support/clusterConfig';
import { occupyConnections } from '../support/faults';
import { startProxy } from '../support/proxy';
import { waitFor } from '../support/waitFor';
import { startManager, type ManagerSpec } from './monitorSupport';

const LOCK = 'MHA_Master_High_Availability_Monitor';

/** How long a promise that nothing happens is watched: longer than the count of four takes. */
const QUIET_MS = 5_500;

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
});

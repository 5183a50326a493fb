import { describe, expect, it } from 'vitest';
import {
  expectRecovered,
  failOver,
  GTID_56,
  GTID_97,
  GTID_MARIADB,
  insert,
  isWritable,
  level,
  stopReceiver,
  worldOf,
  type Kind,
} from './failoverSupport';
import type { TestServer } from '../support/testServer';
import { waitFor } from '../support/waitFor';

async function superReadOnly(server: TestServer): Promise<boolean> {
  const [row] = await server.query('SELECT @@global.super_read_only AS sro');
  return Number(row?.['sro']) === 1;
}

describe('super_read_only', () => {
  const kinds: readonly (readonly [string, Kind])[] = [
    ['by GTID', GTID_97],
    ['by position', { flavour: 'mysql97', gtid: false }],
  ];

  it.each(kinds)('goes from the new master, and stays on the others, %s', async (_, kind) => {
    await using world = await worldOf(kind);
    const { cluster, master, candidate, others } = world;
    // The candidate gets 4 from others and 5 from the dead master's disk, the others 5: applied directly.
    await stopReceiver(candidate, kind.flavour);
    await insert(master, 4);
    await level(cluster, others);
    for (const other of others) await stopReceiver(other, kind.flavour);
    await insert(master, 5);
    for (const replica of cluster.replicas) await replica.query('SET GLOBAL super_read_only=1');
    await master.kill();
    const result = await failOver(cluster);
    await expectRecovered(world, result, { master: candidate, replicas: others, ids: [1, 2, 3, 4, 5] });
    expect(await superReadOnly(candidate)).toBe(false);
    for (const other of others) expect(await superReadOnly(other), `server${other.serverId}`).toBe(true);
  });
});

async function semiSync(server: TestServer): Promise<Record<string, string>> {
  const rows = [
    ...(await server.query("SHOW GLOBAL VARIABLES LIKE 'rpl_semi_sync_%_enabled'")),
    ...(await server.query("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_%_clients'")),
    ...(await server.query("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_%_status'")),
  ];
  return Object.fromEntries(
    rows.map(row => [
      String(row['Variable_name'])
        .toLowerCase()
        .replace(/^rpl_semi_sync_/, '')
        .replace('master', 'source')
        .replace('slave', 'replica'),
      String(row['Value']),
    ]),
  );
}

it.each([
  ['MySQL 9.7', GTID_97],
  ['MariaDB', GTID_MARIADB],
])('makes the new master of a semi-synchronous cluster a semi-synchronous source, %s', async (_, kind) => {
  await using world = await worldOf(kind, { semiSync: true });
  const { cluster, master, candidate, others } = world;
  await insert(master, 4);
  await level(cluster);
  await master.kill();
  const result = await failOver(cluster);
  await expectRecovered(world, result, { master: candidate, replicas: others, ids: [1, 2, 3, 4] });
  await waitFor('the acknowledging replica', async () => (await semiSync(candidate))['source_clients'] === '1');
  expect(await semiSync(candidate)).toMatchObject({
    source_enabled: 'ON',
    source_status: 'ON',
    replica_enabled: 'OFF',
  });
  for (const other of others)
    expect(await semiSync(other)).toMatchObject({ source_enabled: 'OFF', replica_enabled: 'ON', replica_status: 'ON' });
});

describe('while a replica is slow', () => {
  it('enables the events, and says that the old master is back', async () => {
    await using world = await worldOf(GTID_56);
    const { cluster, master, candidate, others } = world;
    const slow = others[0]!;
    await master.query('CREATE EVENT test.e ON SCHEDULE EVERY 1 DAY DO SET @x = 1');
    await level(cluster);
    await stopReceiver(slow, 'mysql56');
    await insert(master, 4);
    await level(cluster, [candidate]);
    // It will not be able to apply what it gets from the new master.
    const holder = await slow.connect();
    await holder.query('LOCK TABLES test.t READ');
    await master.kill();
    let started: Promise<unknown> | undefined;
    let released: Promise<unknown> | undefined;
    const result = await failOver(cluster, {
      onLog: line => {
        if (line.includes('Phase 4: Slaves Recovery')) started = master.start();
        if (line.includes('is back and takes writes')) released ??= holder.query('UNLOCK TABLES');
      },
    });
    await started;
    await released;
    holder.destroy();
    expect(result.exitCode, result.log.join('\n')).toBe(10);
    expect(result.left.map(m => m.text)).toEqual([expect.stringContaining('is back and takes writes')]);
    const ends = result.lines.flatMap(line => (line.type === 'step' && line.state !== 'started' ? [line.step] : []));
    const repointed = ends.indexOf('repoint:server3');
    expect(ends.indexOf('enable-events:server2')).toBeLessThan(repointed);
    expect(ends.indexOf('old-master:server1')).toBeLessThan(repointed);
    expect(await candidate.query("SELECT STATUS AS s FROM information_schema.EVENTS WHERE EVENT_NAME='e'")).toEqual([
      { s: 'ENABLED' },
    ]);
    expect(await isWritable(candidate)).toBe(true);
  });
});

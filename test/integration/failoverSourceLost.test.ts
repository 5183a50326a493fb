import { describe, expect, it } from 'vitest';
import type { TestServer } from '../support/cluster';
import { expectRecovered, failOver, GTID_56, GTID_97, GTID_MARIADB, insert, level, range, stopReceiver, worldOf } from './failoverSupport'; // prettier-ignore

describe('the only replica that has the last transactions', () => {
  it.each([
    ['MySQL 5.6', 'killed', GTID_56],
    ['MySQL 9.7', 'killed', GTID_97],
    ['MariaDB', 'killed', GTID_MARIADB],
    ['MySQL 5.6', 'frozen', GTID_56],
    ['MariaDB', 'frozen', GTID_MARIADB],
  ] as const)('%s: is lost while the new master fetches from it, %s: the others go on', async (_, how, kind) => {
    await using world = await worldOf(kind, { replicas: 3 });
    const { cluster, master, candidate, others } = world;
    const [third, fourth] = others as [TestServer, TestServer];
    for (const behind of [candidate, fourth]) await stopReceiver(behind, kind.flavour);
    await insert(master, 4, 6);
    await level(cluster, [third]);
    await master.kill();
    await cluster.sshds[0]?.kill();
    let losing: Promise<void> | undefined;
    const result = await failOver(cluster, {
      config: { servers: { 3: { no_master: '1' } } },
      onLog: line => {
        if (!line.includes('for what it lacks')) return;
        if (how === 'frozen') third.pause();
        else losing ??= third.kill();
      },
    });
    await losing;
    if (how === 'frozen') third.resume();
    await expectRecovered(world, result, { master: candidate, replicas: [fourth], exitCode: 10, ids: range(1, 3) });
    expect(result.left.map(left => left.text).join()).toContain('was lost during the failover');
    expect(result.tookMs).toBeLessThan(30_000);
  });
});

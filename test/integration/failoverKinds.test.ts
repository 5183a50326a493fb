import { describe, expect, it } from 'vitest';
import { failOver, expectRecovered, insert, KINDS, level, range, stopReceiver, worldOf } from './failoverSupport';

describe.each(Object.entries(KINDS))('failover, %s', (_, kind) => {
  const { flavour } = kind;

  it("recovers the dead master's last transactions from its disk, on every server", async () => {
    await using world = await worldOf(kind);
    const { master, candidate, others, cluster } = world;
    for (const replica of cluster.replicas) await stopReceiver(replica, flavour);
    await insert(master, 4, 20);
    await master.kill();
    const result = await failOver(cluster);
    await expectRecovered(world, result, { master: candidate, replicas: others, ids: range(1, 20) });
    expect(result.log.join('\n')).toContain('Saved 17 transactions');
  });

  it('levels replicas at different positions in different files, with the last part on the disk', async () => {
    await using world = await worldOf(kind, { replicas: 3 });
    const { master, candidate, others, cluster } = world;
    const [third, fourth] = others as [(typeof others)[0], (typeof others)[0]];
    await insert(master, 4, 5);
    await level(cluster, [candidate]);
    await stopReceiver(candidate, flavour);
    await master.query('FLUSH LOGS');
    await insert(master, 6, 8);
    await level(cluster, [fourth]);
    await stopReceiver(fourth, flavour);
    await insert(master, 9, 11);
    await level(cluster, [third]);
    await stopReceiver(third, flavour);
    await master.query('FLUSH LOGS');
    await insert(master, 12, 14);
    await master.kill();
    const result = await failOver(cluster);
    await expectRecovered(world, result, { master: candidate, replicas: others, ids: range(1, 14) });
    expect(result.log.join('\n')).toContain('Saved 3 transactions');
  });
});

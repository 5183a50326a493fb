import { describe, expect, it } from 'vitest';
import { tableDifferences } from '../support/checksum';
import { startCluster, type TestServer } from '../support/cluster';
import { startLoad } from '../support/load';
import { waitFor } from '../support/waitFor';
import {
  expectNoSecrets,
  failOver,
  GTID_56,
  GTID_97,
  GTID_MARIADB,
  isWritable,
  POSITION_56,
  POSITION_MARIADB,
  stopApplier,
  stopReceiver,
  type Kind,
} from './failoverSupport';

/** `FAILOVER_SEED` repeats a run, `FAILOVER_ROUNDS` makes it longer, `FAILOVER_KIND` (text of a name) picks one kind. */
const SEED = Number(process.env['FAILOVER_SEED'] ?? 5000);
const ROUNDS = Number(process.env['FAILOVER_ROUNDS'] ?? 0);
const ONLY = process.env['FAILOVER_KIND'] ?? '';

const KINDS: readonly (readonly [name: string, kind: Kind, rounds: number])[] = [
  ['MySQL 5.6 by position', POSITION_56, 6],
  ['MySQL 5.6 by GTID', GTID_56, 6],
  ['MariaDB by GTID', GTID_MARIADB, 6],
  ['MariaDB by position', POSITION_MARIADB, 3],
  ['MySQL 9.7 by GTID', GTID_97, 2],
];

/** Numbers that are the same for the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

type Format = 'ROW' | 'STATEMENT' | 'MIXED';

/**
 * The format of the binary logs in the case of a seed; a few cases in a row have them all. What the load writes is the same
 * with each.
 */
const formatOf = (seed: number): Format => (['ROW', 'STATEMENT', 'MIXED'] as const)[seed % 3] ?? 'ROW';

/** One cluster, faults at random moments under load, the death of its master, and what must be true after the failover. */
async function round(kind: Kind, seed: number, format: Format): Promise<string> {
  const next = random(seed);
  const chance = (p: number) => next() < p;
  await using cluster = await startCluster({ ...kind, replicas: 3, ssh: true, extra: { binlog_format: format } });
  const { master, replicas, flavour } = cluster;
  await using load = await startLoad({ target: master, everyMs: 1 });
  const story: string[] = [];
  const after = async (writes: number) => {
    const goal = load.acknowledged + writes;
    await waitFor('writes', () => load.acknowledged >= goal);
  };
  await after(10);
  const sshAlive = chance(0.6);
  for (const [i, replica] of replicas.entries()) {
    await after(Math.floor(next() * 15));
    if (chance(0.3)) {
      await master.query('FLUSH LOGS');
      story.push('flush');
    }
    if (chance(0.4)) {
      await stopReceiver(replica, flavour);
      story.push(`receiver ${i + 2}`);
    }
    if (chance(0.25)) {
      await stopApplier(replica, flavour);
      story.push(`applier ${i + 2}`);
    }
    if (chance(0.2)) {
      await replica.query('FLUSH RELAY LOGS');
      story.push(`relay flush ${i + 2}`);
    }
  }
  await after(Math.floor(next() * 30));
  const big = chance(0.4);
  if (big) {
    const connection = await master.connect();
    await connection.query(
      'CREATE TABLE IF NOT EXISTS test.big (id INT PRIMARY KEY AUTO_INCREMENT, v LONGBLOB) ENGINE=InnoDB',
    );
    await connection.query('BEGIN');
    for (let i = 0; i < 20; i++)
      await connection.query('INSERT INTO test.big (v) VALUES (REPEAT(?, 20000))', [String(i % 10)]);
    void connection.query('COMMIT').catch(() => undefined);
    connection.on('error', () => undefined);
    story.push('big');
  }
  if (chance(0.5)) await after(Math.floor(next() * 3));
  await master.kill();
  const { acknowledged } = await load.stop();
  if (!sshAlive) {
    await cluster.sshds[0]?.kill();
    story.push('ssh dead');
  }
  const received = await Promise.all(replicas.map(idsOf));

  const result = await failOver(cluster);
  const told = `seed ${seed}, ${format}: ${story.join(', ')}\n${result.log.join('\n')}`;
  expect(result.exitCode, told).toBe(0);
  const promoted = replicas[Number(result.newMaster?.slice('server'.length)) - 2] as TestServer;
  const others = replicas.filter(r => r !== promoted);
  expect(await Promise.all(replicas.map(isWritable)), told).toEqual(replicas.map(r => r === promoted));
  await promoted.query('CREATE TABLE test.after_failover (id INT)');
  for (const other of others)
    await waitFor(
      'the replica',
      async () => (await other.query("SHOW TABLES FROM test LIKE 'after%'")).length === 1,
    ).catch(error => Promise.reject(new Error(told, { cause: error })));
  expect(await tableDifferences([promoted, ...others]), told).toEqual([]);
  const there = new Set(await idsOf(promoted));
  const lost = (ids: readonly number[]) => ids.filter(id => !there.has(id));
  // What the disk has, where it can be read, and in any case what any replica had.
  expect(lost(sshAlive ? acknowledged : received.flat()), told).toEqual([]);
  expectNoSecrets(cluster, result);
  return `${story.join(', ')} -> ${result.newMaster ?? ''} in ${Math.round(result.tookMs)} ms`;
}

const idsOf = async (server: TestServer): Promise<number[]> =>
  (await server.query('SELECT id FROM load_test.writes')).map(row => Number(row['id']));

describe(`random failovers, seed ${SEED}`, () => {
  const cases = KINDS.filter(([name]) => name.includes(ONLY)).flatMap(([name, kind, rounds], k) =>
    Array.from({ length: ROUNDS || rounds }, (_, i) => {
      const seed = SEED + k * 10_000 + i;
      return [name, seed, formatOf(seed), kind] as const;
    }),
  );
  it.each(cases)('%s, %i, %s', async (_name, seed, format, kind) => {
    const story = await round(kind, seed, format);
    if (ROUNDS > 0) console.log(`${seed}, ${format}: ${story}`);
  });
});

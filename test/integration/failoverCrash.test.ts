import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { listJournals, parseJournal } from '../../src/engine/operations/journal';
import type { TestServer } from '../support/testServer';
import { killedAt } from './failoverKilled';
import {
  expectRecovered,
  failOver,
  GTID_56,
  GTID_MARIADB,
  insert,
  isWritable,
  level,
  POSITION_56,
  POSITION_MARIADB,
  range,
  stopReceiver,
  worldOf,
  type Kind,
  type World,
} from './failoverSupport';

/** `FAILOVER_CRASH=all`: at every line of the journal, before and after it is written; else at some of them. */
const ALL = process.env['FAILOVER_CRASH'] === 'all';
const SOME = 5;
const IDS = range(1, 10);

/** The candidate lacks what the third server has, and all of them what is on the master's disk alone. */
async function prepared(kind: Kind): Promise<World> {
  const world = await worldOf(kind);
  const { master, candidate, others, cluster } = world;
  const [third] = others as [TestServer];
  await stopReceiver(candidate, kind.flavour);
  await insert(master, 4, 6);
  await level(cluster, [third]);
  await stopReceiver(third, kind.flavour);
  await insert(master, 7, 10);
  await master.kill();
  return world;
}

/** The lines of a whole journal, each as `type step state`. */
async function linesOf(kind: Kind): Promise<string[]> {
  await using world = await prepared(kind);
  const { lines } = await failOver(world.cluster);
  return lines.map(l => [l.type, 'step' in l ? l.step : 'name' in l ? l.name : '', 'state' in l ? l.state : 'text' in l ? l.text : ''].join(' ')); // prettier-ignore
}

describe.each([
  ['MySQL 5.6 by position', POSITION_56],
  ['MySQL 5.6 by GTID', GTID_56],
  ['MariaDB by GTID', GTID_MARIADB],
  ...(ALL ? ([['MariaDB by position', POSITION_MARIADB]] as const) : []),
] as const)('a failover that is killed is gone on with by the next, %s', (_, kind) => {
  it('at any moment', { timeout: 900_000 }, async () => {
    const lines = await linesOf(kind);
    const moments = lines.slice(0, -1).flatMap((text, i) => [
      { moment: 'before' as const, line: i + 1, text },
      { moment: 'after' as const, line: i + 1, text },
    ]);
    const recovering = moments.findIndex(({ text }) => text.startsWith('step recover:'));
    const late = moments.slice(recovering);
    const chosen = ALL ? moments : range(0, SOME - 1).map(i => late[Math.floor(((i + 0.5) * late.length) / SOME)] ?? late[0]!); // prettier-ignore
    const problems: string[] = [];
    for (const { moment, line, text } of chosen) {
      await using world = await prepared(kind);
      const where = `killed ${moment} line ${line}: ${text}`;
      let log: readonly string[] = [];
      try {
        expect(await killedAt(world, { moment, line }), where).toBe(true);
        const { candidate, others, cluster } = world;
        expect((await Promise.all(others.map(isWritable))).filter(Boolean), where).toEqual([]);
        const result = await failOver(cluster);
        ({ log } = result);
        expect([0, 10], `${where}\n${result.log.join('\n')}`).toContain(result.exitCode);
        await expectRecovered(world, result, {
          master: candidate,
          replicas: others,
          exitCode: result.exitCode as 0 | 10,
          errors: true,
          ids: IDS,
        });
      } catch (error) {
        const [first] = listJournals(path.join(world.cluster.dir, 'manager'), 'app1').slice(-1);
        const tail = first ? parseJournal(readFileSync(first.file, 'utf8')).slice(-2).map(l => JSON.stringify(l).slice(0, 200)) : []; // prettier-ignore
        problems.push(`${where}\n${tail.join('\n')}\n${String(error).slice(0, 500)}\n${log.slice(-40).join('\n')}`);
      }
    }
    expect(problems.join('\n\n')).toBe('');
  });
});

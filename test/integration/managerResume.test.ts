import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { listJournals, parseJournal, type JournalLine } from '../../src/engine/operations/journal';
import type { TestServer } from '../support/testServer';
import { waitFor } from '../support/waitFor';
import { BIN, runCli } from './cliRun';
import { killedAt } from './failoverKilled';
import {
  expectOneCluster,
  GTID_56,
  GTID_MARIADB,
  ids,
  insert,
  isWritable,
  level,
  POSITION_56,
  range,
  stopReceiver,
  worldOf,
  type Kind,
  type World,
} from './failoverSupport';

const REPOINTED = /"step":"repoint:server3","state":"done"/;
const RESET = /"step":"reset-new-master[^"]*","state":"done"/;
const IDS = range(1, 6);

interface Ran {
  readonly code: number | null;
  readonly log: string;
}

interface Half extends World {
  readonly conf: string;
}

/** A cluster whose failover was killed after that line of its journal. */
async function killedAfter(kind: Kind, line: RegExp, replicas = 2): Promise<Half> {
  const world = await worldOf(kind, { replicas });
  const { master, cluster, others } = world;
  await insert(master, 4, 6);
  await level(cluster);
  // The last of them is one that waits to be repointed as it was left.
  if (replicas > 2) await stopReceiver(others.at(-1)!, kind.flavour);
  await master.kill();
  expect(await killedAt(world, { moment: 'after', line })).toBe(true);
  return Object.assign(world, { conf: await cluster.writeConfig() });
}

/** A manager with its log; it is told to end when the log has the text `until`. */
async function manager({ cluster, conf }: Half, args: readonly string[] = [], until?: string): Promise<Ran> {
  const log = path.join(cluster.dir, 'the.log');
  const given = [`--conf=${conf}`, `--manager_log=${log}`, '--global_conf=/dev/null/none', ...args];
  const child = spawn(path.join(BIN, 'masterha_manager'), given, { stdio: 'ignore' });
  const exit = once(child, 'exit') as Promise<[number | null]>;
  const written = () => (existsSync(log) ? readFileSync(log, 'utf8') : '');
  try {
    await waitFor(
      'the end of the manager',
      () => child.exitCode !== null || (until !== undefined && written().includes(until)),
      { timeoutMs: 45_000 },
    );
    child.kill('SIGTERM');
    const [code] = await exit;
    return { code, log: written() };
  } catch (error) {
    throw new Error(written(), { cause: error });
  } finally {
    if (child.exitCode === null) child.kill('SIGKILL');
  }
}

const journals = ({ cluster }: Half): JournalLine[][] =>
  listJournals(path.join(cluster.dir, 'manager'), 'app1').map(j => parseJournal(readFileSync(j.file, 'utf8')));

async function expectOneEnd(half: Half, { code, log }: Ran): Promise<void> {
  const { candidate, others } = half;
  expect(code, log).toBe(0);
  expect(log).toMatch(/A failover of \S+ that began at \S+ has not ended: it is brought to its end/);
  expect(await ids(candidate)).toEqual(IDS);
  expect(await isWritable(candidate)).toBe(true);
  for (const other of others) expect(await isWritable(other)).toBe(false);
  expect(await expectOneCluster(candidate, others)).toEqual([]);
  const [last, first] = journals(half);
  expect(last?.at(-1)).toMatchObject({ type: 'end', outcome: 'succeeded', exitCode: 0 });
  expect(first?.at(-1)?.type).not.toBe('end');
}

describe('a failover that was killed is brought to its end', () => {
  it.each([
    ['after a repoint, by position', POSITION_56, REPOINTED, 3],
    ['after a repoint, by GTID', GTID_56, REPOINTED, 3],
    ['after the only repoint, MariaDB', GTID_MARIADB, REPOINTED, 2],
    ['after the new master forgot its source', GTID_56, RESET, 2],
  ] as const)('by the next masterha_manager: %s', { timeout: 180_000 }, async (_, kind, line, replicas) => {
    await using half = await killedAfter(kind, line, replicas);
    const ran = await manager(half);
    await expectOneEnd(half, ran);
    expect(ran.log).not.toContain('Error happened on monitoring servers.');
  });

  it(
    'by the next masterha_manager --keep_running, which then watches the new master',
    { timeout: 180_000 },
    async () => {
      await using half = await killedAfter(POSITION_56, REPOINTED, 3);
      const ran = await manager(half, ['--keep_running'], 'Ping(SELECT) succeeded');
      expect(ran.log).toContain('Monitoring goes on with the new master server2.');
      await expectOneEnd(half, { ...ran, code: 0 });
    },
  );

  it('by the next mha failover, which nobody tells the dead master', { timeout: 180_000 }, async () => {
    await using half = await killedAfter(GTID_56, REPOINTED, 3);
    const args = ['failover', '--yes', `--conf=${half.conf}`, '--global_conf=/dev/null/none'];
    const { code, stderr } = await runCli('mha', args, { timeoutMs: 60_000 });
    await expectOneEnd(half, { code, log: stderr });
  });

  it('by nobody while its dead master answers: the command that would is named', { timeout: 180_000 }, async () => {
    await using half = await killedAfter(GTID_56, REPOINTED, 3);
    const { master } = half as { master: TestServer };
    await master.start();
    const ran = await manager(half);
    expect(ran.code).toBe(1);
    expect(ran.log).toContain(
      `masterha_master_switch --master_state=dead --conf=${half.conf} --dead_master_host=127.0.0.1 --dead_master_port=${master.port}`,
    );
    const args = ['failover', '--yes', '--quiet', `--conf=${half.conf}`, '--global_conf=/dev/null/none'];
    const asked = await runCli('mha', args);
    expect(asked.code).toBe(1);
    expect(asked.stderr).toContain(`--dead_master_host=127.0.0.1 --dead_master_port=${master.port}`);
    expect(journals(half)).toHaveLength(1);
  });
});

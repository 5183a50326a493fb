import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { replicaStatus } from '../support/replication';
import type { TestServer } from '../support/testServer';
import {
  expectNoSecrets,
  expectRecovered,
  failOver,
  GTID_56,
  GTID_MARIADB,
  ids,
  insert,
  isWritable,
  POSITION_56,
  problemsOf,
  range,
  stopReceiver,
  worldOf,
  type World,
} from './failoverSupport';

const receivers = async ({ cluster }: World): Promise<unknown[]> =>
  Promise.all(
    cluster.replicas.map(async r => (await replicaStatus(r, cluster.flavour))?.['Slave_IO_Running'] !== 'No'),
  );
const marks = ({ cluster }: World): string[] =>
  ['complete', 'error'].filter(name => existsSync(path.join(cluster.dir, `manager/app1.failover.${name}`)));

/** A script that appends its arguments to `calls`, then does what the body says ($phase: what it was called for). */
function script({ cluster }: World, body: string, name = 'hook.sh'): string {
  const file = path.join(cluster.dir, name);
  const find = 'for a in "$@"; do case "$a" in --command=*) phase=${a#--command=};; esac; done';
  writeFileSync(file, `#!/bin/sh\nprintf '%s\\n' "$*" >> '${cluster.dir}/calls'\n${find}\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
}
const calls = ({ cluster }: World): string[] =>
  existsSync(path.join(cluster.dir, 'calls'))
    ? readFileSync(path.join(cluster.dir, 'calls'), 'utf8').trim().split('\n')
    : [];

/** What the scripts were called for, in order. The text of a report has lines of its own. */
const phasesOf = (world: World): string[] =>
  calls(world).flatMap(line => /--command=(\w+)/.exec(line)?.[1] ?? (line.includes('--subject=') ? 'report' : []));

describe('a replica', () => {
  it('that is dead and must be alive: refused, nothing is changed', async () => {
    await using world = await worldOf(GTID_MARIADB);
    await world.master.kill();
    await world.others[0]?.kill();
    const result = await failOver(world.cluster);
    expect(result).toMatchObject({ exitCode: 1, outcome: 'refused', lines: [] });
    expect(marks(world)).toEqual([]);
    expect(await isWritable(world.candidate)).toBe(false);
  });

  it.each([
    ['by position', POSITION_56],
    ['by GTID', GTID_56],
  ] as const)('that is dead, with ignore_fail: exit code 10, %s', async (_, kind) => {
    await using world = await worldOf(kind, { replicas: 3 });
    const [third, fourth] = world.others as [TestServer, TestServer];
    await stopReceiver(world.candidate, kind.flavour);
    await insert(world.master, 4, 5);
    await world.master.kill();
    await third.kill();
    const result = await failOver(world.cluster, { config: { servers: { 3: { ignore_fail: '1' } } } });
    await expectRecovered(world, result, {
      master: world.candidate,
      replicas: [fourth],
      exitCode: 10,
      ids: range(1, 5),
    });
    expect(marks(world)).toEqual(['complete']);
  });

  it.each(
    (
      [
        ['by position', POSITION_56],
        ['by GTID', GTID_56],
      ] as const
    ).flatMap(([name, kind]) =>
      (
        [
          ['before the election', 'SSH to'],
          ['while the new master is recovered', 'Phase 3.3|Phase 3.5'],
          ['when the new master is writable', 'Set read_only=0'],
        ] as const
      ).map(([moment, when]) => [moment, name, when, kind] as const),
    ),
  )('that dies %s: the others are recovered, exit code 10, %s', async (_, _name, when, kind) => {
    await using world = await worldOf(kind, { replicas: 3 });
    const [third, fourth] = world.others as [TestServer, TestServer];
    for (const replica of world.cluster.replicas) await stopReceiver(replica, 'mysql56');
    await insert(world.master, 4, 9);
    await world.master.kill();
    let killing: Promise<void> | undefined;
    const result = await failOver(world.cluster, {
      onLog: line => void (new RegExp(when).test(line) && (killing ??= third.kill())),
    });
    await killing;
    expect(killing).toBeDefined();
    await expectRecovered(world, result, {
      master: world.candidate,
      replicas: [fourth],
      exitCode: 10,
      ids: range(1, 9),
    });
    expect(result.left.length).toBeGreaterThan(0);
  });

  it('that is the candidate and dies under recovery: failed, and the next run takes another', async () => {
    await using world = await worldOf(POSITION_56, { replicas: 3 });
    const { candidate, others, cluster } = world;
    const [third, fourth] = others as [TestServer, TestServer];
    for (const replica of cluster.replicas) await stopReceiver(replica, 'mysql56');
    await insert(world.master, 4, 9);
    await world.master.kill();
    let killing: Promise<void> | undefined;
    const first = await failOver(cluster, {
      onLog: line => void (/Phase 3.3/.test(line) && (killing ??= candidate.kill())),
    });
    await killing;
    expect(first).toMatchObject({ exitCode: 1, outcome: 'failed' });
    expect(marks(world)).toEqual(['error']);
    const config = { servers: { 2: { ignore_fail: '1' } } };
    expect((await failOver(cluster, { config })).refusals.map(r => r.code)).toEqual(['failed']);
    const second = await failOver(cluster, { config, options: { ignoreLastFailover: true } });
    await expectRecovered(world, second, { master: third, replicas: [fourth], exitCode: 10, ids: range(1, 9) });
  });
});

describe('SSH to the host of the dead master', () => {
  it.each([
    ['by position', POSITION_56],
    ['by GTID', GTID_MARIADB],
  ] as const)('that is lost: what nobody had received is lost and said, %s', async (_, kind) => {
    await using world = await worldOf(kind);
    for (const replica of world.cluster.replicas) await stopReceiver(replica, kind.flavour);
    await insert(world.master, 4, 9);
    await world.master.kill();
    await world.cluster.sshds[0]?.kill();
    const result = await failOver(world.cluster);
    await expectRecovered(world, result, { master: world.candidate, replicas: world.others, ids: range(1, 3) });
    expect(result.log.join('\n')).toContain('was not reachable by SSH: what it had not sent is lost');
  });

  it('without a subsystem sftp: everything is recovered', async () => {
    await using world = await worldOf(POSITION_56);
    for (const sshd of world.cluster.sshds) {
      const file = path.join(sshd.dir, 'sshd_config');
      writeFileSync(file, readFileSync(file, 'utf8').replace(/^Subsystem.*$/m, ''));
      await sshd.restart();
    }
    await stopReceiver(world.candidate, 'mysql56');
    await insert(world.master, 4, 9);
    await world.master.kill();
    const result = await failOver(world.cluster);
    await expectRecovered(world, result, { master: world.candidate, replicas: world.others, ids: range(1, 9) });
  });
});

describe('hooks', () => {
  async function withHooks(body: string, more: Readonly<Record<string, string>> = {}, shutdownBody?: string) {
    const world = await worldOf(POSITION_56);
    const hook = script(world, body);
    const shutdown = shutdownBody === undefined ? hook : script(world, shutdownBody, 'shutdown.sh');
    const { cluster } = world;
    for (const replica of cluster.replicas) await stopReceiver(replica, 'mysql56');
    await insert(world.master, 4, 6);
    await world.master.kill();
    const defaults = { master_ip_failover_script: hook, shutdown_script: shutdown, report_script: hook, ...more };
    return { world, run: () => failOver(cluster, { config: { defaults } }) };
  }

  it('that succeed are called in order: stop, shutdown, start, report', async () => {
    const { world, run } = await withHooks('exit 0');
    await using _ = world;
    await expectRecovered(world, await run(), { master: world.candidate, replicas: world.others, ids: range(1, 6) });
    expect(phasesOf(world)).toEqual(['stopssh', 'stopssh', 'start', 'report']);
  });

  it('with exit code 10: the failover goes on', async () => {
    const { world, run } = await withHooks('[ -n "$phase" ] && exit 10; exit 0');
    await using _ = world;
    await expectRecovered(world, await run(), {
      master: world.candidate,
      replicas: world.others,
      errors: true,
      ids: range(1, 6),
    });
  });

  it.each([
    ['exit code 1 in phase stop', '[ "$phase" = stopssh ] && exit 1; exit 0', {}],
    ['a hang in phase stop', '[ "$phase" = stopssh ] && exec sleep 60; exit 0', { '#@ hook_timeout': '1' }],
  ])('%s: failed, receivers stay stopped, no master, error file', async (_, body, more) => {
    const { world, run } = await withHooks(body, more);
    await using _world = world;
    const result = await run();
    expect(result).toMatchObject({ exitCode: 1, outcome: 'failed' });
    expect(await receivers(world)).toEqual([false, false]);
    expect(await Promise.all(world.cluster.replicas.map(isWritable))).toEqual([false, false]);
    expect(marks(world)).toEqual(['error']);
    expectNoSecrets(world.cluster, result);
  });

  it.each([
    ['exit code 1 in phase start', '[ "$phase" = start ] && exit 1; exit 0', {}],
    ['a hang in phase start', '[ "$phase" = start ] && exec sleep 60; exit 0', { '#@ hook_timeout': '1' }],
  ])('%s: the new master is level and stays read-only; the next run goes on', async (_, body, more) => {
    const { world, run } = await withHooks(body, more);
    await using _world = world;
    const result = await run();
    expect(result).toMatchObject({ exitCode: 1, outcome: 'failed' });
    expect(await ids(world.candidate)).toEqual(range(1, 6));
    expect(await Promise.all(world.cluster.replicas.map(isWritable))).toEqual([false, false]);
    expect(marks(world)).toEqual(['error']);
    script(world, 'exit 0');
    const again = await failOver(world.cluster, { options: { ignoreLastFailover: true } });
    await expectRecovered(world, again, { master: world.candidate, replicas: world.others, ids: range(1, 6) });
  });

  it.each([
    ['fails', 'exit 1', {}],
    ['hangs', 'exec sleep 60', { '#@ hook_timeout': '1' }],
  ])('a shutdown script that %s: failed, nobody is made master, error file', async (_, body, more) => {
    const { world, run } = await withHooks('exit 0', more, body);
    await using _world = world;
    const result = await run();
    expect(result, result.log.join('\n')).toMatchObject({ exitCode: 1, outcome: 'failed' });
    expect(result.tookMs).toBeLessThan(30_000);
    // The failover's script has invalidated the address; after the shutdown only the report is called.
    expect(phasesOf(world)).toEqual(['stopssh', 'stopssh', 'report']);
    expect(problemsOf(result).join('\n')).toContain('shutdown_script');
    expect(await receivers(world)).toEqual([false, false]);
    expect(await Promise.all(world.cluster.replicas.map(isWritable))).toEqual([false, false]);
    expect(marks(world)).toEqual(['error']);
    expectNoSecrets(world.cluster, result);
    script(world, 'exit 10', 'shutdown.sh');
    const again = await failOver(world.cluster, { options: { ignoreLastFailover: true } });
    await expectRecovered(world, again, { master: world.candidate, replicas: world.others, ids: range(1, 6) });
  });

  it.each([
    ['fails', 'exit 1', {}],
    ['hangs', 'exec sleep 60', { '#@ hook_timeout': '1' }],
  ])('a report script that %s changes nothing', async (_, body, more) => {
    const { world, run } = await withHooks(`[ -z "$phase" ] && ${body}; exit 0`, more);
    await using _world = world;
    const result = await run();
    await expectRecovered(world, result, {
      master: world.candidate,
      replicas: world.others,
      errors: true,
      ids: range(1, 6),
    });
    expect(phasesOf(world).at(-1)).toBe('report');
    expect(problemsOf(result).join('\n')).toContain('Failed to send mail with return code');
    expect(result.tookMs).toBeLessThan(30_000);
  });
});

describe('the master comes back', () => {
  it('before the failover: refused, it is said to be alive', async () => {
    await using world = await worldOf(POSITION_56);
    const result = await failOver(world.cluster);
    expect(result).toMatchObject({ exitCode: 1, outcome: 'refused', masterAlive: true, lines: [] });
    expect(await receivers(world)).toEqual([true, true]);
  });

  it('before the point of no return: nothing is changed, replication goes on', async () => {
    await using world = await worldOf(POSITION_56);
    const { master, cluster, candidate, others } = world;
    await master.kill();
    const result = await failOver(cluster, {
      confirm: async () => {
        await master.start();
        return 'yes' as const;
      },
    });
    expect(result).toMatchObject({ exitCode: 1, masterAlive: true });
    expect(result.outcome).not.toBe('succeeded');
    expect(marks(world)).toEqual([]);
    expect(await receivers(world)).toEqual([true, true]);
    await insert(master, 4, 6);
    await expect.poll(() => ids(candidate)).toEqual(range(1, 6));
    await expect.poll(() => ids(others[0] as TestServer)).toEqual(range(1, 6));
  });

  it('after it: the old one is made read-only before the new one is writable', async () => {
    await using world = await worldOf(POSITION_56);
    const { master, cluster, candidate, others } = world;
    const hook = script(
      world,
      `[ "$phase" = start ] && while [ ! -e '${cluster.dir}/back' ]; do sleep 0.02; done; exit 0`,
    );
    await master.kill();
    let starting: Promise<void> | undefined;
    const result = await failOver(cluster, {
      config: { defaults: { master_ip_failover_script: hook } },
      onLog: line => {
        if (/Phase 3.3/.test(line))
          starting ??= master.start().then(() => writeFileSync(path.join(cluster.dir, 'back'), ''));
      },
    });
    await starting;
    expect(starting).toBeDefined();
    await expectRecovered(world, result, { master: candidate, replicas: others, exitCode: 10, ids: range(1, 3) });
    expect(await isWritable(master)).toBe(false);
  });
});

describe('another failover', () => {
  it('within 8 hours is refused, unless it is asked for', async () => {
    await using world = await worldOf(GTID_MARIADB, { replicas: 3 });
    const { cluster, candidate, others } = world;
    await world.master.kill();
    await expectRecovered(world, await failOver(cluster), { master: candidate, replicas: others });
    await candidate.kill();
    const setup = { dead: 'server2', config: { servers: { 1: { ignore_fail: '1' } } } };
    const refused = await failOver(cluster, setup);
    expect(refused).toMatchObject({ exitCode: 1, outcome: 'refused' });
    expect(refused.refusals.map(r => r.code)).toEqual(['tooEarly']);
    const result = await failOver(cluster, { ...setup, options: { ignoreLastFailover: true } });
    const [third, fourth] = others as [TestServer, TestServer];
    await expectRecovered(world, result, { master: third, replicas: [fourth], exitCode: 10 });
  });

  it('at the same time is refused by the locks', async () => {
    await using world = await worldOf(POSITION_56);
    const connection = await world.others[0]!.connect();
    await connection.query("SELECT GET_LOCK('MHA_Master_High_Availability_Failover', 0)");
    await world.master.kill();
    const result = await failOver(world.cluster);
    connection.destroy();
    expect(result).toMatchObject({ exitCode: 1, outcome: 'failed' });
    expect(await receivers(world)).toEqual([true, true]);
    expect(marks(world)).toEqual([]);
  });
});

describe('a failover that is cancelled or asked for wrongly', () => {
  it.each([
    ['SSH to', 'while it stops the receivers'],
    ['New master is', 'after the election'],
  ])('%s (%s): as before', async when => {
    await using world = await worldOf(POSITION_56);
    await world.master.kill();
    const controller = new AbortController();
    const result = await failOver(world.cluster, {
      engine: { signal: controller.signal },
      onLog: line => void (line.includes(when) && controller.abort()),
    });
    expect(result).toMatchObject({ exitCode: 1, outcome: 'cancelled', left: [] });
    expect(await receivers(world)).toEqual([true, true]);
    expect(marks(world)).toEqual([]);
    await expectRecovered(world, await failOver(world.cluster), { master: world.candidate, replicas: world.others });
  });

  it('after the point of no return goes on to its end, with new connections where it needs them', async () => {
    await using world = await worldOf(POSITION_56);
    const { cluster, master, candidate, others } = world;
    for (const replica of cluster.replicas) await stopReceiver(replica, 'mysql56');
    await insert(master, 4, 6);
    await master.kill();
    const controller = new AbortController();
    const result = await failOver(cluster, {
      engine: { signal: controller.signal },
      onLog: line => void (line.startsWith(' Applying') && controller.abort()),
    });
    await expectRecovered(world, result, { master: candidate, replicas: others, ids: range(1, 6) });
  });

  it('for a new master that there is not: it is named', async () => {
    await using world = await worldOf(POSITION_56);
    await world.master.kill();
    const result = await failOver(world.cluster, { options: { newMaster: { host: 'nosuch', port: 1 } } });
    expect(result.refusals.map(r => r.code)).toEqual(['new-master-unknown']);
    expect(result.message.text).toContain('There is no server {host}:{port}');
    expect(await receivers(world)).toEqual([true, true]);
  });

  it('at the question: nothing is changed', async () => {
    await using world = await worldOf(POSITION_56);
    await world.master.kill();
    const result = await failOver(world.cluster, { confirm: () => Promise.resolve('no' as const) });
    expect(result).toMatchObject({ exitCode: 1, outcome: 'cancelled', lines: [] });
    expect(await receivers(world)).toEqual([true, true]);
  });
});

import { appendFileSync, chmodSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectRecovered, failOver, insert, POSITION_56, range, stopReceiver, worldOf, type World } from './failoverSupport'; // prettier-ignore

describe('a shutdown_script that only kills mysqld (exit code 10)', () => {
  let world: World;
  beforeEach(async () => {
    world = await worldOf(POSITION_56);
    for (const replica of world.cluster.replicas) await stopReceiver(replica, 'mysql56');
    await insert(world.master, 4, 5);
  });
  afterEach(() => world[Symbol.asyncDispose]());

  /** Runs `command` when the master is to be shut down. */
  const shutdownScript = (command: string): string => {
    const file = path.join(world.cluster.dir, 'shutdown');
    writeFileSync(file, `#!/bin/sh\ncase "$*" in *--command=stopssh*) ${command}; exit 10;; esac\nexit 0\n`);
    chmodSync(file, 0o755);
    return file;
  };
  const saved = () => readdirSync(path.join(world.cluster.dir, 'manager')).filter(name => name.startsWith('saved_'));
  const failOverWith = (script: string) =>
    failOver(world.cluster, { config: { defaults: { shutdown_script: script } } });

  it('finds the log as it was, and copies nothing again', async () => {
    await world.master.kill();
    const result = await failOverWith(shutdownScript(':'));
    await expectRecovered(world, result, { master: world.candidate, replicas: world.others, ids: range(1, 5) });
    expect(saved()).toHaveLength(1);
  });

  it('has what the server wrote until it ended', async () => {
    const log = path.join(world.master.datadir, 'mysql-bin.000001');
    const [status] = await world.master.query('SHOW MASTER STATUS');
    const before = Number(status?.['Position']);
    await insert(world.master, 6, 8);
    await world.master.kill();
    // What it wrote last comes when the script runs.
    const late = path.join(world.cluster.dir, 'late');
    appendFileSync(late, readFileSync(log).subarray(before));
    truncateSync(log, before);
    const result = await failOverWith(shutdownScript(`cat ${late} >>${log}`));
    await expectRecovered(world, result, { master: world.candidate, replicas: world.others, ids: range(1, 8) });
    expect(saved()).toHaveLength(2);
  });
});

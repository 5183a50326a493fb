import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../support/cluster';
import { waitFor } from '../support/waitFor';
import { runCli } from './cliRun';

const BIN = process.env['MYSQL_HA_BIN'] ?? path.resolve('bin');

interface Manager {
  readonly child: ChildProcess;
  readonly log: () => string;
  readonly exit: Promise<[code: number | null, signal: NodeJS.Signals | null]>;
}

let cluster: TestCluster;
let conf = '';
let statusFile = '';
const managers: Manager[] = [];

beforeAll(async () => {
  cluster = await startCluster({ flavour: 'mysql56', replicas: 1 });
  conf = await cluster.writeConfig();
  statusFile = path.join(cluster.dir, 'manager/app1.master_status.health');
});
afterAll(async () => {
  for (const { child, exit } of managers) {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await exit;
  }
  await cluster[Symbol.asyncDispose]();
});

/** A manager as a user starts it: in a process group of its own, with nothing to read. */
function start(name: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Manager {
  const log = path.join(cluster.dir, `log${managers.length}`);
  const child = spawn(path.join(BIN, name), [`--conf=${conf}`, '--skip_ssh_check', `--manager_log=${log}`, ...args], {
    detached: true,
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
  });
  const exit = once(child, 'exit') as Manager['exit'];
  const manager = { child, exit, log: () => (existsSync(log) ? readFileSync(log, 'utf8') : '') };
  managers.push(manager);
  return manager;
}

const status = () => runCli('masterha_check_status', [`--conf=${conf}`]);

async function pinging(manager: Manager): Promise<void> {
  await waitFor('a manager that pings', () => {
    if (manager.child.exitCode !== null) throw new Error(manager.log());
    return existsSync(statusFile) && readFileSync(statusFile, 'utf8').startsWith(`${manager.child.pid}\t0:PING_OK`);
  });
}

describe('masterha_manager', () => {
  it('is seen by masterha_check_status, refuses a second one, and is stopped by masterha_stop', async () => {
    const manager = start('masterha_manager');
    await pinging(manager);
    const seen = await status();
    expect(seen).toMatchObject({
      code: 0,
      stdout: `app1 (pid:${manager.child.pid}) is running(0:PING_OK), master:127.0.0.1\n`,
    });
    for (const line of manager.log().trimEnd().split('\n'))
      expect(line).toMatch(
        /^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4} - \[(debug|info|warning|error)\] |^$|\(127\.0\.0\.1:/,
      );
    expect(manager.log()).toContain(' - [info] GTID failover mode = ');
    expect(manager.log()).toContain("Ping(SELECT) succeeded, waiting until MySQL doesn't respond..\n");

    const second = start('masterha_manager');
    expect(await second.exit).toEqual([1, null]);
    expect(second.log()).toContain('There is another manager of this application');
    expect(await status()).toMatchObject({ code: 0 });

    const stopped = await runCli('masterha_stop', [`--conf=${conf}`]);
    expect(stopped, stopped.stderr).toMatchObject({ code: 0, stdout: 'Stopped app1 successfully.\n' });
    expect(await manager.exit).toEqual([1, null]);
    expect(manager.log()).toMatch(/Got terminate signal\. Exit\.\n$/);
    expect(existsSync(statusFile)).toBe(false);
    expect(await runCli('masterha_stop', [`--conf=${conf}`])).toMatchObject({
      code: 0,
      stdout: 'MHA Manager is not running on app1(2:NOT_RUNNING).\n',
    });
    expect(await status()).toMatchObject({ code: 2 });
  });

  it('leaves a status file behind when it is killed, which the next one takes over', async () => {
    const killed = start('masterha_manager', [], { _: '/usr/bin/nohup' });
    await pinging(killed);
    killed.child.kill('SIGHUP');
    await runCli('masterha_check_status', [`--conf=${conf}`]);
    expect(existsSync(statusFile)).toBe(true);
    process.kill(killed.child.pid!, 'SIGKILL');
    await killed.exit;
    expect(await status()).toMatchObject({ code: 2 });
    const complete = path.join(path.dirname(statusFile), 'app1.failover.complete');
    writeFileSync(complete, '');
    const next = start('masterha_manager');
    await pinging(next);
    rmSync(complete);
    expect(next.log()).toContain('If the master died now, there would be no failover');
    expect(next.log()).toContain('already exists. You might have killed manager with SIGKILL(-9)');
    next.child.kill('SIGHUP');
    expect(await next.exit).toEqual([1, null]);
    expect(existsSync(statusFile)).toBe(false);
  });

  it('does not end while it is stopped without --abort during a failover', async () => {
    const manager = start('masterha_manager');
    await pinging(manager);
    const line = readFileSync(statusFile, 'utf8');
    writeFileSync(statusFile, line.replace('0:PING_OK', '50:FAILOVER_RUNNING'));
    expect(await runCli('masterha_stop', [`--conf=${conf}`])).toMatchObject({
      code: 1,
      stdout: 'Currently Failover is running on app1. Should not stop.\n',
    });
    // It hears nothing any more, as in the middle of something that does not end.
    process.kill(manager.child.pid!, 'SIGSTOP');
    const aborted = await runCli('masterha_stop', [`--conf=${conf}`, '--abort', '--abort_timeout=1']);
    expect(aborted).toMatchObject({
      code: 0,
      stdout: `Manager process ${manager.child.pid} didn't stop in 1 seconds.\nForced stopped app1.\n`,
    });
    expect(await manager.exit).toEqual([null, 'SIGKILL']);
  });

  it('says what is wrong with its configuration, and refuses what would not only check', async () => {
    const broken = path.join(cluster.dir, 'broken.cnf');
    writeFileSync(broken, '[server default]\nuserr=root\n[server1]\nhostname=127.0.0.1\n');
    const ran = await runCli('masterha_manager', [`--conf=${broken}`]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('Parameter name userr is invalid!');
    expect(ran.stderr).toMatch(/Got exit code 1 \(Not master dead\)\.\n$/);
    expect((await runCli('masterha_manager', [`--conf=${conf}`, '--check_only'])).code).toBe(1);
    expect((await runCli('masterha_manager', [])).stdout).toBe('--conf=<server config file> must be set.\n');
    mkdirSync(path.join(cluster.dir, 'a directory'));
    const noLog = await runCli('masterha_manager', [
      `--conf=${conf}`,
      `--manager_log=${path.join(cluster.dir, 'a directory')}`,
    ]);
    expect(noLog.code).toBe(21);
  });

  it('ends with 1 and a word when the master is not alone, or the servers are not fit', async () => {
    await cluster.replicas[0]!.query('STOP SLAVE');
    await cluster.replicas[0]!.query('RESET SLAVE ALL');
    const manager = start('masterha_manager');
    expect(await manager.exit).toEqual([1, null]);
    expect(manager.log()).toContain('Error happened on monitoring servers.');
    expect(existsSync(statusFile)).toBe(false);
    await cluster.replicas[0]!.query(
      "CHANGE MASTER TO MASTER_HOST=?, MASTER_PORT=?, MASTER_USER='repl', MASTER_PASSWORD='repl', MASTER_AUTO_POSITION=1, MASTER_CONNECT_RETRY=1",
      ['127.0.0.1', cluster.master.port],
    );
    await cluster.replicas[0]!.query('START SLAVE');
  });
});

describe('masterha_master_monitor', () => {
  it('ends with 20 when the master is dead, and names it', async () => {
    const running = runCli('masterha_master_monitor', [
      `--conf=${conf}`,
      '--skip_ssh_check',
      '--global_conf=/nonexistent',
    ]);
    await waitFor('a monitor that pings', () => readFileSync(statusFile, 'utf8').includes('\t0:PING_OK'));
    await cluster.master.kill();
    const ran = await running;
    expect(ran, ran.stderr).toMatchObject({
      code: 20,
      stdout: `Master 127.0.0.1 is dead!\nIP Address: 127.0.0.1 Port: ${cluster.master.port}\n`,
    });
    expect(ran.stderr).toMatch(/Got exit code 20 \(Master dead\)\.\n$/);
  });

  it('asks before it monitors a dead master', async () => {
    const args = [`--conf=${conf}`, '--skip_ssh_check'];
    const no = await runCli('masterha_master_monitor', args, { stdin: 'no\n' });
    expect(no, no.stderr).toMatchObject({ code: 1, stdout: 'Master is not currently alive. Proceed? (yes/NO): ' });
    const yes = await runCli('masterha_master_monitor', args, { stdin: 'yes\n' });
    expect(yes.code, yes.stderr).toBe(20);
  });
});

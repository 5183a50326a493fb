import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../support/cluster';
import { waitFor } from '../support/waitFor';
import { BIN, runCli, type Ran, type RunOptions } from './cliRun';
import { expectOneCluster, isWritable } from './failoverSupport';

let cluster: TestCluster;
afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

async function started(kill = true): Promise<{ conf: string; dead: readonly string[] }> {
  cluster = await startCluster({ flavour: 'mysql56', replicas: 2, gtid: false, ssh: true });
  await cluster.master.query('CREATE TABLE test.t (id INT PRIMARY KEY)');
  await cluster.master.query('INSERT INTO test.t VALUES (1)');
  const conf = await cluster.writeConfig();
  if (kill) await cluster.master.kill();
  return { conf, dead: ['--dead_master_host=127.0.0.1', `--dead_master_port=${cluster.master.port}`] };
}

const failOver = (conf: string, args: readonly string[], options?: RunOptions): Promise<Ran> =>
  runCli('masterha_master_switch', ['--master_state=dead', `--conf=${conf}`, ...args], options);

const log = () => readFileSync(`${cluster.dir}/manager/manager.log`, 'utf8');

describe('masterha_master_switch --master_state=dead', () => {
  it('fails over without a question, and tells the log file', async () => {
    const { conf, dead } = await started();
    const ran = await failOver(conf, [...dead, '--interactive=0']);
    expect(ran.code).toBe(0);
    const [candidate, other] = cluster.replicas;
    expect(log()).toContain(`Master failover to 127.0.0.1(127.0.0.1:${candidate!.port}) completed successfully.`);
    expect(log()).toMatch(
      /All other slaves should start replication from here\. Statement should be: CHANGE MASTER TO /,
    );
    expect(await isWritable(candidate!)).toBe(true);
    expect(await expectOneCluster(candidate!, [other!])).toEqual([]);
  });

  it('shows itself in the status file while it runs, so that nobody stops it', async () => {
    const { dead } = await started();
    const status = `${cluster.dir}/manager/app1.master_status.health`;
    const hook = `${cluster.dir}/hook`;
    const conf = await cluster.writeConfig(undefined, { defaults: { master_ip_failover_script: hook } });
    const call = (name: string) =>
      `${path.join(BIN, name)} --conf=${conf} >${cluster.dir}/${name} 2>&1; echo "exit $?" >>${cluster.dir}/${name}\n`;
    const programs = ['masterha_check_status', 'masterha_stop'];
    const text = `#!/bin/sh\ncase "$*" in *--command=start*) ;; *) exit 0;; esac\ncp ${status} ${cluster.dir}/seen\n${programs.map(call).join('')}exit 0\n`;
    writeFileSync(hook, text, { mode: 0o755 });
    expect((await failOver(conf, [...dead, '--interactive=0'])).code).toBe(0);
    const told = (name: string) => readFileSync(`${cluster.dir}/${name}`, 'utf8');
    expect(told('seen')).toMatch(/^\d+\t50:FAILOVER_RUNNING\tmaster:127\.0\.0\.1\t/);
    expect(told('masterha_check_status')).toMatch(/failover is running\(50:FAILOVER_RUNNING\)[\s\S]*exit 50\n$/);
    expect(told('masterha_stop')).toBe('Currently Failover is running on app1. Should not stop.\nexit 1\n');
    expect(existsSync(status)).toBe(false);
  });

  it("asks MHA's questions, and changes nothing after a no", async () => {
    const { conf, dead } = await started();
    const ran = await failOver(conf, dead, { stdin: 'no\n' });
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain(`Master 127.0.0.1(127.0.0.1:${cluster.master.port}) is dead. Proceed? (yes/NO): `);
    expect(await isWritable(cluster.replicas[0]!)).toBe(false);
    const again = await failOver(conf, dead, { stdin: 'yes\nyes\n' });
    expect(again.code).toBe(0);
    expect(again.stdout).toContain(`to 127.0.0.1(127.0.0.1:${cluster.replicas[0]!.port})? (yes/NO): `);
    expect(again.stderr).toContain('completed successfully.');
    expect(await isWritable(cluster.replicas[0]!)).toBe(true);
  });

  it('takes another new master that is typed in', async () => {
    const { conf, dead } = await started();
    const other = cluster.replicas[1]!;
    const ran = await failOver(conf, dead, { stdin: `yes\nno\nyes\n127.0.0.1:${other.port}\nyes\n` });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain(`Master switch to 127.0.0.1(127.0.0.1:${other.port}). OK? (yes/NO): `);
    expect(await isWritable(other)).toBe(true);
    expect(await expectOneCluster(other, [cluster.replicas[0]!])).toEqual([]);
  });

  it('refuses a master that answers, one that is not the master, and one that is not there', async () => {
    const { conf, dead } = await started(false);
    const waiting = failOver(conf, [...dead, '--interactive=0', '--wait_on_failover_error=3']);
    const status = () => runCli('masterha_check_status', [`--conf=${conf}`]);
    await waitFor('the failure in the status', async () => (await status()).code === 51, { timeoutMs: 20_000 });
    const alive = await waiting;
    expect(alive.code).toBe(1);
    expect((await status()).code).toBe(2);
    expect(log()).toContain('is reachable via MySQL! Stop failover.');
    const replica = await failOver(conf, [
      '--dead_master_host=127.0.0.1',
      `--dead_master_port=${cluster.replicas[0]!.port}`,
      '--interactive=0',
    ]);
    expect(replica.code).toBe(1);
    expect(log()).toContain('does not match with specified dead master');
    expect((await failOver(conf, ['--dead_master_host=nobody', '--interactive=0'])).code).toBe(1);
    expect(log()).toContain('Dead master nobody:3306 is not in the configuration.');
    const none = await failOver(conf, []);
    expect(none).toMatchObject({ code: 1, stdout: '--dead_master_host=<dead_master_hostname> must be set.\n' });
    for (const server of cluster.replicas) expect(await isWritable(server)).toBe(false);
  });

  it('refuses a second failover within eight hours, unless told to forget the first', async () => {
    const { conf, dead } = await started();
    expect((await failOver(conf, [...dead, '--interactive=0'])).code).toBe(0);
    // The new master dies, too: the other replica is all that is left.
    const [second, third] = cluster.replicas;
    await second!.kill();
    const next = ['--dead_master_host=127.0.0.1', `--dead_master_port=${second!.port}`, '--interactive=0'];
    const text = readFileSync(conf, 'utf8').replace(/\[server1\][^[]*/, '');
    const reduced = await cluster.writeConfig();
    writeFileSync(reduced, text);
    const early = await failOver(reduced, next);
    expect(early.code).toBe(1);
    expect(log()).toContain('Current time is too early to do failover again');
    expect((await failOver(reduced, [...next, '--ignore_last_failover'])).code).toBe(0);
    expect(await isWritable(third!)).toBe(true);
  });
});

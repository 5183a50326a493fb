import { mkdtempSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TestCluster } from '../support/cluster';
import { startCluster } from '../support/cluster';
import { startProxy } from '../support/proxy';
import { waitFor } from '../support/waitFor';
import { runCli } from './cliRun';

const OK = '\nMySQL Replication Health is OK.\n';
const NOT_OK = '\nMySQL Replication Health is NOT OK!\n';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'cli-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

let files = 0;
function file(text: string): string {
  const name = path.join(directory, `app${++files}.cnf`);
  writeFileSync(name, text, { mode: 0o600 });
  return name;
}

const checkRepl = (conf: string, ...more: readonly string[]) =>
  runCli('masterha_check_repl', [`--conf=${conf}`, ...more]);

/** What replicas still have to apply before a scenario may begin. */
async function settled(cluster: TestCluster): Promise<void> {
  for (const replica of cluster.replicas)
    await waitFor('running replication', async () => {
      const [row] = await replica.query('SHOW SLAVE STATUS');
      return (
        row?.['Slave_IO_Running'] === 'Yes' &&
        row['Slave_SQL_Running'] === 'Yes' &&
        Number(row['Seconds_Behind_Master']) === 0
      );
    });
}

describe('a healthy cluster with GTIDs', () => {
  let cluster: TestCluster;
  let conf = '';
  beforeAll(async () => {
    cluster = await startCluster({ flavour: 'mysql56', replicas: 2, ssh: true });
    await cluster.master.query('CREATE DATABASE app1');
    await settled(cluster);
    conf = await cluster.writeConfig();
  });
  afterAll(() => cluster[Symbol.asyncDispose]());
  afterEach(async () => {
    for (const server of cluster.servers) server.resume();
    for (const replica of cluster.replicas) await replica.query('START SLAVE');
    await settled(cluster);
  });

  const form = (i: number) => `127.0.0.1(127.0.0.1:${cluster.servers[i]!.port})`;

  it('passes masterha_check_repl with the lines that scripts know', async () => {
    const ran = await checkRepl(conf);
    expect(ran, ran.stderr).toMatchObject({ code: 0, stdout: OK });
    for (const line of ran.stderr.split('\n'))
      expect(line).toMatch(
        /^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4} - \[(debug|info|warning|error)\] |^$|\(127\.0\.0\.1:/,
      );
    const messages = ran.stderr.replace(/^.*? - \[\w+\] /gm, '');
    expect(messages).toContain(
      [
        'GTID failover mode = 1',
        'Dead Servers:',
        'Alive Servers:',
        `  ${form(0)}`,
        `  ${form(1)}`,
        `  ${form(2)}`,
        'Alive Slaves:',
        `  ${form(1)}  Version=5.6.24-log (oldest major version between slaves) log-bin:enabled`,
        '    GTID ON',
        `    Replicating from ${form(0)}`,
        '    Primary candidate for the new Master (candidate_master is set)',
        `  ${form(2)}  Version=5.6.24-log (oldest major version between slaves) log-bin:enabled`,
        '    GTID ON',
        `    Replicating from ${form(0)}`,
        `Current Alive Master: ${form(0)}`,
        '',
        `${form(0)} (current master)`,
        ` +--${form(1)}`,
        ` +--${form(2)}`,
        '',
      ].join('\n'),
    );
    expect(ran.stderr.endsWith('Got exit code 0 (Not master dead).\n')).toBe(true);
  });

  it('passes masterha_check_ssh, which then exits with 0', async () => {
    const ran = await runCli('masterha_check_ssh', [`-conf=${conf}`]);
    expect(ran, ran.stderr).toMatchObject({ code: 0, stdout: '' });
    expect(ran.stderr).toMatch(/ - \[info\] All SSH connection tests passed successfully\.\n$/);
    const [a, b] = [cluster.sshds[0]!.port, cluster.sshds[1]!.port];
    expect(ran.stderr).toContain(
      `  Connecting via SSH from root@127.0.0.1(127.0.0.1:${a}) to root@127.0.0.1(127.0.0.1:${b})..`,
    );
  });

  it('is reported by mha as JSON and as text', async () => {
    const json = await runCli('mha', ['check', 'repl', '--json', conf]);
    expect(json, json.stderr).toMatchObject({ code: 0, stderr: '' });
    const { reports } = JSON.parse(json.stdout) as { reports: Record<string, unknown>[] };
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatchObject({ kind: 'replication', cluster: 'app1', file: conf, snapshot: { gtidMode: 1 } });
    expect(['ok', 'warning']).toContain(reports[0]!['verdict']);

    const text = await runCli('mha', ['check', 'repl', conf]);
    expect(text.code).toBe(0);
    expect(text.stdout).toContain(`${form(0)} (current master)`);
    expect(text.stdout).toMatch(/app1: replication check: OK.* \(\d+\.\d\d s\)\n$/);

    const ssh = await runCli('mha', ['check', 'ssh', '--conf', conf, '--json']);
    expect(ssh.code).toBe(0);
    const sshReports = (JSON.parse(ssh.stdout) as { reports: { kind: string; pairs: unknown[] }[] }).reports;
    expect(sshReports[0]).toMatchObject({ kind: 'ssh', verdict: 'ok' });
    expect(sshReports[0]!.pairs.length).toBe(9);
  });

  it('is drawn by mha topology', async () => {
    const text = await runCli('mha', ['topology', conf]);
    expect(text, text.stdout).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout.split('\n')[0]).toBe(`${form(0)} (current master), MySQL 5.6.24, writable`);
    expect(text.stdout.split('\n')[1]).toBe(` +--${form(1)} MySQL 5.6.24, read-only, 0 s behind`);
    const json = await runCli('mha', ['topology', '--json', conf]);
    const { snapshot } = JSON.parse(json.stdout) as { snapshot: { master: string; servers: unknown[] } };
    expect(snapshot.master).toBe('server1');
    expect(snapshot.servers).toHaveLength(3);
  });

  it('is checked in Chinese by mha, and in English by the drop-in commands', async () => {
    const env = { LC_ALL: 'zh_CN.UTF-8' };
    expect((await runCli('mha', ['check', 'repl', conf], { env })).stdout).toContain('复制检查');
    expect((await runCli('masterha_check_repl', [`--conf=${conf}`], { env })).stdout).toBe(OK);
  });

  it.each<[what: string, options: Parameters<typeof runCli>[2]]>([
    ['no HOME', { env: { HOME: undefined } }],
    ['a HOME that is not there', { env: { HOME: '/proc/nonexistent' } }],
    ['NODE_OPTIONS', { env: { NODE_OPTIONS: '--max-old-space-size=256 --enable-source-maps --no-deprecation' } }],
    ['an odd locale', { env: { LC_ALL: 'xx_YY@nonsense.KOI8-R', LANG: '\u00ff' } }],
    ['a directory that cannot be written', { cwd: '/proc/self' }],
    ['TERM=dumb and NO_COLOR', { env: { TERM: 'dumb', NO_COLOR: '1' } }],
  ])('is checked with %s', async (_what, options) => {
    const ran = await runCli('masterha_check_repl', [`--conf=${conf}`], options);
    expect(ran, ran.stderr).toMatchObject({ code: 0, stdout: OK });
  });

  it('is checked though nobody reads the output', async () => {
    const ran = await runCli('masterha_check_repl', [`--conf=${conf}`], { closeOutputs: true });
    expect(ran).toMatchObject({ code: 0, signal: null });
  });

  it('fails with a wrong password, and says where', async () => {
    const wrong = file(cluster.configText({ defaults: { password: 'wrong pass#2' } }));
    const ran = await checkRepl(wrong);
    expect(ran).toMatchObject({ code: 1, stdout: NOT_OK });
    expect(ran.stderr).toContain(
      `Got MySQL error when connecting ${form(0)} :1045:Access denied for user 'mha'@'127.0.0.1' (using password: YES), but this is not a MySQL crash.`,
    );
    expect(ran.stderr).toMatch(/Got exit code 1 \(Not master dead\)\.\n$/);
    expect((await runCli('mha', ['topology', wrong])).code).toBe(1);
  });

  it.each([
    ['IO', 'STOP SLAVE IO_THREAD'],
    ['SQL', 'STOP SLAVE SQL_THREAD'],
  ])('fails while an %s thread stands still', async (thread, statement) => {
    await cluster.replicas[1]!.query(statement);
    const ran = await checkRepl(conf);
    expect(ran).toMatchObject({ code: 1, stdout: NOT_OK });
    expect(ran.stderr).toContain(` - [error] Slave ${thread} thread is not running on ${form(2)}\n`);
    expect((await runCli('mha', ['check', 'repl', conf])).code).toBe(1);
  });

  it('fails while a server is dead, unless that is excused', async () => {
    const text = (ignore: string | undefined) =>
      file(cluster.configText({ servers: { 3: { port: '1', ignore_fail: ignore } } }));
    const ran = await checkRepl(text(undefined));
    expect(ran).toMatchObject({ code: 1, stdout: NOT_OK });
    expect(ran.stderr).toContain(' Server 127.0.0.1(127.0.0.1:1) is dead, but must be alive! Check server settings.\n');
    expect((await checkRepl(text('1'))).code).toBe(1);
    expect(await checkRepl(text('1'), '--ignore_fail_on_start')).toMatchObject({ code: 0, stdout: OK });
  });

  it('fails in time while a server hangs, and stops at once when told to', async () => {
    cluster.servers[2]!.pause();
    const ran = await checkRepl(conf);
    expect(ran).toMatchObject({ code: 1, stdout: NOT_OK });
    expect(ran.tookMs).toBeLessThan(15_000);
    const when = (stderr: string) => stderr.includes('MHA::MasterMonitor version');
    const stopped = await runCli('masterha_check_repl', [`--conf=${conf}`], { interrupt: { signal: 'SIGINT', when } });
    expect(stopped).toMatchObject({ code: 1, signal: null });
    expect(stopped.stderr).toMatch(/Got terminate signal\. Exit\.\n$/);
    expect(stopped.tookMs).toBeLessThan(ran.tookMs);
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const mha = await runCli('mha', ['check', 'repl', '--verbose', conf], {
        interrupt: { signal, when: stderr => stderr.length > 0 },
      });
      expect(mha).toMatchObject({ code, signal: null });
    }
  });

  it('fails when a server goes away in the middle of the check', async () => {
    await using proxy = await startProxy({ host: '127.0.0.1', port: cluster.servers[2]!.port });
    const through = file(cluster.configText({ servers: { 3: { port: String(proxy.port) } } }));
    for (const bytes of [1, 60, 200, 2_000]) {
      proxy.closeAfter(bytes);
      const ran = await checkRepl(through);
      expect(ran, `${bytes}\n${ran.stderr}`).toMatchObject({ code: 1, stdout: NOT_OK });
    }
  });

  it('fails with a hook that fails, and shows what it said', async () => {
    const hook = path.join(directory, 'hook');
    writeFileSync(hook, '#!/bin/sh\necho "no address to move" >&2\nexit 3\n');
    chmodSync(hook, 0o755);
    const ran = await checkRepl(file(cluster.configText({ defaults: { master_ip_failover_script: hook } })));
    expect(ran).toMatchObject({ code: 1, stdout: NOT_OK });
    expect(ran.stderr).toContain('no address to move');
    expect(ran.stderr).toContain(' Failed to get master_ip_failover_script status with return code 3:0.\n');
  });

  it('does not connect to a host whose key has changed', async () => {
    await cluster.sshds[2]!.restart({ newHostKey: true });
    const ran = await runCli('masterha_check_ssh', [`--conf=${conf}`]);
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain('SSH Configuration Check Failed!\n');
    const { stdout, code } = await runCli('mha', ['check', 'ssh', conf]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/FAILED +manager -> .*\[hostKeyChanged\]/);
  });
});

describe('a cluster by position', () => {
  it('passes, in failover mode 0', async () => {
    await using cluster = await startCluster({ flavour: 'mysql56', replicas: 2, gtid: false, ssh: true });
    await settled(cluster);
    const ran = await checkRepl(await cluster.writeConfig());
    expect(ran, ran.stderr).toMatchObject({ code: 0, stdout: OK });
    expect(ran.stderr).toContain(' - [info] GTID failover mode = 0\n');
    expect(ran.stderr).not.toContain('GTID ON');

    await cluster.master.kill();
    const dead = await checkRepl(path.join(cluster.dir, 'app1.cnf'));
    expect(dead).toMatchObject({ code: 1, stdout: NOT_OK });
    expect(dead.stderr).toContain('MySQL master is not currently alive!\n');
    expect(dead.stderr).toContain(` - [info] Dead Servers:\n`);
  });
});

import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { version } from '../../package.json';
import { runCli } from './cliRun';

const NOT_OK = '\nMySQL Replication Health is NOT OK!\n';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'cli-'));
  mkdirSync(path.join(directory, 'w'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, text: string | Buffer): string {
  const full = path.join(directory, name);
  writeFileSync(full, text, { mode: 0o600 });
  return full;
}

describe('every command', () => {
  it.each(['masterha_check_ssh', 'masterha_check_repl', 'masterha_check_status', 'masterha_conf_host'])(
    '%s has --help and --version',
    async name => {
      const help = await runCli(name, ['--help']);
      expect(help).toMatchObject({ code: 0, stderr: '' });
      expect(help.stdout).toContain(`Usage:\n    ${name} `);
      expect(await runCli(name, ['-version'])).toMatchObject({
        code: 0,
        stdout: `${name} version 0.58.\n`,
        stderr: '',
      });
      const unknown = await runCli(name, ['--cnf=x']);
      expect(unknown.code).toBe(name === 'masterha_check_ssh' ? 2 : 1);
      expect(unknown.stderr).toContain('Unknown option: cnf (did you mean --conf?)');
    },
  );

  it('mha names its own version', async () => {
    expect(await runCli('mha', ['--version'])).toMatchObject({ code: 0, stdout: `mha version ${version}.\n` });
  });

  it('mha lint starts quickly: it loads no driver', async () => {
    const conf = file('quick.cnf', '[server1]\nhostname=127.0.0.1\n');
    const times: number[] = [];
    for (let i = 0; i < 5; i++) times.push((await runCli('mha', ['lint', conf])).tookMs);
    // 150 ms on an idle machine; tests may share theirs.
    expect(Math.min(...times)).toBeLessThan(1_000);
  });
});

/** Exit codes and last words of MHA 0.58's commands for the same arguments, apart from documented improvements. */
describe('without a usable configuration', () => {
  const cases: readonly (readonly [what: string, conf: () => string])[] = [
    ['a missing file', () => path.join(directory, 'missing.cnf')],
    ['a directory', () => directory],
    ['an empty file', () => file('empty.cnf', '')],
    ['a binary file', () => file('binary.cnf', Buffer.from(Array.from({ length: 4096 }, (_, i) => i % 256)))],
    ['a line of one megabyte', () => file('long.cnf', `[server1]\nfoo=${'x'.repeat(1_000_000)}\n`)],
    ['an unknown parameter', () => file('unknown.cnf', '[server1]\nhostname=127.0.0.1\nfoo=1\n')],
    ['a syntax error', () => file('syntax.cnf', '[server1]\nhostname=127.0.0.1\nbad line\n')],
  ];

  it.each(cases)('%s', async (_what, conf) => {
    const name = conf();
    const repl = await runCli('masterha_check_repl', [`--conf=${name}`]);
    expect(repl, repl.stderr).toMatchObject({ code: 1, stdout: NOT_OK });
    expect(repl.stderr).toMatch(/ - \[info\] Got exit code 1 \(Not master dead\)\.\n$/);
    expect(repl.stderr).toContain('Error happened on checking configurations. ');
    expect(repl.stderr).toContain(name);
    expect(repl.stderr.length).toBeLessThan(20_000);

    const ssh = await runCli('masterha_check_ssh', [`--conf=${name}`]);
    expect(ssh, ssh.stderr).toMatchObject({ code: 2, stdout: '' });
    expect(ssh.stderr).toContain(name);

    const status = await runCli('masterha_check_status', [`--conf=${name}`]);
    expect(status, status.stderr).toMatchObject({ code: 1, stdout: '' });
    expect(status.stderr).toContain(`Got error on conf ${name}: `);

    for (const command of [['check', 'repl'], ['check', 'ssh'], ['topology']]) {
      const ran = await runCli('mha', [...command, name]);
      expect(ran.code).toBe(2);
      expect(ran.stdout + ran.stderr).toContain(name);
    }
  });

  it('none at all', async () => {
    expect(await runCli('masterha_check_repl', [])).toMatchObject({
      code: 1,
      stdout: `--conf=<server config file> must be set.\n${NOT_OK}`,
    });
    expect(await runCli('masterha_check_ssh', [])).toMatchObject({
      code: 2,
      stdout: '--conf=<server_config_file> must be set.\n',
    });
    expect(await runCli('masterha_check_status', [])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'Either --conf or --status_dir must be set.\n',
    });
  });

  it('comments behind values: nothing is done, and the line is named', async () => {
    const name = file('annotated.cnf', '[server1]\nhostname=127.0.0.1 # the master\nport=1\n');
    for (const ran of [
      await runCli('masterha_check_repl', [`--conf=${name}`]),
      await runCli('mha', ['check', 'repl', name]),
    ]) {
      expect(ran.code).not.toBe(0);
      expect(ran.stdout + ran.stderr).toMatch(new RegExp(`${name}:2`));
    }
  });
});

describe('mha lint on standard input', () => {
  it('reads it once, and names it as told', async () => {
    const ran = await runCli('mha', ['lint', '--stdin_name=app9.cnf', '-'], { stdin: '[server1]\nfoo=1\n' });
    expect(ran.code).toBe(1);
    expect(ran.stdout).toMatch(/^app9\.cnf:2:1: error: .* \[unknown-parameter\]$/m);
  });

  it('that is closed finds an empty file', async () => {
    expect((await runCli('mha', ['lint', '-'])).code).toBe(1);
  });
});

describe('masterha_check_status', () => {
  const health = () => path.join(directory, 'w/app1.master_status.health');
  const write = (text: string, ageSeconds = 0) => {
    writeFileSync(health(), text);
    const at = Date.now() / 1000 - ageSeconds;
    utimesSync(health(), at, at);
  };
  const conf = () =>
    file(
      'app1.cnf',
      `[server default]\nmanager_workdir=${directory}/w\nmanager_log=${directory}/w/manager.log\n[server1]\nhostname=127.0.0.1\n`,
    );

  it('reads the file of a manager where the configuration has it', async () => {
    const status = (...more: readonly string[]) => runCli('masterha_check_status', [`--conf=${conf()}`, ...more]);
    rmSync(health(), { force: true });
    expect(await status()).toMatchObject({ code: 2, stdout: 'app1 is stopped(2:NOT_RUNNING).\n' });
    write(`${process.pid}\t0:PING_OK\tmaster:db1`);
    expect(await status()).toMatchObject({
      code: 0,
      stdout: `app1 (pid:${process.pid}) is running(0:PING_OK), master:db1\n`,
      stderr: '',
    });
    expect((await status('--app=other')).stdout).toContain('other (pid:');
    write(`${process.pid}\t21:PING_FAILED\tmaster:db1`);
    expect(await status()).toMatchObject({
      code: 21,
      stdout: `app1 master maybe down(21:PING_FAILED). master:db1\nCheck ${directory}/w/manager.log for details.\n`,
    });
    expect(await status('--workdir=/proc/nonexistent')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Directory /proc/nonexistent not found!\n') as string,
    });
  });

  it('reads it without a configuration, too', async () => {
    write(`${process.pid}\t10:INITIALIZING_MONITOR`);
    const ran = await runCli('masterha_check_status', ['-status_dir', `${directory}/w`, '-app', 'app1']);
    expect(ran.code).toBe(10);
    expect((await runCli('masterha_check_status', [`--workdir=${directory}/w`])).code).toBe(1);
    expect((await runCli('masterha_check_status', ['--app=no-such-app'])).stderr).toContain(
      'Got error on conf /usr/local/masterha/conf/no-such-app.cnf: ',
    );
  });

  it('finds a status too old, within a limit that may be given', async () => {
    const own = await runCli('masterha_check_status', ['--version']);
    expect(own.code).toBe(0);
    // This process may be younger than the file; only then the number would count as given to another.
    const age = Math.floor(process.uptime()) > 20 ? 15 : Math.max(1, Math.floor(process.uptime()));
    write(`${process.pid}\t0:PING_OK\tmaster:db1`, age);
    const ran = await runCli('masterha_check_status', [`--conf=${conf()}`, '--ping_limit=0']);
    expect(ran.code).toBe(32);
    expect(ran.stdout).toContain(`${health()} behinds `);
    expect((await runCli('masterha_check_status', [`--conf=${conf()}`, '--ping_limit=1_000'])).code).toBe(0);
  });

  it('goes through daemontools services', async () => {
    const services = path.join(directory, 'service');
    mkdirSync(path.join(services, 'masterha_nothere'), { recursive: true });
    mkdirSync(path.join(directory, 'log/nothere'), { recursive: true });
    const all = ['--all', `--basedir=${services}`];
    expect((await runCli('masterha_check_status', all)).code).toBe(1);
    const ran = await runCli('masterha_check_status', [...all, `--baselog=${directory}/log`]);
    expect(ran).toMatchObject({ code: 1, stdout: 'nothere is stopped(2:NOT_RUNNING).\n' });
    writeFileSync(
      path.join(directory, 'log/nothere/nothere.master_status.health'),
      `${process.pid}\t0:PING_OK\tmaster:db1`,
    );
    expect((await runCli('masterha_check_status', [...all, `--baselog=${directory}/log`])).code).toBe(0);
    expect((await runCli('masterha_check_status', ['--all', '--basedir=/proc/nonexistent'])).code).toBe(1);
  });
});

describe('masterha_conf_host', () => {
  it('changes a file as a whole', async () => {
    const name = file('hosts.cnf', '# kept\n[server1]\nhostname=db1 ; kept\n');
    const ran = await runCli('masterha_conf_host', [
      '--command=add',
      `--conf=${name}`,
      '--hostname=db2',
      '--params=candidate_master=1;ignore_fail=1',
    ]);
    expect(ran).toMatchObject({ code: 0, stdout: `Wrote server_db2 entry to ${name} .\n` });
    expect(readFileSync(name, 'utf8')).toBe(
      '# kept\n[server1]\nhostname=db1 ; kept\n\n[server_db2]\nhostname=db2\ncandidate_master=1\nignore_fail=1\n',
    );
    const removed = await runCli('masterha_conf_host', ['-command', 'delete', '-conf', name, '-hostname', 'db2']);
    expect(removed).toMatchObject({ code: 0, stdout: `Deleted server_db2 entry from ${name} .\n` });
  });
});

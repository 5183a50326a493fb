import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../../src/config/secret';
import {
  argumentText,
  failoverStatusArguments,
  shutdownStatusArguments,
  type HookServer,
} from '../../../src/engine/hooks/arguments';
import { diagnoseHook, programOf } from '../../../src/engine/hooks/diagnose';
import { runHook } from '../../../src/engine/hooks/runHook';

let dir: string;
beforeAll(() => (dir = mkdtempSync(path.join(os.tmpdir(), 'hooks with blanks '))));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function script(name: string, text: string, mode = 0o755): string {
  const file = path.join(dir, name);
  writeFileSync(file, text, { mode });
  return file;
}

const shell = (name: string, body: string) => `'${script(name, `#!/bin/sh\n${body}\n`)}'`;
const run = (
  command: string,
  more: Partial<Parameters<typeof runHook>[2]> = {},
  args = [{ name: 'command', value: 'status' }],
) =>
  // prettier-ignore
  runHook(command, args, { timeoutMs: 10_000, ...more });
const gone = (pid: number) => !existsSync(`/proc/${pid}`) || readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');

const master: HookServer = {
  hostname: 'db1',
  ip: '10.0.0.1',
  port: 3306,
  sshHost: 'db1',
  sshIp: '10.0.0.1',
  sshPort: 22,
  sshUser: 'mysql',
};
const names = (args: readonly { name: string }[]) => args.map(a => a.name).join(' ');

describe('arguments', () => {
  it('gives only the plain ones where SSH is the default', () => {
    expect(argumentText(failoverStatusArguments(master), false)).toBe(
      '--command=status --ssh_user=mysql --orig_master_host=db1 --orig_master_ip=10.0.0.1 --orig_master_port=3306',
    );
    expect(argumentText(shutdownStatusArguments(master), false)).toBe(
      '--command=status --ssh_user=mysql --host=db1 --ip=10.0.0.1',
    );
  });
  it("adds SSH's where they differ, in MHA's order", () => {
    const odd = { ...master, sshPort: 2222, sshOptions: '-i /k' };
    expect(names(failoverStatusArguments(odd))).toBe(
      'command ssh_user orig_master_host orig_master_ip orig_master_port orig_master_ssh_port ssh_options',
    );
    expect(names(shutdownStatusArguments(odd))).toBe('command ssh_user host ip ssh_port ssh_options');
    expect(argumentText(shutdownStatusArguments(odd), false)).toContain(
      "--ssh_options='-o ServerAliveInterval=60 -o ServerAliveCountMax=20 -o StrictHostKeyChecking=no -o ConnectionAttempts=5 -o PasswordAuthentication=no -o BatchMode=yes -i /k'",
    );
    expect(names(failoverStatusArguments({ ...master, sshHost: 'jump' }))).toContain(
      'orig_master_ssh_host orig_master_ssh_ip',
    );
  });
  it('masks secrets', () => {
    const args = [{ name: 'new_master_password', value: new Secret("a'b $c") }, { name: 'orig_master_is_new_slave' }];
    expect(argumentText(args, true)).toBe('--new_master_password=xxx --orig_master_is_new_slave');
    expect(argumentText(args, false)).toBe(`--new_master_password='a'\\''b $c' --orig_master_is_new_slave`);
  });
});

describe('running a hook', () => {
  it.each(['root123!', 'a b', 'a#b', 'a$b', "a'b", 'a\\b', 'a"b`c', '*', '日本', ''])(
    'passes %j exactly',
    async value => {
      const command = shell('show', 'printf %s "$1"');
      const result = await run(command, {}, [{ name: 'p', value }]);
      expect(result.stdout).toBe(`--p=${value}`);
      expect(result.code).toBe('0:0');
    },
  );
  it('puts the arguments behind those of the configured command, and lets a shell read it', async () => {
    const command = `FOO=bar ${shell('env', 'echo "$FOO $*"')} --own="a b" | tr a-z A-Z #`;
    expect((await run(command)).stdout).toBe('BAR --OWN=A B\n');
    expect((await run('cd / && pwd; echo')).stdout).toBe('/\n--command=status\n');
  });
  it('tells its command line without the passwords in it', async () => {
    const { command } = await run(`FTP_PWD='a b' echo --password=c"d e" -my_pass f --pass-through g`);
    expect(command).toBe(`FTP_PWD=*** echo --password=*** -my_pass *** --pass-through g --command=status`);
  });
  it.each([0, 1, 2, 10, 255])('tells exit code %i', async code => {
    expect((await run(shell('exit', `exit ${code}`))).code).toBe(`${code}:0`);
  });
  it('tells a signal', async () => {
    expect((await run('kill -9 $$; :')).code).toBe('0:9');
  });
  it('keeps both outputs, in UTF-8, up to a limit', async () => {
    const result = await run(shell('print', 'echo über; echo warn >&2; yes | head -c 1000000'), { keepBytes: 1000 });
    expect(result.stdout.startsWith('über\ny\n')).toBe(true);
    expect(Buffer.byteLength(result.stdout)).toBe(1000);
    expect(result.stderr).toBe('warn\n');
    expect(result.truncated).toBe(true);
  });
  it('gives an empty standard input', async () => {
    expect((await run('cat; echo done')).stdout).toBe('done\n'.replace('done', 'done --command=status'));
  });
  it('does not wait for what a hook leaves in the background', async () => {
    const result = await run(shell('arping', 'sleep 30 & echo $!'));
    expect(result.code).toBe('0:0');
    expect(result.tookMs).toBeLessThan(5000);
    const pid = Number(result.stdout);
    expect(gone(pid)).toBe(false);
    process.kill(pid, 'SIGKILL');
  });
  it('kills the whole tree when the time is over', async () => {
    const file = path.join(dir, 'pids');
    const command = shell('hang', `trap '' TERM; (trap '' TERM; sleep 60) & echo $$ $! > '${file}'; while :; do sleep 60; done`); // prettier-ignore
    const result = await run(command, { timeoutMs: 300 });
    expect(result).toMatchObject({ timedOut: true, high: 0 });
    const pids = readFileSync(file, 'utf8').trim().split(' ').map(Number);
    expect(pids).toHaveLength(2);
    for (const pid of pids) await expect.poll(() => gone(pid)).toBe(true);
  });
  it('lets a hook end politely first', async () => {
    const result = await run(shell('polite', "trap 'echo bye; exit 3' TERM; sleep 60 & wait"), { timeoutMs: 300 });
    expect(result).toMatchObject({ timedOut: true, stdout: 'bye\n' });
  });
  it('rejects and kills when cancelled', async () => {
    const controller = new AbortController();
    const pending = run(shell('long', 'sleep 60'), { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 100);
    await expect(pending).rejects.toThrow('enough');
  });
});

describe('why a hook failed', () => {
  const diagnose = async (command: string) => (await diagnoseHook(command, await run(command)))?.code;

  it.each([
    ['a missing program', () => '/nowhere/master_ip_failover', 'hook-missing'],
    ['a missing name', () => 'no-such-program-at-all', 'hook-missing'],
    ['no execute bit', () => `'${script('plain', '#!/bin/sh\n', 0o644)}'`, 'hook-not-executable'],
    ['a missing interpreter', () => `'${script('odd', '#!/no/such/perl\n')}' --x`, 'hook-interpreter-missing'],
    ['Windows line ends', () => `'${script('crlf', '#!/bin/sh\r\nexit 0\r\n')}'`, 'hook-interpreter-missing'],
    ['the unedited sample', () => shell('sample', '# FIXME_here\nFIXME_xxx_drop_vip || exit 255'), 'hook-unedited'],
    ['a script that says no', () => shell('no', '# FIXME_one day\nexit 1'), undefined],
    ['a shell command', () => 'false &&', undefined],
    ['success', () => '/bin/true', undefined],
  ])('%s', async (_name, command, expected) => {
    expect(await diagnose(command())).toBe(expected);
  });

  it.each([
    ['/usr/bin/a --x=1', '/usr/bin/a'],
    ['"/a b/c" --x', '/a b/c'],
    ["'/a b/c'", '/a b/c'],
    ['~/bin/a', '/home/u/bin/a'],
    ['$HOME/bin/a x', '/home/u/bin/a'],
    ['${HOME}/a', '/home/u/a'],
    ['FOO=1 a', undefined],
    ['$(which a) b', undefined],
    ['a;b', undefined],
    ['', undefined],
  ])('finds the program of %j', (command, expected) => {
    expect(programOf(command, { HOME: '/home/u' })).toBe(expected);
  });
});

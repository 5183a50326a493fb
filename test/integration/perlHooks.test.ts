import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/config/secret';
import {
  failoverStartArguments,
  failoverStatusArguments,
  failoverStopArguments,
  onlineChangeArguments,
  reportArguments,
  shutdownArguments,
  shutdownStatusArguments,
  SSH_ALIVE_OPTIONS,
  sshCheckOptions,
  type HookArgument,
  type HookServer,
} from '../../src/engine/hooks/arguments';
import { judgeHook } from '../../src/engine/hooks/judgeHook';
import { reportOf } from '../../src/engine/hooks/report';
import { runHook } from '../../src/engine/hooks/runHook';

const SCRIPTS = path.resolve('test/support/hookScripts');

let dir: string;
let env: string;
beforeAll(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'perl-hooks-'));
  mkdirSync(path.join(dir, 'bin'));
  for (const name of readdirSync(SCRIPTS)) {
    copyFileSync(path.join(SCRIPTS, name), path.join(dir, name));
    chmodSync(path.join(dir, name), 0o755);
  }
  // What they would do over SSH is only printed; the host "cut" is not there.
  const ssh = '#!/bin/sh\nfor last; do :; done\ncase "$*" in *@cut*) exit 255;; esac\necho "ssh $*"\n';
  writeFileSync(path.join(dir, 'bin/ssh'), ssh, { mode: 0o755 });
  env = `PATH='${dir}/bin':"$PATH"`;
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const server = (name: string, more: Partial<HookServer> = {}): HookServer => ({
  hostname: name,
  ip: '10.0.0.1',
  port: 3306,
  sshHost: name,
  sshIp: '10.0.0.1',
  sshPort: 22,
  sshUser: `${name}-os`,
  ...more,
});
/** Everything that MHA passes only where SSH is not the plain default. */
const odd = (name: string): Partial<HookServer> => ({
  sshPort: 2222,
  sshHost: `${name}-admin`,
  sshIp: '10.9.9.9',
  sshOptions: '-i /root/.ssh/mha -o LogLevel=ERROR',
});
const [db1, db2] = [server('db1'), server('db2')];
const [odd1, odd2] = [server('db1', odd('db1')), server('db2', odd('db2'))];
/** What a shell, Perl or a careless script could spoil. */
const PASSWORD = `a'b "c" \\d $HOME \`id\` e!#&;|*?~<>(){}[] ,=--f`;
const account = { user: 'mha ops', password: new Secret(PASSWORD) };

async function call(script: string, args: readonly HookArgument[], own = '') {
  const result = await runHook(`${env} '${dir}/${script}'${own}`, args, { timeoutMs: 20_000 });
  return { ...result, lines: result.stdout.split('\n').filter(line => line !== '') };
}
const ALIVE = `${SSH_ALIVE_OPTIONS} -i /root/.ssh/mha -o LogLevel=ERROR`;
const CHECK = `${sshCheckOptions(5)} -i /root/.ssh/mha -o LogLevel=ERROR`;

describe('a keepalived script that knows only the oldest options', () => {
  const unknown = /^(Unknown option: \w+\n)*$/;

  it.each<[string, readonly HookArgument[], readonly string[]]>([
    ['status', failoverStatusArguments(db1), ['[status] address of db1(10.0.0.1:3306)']],
    ['status with odd SSH', failoverStatusArguments(odd1), ['[status] address of db1(10.0.0.1:3306)']],
    [
      'stopssh',
      failoverStopArguments(db1, { ssh: true }),
      ['[stopssh] address of db1(10.0.0.1:3306)', 'ssh db1-os@db1 service keepalived stop'],
    ],
    ['stop', failoverStopArguments(odd1, { ssh: false }), ['[stop] address of db1(10.0.0.1:3306)']],
    [
      'start',
      failoverStartArguments(odd1, odd2, account, { origSsh: false }),
      ['[start] address of db1(10.0.0.1:3306)', 'now db2(10.0.0.1:3306)', 'ssh db2-os@db2 service keepalived start'],
    ],
  ])('%s', async (_, args, expected) => {
    const { lines, stderr, code } = await call('keepalived_failover', args);
    expect(lines).toEqual(expected);
    expect(code).toBe('0:0');
    expect(stderr).toMatch(unknown);
  });
});

describe('an ifconfig script that ends at an option that it does not know', () => {
  it('stop and stopssh', async () => {
    const stop = await call('ifconfig_failover', failoverStopArguments(db1, { ssh: false }));
    expect(stop).toMatchObject({ code: '0:0', stderr: '' });
    expect(stop.lines).toEqual([
      'command=stop',
      'orig_master_host=db1',
      'orig_master_ip=10.0.0.1',
      'orig_master_port=3306',
    ]);
    const stopssh = await call('ifconfig_failover', failoverStopArguments(odd1, { ssh: true }));
    expect(stopssh).toMatchObject({ code: '0:0', stderr: '' });
    expect(stopssh.lines.sort()).toEqual(
      [
        'command=stopssh',
        'orig_master_host=db1',
        'orig_master_ip=10.0.0.1',
        'orig_master_port=3306',
        'orig_master_ssh_host=db1-admin',
        'orig_master_ssh_ip=10.9.9.9',
        'orig_master_ssh_port=2222',
        `ssh_options=${ALIVE}`,
        'ssh_user=db1-os',
        `ssh ${ALIVE} -p 2222 db1-os@db1-admin /sbin/ifconfig eth1:1 down`,
      ].sort(),
    );
  });

  it('start, with the exact password', async () => {
    const args = failoverStartArguments(odd1, odd2, account, { origSsh: false });
    const { lines, stderr, code, command } = await call('ifconfig_failover', args);
    expect([code, stderr]).toEqual(['0:0', '']);
    expect(lines).toEqual(
      expect.arrayContaining([
        'command=start',
        'ssh_user=db2-os',
        'new_master_host=db2',
        'new_master_ssh_host=db2-admin',
        'new_master_ssh_port=2222',
        'new_master_user=mha ops',
        `new_master_password=${PASSWORD}`,
        `ssh_options=${CHECK}`,
        `ssh ${CHECK} -p 2222 db2-os@db2-admin /sbin/ifconfig eth1:1 192.0.2.10/24`,
      ]),
    );
    expect(command).not.toContain('c" \\d');
  });

  it('status, and the failures that it tells by its exit code', async () => {
    expect(await call('ifconfig_failover', failoverStatusArguments(odd1))).toMatchObject({ code: '0:0', stderr: '' });
    const away = server('cut');
    const start = await call('ifconfig_failover', failoverStartArguments(db1, away, account, { origSsh: true }));
    expect(start).toMatchObject({ code: '10:0', stderr: 'ssh to cut failed\n' });
    expect(judgeHook('master_ip_failover_script', 'start', start).kind).toBe('proceed');
    const stop = await call('ifconfig_failover', failoverStopArguments(away, { ssh: true }));
    expect(judgeHook('master_ip_failover_script', 'stopssh', stop)).toMatchObject({ kind: 'abort', code: '1:0' });
    // What an argument of our own invention would do.
    const more = [...failoverStatusArguments(db1), { name: 'new_idea', value: '1' }];
    expect((await call('ifconfig_failover', more)).code).toBe('255:0');
  });
});

describe('a script for the online change that misses nothing', () => {
  it.each([
    ['stop', db1, db2, true],
    ['start', odd1, odd2, false],
  ] as const)('%s', async (command, orig, next, origIsNewSlave) => {
    const args = onlineChangeArguments(command, { ...orig, account }, { ...next, account }, { origIsNewSlave });
    const { lines, stderr, code } = await call('online_change', args);
    expect([code, stderr]).toEqual(['0:0', '']);
    expect(lines).toEqual(
      expect.arrayContaining([
        `command=${command}`,
        'orig_master_host=db1',
        'new_master_host=db2',
        'orig_master_user=mha ops',
        'orig_master_ssh_user=db1-os',
        'new_master_ssh_user=db2-os',
        `orig_master_password=${PASSWORD}`,
        `new_master_password=${PASSWORD}`,
        `orig_master_is_new_slave=${origIsNewSlave ? 1 : 0}`,
      ]),
    );
  });
});

describe('a shutdown script with an option of its own', () => {
  const own = ' --ilo="rack 7"';

  it.each<[string, readonly HookArgument[], readonly string[], string, string]>([
    [
      'status',
      shutdownStatusArguments(odd1),
      ['command=status', 'host=db1', 'ip=10.0.0.1', 'ssh_port=2222', 'Power is on'],
      'ok',
      'status',
    ],
    [
      'stop',
      shutdownArguments(odd1, { ssh: false }),
      ['command=stop', 'port=3306', `ssh_options=${CHECK}`],
      'poweredOff',
      'stop',
    ],
    [
      'stopssh',
      shutdownArguments(odd1, { ssh: true, pidFile: '/run/mysqld/mysqld.pid' }),
      ['pid_file=/run/mysqld/mysqld.pid', 'ssh -p 2222 db1-os@db1 kill -9 $(cat /run/mysqld/mysqld.pid)'],
      'killedBySsh',
      'stopssh',
    ],
    [
      'stopssh without a PID file',
      shutdownArguments(db1, { ssh: true }),
      ['ssh db1-os@db1 kill -9 $(pidof mysqld)'],
      'killedBySsh',
      'stopssh',
    ],
    ['stopssh that fails', shutdownArguments(server('cut'), { ssh: true }), ['command=stopssh'], 'abort', 'stopssh'],
  ])('%s', async (_, args, expected, verdict, phase) => {
    const result = await call('power_off', args, own);
    expect(result.stderr).toBe('');
    expect(result.lines).toEqual(expect.arrayContaining(['ilo=rack 7', ...expected]));
    expect(judgeHook('shutdown_script', phase as 'status', result).kind).toBe(verdict);
  });
});

describe('a report script', () => {
  const facts = {
    app: 'app "1" $HOME',
    orig: { hostname: 'db1', ip: '10.0.0.1', port: 3306 },
    interactive: false,
    managerHost: 'manager',
    gtid: true,
    slaves: [],
  } as const;

  it('gets the text of a success exactly, also with an empty list of replicas', async () => {
    const newMaster = { server: { ...facts.orig, hostname: 'db2' }, recovered: true, activated: true };
    const report = reportOf({ ...facts, newMaster }, "/etc/it's.cnf");
    const { stdout, stderr, code } = await call('send_report', reportArguments(report));
    // As from MHA, which does not leave out an empty list either.
    expect([code, stderr]).toEqual(['0:0', 'Option new_slave_hosts requires an argument\n']);
    expect(stdout).toBe(
      `From: db1\nTo: db2\nSlaves: \nConf: /etc/it's.cnf\nSubject: ${report.subject}\n\n${report.body}`,
    );
    expect(report.subject).toContain('app "1" $HOME: ');
  });

  it('gets the text of a failure without a new master', async () => {
    const report = reportOf({ ...facts, error: 'Nobody `can` be master.' }, '/etc/app1.cnf');
    const { stdout } = await call('send_report', reportArguments(report));
    expect(stdout).toMatch(/^From: db1\nTo: nobody\nSlaves: \n/);
    expect(stdout.endsWith(report.body)).toBe(true);
  });
});

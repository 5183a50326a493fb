import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../../src/config/secret';
import {
  argumentText,
  failoverStartArguments,
  failoverStopArguments,
  onlineChangeArguments,
  reportArguments,
  secondaryCheckArguments,
  shutdownArguments,
  type HookArgument,
  type HookServer,
} from '../../../src/engine/hooks/arguments';
import { callHook, type HookCall } from '../../../src/engine/hooks/callHook';
import { judgeHook, judgeSecondaryCheck, type HookName } from '../../../src/engine/hooks/judgeHook';
import { jsonLinesLog, mhaTextLog, type Log } from '../../../src/engine/log';

const plain = (n: number): HookServer => ({
  hostname: `db${n}`,
  ip: `10.0.0.${n}`,
  port: 3306,
  sshHost: `db${n}`,
  sshIp: `10.0.0.${n}`,
  sshPort: 22,
  sshUser: `os${n}`,
});
/** As where the vectors of the protocol were captured: another port and ssh_options. */
const odd = (n: number): HookServer => ({ ...plain(n), sshPort: 2222, sshOptions: '-i /k', sshTimeoutSeconds: 7 });
const account = { user: 'mha user', password: new Secret(`a'b $c`) };

/** Names in order; `(ALIVE)` or `(CHECK)` behind those with ssh options. */
function names(args: readonly HookArgument[]): string {
  const kind = (value: unknown) => {
    if (typeof value !== 'string' || !value.includes('BatchMode')) return '';
    expect(value.endsWith(' -i /k')).toBe(true);
    return value.includes('ConnectTimeout=7') ? '(CHECK)' : value.includes('ServerAliveInterval') ? '(ALIVE)' : '(?)';
  };
  return args.map(({ name, value }) => `${name}${kind(value)}`).join(' ');
}
const masked = (args: readonly HookArgument[]) => argumentText(args, true);

describe('the arguments of the phases', () => {
  it.each([
    [
      'failover stopssh',
      failoverStopArguments(odd(1), { ssh: true }),
      'orig_master_host orig_master_ip orig_master_port command ssh_user orig_master_ssh_port ssh_options(ALIVE)',
    ],
    [
      'failover stop',
      failoverStopArguments(odd(1), { ssh: false }),
      'orig_master_host orig_master_ip orig_master_port command orig_master_ssh_port ssh_options(CHECK)',
    ],
    [
      'shutdown stopssh',
      shutdownArguments(odd(1), { ssh: true, pidFile: '/run/mysqld.pid' }),
      'command ssh_user host ip port pid_file ssh_port ssh_options(ALIVE)',
    ],
    ['shutdown stop', shutdownArguments(odd(1), { ssh: false }), 'command host ip port ssh_port ssh_options(CHECK)'],
    [
      'failover start',
      failoverStartArguments(odd(1), odd(2), account, { origSsh: true }),
      'command ssh_user orig_master_host orig_master_ip orig_master_port new_master_host new_master_ip new_master_port new_master_user orig_master_ssh_port ssh_options(ALIVE) new_master_ssh_port new_master_password',
    ],
    [
      'failover start after a power-off',
      failoverStartArguments(odd(1), odd(2), account, { origSsh: false }),
      'command ssh_user orig_master_host orig_master_ip orig_master_port new_master_host new_master_ip new_master_port new_master_user orig_master_ssh_port ssh_options(CHECK) new_master_ssh_port new_master_password',
    ],
    [
      'online change',
      onlineChangeArguments('stop', { ...odd(1), account }, { ...odd(2), account }, { origIsNewSlave: true }),
      'command orig_master_host orig_master_ip orig_master_port orig_master_user new_master_host new_master_ip new_master_port new_master_user orig_master_ssh_user new_master_ssh_user orig_master_ssh_port ssh_options(ALIVE) new_master_ssh_port orig_master_is_new_slave orig_master_password new_master_password',
    ],
    [
      'secondary check',
      secondaryCheckArguments(odd(1), account, 'SELECT'),
      'user master_host master_ip master_port master_user master_password ping_type options(CHECK)',
    ],
  ])("of %s are MHA's, in its order", (_, args, expected) => {
    expect(names(args)).toBe(expected);
  });

  it('are the plain ones where SSH is the default', () => {
    expect(masked(failoverStopArguments(plain(1), { ssh: true }))).toBe(
      '--orig_master_host=db1 --orig_master_ip=10.0.0.1 --orig_master_port=3306 --command=stopssh --ssh_user=os1',
    );
    expect(masked(failoverStopArguments(plain(1), { ssh: false }))).toBe(
      '--orig_master_host=db1 --orig_master_ip=10.0.0.1 --orig_master_port=3306 --command=stop',
    );
    expect(masked(shutdownArguments(plain(1), { ssh: false, pidFile: '' }))).toBe(
      '--command=stop --host=db1 --ip=10.0.0.1 --port=3306',
    );
    expect(masked(failoverStartArguments(plain(1), plain(2), account, { origSsh: true }))).toBe(
      "--command=start --ssh_user=os2 --orig_master_host=db1 --orig_master_ip=10.0.0.1 --orig_master_port=3306 --new_master_host=db2 --new_master_ip=10.0.0.2 --new_master_port=3306 --new_master_user='mha user' --new_master_password=xxx",
    );
    expect(
      masked(
        onlineChangeArguments('start', { ...plain(1), account }, { ...plain(2), account }, { origIsNewSlave: false }),
      ),
    ).toBe(
      "--command=start --orig_master_host=db1 --orig_master_ip=10.0.0.1 --orig_master_port=3306 --orig_master_user='mha user' --new_master_host=db2 --new_master_ip=10.0.0.2 --new_master_port=3306 --new_master_user='mha user' --orig_master_ssh_user=os1 --new_master_ssh_user=os2 --orig_master_password=xxx --new_master_password=xxx",
    );
    expect(masked(secondaryCheckArguments(plain(1), account, 'INSERT'))).toBe(
      "--user=os1 --master_host=db1 --master_ip=10.0.0.1 --master_port=3306 --master_user='mha user' --master_password=xxx --ping_type=INSERT",
    );
  });

  it('of the report hold what a shell would read', () => {
    const text = { conf: '/etc/a b.cnf', subject: 'app: `x` $HOME "q"', body: `it's\n\\n\n` };
    expect(argumentText(reportArguments({ origMaster: 'db1', ...text }), false)).toBe(
      `--orig_master_host=db1 --conf='/etc/a b.cnf' --subject='app: \`x\` $HOME "q"' --body='it'\\''s\n\\n\n'`,
    );
    const done = (slaves: string[]) =>
      names(reportArguments({ origMaster: 'db1', newMaster: { host: 'db2', slaves }, ...text }));
    expect(done([])).toBe('orig_master_host new_master_host new_slave_hosts conf subject body');
    const [, , hosts] = reportArguments({ origMaster: 'a', newMaster: { host: 'b', slaves: ['c', 'd'] }, ...text });
    expect(hosts?.value).toBe('c,d');
  });
});

describe('the end of a call', () => {
  const end = (high: number, low = 0, timedOut = false) => ({ high, low, code: `${high}:${low}`, timedOut });
  const abort = (code: string, reason = 'exit') => ({ kind: 'abort', code, reason });
  const proceed = (code: string, reason = 'exit') => ({ kind: 'proceed', code, reason });
  const ok = { kind: 'ok' };

  it.each([
    ['master_ip_failover_script', 'status', ok, abort('10:0'), abort('1:0')],
    ['master_ip_failover_script', 'stop', ok, proceed('10:0'), abort('1:0')],
    ['master_ip_failover_script', 'stopssh', ok, proceed('10:0'), abort('1:0')],
    ['master_ip_failover_script', 'start', ok, proceed('10:0'), abort('1:0')],
    ['master_ip_online_change_script', 'stop', ok, proceed('10:0'), abort('1:0')],
    ['master_ip_online_change_script', 'start', ok, proceed('10:0'), abort('1:0')],
    ['shutdown_script', 'status', ok, abort('10:0'), abort('1:0')],
    ['shutdown_script', 'stop', { kind: 'poweredOff' }, { kind: 'killedBySsh' }, abort('1:0')],
    ['shutdown_script', 'stopssh', { kind: 'poweredOff' }, { kind: 'killedBySsh' }, abort('1:0')],
    ['report_script', 'report', ok, proceed('10:0'), proceed('1:0')],
  ] as const)('%s %s', (hook, phase, zero, ten, one) => {
    const judge = (result: ReturnType<typeof end>) => judgeHook(hook, phase, result);
    expect([judge(end(0)), judge(end(10)), judge(end(1))]).toEqual([zero, ten, one]);
    const bad = hook === 'report_script' ? proceed : abort;
    expect(judge(end(0, 9))).toEqual(bad('0:9', 'signal'));
    expect(judge(end(255))).toEqual(bad('255:0'));
    expect(judge(end(0, 15, true))).toEqual(bad('0:15', 'timeout'));
    // It may have been about to end well when it was killed: who knows what it has done.
    expect(judge(end(0, 0, true))).toEqual(bad('0:0', 'timeout'));
    expect(judge(end(10, 0, true))).toEqual(bad('10:0', 'timeout'));
  });

  it('of a secondary check lets a failover start only for 0', () => {
    const judged = [end(0), end(2), end(3), end(1), end(127), end(0, 9), end(0, 15, true)].map(judgeSecondaryCheck);
    expect(judged).toEqual(['dead', 'hostUnreachable', 'reachable', 'failed', 'failed', 'failed', 'failed']);
  });
});

describe('calling a hook', () => {
  let dir: string;
  beforeAll(() => (dir = mkdtempSync(path.join(os.tmpdir(), 'calls '))));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  const script = (name: string, body: string) => {
    const file = path.join(dir, name);
    writeFileSync(file, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    return `'${file}'`;
  };
  const start = (command: string | undefined, password = 'top secret'): HookCall<'master_ip_failover_script'> => ({
    hook: 'master_ip_failover_script',
    phase: 'start',
    command,
    args: failoverStartArguments(
      plain(1),
      plain(2),
      { user: 'mha', password: new Secret(password) },
      { origSsh: true },
    ),
    timeoutSeconds: 10,
  });
  /** What stands in MHA's log, without the times. */
  async function logged<H extends HookName>(call: HookCall<H>, signal?: AbortSignal) {
    let text = '';
    const log: Log = mhaTextLog(line => (text += line.replace(/^\w{3} \w{3} .\d \S+ \d{4} - /, '')));
    const called = await callHook(call, { log, ...(signal && { signal }) });
    return { text, called };
  }

  it("has MHA's lines around it and its output in between as it is", async () => {
    const command = script('activate', 'echo "IN SCRIPT TEST"; printf "no end" >&2');
    const { text, called } = await logged(start(command));
    expect(text.split('\n').sort()).toEqual(
      [
        '[info] Executing master IP activate script:',
        `[info]   ${command} --command=start --ssh_user=os2 --orig_master_host=db1 --orig_master_ip=10.0.0.1 --orig_master_port=3306 --new_master_host=db2 --new_master_ip=10.0.0.2 --new_master_port=3306 --new_master_user=mha --new_master_password=xxx`,
        'IN SCRIPT TEST',
        'no end',
        '[info]  OK.',
        '',
      ].sort(),
    );
    expect(text.indexOf('IN SCRIPT')).toBeGreaterThan(text.indexOf('xxx'));
    expect(text.endsWith('[info]  OK.\n')).toBe(true);
    expect(called).toMatchObject({ kind: 'called', verdict: { kind: 'ok' }, result: { code: '0:0' } });
  });

  it('hides its password, also when the hook prints it', async () => {
    const { text, called } = await logged(start(script('tell', 'set -x; : "$@"; echo "$*"')));
    expect(text).toContain('--new_master_password=xxx\n');
    expect(`${text}${JSON.stringify(called)}`).not.toContain('top secret');
  });

  it('says when it fails, and whether that matters', async () => {
    const ten = await logged(start(script('ten', 'exit 10')));
    expect(ten.text).toContain(
      '[error] Failed to activate master IP address with return code 10:0\n[warning] Proceeding.',
    );
    expect(ten.called).toMatchObject({ verdict: { kind: 'proceed' } });
    const one = await logged(start(script('one', 'exit 1')));
    expect(one.text.endsWith('[error] Failed to activate master IP address with return code 1:0\n')).toBe(true);
    expect(one.called).toMatchObject({ verdict: { kind: 'abort', reason: 'exit', code: '1:0' } });
  });

  it('ends one that hangs, and says so', async () => {
    const { text, called } = await logged({ ...start(script('hang', 'sleep 60')), timeoutSeconds: 0.3 });
    expect(text).toMatch(/\[error\] Failed to activate .* It took longer than 0\.3 seconds and was killed\.\n$/);
    expect(called).toMatchObject({ verdict: { kind: 'abort', reason: 'timeout' } });
  });

  it.each([
    [0, ' Power off done.', 'poweredOff'],
    [10, ' SSH reachable. Shutting down mysqld done.', 'killedBySsh'],
  ])('tells what a shutdown script did by %i', async (code, line, kind) => {
    const { text, called } = await logged({
      hook: 'shutdown_script',
      phase: 'stopssh',
      command: `exit ${code}; :`,
      args: shutdownArguments(plain(1), { ssh: true }),
      timeoutSeconds: 10,
    });
    expect(text).toContain('[info] Executing SHUTDOWN script:\n[info]   exit');
    expect(text.endsWith(`[info] ${line}\n`)).toBe(true);
    expect(called).toMatchObject({ verdict: { kind } });
  });

  it('only says so where none is configured', async () => {
    expect(await logged(start(undefined))).toEqual({
      text: '[warning] master_ip_failover_script is not set. Skipping taking over new master IP address.\n',
      called: { kind: 'missing' },
    });
    expect((await logged(start(''))).called).toEqual({ kind: 'missing' });
  });

  it('logs a failed report and goes on', async () => {
    const args = reportArguments({ origMaster: 'a', conf: 'c', subject: 's', body: 'b' });
    const call = { hook: 'report_script', phase: 'report', command: 'exit 3; :', args, timeoutSeconds: 10 } as const;
    const { text, called } = await logged(call);
    expect(text).toBe('[info] Sending mail..\n[error] Failed to send mail with return code 3:0\n');
    expect(called).toMatchObject({ verdict: { kind: 'proceed' } });
  });

  it('gives the output of a hook to logs of other shapes line by line, with characters whole', async () => {
    let text = '';
    const log = jsonLinesLog(line => (text += line));
    const call = start(script('print', 'yes 日本語 | head -n 40000; printf x'));
    expect(await callHook(call, { log })).toMatchObject({ verdict: { kind: 'ok' } });
    const lines = text
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { text: string; raw?: true });
    const output = lines.filter(line => line.raw).map(line => line.text);
    expect(output).toHaveLength(40_001);
    expect(new Set(output)).toEqual(new Set(['日本語', 'x']));
  });

  it('rejects when cancelled', async () => {
    const controller = new AbortController();
    const pending = logged(start(script('long', 'sleep 60')), controller.signal);
    controller.abort(new Error('enough'));
    await expect(pending).rejects.toThrow('enough');
  });
});

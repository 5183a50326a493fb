import { describe, expect, it } from 'vitest';
import { statusText } from '../../../src/cli/statusText';
import type { StatusFacts } from '../../../src/engine/monitor/statusFile';
import { defaultPingLimit, judgeStatus, parseStatusLine, statusFileName } from '../../../src/engine/monitor/statusFile';

const ALIVE = { running: true, children: [] };

function judge(text: string | undefined, facts: Partial<StatusFacts> = {}) {
  const all = { ageSeconds: 0, pingLimitSeconds: 10, process: ALIVE, ...facts };
  return judgeStatus(text === undefined ? all : { ...all, text });
}

function report(text: string | undefined, facts: Partial<StatusFacts> = {}, managerLog?: string) {
  return statusText(judge(text, facts), {
    app: 'app1',
    file: '/w/app1.master_status.health',
    ...(managerLog === undefined ? {} : { managerLog }),
  });
}

/** Printed by masterha_check_status 0.58 for these files of a living process, with manager_log=/w/manager.log. */
const OBSERVED: readonly (readonly [state: string, code: number, stdout: string])[] = [
  ['0:PING_OK', 0, 'app1 (pid:4711) is running(0:PING_OK), master:10.0.0.1\n'],
  [
    '10:INITIALIZING_MONITOR',
    10,
    'app1 monitoring program is now on initialization phase(10:INITIALIZING_MONITOR). Wait for a while and try checking again.\n',
  ],
  [
    '20:PING_FAILING',
    20,
    'app1 master maybe down(20:PING_FAILING). master:10.0.0.1\nCheck /w/manager.log for details.\n',
  ],
  [
    '21:PING_FAILED',
    21,
    'app1 master maybe down(21:PING_FAILED). master:10.0.0.1\nCheck /w/manager.log for details.\n',
  ],
  [
    '30:RETRYING_MONITOR',
    30,
    // MHA leaves out the newline.
    'app1 monitoring waits for retrying to monitor master again(30:RETRYING_MONITOR). Wait for a while and try checking again.\n',
  ],
  [
    '31:CONFIG_ERROR',
    31,
    'app1 servers are not correctly configured(31:CONFIG_ERROR).\nCheck /w/manager.log for details.\n',
  ],
  [
    '50:FAILOVER_RUNNING',
    50,
    'app1 master is down and failover is running(50:FAILOVER_RUNNING). master:10.0.0.1\nCheck /w/manager.log for details.\n',
  ],
  [
    '51:FAILOVER_ERROR',
    51,
    'app1 master is down and failover was not successful(51:FAILOVER_ERROR). master:10.0.0.1\nCheck /w/manager.log for details.\n',
  ],
];

describe('status files', () => {
  it('are where MHA has them', () => {
    expect(statusFileName('app1.prod')).toBe('app1.prod.master_status.health');
  });

  it.each(OBSERVED)('say %s as masterha_check_status does', (state, exitCode, stdout) => {
    expect(report(`4711\t${state}\tmaster:10.0.0.1`, {}, '/w/manager.log')).toEqual({ exitCode, stdout });
  });

  it('do not point at a log that is not configured', () => {
    expect(report('4711\t20:PING_FAILING\tmaster:h').stdout).toBe(
      'app1 master maybe down(20:PING_FAILING). master:h\n',
    );
  });

  it.each(['2:NOT_RUNNING', '3:PARTIALLY_RUNNING', '32:TIMESTAMP_OLD', '99:WHAT', 'junk', '0:PING_FAILED'])(
    'with the unknown state %s are an error',
    state => {
      expect(report(`4711\t${state}\tmaster:h`)).toEqual({
        exitCode: 1,
        stdout: '',
        problem: `Got unknown status: ${state}`,
      });
    },
  );

  it.each(['', '4711', 'abc\t0:PING_OK\tmaster:h', '4711 0:PING_OK master:h', '0\t0:PING_OK', '-1\t0:PING_OK', '\0'])(
    'that are none (%j) are an error',
    text => {
      expect(report(text)).toMatchObject({ exitCode: 1, stdout: '' });
    },
  );

  it('have the master as their third field, and may have more', () => {
    expect(parseStatusLine('7\t0:PING_OK\tmaster:h\tport:3306\tip:fe80::1\tx\nnoise')).toEqual({
      pid: 7,
      state: '0:PING_OK',
      master: 'master:h',
      extra: { port: '3306', ip: 'fe80::1' },
    });
    expect(report('4711\t0:PING_OK').stdout).toBe('app1 (pid:4711) is running(0:PING_OK)\n');
    expect(report('4711\t21:PING_FAILED').stdout).toBe('app1 master maybe down(21:PING_FAILED).\n');
  });

  it('are absent when the manager does not run', () => {
    expect(report(undefined)).toEqual({ exitCode: 2, stdout: 'app1 is stopped(2:NOT_RUNNING).\n' });
  });

  it('of a process that is gone mean that it was killed', () => {
    const gone = { process: { running: false, children: [] } };
    expect(report('4711\t0:PING_OK\tmaster:h', gone).exitCode).toBe(2);
    expect(report('4711\t50:FAILOVER_RUNNING\tmaster:h', gone).exitCode).toBe(2);
    expect(report('4711\t0:PING_OK\tmaster:h', { process: { running: false, children: [5, 6] } })).toEqual({
      exitCode: 3,
      stdout:
        'Main process is not running, but child process is running on app1 (child pid: 5 6) (3:PARTIALLY_RUNNING). ' +
        'Check ps output for details and kill it.\n',
    });
  });

  it('can be too old, if the last word was good', () => {
    const old = { ageSeconds: 60.7 };
    expect(report('4711\t0:PING_OK\tmaster:h', old)).toEqual({
      exitCode: 32,
      stdout:
        '/w/app1.master_status.health behinds 60 seconds!\n' +
        'app1 is running, but master_ping.health is too old(32:TIMESTAMP_OLD). Maybe process hangs? master:h\n',
    });
    expect(report('4711\t0:PING_OK\tmaster:h', { ...old, pingLimitSeconds: 100 }).exitCode).toBe(0);
    expect(report('4711\t20:PING_FAILING\tmaster:h', old).exitCode).toBe(20);
    expect(report('4711\t0:PING_OK\tmaster:h', { ageSeconds: 10 }).exitCode).toBe(0);
  });

  it('age with the ping interval', () => {
    expect([1, 3, 4, 30].map(defaultPingLimit)).toEqual([10, 10, 12, 90]);
  });
});

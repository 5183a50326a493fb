import type { ManagerStatus, StatusCode } from '../engine/monitor/statusFile';

/** What `masterha_check_status` prints and its exit code. The texts are MHA's own: scripts read them. */
export interface StatusReport {
  readonly exitCode: number;
  readonly stdout: string;
  /** Problems, without the name of the configuration file that they concern. */
  readonly problem?: string;
}

export interface StatusContext {
  readonly app: string;
  readonly file: string;
  readonly managerLog?: string;
}

export function statusText(status: ManagerStatus, context: StatusContext): StatusReport {
  const { app, file } = context;
  const details = context.managerLog ? `Check ${context.managerLog} for details.\n` : '';
  switch (status.kind) {
    case 'unreadable':
      return { exitCode: 1, stdout: '', problem: `${file} is not a status file of a manager!` };
    case 'unknown':
      return { exitCode: 1, stdout: '', problem: `Got unknown status: ${status.line.state}` };
    case 'stale': {
      const age = Math.floor(status.ageSeconds);
      const master = status.line.master ? ` ${status.line.master}` : '';
      return {
        exitCode: 32,
        stdout:
          `${file} behinds ${age} seconds!\n` +
          `${app} is running, but master_ping.health is too old(32:TIMESTAMP_OLD). Maybe process hangs?${master}\n`,
      };
    }
    case 'status':
      return { exitCode: status.code, stdout: line(status.code, status, app, details) };
  }
}

function line(
  code: StatusCode,
  status: Extract<ManagerStatus, { kind: 'status' }>,
  app: string,
  details: string,
): string {
  const master = status.line?.master ?? '';
  const after = (separator: string) => (master ? `${separator} ${master}` : separator === ',' ? '' : separator);
  switch (code) {
    case 0:
      return `${app} (pid:${status.line?.pid}) is running(0:PING_OK)${after(',')}\n`;
    case 2:
      return `${app} is stopped(2:NOT_RUNNING).\n`;
    case 3:
      return (
        `Main process is not running, but child process is running on ${app} ` +
        `(child pid: ${status.process?.children.join(' ')}) (3:PARTIALLY_RUNNING). Check ps output for details and kill it.\n`
      );
    case 10:
      return `${app} monitoring program is now on initialization phase(10:INITIALIZING_MONITOR). Wait for a while and try checking again.\n`;
    case 20:
      return `${app} master maybe down(20:PING_FAILING)${after('.')}\n${details}`;
    case 21:
      return `${app} master maybe down(21:PING_FAILED)${after('.')}\n${details}`;
    case 30:
      return `${app} monitoring waits for retrying to monitor master again(30:RETRYING_MONITOR). Wait for a while and try checking again.\n`;
    case 31:
      return `${app} servers are not correctly configured(31:CONFIG_ERROR).\n${details}`;
    case 32:
      return `${app} is running, but master_ping.health is too old(32:TIMESTAMP_OLD). Maybe process hangs?${after('')}\n`;
    case 50:
      return `${app} master is down and failover is running(50:FAILOVER_RUNNING)${after('.')}\n${details}`;
    case 51:
      return `${app} master is down and failover was not successful(51:FAILOVER_ERROR)${after('.')}\n${details}`;
  }
}

import { errorText } from '../engine/errors';
import { readManagerStatus } from '../engine/monitor/readStatus';
import { stopManager } from '../engine/monitor/stopManager';
import { msg } from '../l10n/message';
import type { CommandContext, CommandInput } from './command';
import { defineCommand } from './command';
import { CONFIG_OPTIONS } from './configOptions';
import type { OptionTable } from './options';
import { findStatusFile, STATUS_FILE_OPTIONS } from './statusTarget';

const OPTIONS = {
  ...CONFIG_OPTIONS,
  ...STATUS_FILE_OPTIONS,
  abort: {
    type: 'flag',
    help: msg(
      'also during a failover; and kill it if it does not end in time. A failover that is killed stays half done',
    ),
  },
  abort_timeout: { type: 'integer', value: 'SECONDS', help: msg('time to end by itself (default: 5)') },
  ping_limit: { type: 'integer', ignored: true, help: msg('accepted, has no effect here') },
} as const satisfies OptionTable;

export const stopCommand = defineCommand({
  name: 'masterha_stop',
  forms: ['--conf=FILE [--abort]', '--status_dir=DIR --app=NAME [--abort]'],
  summary: msg('Stops the manager of a cluster.'),
  exitCodes: [
    ['0', msg('stopped, or it was not running')],
    ['1', msg('a failover is running, it did not stop, or it was not found')],
  ],
  options: OPTIONS,
  usageExit: 1,
  action: ({ options }, context) => stop(options, context),
});

/** MHA looks ten times a second. */
const POLL_MS = 100;

async function stop(options: CommandInput<typeof OPTIONS>['options'], context: CommandContext): Promise<number> {
  const { terminal, signal } = context;
  const target = await findStatusFile(options, context);
  if ('problem' in target) {
    terminal.err(`${target.problem}\n`);
    return 1;
  }
  const { app, file } = target;
  try {
    // A status that is too old is still a process to be stopped.
    const status = await readManagerStatus(file, Number.POSITIVE_INFINITY);
    if (status.kind === 'unreadable') {
      terminal.err(`${file} is not a status file of a manager!\n`);
      return 1;
    }
    const code = status.kind === 'status' ? status.code : undefined;
    const pid = status.line?.pid;
    if (code === 2 || pid === undefined) {
      terminal.out(`MHA Manager is not running on ${app}(2:NOT_RUNNING).\n`);
      return 0;
    }
    if (code === 50 && !options.abort) {
      terminal.out(`Currently Failover is running on ${app}. Should not stop.\n`);
      return 1;
    }
    const seconds = Math.max(0, options.abort_timeout ?? 5);
    const children = status.kind === 'status' ? (status.process?.children ?? []) : [];
    const times = { timeoutMs: seconds * 1000, pollMs: POLL_MS, signal };
    if (await stopManager(pid, children, 'SIGTERM', times)) {
      terminal.out(`Stopped ${app} successfully.\n`);
      return 0;
    }
    terminal.out(`Manager process ${pid} didn't stop in ${seconds} seconds.\n`);
    if (options.abort && (await stopManager(pid, children, 'SIGKILL', times))) {
      terminal.out(`Forced stopped ${app}.\n`);
      return 0;
    }
    terminal.out(`Failed to stop ${app}.\n`);
    return 1;
  } catch (error) {
    signal.throwIfAborted();
    terminal.err(`Got error on ${app}: ${errorText(error)}\n`);
    return 1;
  }
}

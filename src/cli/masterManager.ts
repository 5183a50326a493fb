import { format, msg } from '../l10n/message';
import { defineCommand } from './command';
import { failoverOf } from './failover';
import { FAILOVER_OPTIONS, INTERNAL_OPTIONS, MONITOR_OPTIONS } from './managerOptions';
import type { OptionTable } from './options';
import { monitorExit, runMonitor } from './runMonitor';
import { PASSWORD_OPTIONS, passwordsFromStdin } from './stdinPasswords';

const OPTIONS = {
  ...MONITOR_OPTIONS,
  ...FAILOVER_OPTIONS,
  keep_running: {
    type: 'flag',
    help: msg('go on after a failover, with the new master, and try again after errors'),
  },
  ...PASSWORD_OPTIONS,
  ...INTERNAL_OPTIONS,
  interactive: { type: 'integer', ignored: true, help: msg('accepted, has no effect here') },
} as const satisfies OptionTable;

export const masterManagerCommand = defineCommand({
  name: 'masterha_manager',
  forms: ['--conf=FILE [options]'],
  summary: msg('Monitors the master of a cluster, fails over when it is dead, and ends.'),
  exitCodes: [
    ['0', msg('failed over, everything recovered')],
    ['10', msg('failed over, but replicas are left behind')],
    ['1', msg('an error of the configuration, the monitoring or the failover; another manager; a signal')],
  ],
  options: OPTIONS,
  usageExit: 1,
  interruptedExit: 1,
  // A failover that is told to stop brings what it has begun to a safe place first.
  graceMs: 600_000,
  action: ({ options, ignored }, context) =>
    monitorExit(async () => {
      const given = options['passwords-from-stdin'] ? await passwordsFromStdin(process.stdin) : undefined;
      if (given && 'problem' in given) {
        context.terminal.err(`${format(given.problem)}\n`);
        return 1;
      }
      const end = await runMonitor(
        {
          options,
          ignored,
          interactive: false,
          keepRunning: options.keep_running ?? false,
          failover: failoverOf,
          ...given,
        },
        context,
      );
      return end.exitCode;
    }, context),
});

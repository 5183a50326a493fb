import { msg } from '../l10n/message';
import { askYes } from './askYes';
import { defineCommand } from './command';
import { INTERNAL_OPTIONS, MONITOR_OPTIONS } from './managerOptions';
import type { OptionTable } from './options';
import { monitorExit, runMonitor } from './runMonitor';

const OPTIONS = {
  ...MONITOR_OPTIONS,
  interactive: {
    type: 'integer',
    value: '0|1',
    help: msg('0: ask nothing, and write the log to its file (default: 1)'),
  },
  ...INTERNAL_OPTIONS,
} as const satisfies OptionTable;

export const masterMonitorCommand = defineCommand({
  name: 'masterha_master_monitor',
  forms: ['--conf=FILE [options]'],
  summary: msg('Monitors the master of a cluster and ends when it is dead. Changes nothing.'),
  exitCodes: [
    ['20', msg('the master is dead')],
    ['1', msg('an error, another monitor, or a signal')],
  ],
  options: OPTIONS,
  usageExit: 1,
  interruptedExit: 1,
  action: ({ options, ignored }, context) =>
    monitorExit(async () => {
      const { terminal, signal } = context;
      const interactive = options.interactive !== 0;
      const question = 'Master is not currently alive. Proceed? (yes/NO): ';
      const { exitCode, master } = await runMonitor(
        {
          options,
          ignored,
          interactive,
          keepRunning: false,
          ...(interactive && { confirmDeadMaster: () => askYes(question, terminal, signal) }),
        },
        context,
      );
      if (exitCode === 20 && master) {
        const { hostname = '', ip, port } = master.values;
        terminal.out(`Master ${hostname} is dead!\nIP Address: ${ip || hostname} Port: ${port}\n`);
      }
      return exitCode;
    }, context),
});

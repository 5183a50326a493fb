import type { Log } from '../engine/log';
import { msg } from '../l10n/message';
import type { CommandContext } from './command';
import { defineCommand, MANAGER_OPTIONS } from './command';
import { CONFIG_OPTIONS, REPLICATION_OPTIONS, replicationCheckOptions } from './configOptions';
import { loadEngine } from './engine';
import { readForMha } from './mhaConfig';
import type { ReadConfig } from './mhaConfig';
import { mhaLog } from './mhaLog';
import type { OptionTable, OptionValues } from './options';
import { levelOf, logRejected, logReport } from './replicationLog';
import type { Terminal } from './terminal';

const OPTIONS = {
  ...CONFIG_OPTIONS,
  ...REPLICATION_OPTIONS,
  ...MANAGER_OPTIONS,
} as const satisfies OptionTable;

export const checkReplCommand = defineCommand({
  name: 'masterha_check_repl',
  forms: ['--conf=FILE [options]'],
  summary: msg('Checks whether the servers of a cluster are fit for monitoring and failover. Changes nothing on them.'),
  exitCodes: [
    ['0', msg('replication is healthy')],
    ['1', msg('it is not, or it could not be checked')],
  ],
  options: OPTIONS,
  usageExit: 1,
  interruptedExit: 1,
  onUsageError: ({ terminal }) => closing(terminal, false),
  action: async ({ options, ignored }, context) => {
    const { terminal } = context;
    if (options.conf === undefined) {
      terminal.out('--conf=<server config file> must be set.\n');
      closing(terminal, false);
      return 1;
    }
    const first = mhaLog(terminal, 'info');
    try {
      const config = await readForMha({
        file: options.conf,
        globalFile: options.global_conf,
        signal: context.signal,
        log: first,
      });
      const log = mhaLog(terminal, levelOf(config));
      for (const name of ignored) log.log('warning', `Option --${name} has no effect on a check.`);
      const ok = config.cluster ? await check(options.conf, config, options, context, log) : rejected(config, log);
      log.log('info', `Got exit code ${ok ? 0 : 1} (Not master dead).`);
      closing(terminal, ok);
      return ok ? 0 : 1;
    } catch (error) {
      if (!context.signal.aborted) {
        closing(terminal, false);
        throw error;
      }
      first.log('info', 'Got terminate signal. Exit.');
      return 1;
    }
  },
});

function closing(terminal: Terminal, ok: boolean): void {
  terminal.out(`\nMySQL Replication Health is ${ok ? 'OK.' : 'NOT OK!'}\n`);
}

function rejected({ problems }: ReadConfig, log: Log): false {
  logRejected(problems, log);
  return false;
}

async function check(
  file: string,
  { loaded }: ReadConfig,
  options: OptionValues<typeof REPLICATION_OPTIONS>,
  { terminal, signal }: CommandContext,
  log: Log,
): Promise<boolean> {
  log.log('info', 'MHA::MasterMonitor version 0.58.');
  const engine = await loadEngine();
  const report = await engine.checkReplication(
    { ...loaded, file },
    {
      log,
      signal,
      onProgress: ({ message, done }) => terminal.progress(message, done),
      ...replicationCheckOptions(options),
    },
  );
  logReport(report, loaded.cluster, log);
  return report.verdict !== 'failed';
}

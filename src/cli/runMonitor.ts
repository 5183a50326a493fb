import { constants } from 'node:os';
import type { ManagerEnd, ManagerOptions } from '../engine/monitor/runManager';
import type { RunFailover } from '../engine/monitor/types';
import { errorCode, errorText } from '../engine/errors';
import type { EngineOptions } from '../engine/options';
import type { CommandContext } from './command';
import { replicationCheckOptions } from './configOptions';
import { loadEngine } from './engine';
import { managerLog } from './managerLog';
import { failoverOptions, type FAILOVER_OPTIONS, type MONITOR_OPTIONS } from './managerOptions';
import { readForMha } from './mhaConfig';
import { mhaLog } from './mhaLog';
import type { OptionValues } from './options';
import { levelOf, logRejected, logReport } from './replicationLog';

type Engine = Awaited<ReturnType<typeof loadEngine>>;

export interface MonitorCommand {
  readonly options: OptionValues<typeof MONITOR_OPTIONS> & OptionValues<typeof FAILOVER_OPTIONS>;
  /** Names of the given options that have no effect. */
  readonly ignored: readonly string[];
  /** The log goes to standard error, whatever the configuration says. */
  readonly interactive: boolean;
  readonly keepRunning: boolean;
  /** What a dead master is given to; absent: nothing. */
  readonly failover?: (engine: Engine) => RunFailover;
  readonly confirmDeadMaster?: () => Promise<boolean>;
  readonly password?: EngineOptions['password'];
}

/** Reads the configuration as MHA does, opens the log, and runs the manager to its end. */
export async function runMonitor(command: MonitorCommand, context: CommandContext): Promise<ManagerEnd> {
  const { options, ignored, interactive, keepRunning, confirmDeadMaster } = command;
  const { terminal, signal } = context;
  const { conf, global_conf: globalFile, manager_workdir: workdir } = options;
  if (conf === undefined) {
    terminal.out('--conf=<server config file> must be set.\n');
    return { exitCode: 1 };
  }
  if (options.check_only) {
    terminal.err('--check_only is refused: a monitor would go on to act. Use masterha_check_repl.\n');
    return { exitCode: 1 };
  }
  const first = mhaLog(terminal, 'info');
  const config = await readForMha({ file: conf, globalFile, signal, log: first });
  if (!config.cluster) {
    logRejected(config.problems, first);
    first.log('info', 'Got exit code 1 (Not master dead).');
    return { exitCode: 1 };
  }
  const file = interactive ? undefined : options.manager_log || config.cluster.servers[0]?.values.manager_log;
  let log;
  try {
    log = await managerLog(file, terminal, levelOf(config));
  } catch (error) {
    terminal.err(`${file} cannot be written: ${errorText(error)}\n`);
    const errno = (constants.errno as Readonly<Record<string, number>>)[errorCode(error) ?? ''];
    throw new LogFailure(errno ?? 255);
  }
  for (const name of ignored) log.log('warning', `Option --${name} has no effect here.`);
  log.log('info', 'MHA::MasterMonitor version 0.58.');
  const engine = await loadEngine();
  const manager: ManagerOptions = {
    engine: { log, signal, ...(command.password && { password: command.password }) },
    configuration: { ...config.loaded, file: conf },
    reread: async () => {
      const again = await readForMha({ file: conf, globalFile, signal, log });
      return { ...again.loaded, file: conf };
    },
    keepRunning,
    waitOnMonitorErrorSeconds: Math.max(0, options.wait_on_monitor_error ?? 0),
    waitOnFailoverErrorSeconds: Math.max(0, options.wait_on_failover_error ?? 0),
    failoverOptions: failoverOptions(options, { interactive, workdir }),
    findUnfinished: engine.unfinishedFailover,
    onReport: (report, cluster) => logReport(report, cluster, log),
    ...replicationCheckOptions(options),
    ...(workdir !== undefined && { workdir }),
    ...(command.failover && { failover: command.failover(engine) }),
    ...(confirmDeadMaster && { confirmDeadMaster }),
  };
  return engine.runManager(manager);
}

/** The log could not be opened: the exit code is the error's number, as Perl dies. */
export class LogFailure extends Error {
  constructor(readonly exitCode: number) {
    super('the log cannot be written');
  }
}

/** Runs a monitoring command's action; signals while it reads the configuration, and a log that cannot be opened, are exit codes. */
export async function monitorExit(work: () => Promise<number>, { terminal, signal }: CommandContext): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LogFailure) return error.exitCode;
    if (!signal.aborted) throw error;
    mhaLog(terminal, 'info').log('info', 'Got terminate signal. Exit.');
    return 1;
  }
}

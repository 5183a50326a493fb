import type { FailoverOptions } from '../engine/monitor/types';
import { msg } from '../l10n/message';
import { CONFIG_OPTIONS, REPLICATION_OPTIONS } from './configOptions';
import type { OptionSpec, OptionTable, OptionValues } from './options';

function unused<T extends OptionSpec['type']>(type: T) {
  return { type, ignored: true as const, help: msg('accepted, has no effect here') };
}

/** What monitoring takes, without a failover. */
export const MONITOR_OPTIONS = {
  ...CONFIG_OPTIONS,
  ...REPLICATION_OPTIONS,
  manager_workdir: {
    type: 'string',
    aliases: ['workdir'],
    value: 'DIR',
    help: msg("directory of the status file and the work files (default: the configuration's manager_workdir)"),
  },
  manager_log: {
    type: 'string',
    aliases: ['log_output'],
    value: 'FILE',
    help: msg("file that the log is appended to (default: the configuration's manager_log, else standard error)"),
  },
  wait_on_monitor_error: {
    type: 'integer',
    value: 'SECONDS',
    help: msg('before it ends because of an error in the monitoring (default: 0)'),
  },
  check_only: { type: 'flag', help: msg('refused: masterha_check_repl checks') },
  check_repl_health: unused('flag'),
  monitor_only: unused('flag'),
} as const satisfies OptionTable;

/** What a failover takes. */
export const FAILOVER_OPTIONS = {
  last_failover_minute: {
    type: 'integer',
    value: 'MINUTES',
    help: msg('no failover within that time after the last one (default: 480)'),
  },
  ignore_last_failover: { type: 'flag', help: msg('forget the last failover, and that it failed') },
  wait_on_failover_error: {
    type: 'integer',
    value: 'SECONDS',
    help: msg('before it ends because of an error in the failover (default: 0)'),
  },
  remove_dead_master_conf: {
    type: 'flag',
    aliases: ['remove_orig_master_conf'],
    help: msg("take the dead master's section out of the configuration file after a complete failover"),
  },
  skip_save_master_binlog: { type: 'flag', help: msg("do not fetch the dead master's binary log") },
  skip_change_master: { type: 'flag', help: msg('recover the replicas, but leave their source alone') },
  skip_disable_read_only: { type: 'flag', help: msg('leave the new master read-only') },
  wait_until_gtid_in_sync: {
    type: 'integer',
    value: '0|1',
    help: msg('1: wait until each replica has what the new master has (default: 1)'),
  },
  ignore_binlog_server_error: { type: 'flag', help: msg('go on if every binlog server failed') },
  new_master_host: { type: 'string', value: 'HOST', help: msg('host name of the new master (default: elected)') },
  new_master_port: { type: 'integer', value: 'PORT', help: msg('its port (default: 3306)') },
} as const satisfies OptionTable;

/** Given to MHA's commands by each other; without effect on ours. */
export const INTERNAL_OPTIONS = {
  master_state: unused('string'),
  dead_master_host: unused('string'),
  dead_master_ip: unused('string'),
  dead_master_port: unused('integer'),
  ssh_reachable: unused('integer'),
} as const satisfies OptionTable;

/** The options as the engine takes them. */
export function failoverOptions(
  options: OptionValues<typeof FAILOVER_OPTIONS>,
  more: { readonly interactive: boolean; readonly workdir?: string | undefined },
): FailoverOptions {
  const host = options.new_master_host;
  return {
    interactive: more.interactive,
    skipSaveMasterBinlog: options.skip_save_master_binlog ?? false,
    skipChangeMaster: options.skip_change_master ?? false,
    skipDisableReadOnly: options.skip_disable_read_only ?? false,
    waitUntilGtidInSync: options.wait_until_gtid_in_sync !== 0,
    ignoreBinlogServerError: options.ignore_binlog_server_error ?? false,
    removeDeadMasterConf: options.remove_dead_master_conf ?? false,
    lastFailoverMinute: options.last_failover_minute ?? 480,
    ignoreLastFailover: options.ignore_last_failover ?? false,
    ...(more.workdir !== undefined && { workdir: more.workdir }),
    ...(host !== undefined && { newMaster: { host, port: options.new_master_port ?? 3306 } }),
  };
}

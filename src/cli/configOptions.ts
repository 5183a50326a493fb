import type { LoadedCluster } from '../config/load';
import { loadCluster } from '../config/load';
import type { ReplicationCheckOptions } from '../engine/checks/replicationCheck';
import { msg } from '../l10n/message';
import type { OptionTable, OptionValues } from './options';

/** Which configuration: the same two options for every command that reads one. */
export const CONFIG_OPTIONS = {
  conf: { type: 'string', value: 'FILE', help: msg('configuration file of the cluster, e.g. /etc/masterha/app1.cnf') },
  global_conf: {
    type: 'string',
    value: 'FILE',
    help: msg('global configuration file (default: /etc/masterha_default.cnf)'),
  },
} as const satisfies OptionTable;

/** What the replication check can be told: the same three options for both commands that run it. */
export const REPLICATION_OPTIONS = {
  seconds_behind_master: {
    type: 'integer',
    value: 'SECONDS',
    help: msg('a replica further behind than this fails the check (default: 30)'),
  },
  skip_ssh_check: { type: 'flag', aliases: ['skip_check_ssh'], help: msg('leave out everything that needs SSH') },
  ignore_fail_on_start: { type: 'flag', help: msg('excuse failed servers that have ignore_fail=1') },
} as const satisfies OptionTable;

/** The options as the engine takes them. */
export function replicationCheckOptions(options: OptionValues<typeof REPLICATION_OPTIONS>): ReplicationCheckOptions {
  const { seconds_behind_master: secondsBehindMaster } = options;
  return {
    skipSshCheck: options.skip_ssh_check ?? false,
    ignoreFailOnStart: options.ignore_fail_on_start ?? false,
    ...(secondsBehindMaster === undefined ? {} : { secondsBehindMaster }),
  };
}

/** Reads a configuration as these options and switches say. */
export function loadConfig(
  file: string,
  options: { readonly global_conf?: string },
  more: { readonly runInitScript: boolean; readonly checkPrograms?: boolean; readonly signal: AbortSignal },
): Promise<LoadedCluster> {
  const { global_conf: globalFile } = options;
  return loadCluster({ file, ...more, ...(globalFile === undefined ? {} : { globalFile }) });
}

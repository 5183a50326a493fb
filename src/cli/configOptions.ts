import type { LoadedCluster } from '../config/load';
import { loadCluster } from '../config/load';
import { msg } from '../l10n/message';
import type { OptionTable } from './options';

/** Which configuration: the same two options for every command that reads one. */
export const CONFIG_OPTIONS = {
  conf: { type: 'string', value: 'FILE', help: msg('configuration file of the cluster, e.g. /etc/masterha/app1.cnf') },
  global_conf: {
    type: 'string',
    value: 'FILE',
    help: msg('global configuration file (default: /etc/masterha_default.cnf)'),
  },
} as const satisfies OptionTable;

/** Reads a configuration as these options and switches say. */
export function loadConfig(
  file: string,
  options: { readonly global_conf?: string },
  more: { readonly runInitScript: boolean; readonly checkPrograms?: boolean; readonly signal: AbortSignal },
): Promise<LoadedCluster> {
  const { global_conf: globalFile } = options;
  return loadCluster({ file, ...more, ...(globalFile === undefined ? {} : { globalFile }) });
}

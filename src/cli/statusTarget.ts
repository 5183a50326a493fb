import { stat } from 'node:fs/promises';
import path from 'node:path';
import { applicationName } from '../config/applicationName';
import { defaultPingLimit, statusFileName } from '../engine/monitor/statusFile';
import { msg } from '../l10n/message';
import type { CommandContext } from './command';
import type { CONFIG_OPTIONS } from './configOptions';
import { readForMha } from './mhaConfig';
import type { OptionTable, OptionValues } from './options';

/** Whose status file, besides the configuration: the same options for both commands that look at one. */
export const STATUS_FILE_OPTIONS = {
  manager_workdir: {
    type: 'string',
    aliases: ['workdir', 'status_dir'],
    value: 'DIR',
    help: msg("directory of the status file (default: the configuration's manager_workdir)"),
  },
  app: {
    type: 'string',
    value: 'NAME',
    help: msg('name of the application; alone it means --conf=/usr/local/masterha/conf/NAME.cnf'),
  },
} as const satisfies OptionTable;

type Options = OptionValues<typeof CONFIG_OPTIONS & typeof STATUS_FILE_OPTIONS>;

/** The status file that is meant, and what the configuration says about its manager. */
export interface StatusTarget {
  readonly app: string;
  readonly file: string;
  readonly conf?: string;
  readonly managerLog?: string;
  readonly pingLimit: number;
}

/** Finds it by configuration file, or by directory and name; a problem is in MHA's words. */
export async function findStatusFile(
  options: Options,
  context: CommandContext,
): Promise<StatusTarget | { readonly problem: string }> {
  const directory = options.manager_workdir;
  const conf =
    options.conf ??
    (directory === undefined && options.app !== undefined ? `/usr/local/masterha/conf/${options.app}.cnf` : undefined);
  if (conf === undefined) {
    if (directory === undefined) return { problem: 'Either --conf or --status_dir must be set.' };
    const { app } = options;
    if (app === undefined) return { problem: 'app is not defined or could not be fetched from conf file!' };
    if (!(await isDirectory(directory))) return { problem: `Directory ${directory} not found!` };
    return { app, file: path.join(directory, statusFileName(app)), pingLimit: defaultPingLimit(0) };
  }
  const read = await readForMha({ file: conf, globalFile: options.global_conf, signal: context.signal });
  if (!read.cluster) return { problem: `Got error on conf ${conf}: ${read.problems.join('\n')}` };
  const values = read.cluster.servers[0]?.values;
  const workdir = directory ?? values?.manager_workdir ?? '/var/tmp';
  if (!(await isDirectory(workdir))) return { problem: `Got error on conf ${conf}: Directory ${workdir} not found!` };
  const name = applicationName(conf);
  return {
    app: options.app ?? name,
    file: path.join(workdir, statusFileName(name)),
    conf,
    ...(values?.manager_log ? { managerLog: values.manager_log } : {}),
    pingLimit: defaultPingLimit(Math.max(...read.cluster.servers.map(s => s.values.ping_interval))),
  };
}

async function isDirectory(file: string): Promise<boolean> {
  return stat(file).then(
    s => s.isDirectory(),
    () => false,
  );
}

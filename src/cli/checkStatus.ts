import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { errorText } from '../engine/errors';
import { readManagerStatus } from '../engine/monitor/readStatus';
import { msg } from '../l10n/message';
import type { CommandContext, CommandInput } from './command';
import { defineCommand } from './command';
import { CONFIG_OPTIONS } from './configOptions';
import type { OptionTable } from './options';
import { findStatusFile, STATUS_FILE_OPTIONS } from './statusTarget';
import { statusText } from './statusText';

const OPTIONS = {
  ...CONFIG_OPTIONS,
  ...STATUS_FILE_OPTIONS,
  ping_limit: {
    type: 'integer',
    value: 'SECONDS',
    help: msg('age from which a good status is too old (default: 10, or 3 ping intervals if that is more)'),
  },
  all: { type: 'flag', help: msg('check every daemontools service masterha_NAME') },
  basedir: { type: 'string', value: 'DIR', help: msg('with --all: directory of the services (default: /service)') },
  baselog: {
    type: 'string',
    value: 'DIR',
    help: msg('with --all: DIR/NAME is the status directory of services without a configuration file'),
  },
  abort: { type: 'flag', ignored: true, help: msg('accepted, has no effect here') },
  abort_timeout: { type: 'integer', ignored: true, help: msg('accepted, has no effect here') },
} as const satisfies OptionTable;

type Input = CommandInput<typeof OPTIONS>;

export const checkStatusCommand = defineCommand({
  name: 'masterha_check_status',
  forms: ['--conf=FILE', '--status_dir=DIR --app=NAME', '--all [--basedir=DIR]'],
  summary: msg('Says whether a manager is running and what it says about its master, from its status file.'),
  exitCodes: [
    ['0', msg('running, the master answers')],
    ['2', msg('not running')],
    ['3', msg('the main process is gone, children are left')],
    ['10', msg('starting')],
    ['20, 21', msg('the master does not answer')],
    ['30', msg('about to monitor again')],
    ['31', msg('configuration error')],
    ['32', msg('the status is too old: the manager hangs')],
    ['50, 51', msg('a failover is running; a failover has failed')],
    ['1', msg('anything else: wrong options, no configuration file, no directory, unknown status')],
  ],
  options: OPTIONS,
  usageExit: 1,
  action: async ({ options }, context) => (options.all ? checkAll(options, context) : checkOne(options, context)),
});

type Options = Input['options'];

async function checkOne(options: Options, context: CommandContext): Promise<number> {
  const { terminal } = context;
  const target = await findStatusFile(options, context);
  if ('problem' in target) {
    terminal.err(`${target.problem}\n`);
    return 1;
  }
  const { app, file, conf } = target;
  const about = conf === undefined ? '' : `Got error on conf ${conf}: `;
  try {
    const status = await readManagerStatus(file, options.ping_limit ?? target.pingLimit);
    const report = statusText(status, {
      app,
      file,
      ...(target.managerLog === undefined ? {} : { managerLog: target.managerLog }),
    });
    terminal.out(report.stdout);
    if (report.problem !== undefined) terminal.err(`${about}${report.problem}\n`);
    return report.exitCode;
  } catch (error) {
    terminal.err(`${about}${errorText(error)}\n`);
    return 1;
  }
}

async function checkAll(options: Options, context: CommandContext): Promise<number> {
  const { terminal } = context;
  const base = options.basedir ?? '/service';
  let names: string[];
  try {
    names = (await readdir(base)).filter(n => n.startsWith('masterha_')).map(n => n.slice('masterha_'.length));
  } catch (error) {
    terminal.err(`Directory ${base} can not be read: ${errorText(error)}\n`);
    return 1;
  }
  let worst = 0;
  for (const app of names.sort()) {
    const conf = `/usr/local/masterha/conf/${app}.cnf`;
    const log = options.baselog;
    const own =
      log !== undefined && !(await exists(conf)) ? { app, manager_workdir: path.join(log, app) } : { app, conf };
    const { global_conf, ping_limit } = options;
    const code = await checkOne(
      {
        ...own,
        ...(global_conf === undefined ? {} : { global_conf }),
        ...(ping_limit === undefined ? {} : { ping_limit }),
      },
      context,
    );
    if (code !== 0) worst = 1;
  }
  return worst;
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

import { isIP } from 'node:net';
import { Secret } from '../config/secret';
import { deadline } from '../engine/deadline';
import { lookUp } from '../engine/lookup';
import { nullLog } from '../engine/log';
import type { SecondaryAnswer } from '../engine/monitor/secondaryCheck';
import { sshFailureMessage } from '../engine/ssh/failureMessage';
import { format, msg } from '../l10n/message';
import { defineCommand } from './command';
import { loadEngine } from './engine';
import type { OptionTable } from './options';
import { printable } from './terminal';

const DEFAULT_TIMEOUT_SECONDS = 5;

const OPTIONS = {
  secondary_host: {
    type: 'string',
    aliases: ['s'],
    value: 'HOST',
    repeat: true,
    help: msg('a host that is asked whether it reaches the master; repeat it for more'),
  },
  user: { type: 'string', value: 'USER', help: msg('SSH user there (default: root)') },
  port: { type: 'integer', value: 'PORT', help: msg('SSH port there (default: 22)') },
  options: { type: 'string', value: 'TEXT', help: msg('SSH options, as ssh takes them: -i FILE, -o NAME=VALUE') },
  timeout: {
    type: 'integer',
    value: 'SECONDS',
    help: msg('longest time of a login there, and of the connection from there (default: 5)'),
  },
  master_host: { type: 'string', value: 'HOST', help: msg('the master, by name') },
  master_ip: { type: 'string', value: 'IP', help: msg('its address, which is tried as well') },
  master_port: { type: 'integer', value: 'PORT', help: msg('its MySQL port (default: 3306)') },
  master_user: { type: 'string', value: 'USER', help: msg('MySQL account for --ping_type=INSERT') },
  master_password: {
    type: 'string',
    value: 'PASSWORD',
    help: msg('its password (default: the environment variable MYSQL_PWD, which others can not see)'),
  },
  ping_type: {
    type: 'string',
    value: 'TYPE',
    help: msg('INSERT: also write to a master that can be reached; other types only connect'),
  },
} as const satisfies OptionTable;

export const secondaryCheckCommand = defineCommand({
  name: 'masterha_secondary_check',
  forms: ['-s HOST [-s HOST …] --master_host=HOST [options]'],
  summary: msg('Asks other hosts over SSH whether they reach the master: a second opinion before a failover.'),
  exitCodes: [
    ['0', msg('the master is dead: nobody reaches it')],
    ['1', msg('wrong options, or interrupted')],
    ['2', msg('too few of the hosts could be asked')],
    ['3', msg('the master can be reached')],
  ],
  options: OPTIONS,
  usageExit: 1,
  interruptedExit: 1,
  action: async ({ options }, { terminal, signal }) => {
    const { master_host: master, secondary_host: hosts = [], timeout = DEFAULT_TIMEOUT_SECONDS } = options;
    const problem =
      master === undefined
        ? '--master_host=<master_hostname> must be set.'
        : hosts.length === 0
          ? 'At least one monitoring host must be given: -s HOST. Without a second opinion nobody can say that the master is dead.'
          : timeout < 1
            ? '--timeout must be 1 or more.'
            : undefined;
    if (master === undefined || problem !== undefined) {
      terminal.err(`${problem}\n`);
      return 1;
    }
    const { user = 'root', port = 22, options: sshOptions, master_port = 3306, master_user } = options;
    const timeoutMs = timeout * 1000;
    const ip = options.master_ip ?? (await addressOf(master, timeoutMs, signal));
    const pingType = options.ping_type?.toUpperCase() === 'INSERT' ? 'INSERT' : 'CONNECT';
    const password = new Secret(options.master_password ?? terminal.env['MYSQL_PWD'] ?? '');
    const engine = await loadEngine();
    const { verdict, perHost } = await engine.secondaryCheck(
      {
        hosts,
        user,
        port,
        ...(sshOptions && { sshOptions }),
        master: { host: master, port: master_port, ...(ip && { ip }) },
        timeoutMs,
        pingType,
        ...(master_user !== undefined && { credentials: { user: master_user, password } }),
      },
      { log: nullLog, signal },
    );
    for (const answer of perHost) {
      terminal.out(`${line(answer)}\n`);
      if (answer.failure) terminal.err(`${answer.host}: ${printable(format(sshFailureMessage(answer.failure)))}\n`);
    }
    return { dead: 0, unknown: 2, reachable: 3 }[verdict];
  },
});

/** As MHA's own command says it. */
function line({ host, state }: SecondaryAnswer): string {
  switch (state) {
    case 'reachable':
      return `Master is reachable from ${host}!`;
    case 'notReachable':
      return `Monitoring server ${host} is reachable, Master is not reachable from ${host}. OK.`;
    case 'notWritable':
      return `Monitoring server ${host} is reachable, Master is not writable from ${host}. OK.`;
    case 'unreachable':
    case 'undecided':
      return `Monitoring server ${host} is NOT reachable!`;
  }
}

/** The name as this machine resolves it: a monitoring host may not know it. */
async function addressOf(host: string, timeoutMs: number, signal: AbortSignal): Promise<string | undefined> {
  if (isIP(host) !== 0) return undefined;
  const over = deadline(timeoutMs, signal);
  const late = new Promise<undefined>(resolve => over.addEventListener('abort', () => resolve(undefined)));
  const found = lookUp(host).then(
    addresses => addresses[0]?.address,
    () => undefined,
  );
  return Promise.race([found, late]);
}

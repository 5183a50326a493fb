import { Secret } from '../../config/secret';
import type { ServerConfig } from '../../config/types';
import { quote } from '../ssh/quote';

/** `--name=value`, or a bare flag. Order is part of the protocol. */
export interface HookArgument {
  readonly name: string;
  readonly value?: string | number | Secret;
}

/** A server the way hooks are told about it. Addresses are resolved by the caller. */
export interface HookServer {
  readonly hostname: string;
  readonly ip: string;
  readonly port: number;
  readonly sshHost: string;
  readonly sshIp: string;
  readonly sshPort: number;
  readonly sshUser: string;
  readonly sshOptions?: string;
  /** ssh_connection_timeout in seconds, told to hooks where the host may not answer; default 5. */
  readonly sshTimeoutSeconds?: number;
}

/** The server of a section, with the addresses that its names stand for; SSH defaults to the server's own names. */
export function hookServerOf(
  server: ServerConfig,
  addresses: { readonly ip: string; readonly sshIp?: string },
  sshUser: string,
): HookServer {
  const { values } = server;
  const hostname = values.hostname ?? addresses.ip;
  return {
    hostname,
    ip: addresses.ip,
    port: values.port,
    sshHost: values.ssh_host || hostname,
    sshIp: addresses.sshIp ?? addresses.ip,
    sshPort: values.ssh_port,
    sshUser,
    sshTimeoutSeconds: values.ssh_connection_timeout,
    ...(values.ssh_options && { sshOptions: values.ssh_options }),
  };
}

/** What MHA puts before the configured ssh_options for work on a host that is believed reachable. */
export const SSH_ALIVE_OPTIONS =
  '-o ServerAliveInterval=60 -o ServerAliveCountMax=20 -o StrictHostKeyChecking=no -o ConnectionAttempts=5 -o PasswordAuthentication=no -o BatchMode=yes';

/** What MHA puts there for a host that may not answer. */
export function sshCheckOptions(seconds: number): string {
  return `-o StrictHostKeyChecking=no -o PasswordAuthentication=no -o BatchMode=yes -o ConnectTimeout=${seconds}`;
}

/** Which of the two a hook is told, by whether the host is believed reachable over SSH. */
function baseOptions(server: HookServer, reachable: boolean): string {
  return reachable ? SSH_ALIVE_OPTIONS : sshCheckOptions(server.sshTimeoutSeconds ?? 5);
}

const arg = (name: string, value?: string | number | Secret): HookArgument =>
  value === undefined ? { name } : { name, value };

/**
 * The arguments that MHA adds only where SSH is not the plain default: another host or address, another port, and, once
 * a call, the ssh options. `prefix` is `orig_master_`, `new_master_` or empty (shutdown).
 */
export function sshArguments(
  prefix: '' | 'orig_master_' | 'new_master_',
  server: HookServer,
  options: { readonly baseOptions?: string } = {},
): HookArgument[] {
  const other = server.sshHost !== server.hostname || server.sshIp !== server.ip;
  return [
    ...(other ? [arg(`${prefix}ssh_host`, server.sshHost), arg(`${prefix}ssh_ip`, server.sshIp)] : []),
    ...(server.sshPort === 22 ? [] : [arg(`${prefix}ssh_port`, server.sshPort)]),
    ...(server.sshOptions && options.baseOptions
      ? [arg('ssh_options', `${options.baseOptions} ${server.sshOptions}`)]
      : []),
  ];
}

/** `master_ip_failover_script --command=status`: asked at every check and manager start, of the current master. */
export function failoverStatusArguments(master: HookServer): HookArgument[] {
  return [
    arg('command', 'status'),
    arg('ssh_user', master.sshUser),
    arg('orig_master_host', master.hostname),
    arg('orig_master_ip', master.ip),
    arg('orig_master_port', master.port),
    ...sshArguments('orig_master_', master, { baseOptions: SSH_ALIVE_OPTIONS }),
  ];
}

/** `shutdown_script --command=status`: no port and no pid file, unlike its other commands. */
export function shutdownStatusArguments(master: HookServer): HookArgument[] {
  return [
    arg('command', 'status'),
    arg('ssh_user', master.sshUser),
    arg('host', master.hostname),
    arg('ip', master.ip),
    ...sshArguments('', master, { baseOptions: SSH_ALIVE_OPTIONS }),
  ];
}

const addressOf = (prefix: '' | 'orig_master_' | 'new_master_', server: HookServer): HookArgument[] => [
  arg(`${prefix}host`, server.hostname),
  arg(`${prefix}ip`, server.ip),
  arg(`${prefix}port`, server.port),
];

/**
 * `master_ip_failover_script` at the dead master: `stopssh` where SSH works there, else `stop`, which gets no `--ssh_user`
 * (scripts tell the two apart by it).
 */
export function failoverStopArguments(orig: HookServer, { ssh }: { readonly ssh: boolean }): HookArgument[] {
  return [
    ...addressOf('orig_master_', orig),
    arg('command', ssh ? 'stopssh' : 'stop'),
    ...(ssh ? [arg('ssh_user', orig.sshUser)] : []),
    ...sshArguments('orig_master_', orig, { baseOptions: baseOptions(orig, ssh) }),
  ];
}

/** The MySQL account that a hook may log in with. */
export interface HookAccount {
  readonly user: string;
  readonly password: Secret;
}

/**
 * `master_ip_failover_script --command=start` at the new master. User and password are passed exactly; MHA adds
 * backslashes that a hook would have to take off again.
 * @param origSsh whether the dead master's host is still believed reachable: no after a power-off
 */
export function failoverStartArguments(
  orig: HookServer,
  next: HookServer,
  account: HookAccount,
  { origSsh }: { readonly origSsh: boolean },
): HookArgument[] {
  return [
    arg('command', 'start'),
    arg('ssh_user', next.sshUser),
    ...addressOf('orig_master_', orig),
    ...addressOf('new_master_', next),
    arg('new_master_user', account.user),
    ...sshArguments('orig_master_', orig, { baseOptions: baseOptions(orig, origSsh) }),
    ...sshArguments('new_master_', next),
    arg('new_master_password', account.password),
  ];
}

/** `shutdown_script` for the dead master: `stopssh` where SSH works there, else `stop`. */
export function shutdownArguments(
  master: HookServer,
  { ssh, pidFile }: { readonly ssh: boolean; readonly pidFile?: string | undefined },
): HookArgument[] {
  return [
    arg('command', ssh ? 'stopssh' : 'stop'),
    ...(ssh ? [arg('ssh_user', master.sshUser)] : []),
    ...addressOf('', master),
    ...(pidFile ? [arg('pid_file', pidFile)] : []),
    ...sshArguments('', master, { baseOptions: baseOptions(master, ssh) }),
  ];
}

/** `master_ip_online_change_script`: the same list for `stop` and `start`. Both masters are alive. */
export function onlineChangeArguments(
  command: 'stop' | 'start',
  orig: HookServer & { readonly account: HookAccount },
  next: HookServer & { readonly account: HookAccount },
  { origIsNewSlave }: { readonly origIsNewSlave: boolean },
): HookArgument[] {
  return [
    arg('command', command),
    ...addressOf('orig_master_', orig),
    arg('orig_master_user', orig.account.user),
    ...addressOf('new_master_', next),
    arg('new_master_user', next.account.user),
    arg('orig_master_ssh_user', orig.sshUser),
    arg('new_master_ssh_user', next.sshUser),
    ...sshArguments('orig_master_', orig, { baseOptions: SSH_ALIVE_OPTIONS }),
    ...sshArguments('new_master_', next),
    ...(origIsNewSlave ? [arg('orig_master_is_new_slave')] : []),
    arg('orig_master_password', orig.account.password),
    arg('new_master_password', next.account.password),
  ];
}

export interface ReportArguments {
  /** Host names, as in the configuration. */
  readonly origMaster: string;
  /** Only if the new master was activated; `slaves`: those that were recovered. */
  readonly newMaster?: { readonly host: string; readonly slaves: readonly string[] };
  readonly conf: string;
  readonly subject: string;
  readonly body: string;
}

/** `report_script`. `--new_slave_hosts=` comes with the new master, also when it is empty. */
export function reportArguments({ origMaster, newMaster, conf, subject, body }: ReportArguments): HookArgument[] {
  return [
    arg('orig_master_host', origMaster),
    ...(newMaster ? [arg('new_master_host', newMaster.host), arg('new_slave_hosts', newMaster.slaves.join(','))] : []),
    arg('conf', conf),
    arg('subject', subject),
    arg('body', body),
  ];
}

/** `secondary_check_script`. */
export function secondaryCheckArguments(master: HookServer, account: HookAccount, pingType: string): HookArgument[] {
  const options = master.sshOptions && `${baseOptions(master, false)} ${master.sshOptions}`;
  return [
    arg('user', master.sshUser),
    arg('master_host', master.hostname),
    arg('master_ip', master.ip),
    arg('master_port', master.port),
    arg('master_user', account.user),
    arg('master_password', account.password),
    arg('ping_type', pingType),
    ...(options ? [arg('options', options)] : []),
  ];
}

/** The arguments as they follow the configured command; with `mask`, secrets read `xxx` as in MHA's log. */
export function argumentText(args: readonly HookArgument[], mask: boolean): string {
  return args
    .map(({ name, value }) => {
      if (value === undefined) return `--${name}`;
      if (value instanceof Secret) return mask ? `--${name}=xxx` : `--${name}=${quote([value.reveal()])}`;
      return `--${name}=${quote([String(value)])}`;
    })
    .join(' ');
}

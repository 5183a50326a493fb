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
    ...(values.ssh_options && { sshOptions: values.ssh_options }),
  };
}

/** What MHA puts before the configured ssh_options for work on a host that is believed reachable. */
export const SSH_ALIVE_OPTIONS =
  '-o ServerAliveInterval=60 -o ServerAliveCountMax=20 -o StrictHostKeyChecking=no -o ConnectionAttempts=5 -o PasswordAuthentication=no -o BatchMode=yes';

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

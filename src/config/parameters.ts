import type { Secret } from './secret';

/** L: only the own section counts. I: inherited global -> application -> script -> section. P: one value for the process. */
export type Inheritance = 'local' | 'inherited' | 'process';

interface TypeMap {
  string: string;
  host: string;
  path: string;
  directory: string;
  directories: readonly string[];
  command: string;
  secret: Secret;
  /** 1..65535 */
  port: number;
  positiveInteger: number;
  /** Perl truth in MHA: only empty and 0 are false. */
  boolean: boolean;
  logLevel: string;
  pingType: 'CONNECT' | 'SELECT' | 'INSERT';
  tlsMode: 'disabled' | 'preferred' | 'required' | 'verify_ca' | 'verify_identity';
}

/** One parameter of MHA 0.58. */
export interface Parameter {
  readonly type: keyof TypeMap;
  readonly inheritance: Inheritance;
  /** Text as one would write it; absent: unset. `ssh_user`: the operating system's user of the process. */
  readonly default?: string;
  /** MHA version that introduced it. */
  readonly since: string;
  readonly en: string;
  readonly zh: string;
}

/** The 42 parameters that MHA 0.58 accepts: no other name is. Everything about a parameter is derived from its row. */
export const PARAMETERS = {
  hostname: { type: 'host', inheritance: 'local', since: '0.50', en: '', zh: '' },
  ip: { type: 'host', inheritance: 'local', since: '0.50', en: '', zh: '' },
  port: { type: 'port', inheritance: 'inherited', default: '3306', since: '0.50', en: '', zh: '' },
  ssh_host: { type: 'host', inheritance: 'local', since: '0.53', en: '', zh: '' },
  ssh_ip: { type: 'host', inheritance: 'local', since: '0.53', en: '', zh: '' },
  ssh_port: { type: 'port', inheritance: 'inherited', default: '22', since: '0.53', en: '', zh: '' },
  ssh_user: { type: 'string', inheritance: 'inherited', since: '0.50', en: '', zh: '' },
  ssh_options: { type: 'string', inheritance: 'process', since: '0.53', en: '', zh: '' },
  ssh_connection_timeout: {
    type: 'positiveInteger',
    inheritance: 'inherited',
    default: '5',
    since: '0.54',
    en: '',
    zh: '',
  },
  skip_init_ssh_check: { type: 'boolean', inheritance: 'local', default: '0', since: '0.50', en: '', zh: '' },
  node_label: { type: 'string', inheritance: 'local', since: '0.50', en: '', zh: '' },
  candidate_master: { type: 'boolean', inheritance: 'local', default: '0', since: '0.50', en: '', zh: '' },
  no_master: { type: 'boolean', inheritance: 'local', default: '0', since: '0.50', en: '', zh: '' },
  ignore_fail: { type: 'boolean', inheritance: 'local', default: '0', since: '0.50', en: '', zh: '' },
  user: { type: 'string', inheritance: 'inherited', default: 'root', since: '0.50', en: '', zh: '' },
  password: { type: 'secret', inheritance: 'inherited', since: '0.50', en: '', zh: '' },
  repl_user: { type: 'string', inheritance: 'inherited', since: '0.50', en: '', zh: '' },
  repl_password: { type: 'secret', inheritance: 'inherited', since: '0.50', en: '', zh: '' },
  master_pid_file: { type: 'path', inheritance: 'inherited', since: '0.50', en: '', zh: '' },
  master_binlog_dir: {
    type: 'directories',
    inheritance: 'inherited',
    default: '/var/lib/mysql,/var/log/mysql',
    since: '0.50',
    en: '',
    zh: '',
  },
  remote_workdir: { type: 'directory', inheritance: 'inherited', default: '/var/tmp', since: '0.50', en: '', zh: '' },
  manager_workdir: { type: 'directory', inheritance: 'inherited', default: '/var/tmp', since: '0.50', en: '', zh: '' },
  manager_log: { type: 'path', inheritance: 'inherited', since: '0.50', en: '', zh: '' },
  log_level: { type: 'logLevel', inheritance: 'inherited', default: 'info', since: '0.50', en: '', zh: '' },
  check_repl_delay: { type: 'boolean', inheritance: 'inherited', default: '1', since: '0.50', en: '', zh: '' },
  check_repl_filter: { type: 'boolean', inheritance: 'inherited', default: '1', since: '0.50', en: '', zh: '' },
  latest_priority: { type: 'boolean', inheritance: 'inherited', default: '1', since: '0.50', en: '', zh: '' },
  multi_tier_slave: { type: 'boolean', inheritance: 'inherited', default: '0', since: '0.52', en: '', zh: '' },
  disable_log_bin: { type: 'boolean', inheritance: 'inherited', default: '0', since: '0.50', en: '', zh: '' },
  handle_raw_binlog: { type: 'boolean', inheritance: 'inherited', default: '1', since: '0.50', en: '', zh: '' },
  skip_reset_slave: { type: 'boolean', inheritance: 'inherited', default: '0', since: '0.53', en: '', zh: '' },
  use_gtid_auto_pos: { type: 'boolean', inheritance: 'inherited', default: '1', since: '0.56', en: '', zh: '' },
  ping_interval: { type: 'positiveInteger', inheritance: 'inherited', default: '3', since: '0.50', en: '', zh: '' },
  ping_type: { type: 'pingType', inheritance: 'inherited', default: 'SELECT', since: '0.53', en: '', zh: '' },
  secondary_check_script: { type: 'command', inheritance: 'inherited', since: '0.50', en: '', zh: '' },
  master_ip_failover_script: { type: 'command', inheritance: 'inherited', since: '0.50', en: '', zh: '' },
  master_ip_online_change_script: { type: 'command', inheritance: 'inherited', since: '0.50', en: '', zh: '' },
  shutdown_script: { type: 'command', inheritance: 'inherited', since: '0.50', en: '', zh: '' },
  report_script: { type: 'command', inheritance: 'inherited', since: '0.50', en: '', zh: '' },
  init_conf_load_script: { type: 'command', inheritance: 'inherited', since: '0.50', en: '', zh: '' },
  client_bindir: { type: 'directory', inheritance: 'inherited', since: '0.56', en: '', zh: '' },
  client_libdir: { type: 'string', inheritance: 'inherited', since: '0.56', en: '', zh: '' },
} as const satisfies Record<string, Parameter>;

/** Ours, in comment lines `#@ name=value`, which a Perl manager skips. Same sections, same inheritance. */
export const EXTENDED_PARAMETERS = {
  protected: { type: 'boolean', inheritance: 'inherited', default: '0', since: '0.1', en: '', zh: '' },
  tls: { type: 'tlsMode', inheritance: 'inherited', default: 'preferred', since: '0.1', en: '', zh: '' },
  tls_ca: { type: 'path', inheritance: 'inherited', since: '0.1', en: '', zh: '' },
  ssh_tunnel: { type: 'boolean', inheritance: 'inherited', default: '0', since: '0.1', en: '', zh: '' },
  defaults_file: { type: 'path', inheritance: 'inherited', since: '0.1', en: '', zh: '' },
  channel: { type: 'string', inheritance: 'inherited', since: '0.1', en: '', zh: '' },
} as const satisfies Record<string, Parameter>;

export type ParameterName = keyof typeof PARAMETERS;
export type ExtendedName = keyof typeof EXTENDED_PARAMETERS;

/** With a default a value is always there; `ssh_user` falls back to the process's own user. */
type ValuesOf<T extends Record<string, Parameter>> = {
  readonly [K in keyof T]: T[K] extends { default: string } ? TypeMap[T[K]['type']] : TypeMap[T[K]['type']] | undefined;
};

/** A server's value of every parameter, typed by the table. */
export type ParameterValues = ValuesOf<typeof PARAMETERS>;
export type ExtendedValues = ValuesOf<typeof EXTENDED_PARAMETERS>;

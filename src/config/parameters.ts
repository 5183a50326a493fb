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
  detection: 'classic' | 'evidence';
  fence: 'none' | 'ssh';
  failoverConditions: readonly FailoverCondition[];
}

/** What a master that is not dead may suffer from. */
export type FailoverCondition = 'hung' | 'disk_full' | 'too_many_connections' | 'read_only';

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
  hostname: {
    type: 'host',
    inheritance: 'local',
    since: '0.50',
    en: 'Name or IP address of the server: its identity in logs, reports and hook arguments. Required in every [serverN]. MHA looks it up unless `ip` is given, quotes included: do not quote it. In [server default] it has no effect.',
    zh: '服务器的主机名或 IP 地址，用于日志、报告和钩子脚本参数。每个 [serverN] 都必须有。未设置 `ip` 时 MHA 会解析它，引号也算在内，所以不要加引号。写在 [server default] 中无效。',
  },
  ip: {
    type: 'host',
    inheritance: 'local',
    since: '0.50',
    en: "IP address for MySQL and, unless `ssh_host` differs from `hostname`, for SSH. Default: the first address that `hostname` resolves to. Set it so that a failing name service can't stop a failover.",
    zh: 'MySQL 连接使用的 IP 地址；除非 `ssh_host` 与 `hostname` 不同，SSH 也用它。默认取 `hostname` 解析出的第一个地址。建议设置，避免 DNS 故障妨碍故障切换。',
  },
  port: {
    type: 'port',
    inheritance: 'inherited',
    default: '3306',
    since: '0.50',
    en: 'MySQL port, 1 to 65535. Default 3306. MHA does not check it. Two servers must not have the same address and port.',
    zh: 'MySQL 端口，1 到 65535，默认 3306。MHA 不检查该值。两台服务器的地址和端口不能同时相同。',
  },
  ssh_host: {
    type: 'host',
    inheritance: 'local',
    since: '0.53',
    en: 'Host that SSH connects to. Default: `hostname`. For hosts with a separate administration network or for containers. Must resolve, otherwise MHA rejects the file.',
    zh: 'SSH 连接的主机，默认与 `hostname` 相同。适用于有独立管理网络的主机或容器。必须能解析，否则 MHA 拒绝整个文件。',
  },
  ssh_ip: {
    type: 'host',
    inheritance: 'local',
    since: '0.53',
    en: 'Meant as the address for SSH, but MHA accepts it and does not use it. Write `ssh_host` instead.',
    zh: '本意是 SSH 使用的地址，但 MHA 只接受而不使用它。请改用 `ssh_host`。',
  },
  ssh_port: {
    type: 'port',
    inheritance: 'inherited',
    default: '22',
    since: '0.53',
    en: 'SSH port of the server, 1 to 65535. Default 22. The secondary check does not get it: give `masterha_secondary_check` its own `--port`. Hook scripts get it as a separate argument when it is not 22.',
    zh: '服务器的 SSH 端口，1 到 65535，默认 22。二次检查不会得到它，需要给 `masterha_secondary_check` 单独加 `--port`。不是 22 时，钩子脚本会通过额外参数得到它。',
  },
  ssh_user: {
    type: 'string',
    inheritance: 'inherited',
    since: '0.50',
    en: 'Login name for SSH, from the manager to each server and between the servers. Default: the user that runs the command. It must be allowed to read binary and relay logs.',
    zh: 'SSH 登录用户，用于管理节点到各服务器以及服务器之间。默认是运行命令的系统用户。该用户必须能读取二进制日志和中继日志。',
  },
  ssh_options: {
    type: 'string',
    inheritance: 'process',
    since: '0.53',
    en: 'More arguments for ssh, such as `-i /root/.ssh/mha_key -o LogLevel=ERROR`. One value for the whole of MHA: of several, the one that is read last counts for all servers. All quotes in it are removed.',
    zh: 'ssh 的附加参数，例如 `-i /root/.ssh/mha_key -o LogLevel=ERROR`。整个 MHA 只有一个值：写了多个时，最后读到的对所有服务器生效。其中的引号全部会被去掉。',
  },
  ssh_connection_timeout: {
    type: 'positiveInteger',
    inheritance: 'inherited',
    default: '5',
    since: '0.54',
    en: 'Seconds that one SSH check may take, a whole number from 1 on. Default 5. MHA uses the first value that it reads as ConnectTimeout for all servers.',
    zh: '一次 SSH 检查的最长秒数，1 以上的整数，默认 5。MHA 把最先读到的值作为所有服务器的 ConnectTimeout。',
  },
  skip_init_ssh_check: {
    type: 'boolean',
    inheritance: 'local',
    default: '0',
    since: '0.50',
    en: '1: leave this host out of the SSH check between all hosts. Default 0. Only in the section of a server.',
    zh: '1：在所有主机互相进行的 SSH 检查中跳过本机。默认 0。只能写在服务器自己的段中。',
  },
  node_label: {
    type: 'string',
    inheritance: 'local',
    since: '0.50',
    en: 'Text shown in parentheses behind the host when the topology is printed. Default: none.',
    zh: '打印拓扑时显示在主机名后括号中的文字，默认没有。',
  },
  candidate_master: {
    type: 'boolean',
    inheritance: 'local',
    default: '0',
    since: '0.50',
    en: "1: preferred new master. Default 0. A preference only: `no_master`, missing binary logs, an older version or more than 100 MB of relay logs still to apply count more. Of several candidates the first in MHA's order wins. A number: a word such as `yes` ends a failover of MHA half way. Only in the section of a server.",
    zh: '1：优先成为新主库，默认 0。只是优先：`no_master`、未开启 binlog、版本较低或有超过 100 MB 未应用的中继日志时仍不会被选中。多个候选时按 MHA 的顺序取第一个。必须是数字：写成 `yes` 会使 MHA 的故障切换中途失败。只能写在服务器自己的段中。',
  },
  no_master: {
    type: 'boolean',
    inheritance: 'local',
    default: '0',
    since: '0.50',
    en: '1: never becomes master. Default 0. For servers on weak machines, in other data centres or for backups. A number, not a word. Only in the section of a server.',
    zh: '1：永远不会成为主库，默认 0。适用于配置较低、异地或备份用的服务器。必须是数字而不是单词。只能写在服务器自己的段中。',
  },
  ignore_fail: {
    type: 'boolean',
    inheritance: 'local',
    default: '0',
    since: '0.50',
    en: '1: a failover goes on although this server is dead. Default 0: a dead replica stops the failover. At the start of the manager it counts only with `--ignore_fail_on_start`. It does not excuse a replica whose SQL thread stopped with an error. Only in the section of a server.',
    zh: '1：即使该服务器已宕机，故障切换也继续。默认 0：有从库宕机时切换会中止。manager 启动时只有加 `--ignore_fail_on_start` 才有效。SQL 线程因错误停止的从库不在此列。只能写在服务器自己的段中。',
  },
  user: {
    type: 'string',
    inheritance: 'inherited',
    default: 'root',
    since: '0.50',
    en: 'MySQL account for administration, the same on all servers. Default `root`. Needs SUPER (or its replacements), REPLICATION CLIENT and SLAVE, RELOAD, PROCESS and SELECT, and what it takes to apply any event.',
    zh: '管理用的 MySQL 帐号，所有服务器上相同，默认 `root`。需要 SUPER（或其替代权限）、REPLICATION CLIENT、REPLICATION SLAVE、RELOAD、PROCESS、SELECT，以及应用任意事件所需的权限。',
  },
  password: {
    type: 'secret',
    inheritance: 'inherited',
    since: '0.50',
    en: 'Password of `user`. Default: empty. ` ; ` cuts it off, a quote at its end is removed, ` # ` does not start a comment. Put a password with blanks and comment signs in quotes. `#@ defaults_file` keeps it out of this file.',
    zh: '`user` 的密码，默认为空。` ; ` 会截断它，末尾的引号会被去掉，` # ` 并不是注释。含空格和注释符号的密码请加引号。用 `#@ defaults_file` 可以不把密码写在此文件中。',
  },
  repl_user: {
    type: 'string',
    inheritance: 'inherited',
    since: '0.50',
    en: 'Account with which replicas log in to the new master (MASTER_USER). Default: the one that each replica uses now. It must exist with REPLICATION SLAVE on every possible new master.',
    zh: '从库登录新主库所用的帐号（MASTER_USER）。默认使用各从库当前的帐号。每个可能成为主库的服务器上都必须有该帐号和 REPLICATION SLAVE 权限。',
  },
  repl_password: {
    type: 'secret',
    inheritance: 'inherited',
    since: '0.50',
    en: 'Password of `repl_user`. Default: the replica keeps the one that it has. Needed when the old master is to become a replica, because it has none yet.',
    zh: '`repl_user` 的密码。默认保留从库已有的密码。要让旧主库变为从库时必须设置，因为它还没有复制密码。',
  },
  master_pid_file: {
    type: 'path',
    inheritance: 'inherited',
    since: '0.50',
    en: 'Path of the PID file of mysqld; `shutdown_script` gets it as `--pid_file`. Default: not given.',
    zh: 'mysqld 的 PID 文件路径，以 `--pid_file` 传给 `shutdown_script`。默认不传。',
  },
  master_binlog_dir: {
    type: 'directories',
    inheritance: 'inherited',
    default: '/var/lib/mysql,/var/log/mysql',
    since: '0.50',
    en: "Directories with the binary logs of this server, separated by commas; the first that has the file counts. Default `/var/lib/mysql,/var/log/mysql`. Set it wherever the data directory is another one: MHA looks there when the master is dead and can't be asked.",
    zh: '该服务器二进制日志所在的目录，用逗号分隔，取第一个存在该文件的目录。默认 `/var/lib/mysql,/var/log/mysql`。数据目录不同时必须设置：主库宕机后无法查询，MHA 只在这里查找。',
  },
  remote_workdir: {
    type: 'directory',
    inheritance: 'inherited',
    default: '/var/tmp',
    since: '0.50',
    en: 'Directory for work files on the servers; made when missing. Default `/var/tmp`. Holds relay log differences, thus table data.',
    zh: '服务器上存放工作文件的目录，不存在时自动创建，默认 `/var/tmp`。其中的差异中继日志含有表数据。',
  },
  manager_workdir: {
    type: 'directory',
    inheritance: 'inherited',
    default: '/var/tmp',
    since: '0.50',
    en: "Directory for state files and saved binary logs on the manager's machine; made when missing. Default `/var/tmp`. A directory, not a log file. MHA takes it from the first server; applications that share it need different file names.",
    zh: '管理节点上存放状态文件和所保存 binlog 的目录，不存在时自动创建，默认 `/var/tmp`。它是目录而不是日志文件。MHA 取第一台服务器的值；共用该目录的应用，配置文件名必须不同。',
  },
  manager_log: {
    type: 'path',
    inheritance: 'inherited',
    since: '0.50',
    en: 'Log file of the manager and of a failover. Default: standard error. Its directory must exist. MHA takes it from the first server.',
    zh: 'manager 和故障切换的日志文件，默认输出到标准错误。所在目录必须存在。MHA 取第一台服务器的值。',
  },
  log_level: {
    type: 'logLevel',
    inheritance: 'inherited',
    default: 'info',
    since: '0.50',
    en: 'debug, info, notice, warning, error, critical, alert or emergency, in small letters. Default info. MHA ends with an error at an unknown one. Taken from the first server.',
    zh: 'debug、info、notice、warning、error、critical、alert 或 emergency，必须小写，默认 info。未知级别会使 MHA 报错退出。取第一台服务器的值。',
  },
  check_repl_delay: {
    type: 'boolean',
    inheritance: 'inherited',
    default: '1',
    since: '0.50',
    en: '0: elect a candidate also when it has more than 100 MB of relay logs still to apply. Default 1. MHA asks the replica that received most, not the candidate: write it in [server default].',
    zh: '0：候选即使有超过 100 MB 未应用的中继日志也可以当选。默认 1。MHA 看的是接收日志最新的从库而不是候选本身，所以请写在 [server default] 中。',
  },
  check_repl_filter: {
    type: 'boolean',
    inheritance: 'inherited',
    default: '1',
    since: '0.50',
    en: '0: do not compare the replication filters of the servers. Default 1: different filters stop checks and failover. Taken from the first server.',
    zh: '0：不比较各服务器的复制过滤规则。默认 1：规则不同会使检查和切换失败。取第一台服务器的值。',
  },
  latest_priority: {
    type: 'boolean',
    inheritance: 'inherited',
    default: '1',
    since: '0.50',
    en: '0: elect by order and `candidate_master` alone, not by who received most. Default 1.',
    zh: '0：只按顺序和 `candidate_master` 选主，不考虑谁接收的日志最新。默认 1。',
  },
  multi_tier_slave: {
    type: 'boolean',
    inheritance: 'inherited',
    default: '0',
    since: '0.52',
    en: '1: allow a replica of a replica in the file; it is then left alone. Default 0: such a server stops the check.',
    zh: '1：允许配置文件中有级联从库（从库的从库），MHA 不会管理它。默认 0：存在这样的服务器时检查失败。',
  },
  disable_log_bin: {
    type: 'boolean',
    inheritance: 'inherited',
    default: '0',
    since: '0.50',
    en: '1: apply the missing events without writing them to the binary log (`mysqlbinlog --disable-log-bin`). Default 0. Must be a number.',
    zh: '1：补应用差异事件时不写入 binlog（`mysqlbinlog --disable-log-bin`）。默认 0。必须是数字。',
  },
  handle_raw_binlog: {
    type: 'boolean',
    inheritance: 'inherited',
    default: '1',
    since: '0.50',
    en: '1: join binary logs as they are. 0: through mysqlbinlog as SQL text, slower. Default 1. Must be a number.',
    zh: '1：直接拼接二进制日志。0：经 mysqlbinlog 转为 SQL 文本，较慢。默认 1。必须是数字。',
  },
  skip_reset_slave: {
    type: 'boolean',
    inheritance: 'inherited',
    default: '0',
    since: '0.53',
    en: '1: the new master keeps its replication settings (no RESET SLAVE). Default 0.',
    zh: '1：新主库保留其复制设置（不执行 RESET SLAVE）。默认 0。',
  },
  use_gtid_auto_pos: {
    type: 'boolean',
    inheritance: 'inherited',
    default: '1',
    since: '0.56',
    en: '1: fail over by GTID wherever all servers have it, also if the replicas replicate by file and position today. 0: only if they use auto-position already. Default 1.',
    zh: '1：只要所有服务器都启用了 GTID 就按 GTID 切换，即使从库目前按文件和位置复制。0：仅在从库已使用自动定位时。默认 1。',
  },
  ping_interval: {
    type: 'positiveInteger',
    inheritance: 'inherited',
    default: '3',
    since: '0.50',
    en: 'Seconds between two pings of the master, a whole number from 1 on. Default 3. Four failures in a row mean death, so a dead master is noticed after 3 to 4 intervals. Above 9 `masterha_check_status` always calls the status too old. `3 # comment` is rejected.',
    zh: '两次探测主库的间隔秒数，1 以上的整数，默认 3。连续 4 次失败判定为宕机，即 3 到 4 个间隔后发现。大于 9 时 `masterha_check_status` 总会认为状态过期。`3 # 注释` 会被拒绝。',
  },
  ping_type: {
    type: 'pingType',
    inheritance: 'inherited',
    default: 'SELECT',
    since: '0.53',
    en: 'How the master is pinged: SELECT (one connection, `SELECT 1`), CONNECT (a new connection each time) or INSERT (writes into schema `infra`, notices a full disk). Default SELECT.',
    zh: '探测主库的方式：SELECT（一个连接，执行 `SELECT 1`）、CONNECT（每次新建连接）或 INSERT（写入 `infra` 库，能发现磁盘写满）。默认 SELECT。',
  },
  secondary_check_script: {
    type: 'command',
    inheritance: 'inherited',
    since: '0.50',
    en: 'Command that asks from other hosts whether the master is really dead, usually `masterha_secondary_check -s HOST1 -s HOST2`. Exit code 0: dead; 2: a host could not be reached, 3: the master answers; both stop the failover. Do not name hosts of the cluster itself.',
    zh: '从其他主机确认主库是否真的宕机的命令，通常是 `masterha_secondary_check -s HOST1 -s HOST2`。退出码 0：已宕机；2：有检查主机不可达，3：主库可达，这两种都不会切换。不要使用集群自身的主机。',
  },
  master_ip_failover_script: {
    type: 'command',
    inheritance: 'inherited',
    since: '0.50',
    en: "Command that moves the virtual IP in a failover; called with `--command=stop|stopssh|start|status`. An exit code other than 0 and 10 stops the failover; `status` must end with 0. MHA's sample must be edited before use.",
    zh: '故障切换时漂移虚拟 IP 的命令，参数为 `--command=stop|stopssh|start|status`。退出码不是 0 或 10 时切换中止；`status` 必须返回 0。MHA 的示例脚本必须修改后才能使用。',
  },
  master_ip_online_change_script: {
    type: 'command',
    inheritance: 'inherited',
    since: '0.50',
    en: 'Command that moves the virtual IP in an online switch; called with `--command=stop` on the old and `start` on the new master. It should keep applications from writing to the old master.',
    zh: '在线切换时漂移虚拟 IP 的命令：对旧主库调用 `--command=stop`，对新主库调用 `start`。它应当阻止应用继续写旧主库。',
  },
  shutdown_script: {
    type: 'command',
    inheritance: 'inherited',
    since: '0.50',
    en: 'Command that makes sure that the dead master stays dead (power off); called with `--command=stop|stopssh|status`. Empty or not set: not used.',
    zh: '确保宕机主库不会恢复（断电）的命令，参数为 `--command=stop|stopssh|status`。为空或不设置则不使用。',
  },
  report_script: {
    type: 'command',
    inheritance: 'inherited',
    since: '0.50',
    en: 'Command that gets subject and body of the report after a failover, e.g. to mail it. Its exit code is only logged.',
    zh: '故障切换后接收报告标题和正文的命令，例如发送邮件。其退出码只记入日志。',
  },
  init_conf_load_script: {
    type: 'command',
    inheritance: 'inherited',
    since: '0.50',
    en: 'Command that prints further `name=value` lines, usually passwords. They count more than [server default] and less than [serverN]. Runs whenever the file is read; must be quick and silent otherwise. Not run in untrusted workspaces. Only in [server default].',
    zh: '输出更多 `name=value` 行的命令，通常用于密码。优先级高于 [server default]，低于 [serverN]。每次读取配置都会运行，应当快速且不输出其他内容。在不受信任的工作区中不会运行。只能写在 [server default] 中。',
  },
  client_bindir: {
    type: 'directory',
    inheritance: 'inherited',
    since: '0.56',
    en: 'Directory of mysql and mysqlbinlog on the server, if not on PATH. Default: not set.',
    zh: '服务器上 mysql 和 mysqlbinlog 所在目录（不在 PATH 中时设置）。默认不设置。',
  },
  client_libdir: {
    type: 'string',
    inheritance: 'inherited',
    since: '0.56',
    en: "Directory of the client's libraries on the server, put in front of LD_LIBRARY_PATH. One directory: a value with a colon is ignored.",
    zh: '服务器上客户端库所在目录，会放到 LD_LIBRARY_PATH 最前面。只能写一个目录：含冒号的值会被忽略。',
  },
} as const satisfies Record<string, Parameter>;

/** Ours, in comment lines `#@ name=value`, which a Perl manager skips. Same sections, same inheritance. */
export const EXTENDED_PARAMETERS = {
  protected: {
    type: 'boolean',
    inheritance: 'inherited',
    default: '0',
    since: '0.1',
    en: '1: what changes this cluster asks for its name to be typed. Default 0.',
    zh: '1：改变此集群的操作会要求输入集群名称确认。默认 0。',
  },
  tls: {
    type: 'tlsMode',
    inheritance: 'inherited',
    default: 'preferred',
    since: '0.1',
    en: 'TLS of MySQL connections: disabled, preferred, required, verify_ca or verify_identity. Default preferred.',
    zh: 'MySQL 连接的 TLS：disabled、preferred、required、verify_ca 或 verify_identity。默认 preferred。',
  },
  tls_ca: {
    type: 'path',
    inheritance: 'inherited',
    since: '0.1',
    en: 'PEM file with the certificates of the authorities for verify_ca and verify_identity.',
    zh: 'verify_ca 和 verify_identity 使用的 CA 证书文件（PEM）。',
  },
  ssh_tunnel: {
    type: 'boolean',
    inheritance: 'inherited',
    default: '0',
    since: '0.1',
    en: "1: reach MySQL through SSH to the server's host, for servers whose port is closed to this machine. Default 0.",
    zh: '1：通过 SSH 到服务器主机来连接 MySQL，适用于本机无法直接访问其端口的服务器。默认 0。',
  },
  defaults_file: {
    type: 'path',
    inheritance: 'inherited',
    since: '0.1',
    en: 'MySQL option file whose group [client] has user and password, in place of `user` and `password` here. Make it readable to its owner only (chmod 600).',
    zh: 'MySQL 选项文件，用其中 [client] 组的 user 和 password 代替这里的 `user` 和 `password`。请只让所有者可读（chmod 600）。',
  },
  channel: {
    type: 'string',
    inheritance: 'inherited',
    since: '0.1',
    en: 'Name of the replication channel that this cluster replicates by, on servers with several. Default: the only one, or the default channel.',
    zh: '服务器有多个复制通道时，此集群所用通道的名称。默认是唯一的通道或默认通道。',
  },
  detection: {
    type: 'detection',
    inheritance: 'inherited',
    default: 'evidence',
    since: '0.1',
    en: "How it is decided that the master is dead. classic: as MHA does, four failed pings in a row and the secondary check. evidence: as soon as the facts suffice, that is, its port refuses from here and by a second route, and every replica that can be reached has lost it; where there is only silence, as classic. Default evidence. The master's value counts.",
    zh: '如何判定主库宕机。classic：与 MHA 相同，连续四次探测失败并经二次检查。evidence：证据充分时立即判定，即其端口从本机和另一路径都拒绝连接，且所有可达的从库都已与它断开；只有无响应时仍按 classic 处理。默认 evidence。以主库的值为准。',
  },
  hook_timeout: {
    type: 'positiveInteger',
    inheritance: 'inherited',
    default: '60',
    since: '0.1',
    en: 'Longest time of one call of a script such as `master_ip_failover_script`, in seconds, a whole number from 1 on. Default 60. After that it is killed with all that it started, which counts as a failure. MHA waits for ever.',
    zh: '每次调用 `master_ip_failover_script` 等脚本的最长时间（秒），1 以上的整数，默认 60。超时后脚本及其启动的所有进程会被终止，并视为失败。MHA 会无限等待。',
  },
  fence: {
    type: 'fence',
    inheritance: 'inherited',
    default: 'none',
    since: '0.1',
    en: 'ssh: in a failover without a `shutdown_script`, kill the mysqld of the dead master over SSH, found by `master_pid_file` or by the PID file that the server named while it was alive. A host that SSH does not reach either is not fenced: who needs that gives a `shutdown_script` that switches off its power. none: leave it alone. Default none.',
    zh: 'ssh：故障切换时若未设置 `shutdown_script`，则通过 SSH 终止宕机主库的 mysqld，按 `master_pid_file` 或服务器存活时告知的 PID 文件查找。SSH 也无法到达的主机不会被隔离：如有此需要，请使用可断电的 `shutdown_script`。none：不处理。默认 none。',
  },
  fence_returning_master: {
    type: 'boolean',
    inheritance: 'inherited',
    default: '0',
    since: '0.1',
    en: '1: an old master that comes back writable after a failover is made read-only. 0: it is only reported. Default 0.',
    zh: '1：故障切换后旧主库恢复且可写时，将其设为只读。0：只报告。默认 0。',
  },
  failover_on: {
    type: 'failoverConditions',
    inheritance: 'inherited',
    default: '',
    since: '0.1',
    en: "Conditions of a master that is not dead which start a failover all the same, separated by commas: hung (accepts connections, does not answer), disk_full, too_many_connections, read_only. Default: none of them. The master's value counts.",
    zh: '主库未宕机但仍要启动故障切换的情况，用逗号分隔：hung（接受连接但不响应）、disk_full、too_many_connections、read_only。默认都不触发。以主库的值为准。',
  },
  apply_timeout: {
    type: 'positiveInteger',
    inheritance: 'inherited',
    default: '600',
    since: '0.1',
    en: 'How long a replica may take in a failover to apply what it has received, in seconds, a whole number from 1 on, before it is left behind. Default 600. MHA waits for ever.',
    zh: '故障切换时从库应用已接收日志的最长时间（秒），1 以上的整数；超时的从库会被放弃。默认 600。MHA 会无限等待。',
  },
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

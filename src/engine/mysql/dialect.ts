import type { Flavour, ServerVersion } from './types';
import { MysqlError } from './mysqlError';
import { compareVersion, parseVersion } from './version';

/**
 * The only place that knows how servers spell replication. One table: name -> spellings, newest first, each with the
 * flavour and the first version that has it. `null` = gone, or never there, from that version on.
 * Sources: the MySQL 8.0.22 … 9.x and MariaDB release notes, tried on 5.6.24, 9.7 and MariaDB 10.11.
 */
type Spelling = readonly [flavour: Flavour, since: string, text: string | null];

/** `{channel}` stands for the place of the channel: ` FOR CHANNEL ?` (MySQL) or ` ?` (MariaDB's connection name). */
const STATEMENTS = {
  showReplicaStatus: [
    ['mysql', '8.0.22', 'SHOW REPLICA STATUS'],
    ['mysql', '0', 'SHOW SLAVE STATUS'],
    ['mariadb', '10.0.1', 'SHOW ALL SLAVES STATUS'],
    ['mariadb', '0', 'SHOW SLAVE STATUS'],
  ],
  showReplicas: [
    ['mysql', '8.0.22', 'SHOW REPLICAS'],
    ['mysql', '0', 'SHOW SLAVE HOSTS'],
    ['mariadb', '0', 'SHOW SLAVE HOSTS'],
  ],
  showBinaryLogStatus: [
    ['mysql', '8.2.0', 'SHOW BINARY LOG STATUS'],
    ['mysql', '0', 'SHOW MASTER STATUS'],
    ['mariadb', '0', 'SHOW MASTER STATUS'],
  ],
  showBinaryLogs: [
    ['mysql', '0', 'SHOW BINARY LOGS'],
    ['mariadb', '0', 'SHOW BINARY LOGS'],
  ],
  startReplica: [
    ['mysql', '8.0.22', 'START REPLICA{channel}'],
    ['mysql', '0', 'START SLAVE{channel}'],
    ['mariadb', '0', 'START SLAVE{channel}'],
  ],
  startReceiver: [
    ['mysql', '8.0.22', 'START REPLICA IO_THREAD{channel}'],
    ['mysql', '0', 'START SLAVE IO_THREAD{channel}'],
    ['mariadb', '0', 'START SLAVE{channel} IO_THREAD'],
  ],
  startApplier: [
    ['mysql', '8.0.22', 'START REPLICA SQL_THREAD{channel}'],
    ['mysql', '0', 'START SLAVE SQL_THREAD{channel}'],
    ['mariadb', '0', 'START SLAVE{channel} SQL_THREAD'],
  ],
  /** Applies up to the last gap that parallel workers left: before anything relies on positions. */
  startApplierUntilNoGaps: [
    ['mysql', '8.0.22', 'START REPLICA SQL_THREAD UNTIL SQL_AFTER_MTS_GAPS{channel}'],
    ['mysql', '5.6.6', 'START SLAVE SQL_THREAD UNTIL SQL_AFTER_MTS_GAPS{channel}'],
  ],
  /** `?` relay log, `?` position, `?` number of rows. */
  showRelayLogEvents: [
    ['mysql', '0', 'SHOW RELAYLOG EVENTS IN ? FROM ? LIMIT ?{channel}'],
    ['mariadb', '0', 'SHOW RELAYLOG{channel} EVENTS IN ? FROM ? LIMIT ?'],
  ],
  /** `?` binary log, `?` position, `?` number of rows. */
  showBinaryLogEvents: [
    ['mysql', '0', 'SHOW BINLOG EVENTS IN ? FROM ? LIMIT ?'],
    ['mariadb', '0', 'SHOW BINLOG EVENTS IN ? FROM ? LIMIT ?'],
  ],
  stopReplica: [
    ['mysql', '8.0.22', 'STOP REPLICA{channel}'],
    ['mysql', '0', 'STOP SLAVE{channel}'],
    ['mariadb', '0', 'STOP SLAVE{channel}'],
  ],
  stopReceiver: [
    ['mysql', '8.0.22', 'STOP REPLICA IO_THREAD{channel}'],
    ['mysql', '0', 'STOP SLAVE IO_THREAD{channel}'],
    ['mariadb', '0', 'STOP SLAVE{channel} IO_THREAD'],
  ],
  stopApplier: [
    ['mysql', '8.0.22', 'STOP REPLICA SQL_THREAD{channel}'],
    ['mysql', '0', 'STOP SLAVE SQL_THREAD{channel}'],
    ['mariadb', '0', 'STOP SLAVE{channel} SQL_THREAD'],
  ],
  resetReplica: [
    ['mysql', '8.0.22', 'RESET REPLICA{channel}'],
    ['mysql', '0', 'RESET SLAVE{channel}'],
    ['mariadb', '0', 'RESET SLAVE{channel}'],
  ],
  resetReplicaAll: [
    ['mysql', '8.0.22', 'RESET REPLICA ALL{channel}'],
    ['mysql', '5.5.16', 'RESET SLAVE ALL{channel}'],
    ['mariadb', '0', 'RESET SLAVE{channel} ALL'],
  ],
  /** Followed by options of `SOURCE_OPTIONS`, then by `changeSourceEnd`. */
  changeSource: [
    ['mysql', '8.0.23', 'CHANGE REPLICATION SOURCE TO '],
    ['mysql', '0', 'CHANGE MASTER TO '],
    ['mariadb', '0', 'CHANGE MASTER{channel} TO '],
  ],
  changeSourceEnd: [
    ['mysql', '0', '{channel}'],
    ['mariadb', '0', ''],
  ],
  resetBinaryLogs: [
    ['mysql', '8.2.0', 'RESET BINARY LOGS AND GTIDS'],
    ['mysql', '0', 'RESET MASTER'],
    ['mariadb', '0', 'RESET MASTER'],
  ],
  purgeBinaryLogsTo: [
    ['mysql', '0', 'PURGE BINARY LOGS TO ?'],
    ['mariadb', '0', 'PURGE BINARY LOGS TO ?'],
  ],
  flushRelayLogs: [
    ['mysql', '5.5.3', 'FLUSH NO_WRITE_TO_BINLOG RELAY LOGS{channel}'],
    ['mariadb', '0', 'FLUSH NO_WRITE_TO_BINLOG RELAY LOGS'],
  ],
  flushTables: [
    ['mysql', '0', 'FLUSH NO_WRITE_TO_BINLOG TABLES'],
    ['mariadb', '0', 'FLUSH NO_WRITE_TO_BINLOG TABLES'],
  ],
  /** Forgets blocked hosts (error 1129). */
  flushHosts: [
    ['mysql', '8.0.23', 'TRUNCATE TABLE performance_schema.host_cache'],
    ['mysql', '0', 'FLUSH NO_WRITE_TO_BINLOG HOSTS'],
    ['mariadb', '0', 'FLUSH NO_WRITE_TO_BINLOG HOSTS'],
  ],
  /** `?` file, `?` position, `?` seconds. NULL: the applier is not running; -1: time-out. */
  waitForPosition: [
    ['mysql', '8.0.26', 'SELECT SOURCE_POS_WAIT(?, ?, ?{channelArgument}) AS result'],
    ['mysql', '0', 'SELECT MASTER_POS_WAIT(?, ?, ?{channelArgument}) AS result'],
    ['mariadb', '0', 'SELECT MASTER_POS_WAIT(?, ?, ?{channelArgument}) AS result'],
  ],
  /** `?` set or position, `?` seconds. MySQL: 0 done, 1 time-out. MariaDB: 0 done, -1 time-out. Needs no running applier. */
  waitForGtids: [
    ['mysql', '5.7.5', 'SELECT WAIT_FOR_EXECUTED_GTID_SET(?, ?) AS result'],
    ['mysql', '5.6.5', 'SELECT WAIT_UNTIL_SQL_THREAD_AFTER_GTIDS(?, ?) AS result'],
    ['mariadb', '10.0.8', 'SELECT MASTER_GTID_WAIT(?, ?) AS result'],
  ],
  processList: [
    ['mysql', '0', 'SHOW FULL PROCESSLIST'],
    ['mariadb', '0', 'SHOW FULL PROCESSLIST'],
  ],
  killConnection: [
    ['mysql', '0', 'KILL CONNECTION ?'],
    ['mariadb', '0', 'KILL CONNECTION ?'],
  ],
  /** `?` milliseconds (MySQL, SELECT only) or seconds (MariaDB, every statement). */
  setStatementLimit: [
    ['mysql', '5.7.8', 'SET SESSION max_execution_time = ?'],
    ['mariadb', '10.1.1', 'SET SESSION max_statement_time = ?'],
  ],
  /** `?` channel. Works with performance_schema switched off, too. */
  replicationConnectionConfiguration: [
    ['mysql', '5.7.6', 'SELECT * FROM performance_schema.replication_connection_configuration WHERE CHANNEL_NAME = ?'],
  ],
  /** `?` channel. */
  replicationApplierConfiguration: [
    ['mysql', '8.0.18', 'SELECT * FROM performance_schema.replication_applier_configuration WHERE CHANNEL_NAME = ?'],
  ],
  /** Of the only channel; newer servers tell it for each. */
  heartbeatPeriod: [
    ['mysql', '5.7.6', null],
    ['mysql', '5.5.0', "SHOW GLOBAL STATUS LIKE 'Slave_heartbeat_period'"],
  ],
  /** The account's own definition; its password hash is in there, too. */
  showCreateCurrentUser: [
    ['mysql', '5.7.6', 'SHOW CREATE USER CURRENT_USER()'],
    ['mariadb', '10.2.0', 'SHOW CREATE USER CURRENT_USER()'],
  ],
} as const satisfies Record<string, readonly Spelling[]>;

/** System variables that were renamed, or that only some servers have. All others are spelled as everybody spells them. */
const VARIABLES = {
  logReplicaUpdates: [
    ['mysql', '8.0.26', 'log_replica_updates'],
    ['mysql', '0', 'log_slave_updates'],
    ['mariadb', '0', 'log_slave_updates'],
  ],
  parallelWorkers: [
    ['mysql', '8.0.26', 'replica_parallel_workers'],
    ['mysql', '5.6.3', 'slave_parallel_workers'],
    ['mariadb', '10.0.5', 'slave_parallel_threads'],
  ],
  parallelType: [
    ['mysql', '8.3.0', null],
    ['mysql', '8.0.26', 'replica_parallel_type'],
    ['mysql', '5.7.2', 'slave_parallel_type'],
    ['mariadb', '10.1.3', 'slave_parallel_mode'],
  ],
  preserveCommitOrder: [
    ['mysql', '8.0.26', 'replica_preserve_commit_order'],
    ['mysql', '5.7.5', 'slave_preserve_commit_order'],
  ],
  netTimeout: [
    ['mysql', '8.0.26', 'replica_net_timeout'],
    ['mysql', '0', 'slave_net_timeout'],
    ['mariadb', '0', 'slave_net_timeout'],
  ],
  /** Of a session that applies what a source logged, as mysqlbinlog's output sets it. */
  pseudoReplicaMode: [
    ['mysql', '8.0.26', 'pseudo_replica_mode'],
    ['mysql', '5.6.10', 'pseudo_slave_mode'],
    ['mariadb', '10.0.3', 'pseudo_slave_mode'],
  ],
  superReadOnly: [['mysql', '5.7.8', 'super_read_only']],
  offlineMode: [['mysql', '5.7.5', 'offline_mode']],
  gtidMode: [['mysql', '5.6.5', 'gtid_mode']],
  gtidExecuted: [['mysql', '5.6.9', 'gtid_executed']],
  gtidPurged: [['mysql', '5.6.9', 'gtid_purged']],
  gtidCurrentPos: [['mariadb', '10.0.2', 'gtid_current_pos']],
  gtidBinlogPos: [['mariadb', '10.0.2', 'gtid_binlog_pos']],
  gtidSlavePos: [['mariadb', '10.0.2', 'gtid_slave_pos']],
  gtidStrictMode: [['mariadb', '10.0.3', 'gtid_strict_mode']],
  serverUuid: [['mysql', '5.6.0', 'server_uuid']],
  binlogEncryption: [
    ['mysql', '8.0.14', 'binlog_encryption'],
    ['mariadb', '10.1.7', 'encrypt_binlog'],
  ],
  binlogDirectory: [
    ['mysql', '5.6.2', 'log_bin_basename'],
    ['mariadb', '10.1.3', 'log_bin_basename'],
  ],
  relayLogDirectory: [
    ['mysql', '5.6.2', 'relay_log_basename'],
    ['mariadb', '10.1.3', 'relay_log_basename'],
  ],
  relayLogInfoRepository: [
    ['mysql', '8.3.0', null],
    ['mysql', '5.6.2', 'relay_log_info_repository'],
  ],
  masterInfoRepository: [
    ['mysql', '8.3.0', null],
    ['mysql', '5.6.2', 'master_info_repository'],
  ],
  transactionIsolation: [
    ['mysql', '5.7.20', 'transaction_isolation'],
    ['mysql', '0', 'tx_isolation'],
    ['mariadb', '11.1.1', 'transaction_isolation'],
    ['mariadb', '0', 'tx_isolation'],
  ],
} as const satisfies Record<string, readonly Spelling[]>;

/**
 * Semi-synchronous replication is named by the plugin that is installed, not by the version: from 8.0.26 to 8.3 either
 * may be there. `*` is `source`/`master` or `replica`/`slave`.
 */
const SEMI_SYNC = {
  sourceEnabled: ['rpl_semi_sync_source_enabled', 'rpl_semi_sync_master_enabled'],
  sourceTimeout: ['rpl_semi_sync_source_timeout', 'rpl_semi_sync_master_timeout'],
  sourceWaitForReplicaCount: [
    'rpl_semi_sync_source_wait_for_replica_count',
    'rpl_semi_sync_master_wait_for_slave_count',
  ],
  replicaEnabled: ['rpl_semi_sync_replica_enabled', 'rpl_semi_sync_slave_enabled'],
  sourceStatus: ['Rpl_semi_sync_source_status', 'Rpl_semi_sync_master_status'],
  sourceClients: ['Rpl_semi_sync_source_clients', 'Rpl_semi_sync_master_clients'],
  sourceWaitSessions: ['Rpl_semi_sync_source_wait_sessions', 'Rpl_semi_sync_master_wait_sessions'],
  replicaStatus: ['Rpl_semi_sync_replica_status', 'Rpl_semi_sync_slave_status'],
} as const satisfies Record<string, readonly [current: string, former: string]>;

/** Columns of `showReplicaStatus` and `showReplicas` whose names changed with the statement. Others kept theirs. */
const COLUMNS = {
  sourceHost: ['Source_Host', 'Master_Host'],
  sourcePort: ['Source_Port', 'Master_Port'],
  sourceUser: ['Source_User', 'Master_User'],
  sourceServerId: ['Source_Server_Id', 'Master_Server_Id'],
  sourceUuid: ['Source_UUID', 'Master_UUID'],
  receivedFile: ['Source_Log_File', 'Master_Log_File'],
  receivedPosition: ['Read_Source_Log_Pos', 'Read_Master_Log_Pos'],
  appliedFile: ['Relay_Source_Log_File', 'Relay_Master_Log_File'],
  appliedPosition: ['Exec_Source_Log_Pos', 'Exec_Master_Log_Pos'],
  receiverRunning: ['Replica_IO_Running', 'Slave_IO_Running'],
  applierRunning: ['Replica_SQL_Running', 'Slave_SQL_Running'],
  secondsBehind: ['Seconds_Behind_Source', 'Seconds_Behind_Master'],
  tlsAllowed: ['Source_SSL_Allowed', 'Master_SSL_Allowed'],
  tlsCa: ['Source_SSL_CA_File', 'Master_SSL_CA_File'],
  tlsCaPath: ['Source_SSL_CA_Path', 'Master_SSL_CA_Path'],
  tlsCert: ['Source_SSL_Cert', 'Master_SSL_Cert'],
  tlsCipher: ['Source_SSL_Cipher', 'Master_SSL_Cipher'],
  tlsKey: ['Source_SSL_Key', 'Master_SSL_Key'],
  tlsVerify: ['Source_SSL_Verify_Server_Cert', 'Master_SSL_Verify_Server_Cert'],
  tlsCrl: ['Source_SSL_Crl', 'Master_SSL_Crl'],
  tlsCrlPath: ['Source_SSL_Crlpath', 'Master_SSL_Crlpath'],
  tlsVersion: ['Source_TLS_Version', 'Master_TLS_Version'],
  publicKeyPath: ['Source_public_key_path', 'Master_public_key_path'],
  getPublicKey: ['Get_Source_public_key', 'Get_master_public_key'],
  retryCount: ['Source_Retry_Count', 'Master_Retry_Count'],
  bind: ['Source_Bind', 'Master_Bind'],
  replicaUuid: ['Replica_UUID', 'Slave_UUID'],
} as const satisfies Record<string, readonly [current: string, former: string]>;

/** Options of `changeSource`, without their SOURCE_ or MASTER_: which servers have them. */
const SOURCE_OPTIONS = {
  host: ['HOST', '0', '0'],
  port: ['PORT', '0', '0'],
  user: ['USER', '0', '0'],
  password: ['PASSWORD', '0', '0'],
  connectRetry: ['CONNECT_RETRY', '0', '0'],
  logFile: ['LOG_FILE', '0', '0'],
  logPosition: ['LOG_POS', '0', '0'],
  heartbeatPeriod: ['HEARTBEAT_PERIOD', '0', '0'],
  ssl: ['SSL', '0', '0'],
  sslCa: ['SSL_CA', '0', '0'],
  sslCaPath: ['SSL_CAPATH', '0', '0'],
  sslCert: ['SSL_CERT', '0', '0'],
  sslCipher: ['SSL_CIPHER', '0', '0'],
  sslKey: ['SSL_KEY', '0', '0'],
  sslVerifyServerCert: ['SSL_VERIFY_SERVER_CERT', '0', '0'],
  sslCrl: ['SSL_CRL', '5.6.3', '10.0.0'],
  sslCrlPath: ['SSL_CRLPATH', '5.6.3', '10.0.0'],
  bind: ['BIND', '5.6.2', null],
  retryCount: ['RETRY_COUNT', '5.6.1', '12.0.1'],
  delay: ['DELAY', '5.6.0', '10.2.3'],
  autoPosition: ['AUTO_POSITION', '5.6.5', null],
  /** MariaDB: slave_pos, current_pos, no, replica_pos; a word, not a string. */
  useGtid: ['USE_GTID', null, '10.0.2'],
  tlsVersion: ['TLS_VERSION', '5.7.10', null],
  tlsCiphersuites: ['TLS_CIPHERSUITES', '8.0.19', null],
  publicKeyPath: ['PUBLIC_KEY_PATH', '8.0.4', null],
  compressionAlgorithms: ['COMPRESSION_ALGORITHMS', '8.0.18', null],
  zstdCompressionLevel: ['ZSTD_COMPRESSION_LEVEL', '8.0.18', null],
  connectionAutoFailover: ['CONNECTION_AUTO_FAILOVER', '8.0.22', null],
  /** The rest has neither SOURCE_ nor MASTER_, or has it in the middle. */
  getPublicKey: ['GET_*_PUBLIC_KEY', '8.0.4', null],
  relayLogFile: ['=RELAY_LOG_FILE', '0', '0'],
  relayLogPosition: ['=RELAY_LOG_POS', '0', '0'],
  ignoreServerIds: ['=IGNORE_SERVER_IDS', '0', '0'],
  networkNamespace: ['=NETWORK_NAMESPACE', '8.0.22', null],
  requireRowFormat: ['=REQUIRE_ROW_FORMAT', '8.0.19', null],
  requireTablePrimaryKeyCheck: ['=REQUIRE_TABLE_PRIMARY_KEY_CHECK', '8.0.20', null],
  privilegeChecksUser: ['=PRIVILEGE_CHECKS_USER', '8.0.18', null],
  assignGtids: ['=ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS', '8.0.23', null],
  gtidOnly: ['=GTID_ONLY', '8.0.27', null],
} as const satisfies Record<string, readonly [name: string, mysqlSince: string | null, mariadbSince: string | null]>;

export type StatementName = keyof typeof STATEMENTS;
export type VariableName = keyof typeof VARIABLES;
export type SemiSyncName = keyof typeof SEMI_SYNC;
export type ColumnName = keyof typeof COLUMNS;
export type SourceOption = keyof typeof SOURCE_OPTIONS;

/** A statement with its values, ready for `MysqlServer.query`. */
export interface Statement {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** How one server spells things. Pure; made once per connection. */
export interface Dialect {
  readonly version: ServerVersion;
  /** Named channels (MySQL 5.7.6, MariaDB 10.0.1 as "connections"). */
  readonly hasChannels: boolean;
  has(name: StatementName): boolean;
  /**
   * The statement, for one channel where it takes one: absent = all channels (or the default one, where the server has
   * no channels). Throws MysqlError `unsupported` at once where the server has no such statement, or no channels.
   */
  statement(name: StatementName, values?: readonly unknown[], channel?: string): Statement;
  /** Absent where the server has no such variable. */
  variable(name: VariableName): string | undefined;
  /** Candidates in order of preference: which one a server has depends on the plugin that is loaded. */
  semiSync(name: SemiSyncName): readonly string[];
  /** Name of a column in the rows of `showReplicaStatus` and `showReplicas`. */
  column(name: ColumnName): string;
  /** Name of an option of `changeSource`; absent where the server has no such option. */
  sourceOption(name: SourceOption): string | undefined;
}

const parsed = new Map<string, ServerVersion>();
function atLeast(version: ServerVersion, since: string): boolean {
  let v = parsed.get(since);
  if (v === undefined) parsed.set(since, (v = parseVersion(since)));
  return compareVersion(version, v) >= 0;
}

function spelling(rows: readonly Spelling[], version: ServerVersion): string | undefined {
  const row = rows.find(([flavour, since]) => flavour === version.flavour && atLeast(version, since));
  return row?.[2] ?? undefined;
}

/** The dialect of a server of this version. */
export function dialectOf(version: ServerVersion): Dialect {
  const mysql = version.flavour === 'mysql';
  const newColumns = mysql && atLeast(version, '8.0.22');
  const newOptions = mysql && atLeast(version, '8.0.23');
  const hasChannels = atLeast(version, mysql ? '5.7.6' : '10.0.1');
  const unsupported = (what: string): MysqlError =>
    new MysqlError('unsupported', 'UNSUPPORTED', `${version.text} has no ${what}`);

  return {
    version,
    hasChannels,
    has: name => spelling(STATEMENTS[name], version) !== undefined,
    statement(name, values = [], channel) {
      const text = spelling(STATEMENTS[name], version);
      if (text === undefined) throw unsupported(name);
      if (channel !== undefined && channel !== '' && !hasChannels) throw unsupported('replication channels');
      const named = channel !== undefined && hasChannels;
      const all: unknown[] = [];
      let next = 0;
      const sql = text.replace(/\{channel(Argument)?\}|\?/g, (mark, argument?: string) => {
        if (mark === '?') {
          all.push(values[next++]);
          return '?';
        }
        // The default channel of MariaDB is the empty connection name, too.
        if (!named) return '';
        all.push(channel);
        if (argument) return ', ?';
        return mysql ? ' FOR CHANNEL ?' : ' ?';
      });
      all.push(...values.slice(next));
      return { sql, values: all };
    },
    variable: name => spelling(VARIABLES[name], version),
    semiSync(name) {
      const [current, former] = SEMI_SYNC[name];
      return mysql && atLeast(version, '8.0.26') ? [current, former] : [former];
    },
    column: name => COLUMNS[name][newColumns ? 0 : 1],
    sourceOption(name) {
      const [text, mysqlSince, mariadbSince] = SOURCE_OPTIONS[name];
      const since: string | null = mysql ? mysqlSince : mariadbSince;
      if (since === null || !atLeast(version, since)) return undefined;
      const side = newOptions ? 'SOURCE' : 'MASTER';
      if (text.startsWith('=')) return text.slice(1);
      return text.includes('*') ? text.replace('*', side).toUpperCase() : `${side}_${text}`;
    },
  };
}

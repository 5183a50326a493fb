import path from 'node:path';
import type { Dialect, VariableName } from './dialect';
import { MysqlError } from './mysqlError';
import { channelsOf, registeredReplicasOf } from './replicaStatus';
import type { MysqlServer, QueryOptions, Row } from './server';
import type { SemiSync, ServerState } from './types';
import { commaList, flag, number, optional, text } from './values';

export interface ReadOptions {
  /** Milliseconds for everything; default 5,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const DEFAULT_READ_TIMEOUT_MS = 5_000;

/** Spelled the same by every server that has them. */
const PLAIN = [
  'server_id',
  'hostname',
  'port',
  'report_host',
  'report_port',
  'read_only',
  'log_bin',
  'binlog_format',
  'binlog_row_image',
  'binlog_checksum',
  'datadir',
  'relay_log_purge',
  'relay_log_recovery',
  'sync_binlog',
  'innodb_flush_log_at_trx_commit',
  'lower_case_table_names',
  'character_set_server',
  'event_scheduler',
  'max_connections',
] as const;

const RENAMED = [
  'logReplicaUpdates',
  'parallelWorkers',
  'preserveCommitOrder',
  'superReadOnly',
  'offlineMode',
  'gtidMode',
  'gtidExecuted',
  'gtidPurged',
  'gtidCurrentPos',
  'gtidBinlogPos',
  'gtidSlavePos',
  'gtidStrictMode',
  'serverUuid',
  'binlogEncryption',
  'binlogDirectory',
] as const satisfies readonly VariableName[];

const SEMI_SYNC_VARIABLES = ['sourceEnabled', 'sourceTimeout', 'sourceWaitForReplicaCount', 'replicaEnabled'] as const;
const SEMI_SYNC_STATUS = ['sourceStatus', 'sourceClients', 'sourceWaitSessions', 'replicaStatus'] as const;

/** What is asked of one server again and again. */
interface Questions {
  readonly status: string;
  /** Asked once: tells which of the variables this server has. */
  readonly discover: string;
  /** Names that it has; their SELECT costs a tenth of SHOW VARIABLES. */
  known?: readonly string[];
  select?: string;
}

/** By connection; plugins rarely come and go while it lives, and the status rows tell when they do. */
const questionsOf = new WeakMap<MysqlServer, Questions>();

function questions(server: MysqlServer): Questions {
  let q = questionsOf.get(server);
  if (!q) {
    const { dialect } = server;
    const names = [
      ...PLAIN,
      ...RENAMED.map(name => dialect.variable(name)).filter(name => name !== undefined),
      ...SEMI_SYNC_VARIABLES.flatMap(name => dialect.semiSync(name)),
    ];
    const status = ['Uptime', 'Threads_connected', ...SEMI_SYNC_STATUS.flatMap(name => dialect.semiSync(name))];
    const among = (list: readonly string[]): string => list.map(name => `'${name}'`).join(',');
    q = {
      discover: `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${among(names)})`,
      status: `SHOW GLOBAL STATUS WHERE Variable_name IN (${among(status)})`,
    };
    questionsOf.set(server, q);
  }
  return q;
}

/** ER_UNKNOWN_SYSTEM_VARIABLE: a plugin was unloaded since the variables were discovered. */
const UNKNOWN_VARIABLE = 1193;
/** ER_NO_BINARY_LOGGING: no position, and nothing missing. */
const NO_BINARY_LOGGING = 1381;

async function readVariables(server: MysqlServer, options: QueryOptions): Promise<Row> {
  const q = questions(server);
  if (q.select !== undefined) {
    try {
      return (await server.query(q.select, [], options))[0] ?? {};
    } catch (error) {
      if (!(error instanceof MysqlError) || error.errno !== UNKNOWN_VARIABLE) throw error;
    }
  }
  const rows = await server.query(q.discover, [], options);
  const variables: Row = {};
  for (const row of rows) variables[(text(row, 'Variable_name') ?? '').toLowerCase()] = row['Value'];
  q.known = Object.keys(variables);
  q.select = `SELECT ${q.known.map(name => `@@global.${name} AS \`${name}\``).join(', ')}`;
  return variables;
}

async function readStatus(server: MysqlServer, options: QueryOptions): Promise<Row> {
  const status: Row = {};
  for (const row of await server.query(questions(server).status, [], options))
    status[(text(row, 'Variable_name') ?? '').toLowerCase()] = row['Value'];
  return status;
}

/**
 * Reads everything about one server in five statements. Rejects with MysqlError when there is no state to speak of: the
 * connection was lost, or not even the variables could be read. What is missing for want of a privilege, or because one
 * statement hangs (SHOW REPLICA STATUS behind a STOP REPLICA), is listed in `unread`.
 */
export async function readServerState(server: MysqlServer, options: ReadOptions = {}): Promise<ServerState> {
  const { dialect } = server;
  const query: QueryOptions = { timeoutMs: DEFAULT_READ_TIMEOUT_MS, ...options };
  const unread: ServerState['unread'][number][] = [];
  const tolerant = async <T>(what: string, work: Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof MysqlError)) throw error;
      if (error.errno === NO_BINARY_LOGGING) return otherwise;
      if (error.kind !== 'server' && error.kind !== 'timeout') throw error;
      unread.push({ what, ...optional('errno', error.errno), text: error.message });
      return otherwise;
    }
  };
  const rows = (name: 'showBinaryLogStatus' | 'showReplicas' | 'showReplicaStatus'): Promise<Row[]> =>
    tolerant(name, server.query(dialect.statement(name).sql, [], query), []);

  // One connection answers in this order; the one that may hang comes last.
  const [variables, status, binlog, replicas, channels] = await Promise.all([
    readVariables(server, query),
    tolerant('status', readStatus(server, query), {}),
    rows('showBinaryLogStatus'),
    rows('showReplicas'),
    rows('showReplicaStatus'),
  ]);
  forgetIfPluginsChanged(server, variables, status);

  const v = (name: VariableName): string => dialect.variable(name) ?? '';
  const binlogRow = binlog[0] ?? {};
  const binlogFile = text(binlogRow, 'File');
  const basename = text(variables, v('binlogDirectory'));
  const logBin = flag(variables, 'log_bin') === true;
  return {
    version: server.version,
    serverId: number(variables, 'server_id') ?? 0,
    ...optional('serverUuid', text(variables, v('serverUuid')) || undefined),
    hostname: text(variables, 'hostname') ?? '',
    port: number(variables, 'port') ?? server.address.port,
    ...optional('reportHost', text(variables, 'report_host') || undefined),
    ...optional('reportPort', number(variables, 'report_port') || undefined),
    readOnly: flag(variables, 'read_only') === true,
    ...optional('superReadOnly', flag(variables, v('superReadOnly'))),
    ...optional('offlineMode', flag(variables, v('offlineMode'))),
    logBin,
    logReplicaUpdates: flag(variables, v('logReplicaUpdates')) === true,
    ...optional('binlogFormat', text(variables, 'binlog_format')),
    ...optional('binlogRowImage', text(variables, 'binlog_row_image')),
    ...optional('binlogChecksum', text(variables, 'binlog_checksum')),
    binlogEncrypted: flag(variables, v('binlogEncryption')) === true,
    ...optional('binlogDirectory', logBin && basename ? path.posix.dirname(basename) : undefined),
    ...optional(
      'binlogPosition',
      binlogFile ? { file: binlogFile, position: number(binlogRow, 'Position') ?? 0 } : undefined,
    ),
    binlogDoDb: commaList(text(binlogRow, 'Binlog_Do_DB')),
    binlogIgnoreDb: commaList(text(binlogRow, 'Binlog_Ignore_DB')),
    ...optional('gtidMode', text(variables, v('gtidMode')) as ServerState['gtidMode']),
    ...optional('gtidExecuted', gtids(variables, dialect)),
    ...optional('gtidPurged', text(variables, v('gtidPurged'))),
    ...optional('gtidBinlogPos', text(variables, v('gtidBinlogPos'))),
    ...optional('gtidSlavePos', text(variables, v('gtidSlavePos'))),
    ...optional('gtidStrictMode', flag(variables, v('gtidStrictMode'))),
    datadir: text(variables, 'datadir') ?? '',
    relayLogPurge: flag(variables, 'relay_log_purge') === true,
    ...optional('relayLogRecovery', flag(variables, 'relay_log_recovery')),
    parallelWorkers: number(variables, v('parallelWorkers')) ?? 0,
    ...optional('preserveCommitOrder', flag(variables, v('preserveCommitOrder'))),
    ...optional('syncBinlog', number(variables, 'sync_binlog')),
    ...optional('flushLogAtTrxCommit', number(variables, 'innodb_flush_log_at_trx_commit')),
    lowerCaseTableNames: number(variables, 'lower_case_table_names') ?? 0,
    characterSet: text(variables, 'character_set_server') ?? '',
    ...optional('eventScheduler', text(variables, 'event_scheduler')),
    maxConnections: number(variables, 'max_connections') ?? 0,
    connections: number(status, 'threads_connected') ?? 0,
    uptimeSeconds: number(status, 'uptime') ?? 0,
    semiSync: semiSyncOf(variables, status, dialect),
    channels: channelsOf(channels, dialect),
    registeredReplicas: registeredReplicasOf(replicas, dialect),
    unread,
  };
}

function gtids(variables: Row, dialect: Dialect): string | undefined {
  const name = dialect.variable('gtidExecuted') ?? dialect.variable('gtidCurrentPos');
  // MySQL breaks long sets into lines.
  return name === undefined ? undefined : text(variables, name)?.replace(/\s+/g, '');
}

/** The first of the candidate names that the server has. */
function first(row: Row, names: readonly string[]): string {
  return names.map(name => name.toLowerCase()).find(name => row[name] !== undefined) ?? '';
}

function semiSyncOf(variables: Row, status: Row, dialect: Dialect): SemiSync {
  const variable = (name: (typeof SEMI_SYNC_VARIABLES)[number]): string => first(variables, dialect.semiSync(name));
  const counter = (name: (typeof SEMI_SYNC_STATUS)[number]): string => first(status, dialect.semiSync(name));
  const sourceEnabled = flag(variables, variable('sourceEnabled'));
  const replicaEnabled = flag(variables, variable('replicaEnabled'));
  return {
    ...optional(
      'source',
      sourceEnabled === undefined
        ? undefined
        : {
            enabled: sourceEnabled,
            active: flag(status, counter('sourceStatus')) === true,
            clients: number(status, counter('sourceClients')) ?? 0,
            waitForReplicas: number(variables, variable('sourceWaitForReplicaCount')) ?? 1,
            timeoutMs: number(variables, variable('sourceTimeout')) ?? 0,
            waitingSessions: number(status, counter('sourceWaitSessions')) ?? 0,
          },
    ),
    ...optional(
      'replica',
      replicaEnabled === undefined
        ? undefined
        : { enabled: replicaEnabled, active: flag(status, counter('replicaStatus')) === true },
    ),
  };
}

/** A semi-sync plugin that was loaded after the variables were discovered shows in the status rows first. */
function forgetIfPluginsChanged(server: MysqlServer, variables: Row, status: Row): void {
  const { dialect } = server;
  const pairs = [
    ['sourceStatus', 'sourceEnabled'],
    ['replicaStatus', 'replicaEnabled'],
  ] as const;
  const isNew = pairs.some(
    ([counter, variable]) =>
      first(status, dialect.semiSync(counter)) !== '' && first(variables, dialect.semiSync(variable)) === '',
  );
  if (isNew) questionsOf.delete(server);
}

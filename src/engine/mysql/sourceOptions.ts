import { Secret } from '../../config/secret';
import type { Dialect, SourceOption, Statement } from './dialect';
import { MysqlError } from './mysqlError';
import type { MysqlServer, QueryOptions, Row } from './server';
import { flag, number, optional, text } from './values';

/** Options of one replication channel, as CHANGE REPLICATION SOURCE takes them. Absent: leave as it is, or the default. */
export interface SourceOptions {
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: Secret;
  /** Seconds. */
  readonly connectRetry?: number;
  readonly retryCount?: number;
  /** Seconds, with fractions. Changing host or port sets it back, unless it is given again. */
  readonly heartbeatPeriod?: number;
  /** Seconds. */
  readonly delay?: number;
  readonly bind?: string;
  readonly logFile?: string;
  readonly logPosition?: number;
  readonly relayLogFile?: string;
  readonly relayLogPosition?: number;
  readonly autoPosition?: boolean;
  readonly useGtid?: 'slave_pos' | 'current_pos' | 'no';
  readonly ssl?: boolean;
  readonly sslCa?: string;
  readonly sslCaPath?: string;
  readonly sslCert?: string;
  readonly sslCipher?: string;
  readonly sslKey?: string;
  readonly sslVerifyServerCert?: boolean;
  readonly sslCrl?: string;
  readonly sslCrlPath?: string;
  readonly tlsVersion?: string;
  readonly tlsCiphersuites?: string;
  readonly publicKeyPath?: string;
  readonly getPublicKey?: boolean;
  readonly compressionAlgorithms?: string;
  readonly zstdCompressionLevel?: number;
  readonly connectionAutoFailover?: boolean;
  readonly ignoreServerIds?: readonly number[];
  readonly networkNamespace?: string;
  readonly requireRowFormat?: boolean;
  readonly requireTablePrimaryKeyCheck?: 'STREAM' | 'ON' | 'OFF' | 'GENERATE';
  /** `user@host`, unquoted. */
  readonly privilegeChecksUser?: string;
  /** OFF, LOCAL or a UUID. */
  readonly assignGtids?: string;
  readonly gtidOnly?: boolean;
}

/** Options whose values are words of the statement, and which. */
const WORDS: Partial<Record<SourceOption, RegExp>> = {
  useGtid: /^(slave_pos|current_pos|no)$/,
  requireTablePrimaryKeyCheck: /^(STREAM|ON|OFF|GENERATE)$/,
};

type Value = SourceOptions[keyof SourceOptions];

/** The statement that points a channel at a source. Throws MysqlError `unsupported` for what this server does not know. */
export function changeSource(dialect: Dialect, options: SourceOptions, channel?: string): Statement {
  const head = dialect.statement('changeSource', [], channel);
  const end = dialect.statement('changeSourceEnd', [], channel);
  const parts: string[] = [];
  const values: unknown[] = [];
  for (const [key, value] of Object.entries(options) as [SourceOption, Value][]) {
    if (value === undefined) continue;
    const name = dialect.sourceOption(key);
    if (name === undefined)
      throw new MysqlError('unsupported', 'UNSUPPORTED', `${dialect.version.text} has no ${key} for a source`);
    const [sql, ...bound] = assignment(key, value);
    parts.push(`${name} = ${sql}`);
    values.push(...bound);
  }
  return { sql: `${head.sql}${parts.join(', ')}${end.sql}`, values: [...head.values, ...values, ...end.values] };
}

function assignment(key: SourceOption, value: NonNullable<Value>): [sql: string, ...values: unknown[]] {
  const words = WORDS[key] ?? (key === 'assignGtids' ? /^(OFF|LOCAL)$/ : undefined);
  if (words && typeof value === 'string') {
    if (words.test(value)) return [value];
    if (key !== 'assignGtids') throw new MysqlError('unsupported', 'UNSUPPORTED', `${value} is no value of ${key}`);
  }
  if (key === 'privilegeChecksUser' && typeof value === 'string') {
    const at = value.lastIndexOf('@');
    return at < 0 ? ['?', value] : ['?@?', value.slice(0, at), value.slice(at + 1)];
  }
  if (value instanceof Secret) return ['?', value.reveal()];
  if (typeof value === 'boolean') return [value ? '1' : '0'];
  if (Array.isArray(value)) return [`(${value.map(() => '?').join(', ')})`, ...(value as readonly number[])];
  return ['?', value];
}

/**
 * All connection options of a channel, its position left out, so that another server (or this one, after RESET … ALL) can
 * be given the same. The password is not read. Undefined: no such channel. Rejects with MysqlError.
 */
export async function readSourceOptions(
  server: MysqlServer,
  channel = '',
  query?: QueryOptions,
): Promise<SourceOptions | undefined> {
  const { dialect } = server;
  const rows = await server.query(dialect.statement('showReplicaStatus').sql, [], query);
  const status = rows.find(row => (text(row, 'Channel_Name') ?? text(row, 'Connection_name') ?? '') === channel);
  if (status === undefined) return undefined;
  const [connection, applier, heartbeat] = await Promise.all([
    configuration(server, 'replicationConnectionConfiguration', channel, query),
    configuration(server, 'replicationApplierConfiguration', channel, query),
    heartbeatOf(server, query),
  ]);
  return { ...ofStatus(status, dialect), ...heartbeat, ...ofConnection(connection), ...ofApplier(applier) };
}

/** A row of performance_schema; empty where the server has no such table or it may not be read. */
async function configuration(
  server: MysqlServer,
  name: 'replicationConnectionConfiguration' | 'replicationApplierConfiguration',
  channel: string,
  query?: QueryOptions,
): Promise<Row> {
  if (!server.dialect.has(name)) return {};
  const statement = server.dialect.statement(name, [channel]);
  return tolerant(server.query(statement.sql, statement.values, query));
}

async function heartbeatOf(server: MysqlServer, query?: QueryOptions): Promise<SourceOptions> {
  if (!server.dialect.has('heartbeatPeriod')) return {};
  const row = await tolerant(server.query(server.dialect.statement('heartbeatPeriod').sql, [], query));
  return optional('heartbeatPeriod', number(row, 'Value'));
}

async function tolerant(rows: Promise<Row[]>): Promise<Row> {
  try {
    return (await rows)[0] ?? {};
  } catch (error) {
    if (error instanceof MysqlError && error.kind === 'server') return {};
    throw error;
  }
}

function ofStatus(row: Row, dialect: Dialect): SourceOptions {
  const s = (column: Parameters<Dialect['column']>[0]): string | undefined =>
    text(row, dialect.column(column)) || undefined;
  const usingGtid = text(row, 'Using_Gtid')?.toLowerCase() as SourceOptions['useGtid'];
  const ignored = text(row, 'Replicate_Ignore_Server_Ids')?.match(/\d+/g)?.map(Number);
  return {
    ...optional('host', s('sourceHost')),
    ...optional('port', number(row, dialect.column('sourcePort'))),
    ...optional('user', s('sourceUser')),
    ...optional('connectRetry', number(row, 'Connect_Retry')),
    ...optional('retryCount', number(row, dialect.column('retryCount'))),
    ...optional('heartbeatPeriod', number(row, 'Slave_heartbeat_period')),
    ...optional('delay', number(row, 'SQL_Delay') || undefined),
    ...optional('bind', s('bind')),
    ...optional('autoPosition', flag(row, 'Auto_Position')),
    ...optional('useGtid', usingGtid),
    ssl: flag(row, dialect.column('tlsAllowed')) === true,
    ...optional('sslCa', s('tlsCa')),
    ...optional('sslCaPath', s('tlsCaPath')),
    ...optional('sslCert', s('tlsCert')),
    ...optional('sslCipher', s('tlsCipher')),
    ...optional('sslKey', s('tlsKey')),
    ...optional('sslVerifyServerCert', flag(row, dialect.column('tlsVerify')) || undefined),
    ...optional('sslCrl', s('tlsCrl')),
    ...optional('sslCrlPath', s('tlsCrlPath')),
    ...optional('tlsVersion', s('tlsVersion')),
    ...optional('publicKeyPath', s('publicKeyPath')),
    ...optional('getPublicKey', flag(row, dialect.column('getPublicKey'))),
    ...optional('ignoreServerIds', ignored && ignored.length > 0 ? ignored : undefined),
    ...optional('networkNamespace', text(row, 'Network_Namespace') || undefined),
  };
}

function ofConnection(row: Row): SourceOptions {
  const compression = text(row, 'COMPRESSION_ALGORITHM');
  return {
    ...optional('heartbeatPeriod', number(row, 'HEARTBEAT_INTERVAL')),
    ...optional('compressionAlgorithms', compression),
    ...optional(
      'zstdCompressionLevel',
      compression?.includes('zstd') ? number(row, 'ZSTD_COMPRESSION_LEVEL') : undefined,
    ),
    ...optional('tlsCiphersuites', text(row, 'TLS_CIPHERSUITES') || undefined),
    ...optional('connectionAutoFailover', flag(row, 'SOURCE_CONNECTION_AUTO_FAILOVER') || undefined),
    ...optional('gtidOnly', flag(row, 'GTID_ONLY') || undefined),
  };
}

function ofApplier(row: Row): SourceOptions {
  const kind = text(row, 'ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS_TYPE');
  const uuid = text(row, 'ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS_VALUE');
  const check = text(row, 'REQUIRE_TABLE_PRIMARY_KEY_CHECK') as SourceOptions['requireTablePrimaryKeyCheck'];
  return {
    ...optional(
      'privilegeChecksUser',
      text(row, 'PRIVILEGE_CHECKS_USER')?.replace(/^['`](.*)['`]@['`](.*)['`]$/s, '$1@$2'),
    ),
    ...optional('requireRowFormat', flag(row, 'REQUIRE_ROW_FORMAT') || undefined),
    ...optional('requireTablePrimaryKeyCheck', check === 'STREAM' ? undefined : check),
    ...optional('assignGtids', kind === 'UUID' ? uuid : kind === 'LOCAL' ? kind : undefined),
  };
}

/** Splits options into what a server can take and what it has no option for (to be reported, never dropped silently). */
export function carryOver(
  options: SourceOptions,
  dialect: Dialect,
): { readonly options: SourceOptions; readonly unknown: readonly SourceOption[] } {
  const entries = Object.entries(options) as [SourceOption, Value][];
  const knows = ([name]: [SourceOption, Value]): boolean => dialect.sourceOption(name) !== undefined;
  return {
    options: Object.fromEntries(entries.filter(knows)),
    unknown: entries.filter(entry => !knows(entry)).map(([name]) => name),
  };
}

import { connect, type TlsOptions } from '../mysql/connect';
import { MysqlError } from '../mysql/mysqlError';
import type { MysqlServer } from '../mysql/server';
import type { Address, ConnectFailure, Credentials } from '../mysql/types';
import type { Host } from '../ssh/types';

export interface InsertOptions {
  readonly credentials: Credentials;
  readonly tls: TlsOptions;
  /** Milliseconds of the login, and again of the statements. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** `alive`: it answers, but whether it can be written to is not known: the account is not allowed to find out. */
export type WriteTest = 'written' | 'alive' | 'notWritable';

/** Those of the pings of type INSERT of Perl's MHA: both keep the same row. */
const INSERT =
  'INSERT INTO infra.chk_masterha VALUES (1, unix_timestamp()) ON DUPLICATE KEY UPDATE val = unix_timestamp()';
const CREATE = [
  'CREATE DATABASE IF NOT EXISTS infra',
  "CREATE TABLE IF NOT EXISTS infra.chk_masterha (`key` tinyint NOT NULL PRIMARY KEY, `val` int(10) unsigned NOT NULL DEFAULT '0')",
];

/** ER_BAD_DB_ERROR, ER_NO_SUCH_TABLE. */
const MISSING = new Set([1049, 1146]);
/** Access denied: to a database, at login, to a table, to a column, for lack of a privilege; a password that must be changed. */
const NOT_ALLOWED = new Set([1044, 1045, 1142, 1143, 1227, 1820]);

/** Ends of a login without a word of the server. */
const NO_ANSWER: ReadonlySet<ConnectFailure['kind']> = new Set(['refused', 'timeout', 'silent', 'unreachable', 'closed', 'tunnel']); // prettier-ignore

/** Logs in to the master through a host and writes the row of `ping_type=INSERT`. Rejects when cancelled, or with SshError if the host is lost. */
export async function testWrite(host: Host, address: Address, options: InsertOptions): Promise<WriteTest> {
  const { credentials, tls, timeoutMs, signal } = options;
  const result = await connect({
    address,
    credentials,
    tls,
    timeoutMs,
    openStream: () => host.tunnel(address.host, address.port),
    ...(signal && { signal }),
  });
  signal?.throwIfAborted();
  // A server that refuses the login is not dead; MHA would take it for one.
  if (!result.ok) return NO_ANSWER.has(result.failure.kind) ? silent(host, options) : 'alive';
  await using server = result.server;
  try {
    await insert(server, options);
    return 'written';
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof MysqlError)) throw error;
    if (error.errno === undefined) return silent(host, options);
    return NOT_ALLOWED.has(error.errno) ? 'alive' : 'notWritable';
  }
}

/** Without an answer it is the master that cannot be written to, provided the host between is still there. */
async function silent(host: Host, { timeoutMs, signal }: InsertOptions): Promise<'notWritable'> {
  await host.run(['true'], { timeoutMs, ...(signal && { signal }) });
  return 'notWritable';
}

async function insert(server: MysqlServer, { timeoutMs, signal }: InsertOptions): Promise<void> {
  const limits = { timeoutMs, ...(signal && { signal }) };
  try {
    await server.query(INSERT, [], limits);
  } catch (error) {
    if (!(error instanceof MysqlError) || error.errno === undefined || !MISSING.has(error.errno)) throw error;
    for (const sql of CREATE) await server.query(sql, [], limits);
    await server.query(INSERT, [], limits);
  }
}

import type { BytesOptions, MysqlServer, Row } from '../mysql/server';
import { number, text } from '../mysql/values';
import { ApplyError } from './applyError';
import { FLAG } from './eventTypes';
import type { BinlogEvent } from './event';
import { QUERY_FLAG, type QueryEvent } from './query';
import type { UserVariable } from './values';

type Value = string | number | bigint | typeof DEFAULT;
const DEFAULT = Symbol('DEFAULT');

export interface ApplySessionOptions {
  readonly statementTimeoutMs: number;
  readonly lockWaitSeconds: number;
  readonly disableLogBin: boolean;
}

/** Bytes around a statement in its packet. */
const PACKET_OVERHEAD = 1024;

/**
 * A session that runs statements as they ran on another server. Remembers what it set, so that only changes are sent, and
 * puts everything back in the end.
 */
export class ApplySession {
  readonly #set = new Map<string, Value>();
  #database = '';
  #collations: ReadonlyMap<number, { readonly charset: string; readonly name: string }> | undefined;

  private constructor(
    readonly server: MysqlServer,
    readonly options: ApplySessionOptions,
    /** Bytes of the longest statement. */
    readonly maxStatement: number,
    /** Whether the server has GTIDs of MySQL's kind switched on. */
    readonly gtidMode: string | undefined,
  ) {}

  /** Rejects with MysqlError. */
  static async open(server: MysqlServer, options: ApplySessionOptions): Promise<ApplySession> {
    const { dialect } = server;
    const gtidMode = dialect.variable('gtidMode');
    const gtid = gtidMode === undefined ? '' : `, @@global.${gtidMode} AS gtid_mode`;
    const [row = {}] = await server.query(`SELECT @@session.max_allowed_packet AS packet, DATABASE() AS db${gtid}`);
    const session = new ApplySession(
      server,
      options,
      (number(row, 'packet') ?? 0) - PACKET_OVERHEAD,
      text(row, 'gtid_mode'),
    );
    session.#database = text(row, 'db') ?? '';
    const replica = dialect.variable('pseudoReplicaMode');
    await session.set({
      lock_wait_timeout: options.lockWaitSeconds,
      ...(options.disableLogBin ? { sql_log_bin: 0 } : {}),
      ...(replica === undefined ? {} : { [replica]: 1 }),
    });
    return session;
  }

  run(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.server.query(sql, values, { timeoutMs: this.options.statementTimeoutMs });
  }

  /** A statement of the log. Rejects with ApplyError where it is longer than the server takes. */
  async runBytes(statement: Buffer, more: Pick<BytesOptions, 'infile'> = {}): Promise<void> {
    this.checkLength(statement.length);
    await this.server.queryBytes(statement, { timeoutMs: this.options.statementTimeoutMs, ...more });
  }

  checkLength(bytes: number): void {
    if (bytes > this.maxStatement)
      throw new ApplyError(
        'packetTooLarge',
        `a statement of ${bytes} bytes, and the server's max_allowed_packet is ${this.maxStatement + PACKET_OVERHEAD}`,
        { neededBytes: bytes + PACKET_OVERHEAD },
      );
  }

  /** Session variables, as far as they have other values. */
  async set(values: Readonly<Record<string, Value>>): Promise<void> {
    const changed = Object.entries(values).filter(([name, value]) => this.#set.get(name) !== value);
    if (changed.length === 0) return;
    // In this character set texts would be read as something else.
    if (changed.some(([, value]) => typeof value === 'string' && !isAscii(value))) await this.#utf8();
    const list = changed.map(([name, value]) => `@@session.${name} = ${value === DEFAULT ? 'DEFAULT' : '?'}`);
    await this.run(
      `SET ${list.join(', ')}`,
      changed.flatMap(([, value]) => (value === DEFAULT ? [] : [value])),
    );
    for (const [name, value] of changed) this.#set.set(name, value);
  }

  /** What a variable was set to here is no longer known: the server changed it by itself. */
  forget(name: string): void {
    this.#set.delete(name);
  }

  async #utf8(): Promise<void> {
    const names = ['character_set_client', 'collation_connection'];
    if (names.every(name => !this.#set.has(name))) return;
    for (const name of names) this.#set.delete(name);
    await this.run('SET NAMES utf8mb4');
  }

  async use(database: string): Promise<void> {
    if (database === '' || database === this.#database) return;
    if (!isAscii(database)) await this.#utf8();
    await this.run('USE ??', [database]);
    this.#database = database;
    // The database brought its own.
    this.#set.delete('collation_database');
  }

  /** What a logged statement needs: its database, time and session. `inTransaction`: some can no longer be set. */
  async prepare(event: BinlogEvent, query: QueryEvent, inTransaction: boolean): Promise<void> {
    const { status } = query;
    // CREATE and DROP DATABASE: the session may have no database afterwards.
    if (event.flags & FLAG.suppressUse) this.#database = '';
    else await this.use(query.database);
    const values: Record<string, Value> = { timestamp: timestampOf(event.timestamp, status.microseconds) };
    if (event.flags & FLAG.threadSpecific) values['pseudo_thread_id'] = query.threadId;
    if (status.flags !== undefined) Object.assign(values, this.#flags(status.flags));
    if (status.sqlMode !== undefined) values['sql_mode'] = status.sqlMode;
    values['auto_increment_increment'] = status.autoIncrement?.increment ?? 1;
    values['auto_increment_offset'] = status.autoIncrement?.offset ?? 1;
    if (status.charset) {
      values['character_set_client'] = status.charset.client;
      values['collation_connection'] = status.charset.connection;
      values['collation_server'] = status.charset.server;
    }
    if (status.timeZone !== undefined) values['time_zone'] = status.timeZone;
    values['lc_time_names'] = status.locale ?? 0;
    values['collation_database'] = status.databaseCollation ?? DEFAULT;
    if (status.utf8mb4Collation !== undefined) values['default_collation_for_utf8mb4'] = status.utf8mb4Collation;
    if (!inTransaction) {
      if (status.explicitDefaultsForTimestamp !== undefined)
        values['explicit_defaults_for_timestamp'] = status.explicitDefaultsForTimestamp ? 1 : 0;
      if (status.requirePrimaryKey !== undefined) values['sql_require_primary_key'] = status.requirePrimaryKey ? 1 : 0;
      if (status.tableEncryption !== undefined) values['default_table_encryption'] = status.tableEncryption ? 1 : 0;
    }
    await this.set(values);
  }

  #flags(flags: number): Record<string, Value> {
    // Not autocommit: within a transaction it means nothing, and setting it would commit.
    const on = (bit: number): number => (flags & bit ? 1 : 0);
    const off = (bit: number): number => (flags & bit ? 0 : 1);
    return {
      foreign_key_checks: off(QUERY_FLAG.noForeignKeyChecks),
      unique_checks: off(QUERY_FLAG.relaxedUniqueChecks),
      sql_auto_is_null: on(QUERY_FLAG.autoIsNull),
      // MariaDB's, from 10.5 on.
      ...(flags & QUERY_FLAG.ifExists || this.#set.has('sql_if_exists')
        ? { sql_if_exists: on(QUERY_FLAG.ifExists) }
        : {}),
    };
  }

  async setTime(seconds: number): Promise<void> {
    await this.set({ timestamp: timestampOf(seconds) });
  }

  async setUserVariable({ name, literal, collation }: UserVariable): Promise<void> {
    if (!isAscii(name)) await this.#utf8();
    if (collation === undefined) {
      await this.run(`SET @?? := ${literal}`, [name]);
      return;
    }
    this.#collations ??= await this.#readCollations();
    const known = this.#collations.get(collation);
    if (!known) throw new ApplyError('unsupported', `the server has no collation with the number ${collation}`);
    this.checkLength(literal.length);
    await this.run(`SET @?? := _${known.charset} ${literal} COLLATE ??`, [name, known.name]);
  }

  async #readCollations(): Promise<ReadonlyMap<number, { charset: string; name: string }>> {
    const rows = await this.run(
      'SELECT id AS id, character_set_name AS charset, collation_name AS name FROM information_schema.collations',
    );
    return new Map(
      rows.flatMap(row => {
        const [id, charset, name] = [number(row, 'id'), text(row, 'charset'), text(row, 'name')];
        return id === undefined || charset === undefined || name === undefined ? [] : [[id, { charset, name }]];
      }),
    );
  }

  /** Puts back what was set here to what every session of this program has. Bounded; an open session is as before. */
  async close(): Promise<void> {
    if (!this.server.isOpen) return;
    const replica = this.server.dialect.variable('pseudoReplicaMode');
    // What connect() sets, and what has no default.
    const before: Readonly<Record<string, string | number>> = {
      character_set_client: 'utf8mb4',
      collation_connection: 'utf8mb4_general_ci',
      sql_mode: '',
      lock_wait_timeout: LOCK_WAIT_SECONDS,
      sql_log_bin: 1,
      pseudo_thread_id: this.server.connectionId,
      ...(replica === undefined ? {} : { [replica]: 0 }),
    };
    const names = [...this.#set.keys()];
    const list = names.map(name => `@@session.${name} = ${name in before ? '?' : 'DEFAULT'}`);
    const values = names.flatMap(name => (name in before ? [before[name]] : []));
    try {
      await this.server.query(`SET ${list.join(', ')}`, values, { timeoutMs: RESET_MS });
    } catch {
      this.server.destroy();
    }
    this.#set.clear();
  }
}

const RESET_MS = 5_000;
/** As connect() sets it. */
const LOCK_WAIT_SECONDS = 10;

/** As SET TIMESTAMP takes it. */
function timestampOf(seconds: number, microseconds = 0): string | number {
  return microseconds === 0 ? seconds : seconds + microseconds / 1e6;
}

function isAscii(value: string): boolean {
  // eslint-disable-next-line no-control-regex -- exactly these
  return /^[\x00-\x7f]*$/.test(value);
}

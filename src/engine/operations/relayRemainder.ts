import type { MysqlServer, QueryOptions, Row } from '../mysql/server';
import type { LogPosition } from '../mysql/types';
import { number, text } from '../mysql/values';

/** Rows of SHOW RELAYLOG EVENTS at a time. */
const BATCH = 500;

/**
 * What follows a place in a relay log. `complete`: a whole transaction is there to apply; `partial`: only the beginning of
 * one, whose rest was never received; `nothing`.
 */
export type Remainder = 'complete' | 'partial' | 'nothing';

/** Follows the events of a relay log one after the other and finds out whether a transaction is complete. */
export class GroupReader {
  #begun = false;
  #inTransaction = false;

  /** The next event; true if it ends a transaction. `info` is what the event holds, in the server's own rendering. */
  push(type: string, info: string): boolean {
    const kind = type.toLowerCase();
    if (/^(format_desc|start|previous_gtids|gtid_list|rotate|stop|heartbeat|ignorable|binlog_checkpoint|unknown)/.test(kind)) return false; // prettier-ignore
    if (/^(gtid|gtid_tagged\w*|anonymous_gtid)$/.test(kind)) {
      this.#begun = true;
      // MariaDB has no BEGIN of its own: the GTID says whether it is one.
      this.#inTransaction = /^(BEGIN|XA START .*) GTID/i.test(info);
      return false;
    }
    if (kind === 'xid' || kind === 'xa_prepare' || kind === 'transaction_payload') return this.#end();
    if (kind !== 'query' && kind !== 'query_compressed' && kind !== 'execute_load_query') {
      this.#begun = true;
      return false;
    }
    const statement = info.replace(/^use `(?:[^`]|``)*`; /i, '');
    if (kind !== 'execute_load_query' && /^(BEGIN|XA START\b)/i.test(statement)) {
      this.#begun = this.#inTransaction = true;
      return false;
    }
    if (this.#inTransaction && !/^(COMMIT|ROLLBACK(?!\s+TO)|XA (PREPARE|COMMIT))\b/i.test(statement)) return false;
    return this.#end();
  }

  get begun(): boolean {
    return this.#begun;
  }

  #end(): boolean {
    this.#begun = this.#inTransaction = false;
    return true;
  }
}

/**
 * Looks at what stands behind a place that is the beginning of a transaction (Relay_Log_Pos), through the server itself: no
 * access to its files is needed. Reads on until a whole transaction is found or the relay logs end. Rejects with MysqlError.
 */
export function relayRemainder(
  server: MysqlServer,
  from: LogPosition,
  channel: string | undefined,
  options: QueryOptions = {},
): Promise<Remainder> {
  return readRelayLog(server, from, channel, options, false);
}

/** Whether the relay logs end within a transaction, read from a place on that is not within one. Rejects with MysqlError. */
export async function endsInTransaction(
  server: MysqlServer,
  from: LogPosition,
  channel: string | undefined,
  options: QueryOptions = {},
): Promise<boolean> {
  return (await readRelayLog(server, from, channel, options, true)) === 'partial';
}

async function readRelayLog(
  server: MysqlServer,
  from: LogPosition,
  channel: string | undefined,
  options: QueryOptions,
  toEnd: boolean,
): Promise<Remainder> {
  const reader = new GroupReader();
  let { file, position } = from;
  for (;;) {
    const statement = server.dialect.statement('showRelayLogEvents', [file, position, BATCH], channel);
    const rows = await server.query(statement.sql, statement.values, options);
    let next: LogPosition | undefined;
    for (const row of rows) {
      const at = number(row, 'Pos') ?? 0;
      // A batch begins with the event that the one before ended with.
      if (at === position && position !== from.position) continue;
      const ended = reader.push(text(row, 'Event_type') ?? '', text(row, 'Info') ?? '');
      if (ended && !toEnd) return 'complete';
      next = rotated(row, file) ?? next;
    }
    const last = rows.at(-1);
    if (next) ({ file, position } = next);
    else if (rows.length < BATCH || !last) return reader.begun ? 'partial' : 'nothing';
    else position = number(last, 'Pos') ?? position;
  }
}

/** The replica's own rotation to its next relay log: only that names a relay log of the same base name. */
function rotated(row: Row, file: string): LogPosition | undefined {
  if (text(row, 'Event_type') !== 'Rotate') return undefined;
  const [, name = '', position = ''] = /^(.+?)(?:;pos=(\d+))?$/.exec(text(row, 'Info') ?? '') ?? [];
  const base = file.replace(/\.\d+$/, '');
  const own = name.replace(/\.\d+$/, '') === base && name !== file;
  return own ? { file: name, position: Number(position) || 4 } : undefined;
}

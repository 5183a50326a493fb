import { ApplyError } from './applyError';
import type { ApplySession } from './applySession';
import { AT, rewriteFormat, type LogFormat } from './format';
import type { BinlogEvent } from './event';
import { EVENT } from './eventTypes';
import { rowsFlagsOffset } from './grouper';
import { plainEvent } from './payload';

/** Raw bytes that go into one BINLOG statement, unless a single event has more. */
const CHUNK = 2 * 1024 * 1024;
const STATEMENT_END = 1;
const PREFIX = "BINLOG '";

/**
 * Runs rows events by the statement BINLOG, as mysqlbinlog's output does; as many in one as a statement can hold. A
 * statement of the source that is cut goes on in the next BINLOG with its table maps once more, and says in between that
 * it ended, so that neither needs the other.
 */
export class RowsStatement {
  readonly #session: ApplySession;
  readonly #chunk: number;
  /** What the server was told about the format. */
  #described: LogFormat | undefined;
  /** Table maps of the source's statement that has not ended. */
  #maps: Buffer[] = [];
  /** To be sent, maps and rows. */
  #events: Buffer[] = [];
  #bytes = 0;
  #lastRows: Buffer | undefined;

  constructor(session: ApplySession) {
    this.#session = session;
    this.#chunk = Math.min(CHUNK, Math.floor((session.maxStatement * 3) / 4) - 1024);
  }

  /** A TABLE_MAP or rows event. */
  async add(event: BinlogEvent): Promise<void> {
    if (!this.#described || !sameFormat(this.#described, event.format))
      throw new ApplyError('unsupported', 'the format of the log changes within a transaction');
    const raw = plainEvent(event);
    if (this.#bytes + raw.length > this.#chunk) await this.flush();
    this.#events.push(raw);
    this.#bytes += raw.length;
    if (event.type === EVENT.tableMap) {
      this.#maps.push(raw);
      return;
    }
    this.#lastRows = raw;
    if (raw.readUInt16LE(flagsOffset(raw, event.format)) & STATEMENT_END) this.#maps = [];
  }

  /** Runs what has come so far. */
  async flush(): Promise<void> {
    const last = this.#lastRows;
    if (last === undefined) return;
    const at = flagsOffset(last, this.#described as LogFormat);
    last.writeUInt16LE(last.readUInt16LE(at) | STATEMENT_END, at);
    const events = this.#events;
    this.#lastRows = undefined;
    this.#events = [...this.#maps];
    this.#bytes = this.#maps.reduce((sum, map) => sum + map.length, 0);
    await this.#binlog(events);
  }

  /** Forgets what was not run. */
  clear(): void {
    this.#maps = [];
    this.#events = [];
    this.#bytes = 0;
    this.#lastRows = undefined;
  }

  /**
   * Tells the server the format of the rows to come, once. Outside of transactions only, and before GTID_NEXT is set:
   * MySQL undoes that. True: it was told something new.
   */
  async describe(format: LogFormat): Promise<boolean> {
    if (this.#described && sameFormat(this.#described, format)) return false;
    // Without checksums, as the events are sent.
    await this.#binlog([rewriteFormat(format, { checksum: false, relayLog: false, created: 0, endPosition: 0 })]);
    this.#described = format;
    return true;
  }

  async #binlog(events: readonly Buffer[]): Promise<void> {
    const statement = `${PREFIX}${Buffer.concat(events).toString('base64')}'`;
    await this.#session.runBytes(Buffer.from(statement, 'latin1'));
  }
}

function flagsOffset(raw: Buffer, format: LogFormat): number {
  return rowsFlagsOffset(raw[AT.type] as number, format);
}

/** Whether rows of both look alike. Logs of one server differ in the rest of their descriptions. */
function sameFormat(a: LogFormat, b: LogFormat): boolean {
  return (
    a === b || (a.version.text === b.version.text && Buffer.compare(a.postHeaderLengths, b.postHeaderLengths) === 0)
  );
}

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
 * Runs rows events by the statement BINLOG, as mysqlbinlog's output does. Large statements are cut: each BINLOG has the
 * table maps of the statement and some of its rows, and says that the statement ends there, so that it needs none of the
 * others.
 */
export class RowsStatement {
  readonly #session: ApplySession;
  readonly #chunk: number;
  /** What the server was told about the format. */
  #described: LogFormat | undefined;
  #maps: Buffer[] = [];
  #rows: Buffer[] = [];
  #bytes = 0;

  constructor(session: ApplySession) {
    this.#session = session;
    this.#chunk = Math.min(CHUNK, Math.floor((session.maxStatement * 3) / 4) - 1024);
  }

  /** A TABLE_MAP or rows event. */
  async add(event: BinlogEvent): Promise<void> {
    await this.#describe(event.format);
    const raw = plainEvent(event);
    if (event.type === EVENT.tableMap) {
      this.#maps.push(raw);
      return;
    }
    if (this.#bytes + raw.length > this.#chunk) await this.flush();
    this.#rows.push(raw);
    this.#bytes += raw.length;
    const at = rowsFlagsOffset(raw[AT.type] as number, event.format);
    const ends = (raw.readUInt16LE(at) & STATEMENT_END) !== 0;
    if (!ends) return;
    await this.flush();
    this.#maps = [];
  }

  /** Runs what has come so far. */
  async flush(): Promise<void> {
    const last = this.#rows.at(-1);
    if (last === undefined) return;
    const at = rowsFlagsOffset(last[AT.type] as number, this.#described as LogFormat);
    last.writeUInt16LE(last.readUInt16LE(at) | STATEMENT_END, at);
    const events = [...this.#maps, ...this.#rows];
    this.#rows = [];
    this.#bytes = 0;
    await this.#binlog(events);
  }

  /** Forgets what was not run. */
  clear(): void {
    this.#maps = [];
    this.#rows = [];
    this.#bytes = 0;
  }

  async #describe(format: LogFormat): Promise<void> {
    if (this.#described?.raw === format.raw) return;
    await this.flush();
    // Without checksums, as the events are sent.
    await this.#binlog([rewriteFormat(format, { checksum: false, relayLog: false, created: 0, endPosition: 0 })]);
    this.#described = format;
  }

  async #binlog(events: readonly Buffer[]): Promise<void> {
    const statement = `${PREFIX}${Buffer.concat(events).toString('base64')}'`;
    await this.#session.runBytes(Buffer.from(statement, 'latin1'));
  }
}

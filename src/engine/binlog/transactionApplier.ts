import { Readable } from 'node:stream';
import { MysqlError } from '../mysql/mysqlError';
import { ApplyError } from './applyError';
import type { ApplySession } from './applySession';
import type { BinlogEvent } from './event';
import { EVENT, isRowsEvent } from './eventTypes';
import type { LogFormat } from './format';
import {
  decoded,
  MARIADB_GTID,
  readMariadbGtid,
  readOriginalCommit,
  readTaggedGtid,
  readXaPrepare,
  type OriginalCommit,
} from './gtids';
import { inflated, payloadEvents } from './payload';
import { readQuery, type QueryEvent } from './query';
import { RowsStatement } from './rowsStatement';
import { readIntvar, readRand, readUserVariable, xidLiteral } from './values';

/** Fixed fields of EXECUTE_LOAD_QUERY_EVENT behind those of a query. */
const LOAD = { fileId: 13, nameStart: 17, nameEnd: 21, duplicates: 25 } as const;
const REPLACE = 2;
/** Errors of a server that refuses LOAD DATA LOCAL. */
const LOCAL_REFUSED: readonly number[] = [1148, 3948, 4166];

const BEGIN = /^(?:BEGIN|START\s+TRANSACTION)$/i;
const COMMIT = /^COMMIT$/i;
const ROLLBACK = /^ROLLBACK$/i;
const XA = /^XA\s+(START|BEGIN|END|PREPARE|COMMIT|ROLLBACK)\s+([\s\S]*)$/i;

/** Runs the events of transactions, one after the other, in one session. */
export class TransactionApplier {
  readonly #session: ApplySession;
  readonly #rows: RowsStatement;
  readonly #beforeCommit: () => Promise<void>;
  /** Blocks of LOAD DATA's files, by their number. */
  readonly #files = new Map<number, Buffer[]>();
  #log = '';
  #inTransaction = false;
  /** The XA transaction that is open, as a literal. */
  #xa: string | undefined;

  /** `beforeCommit` is called when all but the last statement of a transaction was run. */
  constructor(session: ApplySession, beforeCommit: () => Promise<void>) {
    this.#session = session;
    this.#rows = new RowsStatement(session);
    this.#beforeCommit = beforeCommit;
  }

  /** The next transaction comes. */
  begin(log: string): void {
    this.#log = log;
    this.#files.clear();
    this.#rows.clear();
    this.#inTransaction = false;
    this.#xa = undefined;
  }

  /** See RowsStatement.describe. */
  describe(format: LogFormat): Promise<boolean> {
    return this.#rows.describe(format);
  }

  /** Undoes what was run of a transaction. Never rejects. */
  async rollback(): Promise<void> {
    const { server } = this.#session;
    const xa = this.#xa;
    const statements = xa ? [`XA END ${xa}`, `XA ROLLBACK ${xa}`] : ['ROLLBACK'];
    for (const sql of statements) if (server.isOpen) await this.#session.run(sql).catch(() => undefined);
    this.begin(this.#log);
  }

  /** Runs one event. Rejects with MysqlError, ApplyError or BinlogError. */
  async apply(event: BinlogEvent): Promise<void> {
    const { type } = event;
    if (type === EVENT.tableMap || isRowsEvent(type)) return this.#rows.add(event);
    await this.#rows.flush();
    const read = <T>(work: () => T): T => decoded(event, this.#log, work);
    const { body } = event;
    switch (type) {
      case EVENT.gtid:
      case EVENT.anonymousGtid:
        return this.#setOriginal(read(() => readOriginalCommit(body)));
      case EVENT.taggedGtid:
        return this.#setOriginal(read(() => readTaggedGtid(body).original));
      case EVENT.mariadbGtid:
        return this.#beginMariadb(event);
      case EVENT.query:
      case EVENT.queryCompressed:
        return this.#query(event);
      case EVENT.executeLoadQuery:
        return this.#load(event);
      case EVENT.beginLoadQuery:
        this.#files.set(
          read(() => body.readUInt32LE(0)),
          [body.subarray(4)],
        );
        return;
      case EVENT.appendBlock:
        this.#files.get(read(() => body.readUInt32LE(0)))?.push(body.subarray(4));
        return;
      case EVENT.deleteFile:
        this.#files.delete(read(() => body.readUInt32LE(0)));
        return;
      case EVENT.intvar: {
        const { name, value } = read(() => readIntvar(body));
        await this.#session.run(`SET @@session.${name} = ?`, [value]);
        return;
      }
      case EVENT.rand: {
        const { seed1, seed2 } = read(() => readRand(body));
        await this.#session.run('SET @@session.rand_seed1 = ?, @@session.rand_seed2 = ?', [seed1, seed2]);
        return;
      }
      case EVENT.userVar:
        return this.#session.setUserVariable(read(() => readUserVariable(body)));
      case EVENT.xid:
        return this.#commit('COMMIT');
      case EVENT.xaPrepare: {
        const { onePhase, xid } = read(() => readXaPrepare(body));
        const literal = xidLiteral(xid);
        return this.#commit(onePhase ? `XA COMMIT ${literal} ONE PHASE` : `XA PREPARE ${literal}`);
      }
      case EVENT.transactionPayload:
        for (const inner of payloadEvents(event, this.#log)) await this.apply(inner);
        return;
      default:
        // The rest says nothing that a session could do; what may not be ignored was refused before.
        return;
    }
  }

  async #begin(sql: string): Promise<void> {
    await this.#session.run(sql);
    this.#inTransaction = true;
  }

  async #commit(sql: string): Promise<void> {
    await this.#beforeCommit();
    await this.#session.run(sql);
    this.#inTransaction = false;
    this.#xa = undefined;
  }

  async #setOriginal({ timestamp, serverVersion }: OriginalCommit): Promise<void> {
    const { version } = this.#session.server;
    if (version.flavour !== 'mysql' || version.major < 8) return;
    await this.#session.set({
      ...(timestamp === undefined ? {} : { original_commit_timestamp: timestamp }),
      ...(serverVersion === undefined ? {} : { original_server_version: serverVersion }),
    });
  }

  async #beginMariadb(event: BinlogEvent): Promise<void> {
    const { flags, xid } = decoded(event, this.#log, () => readMariadbGtid(event));
    if (flags & MARIADB_GTID.standalone) return;
    if (flags & MARIADB_GTID.completedXa) return;
    await this.#session.setTime(event.timestamp);
    if (flags & MARIADB_GTID.preparedXa && xid) {
      this.#xa = xidLiteral(xid);
      return this.#begin(`XA START ${this.#xa}`);
    }
    return this.#begin('BEGIN');
  }

  async #query(event: BinlogEvent): Promise<void> {
    const query = readQuery(event, this.#log);
    const statement =
      event.type === EVENT.queryCompressed
        ? decoded(event, this.#log, () => inflated(query.statement))
        : query.statement;
    const short = statement.length <= 300 ? statement.toString('latin1') : '';
    if (BEGIN.test(short)) {
      await this.#session.setTime(event.timestamp);
      return this.#begin('BEGIN');
    }
    if (COMMIT.test(short) || (ROLLBACK.test(short) && this.#inTransaction)) return this.#commit(short);
    const [, verb, xid = ''] = XA.exec(short) ?? [];
    if (verb !== undefined) return this.#xaStatement(verb.toUpperCase(), short, xid);
    await this.#session.prepare(event, query, this.#inTransaction);
    if (!this.#inTransaction) await this.#beforeCommit();
    await this.#runLogged(query, () => this.#session.runBytes(statement));
  }

  async #xaStatement(verb: string, sql: string, xid: string): Promise<void> {
    switch (verb) {
      case 'START':
      case 'BEGIN':
        this.#xa = xid;
        return this.#begin(sql);
      case 'END':
        await this.#session.run(sql);
        return;
      default:
        return this.#commit(sql);
    }
  }

  /** Runs a statement that may have failed where it was logged, after it had changed something: it must do so here. */
  async #runLogged({ errorCode }: QueryEvent, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (errorCode !== 0 && error instanceof MysqlError && error.errno === errorCode) return;
      throw error;
    }
    if (errorCode !== 0)
      throw new ApplyError(
        'differentError',
        `the statement failed with error ${errorCode} at its source, and not here`,
        {
          errno: errorCode,
        },
      );
  }

  async #load(event: BinlogEvent): Promise<void> {
    const query = readQuery(event, this.#log);
    const { body } = event;
    const blocks = this.#files.get(body.readUInt32LE(LOAD.fileId));
    if (!blocks) throw new ApplyError('unreadable', 'the log does not have the file of a LOAD DATA');
    // An empty piece would end the file.
    const content = blocks.filter(block => block.length > 0);
    const [start, end] = [body.readUInt32LE(LOAD.nameStart), body.readUInt32LE(LOAD.nameEnd)];
    const duplicates = body[LOAD.duplicates] === REPLACE ? ' REPLACE' : '';
    const statement = Buffer.concat([
      query.statement.subarray(0, start),
      Buffer.from(` LOCAL INFILE 'file'${duplicates} INTO`),
      query.statement.subarray(end),
    ]);
    await this.#session.prepare(event, query, this.#inTransaction);
    if (!this.#inTransaction) await this.#beforeCommit();
    await this.#runLogged(query, () =>
      this.#session.runBytes(statement, { infile: () => Readable.from(content) }).catch(localInfile),
    );
    this.#files.delete(body.readUInt32LE(LOAD.fileId));
  }
}

function localInfile(error: unknown): never {
  if (error instanceof MysqlError && error.errno !== undefined && LOCAL_REFUSED.includes(error.errno))
    throw new ApplyError('localInfile', error.message, { errno: error.errno });
  throw error;
}

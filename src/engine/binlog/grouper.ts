import type { LogPosition } from '../mysql/types';
import { eventAt } from './event';
import { EVENT, FLAG, isRowsEvent } from './eventTypes';
import { AT, HEADER_LENGTH, type LogFormat } from './format';
import { decoded, MARIADB_GTID, readGtid, readMariadbGtid, readTaggedGtid, type TransactionGtid } from './gtids';
import type { LogFile } from './logFile';
import { statementOffset } from './query';

/** Where in a log events of a transaction lie. Others may lie between them: a relay log's own. */
export interface LogPart {
  readonly log: LogFile;
  /** What applies at `offset`. */
  readonly format: LogFormat;
  readonly offset: number;
  readonly endOffset: number;
}

/** A transaction, a statement that commits by itself, or what there is of one. */
export interface TransactionRange {
  readonly gtid?: TransactionGtid;
  /** In the log of the server that the events come from. */
  readonly start: LogPosition;
  readonly end: LogPosition;
  /** It has its beginning and its end. Anything else must not be applied. */
  readonly complete: boolean;
  /** The source wrote that it may have lost events here: what comes later cannot be trusted to be all. */
  readonly incident: boolean;
  /** An event that this program does not know and that may not be ignored. */
  readonly unknownType?: number;
  /** In order; several where it reaches into a further relay log. */
  readonly parts: readonly LogPart[];
  /** Of its events in these logs. */
  readonly bytes: number;
  readonly events: number;
  /** Seconds since 1970, of its first event. */
  readonly timestamp: number;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type DraftPart = Writable<LogPart>;
type Draft = Omit<Writable<TransactionRange>, 'parts' | 'end'> & { parts: DraftPart[]; end: Writable<LogPosition> };

/**
 * What is open. `gtid`: only the id was seen. `single`: ends with its first statement. `prefix`: values for a statement
 * that is not in a transaction. `transaction`: ends with a commit. `headless`: the beginning is missing.
 */
type State = 'none' | 'gtid' | 'single' | 'prefix' | 'transaction' | 'headless';

const STATEMENT_END = 1;

/** Groups events into transactions. Synchronous: give it the events in order, of one log after the other. */
export class TransactionGrouper {
  /** Transactions that were begun and never ended where others follow: rolled back, or received a second time. */
  abandoned = 0;

  // The event that is being added.
  #log: LogFile | undefined;
  #buffer: Buffer | undefined;
  #format: LogFormat | undefined;
  #at = 0;
  #length = 0;
  #offset = 0;
  #file = '';
  #start = 0;
  #endsAt = 0;

  readonly #emit: (range: TransactionRange) => boolean | void;
  #state: State = 'none';
  #draft: Draft | undefined;
  /** Without a BEGIN or GTID so far: a commit would show that they belong to a transaction that began earlier. */
  #doubtful: TransactionRange[] | undefined = [];

  /** `emit` gets every whole one, and one without its beginning as incomplete; false ends the reading. */
  constructor(emit: (range: TransactionRange) => boolean | void) {
    this.#emit = emit;
  }

  /** The next event is known to begin a transaction. */
  align(): void {
    this.#settle();
  }

  /** What was begun and not ended. */
  get open(): TransactionRange | undefined {
    return this.#draft;
  }

  get isOpen(): boolean {
    return this.#state !== 'none';
  }

  /** Forgets what is open: it was rolled back, or comes again. */
  abandon(): void {
    if (this.#draft) this.abandoned++;
    this.#draft = undefined;
    this.#state = 'none';
  }

  /** Nothing more comes: single statements whose beginning was in doubt are what they seem. */
  finish(): boolean | void {
    return this.#settle();
  }

  /** One event of the source; `start` and `end` are its positions there. False: `emit` wants no more. */
  add(
    log: LogFile,
    buffer: Buffer,
    at: number,
    length: number,
    offset: number,
    format: LogFormat,
    dataLength: number,
    file: string,
    start: number,
    end: number,
  ): boolean | void {
    // In fields, not in a closure or an object: there are millions of events.
    this.#log = log;
    this.#buffer = buffer;
    this.#at = at;
    this.#length = length;
    this.#offset = offset;
    this.#format = format;
    this.#file = file;
    this.#start = start;
    this.#endsAt = end;
    const type = buffer[at + AT.type] as number;
    switch (type) {
      case EVENT.gtid:
      case EVENT.anonymousGtid:
      case EVENT.taggedGtid:
      case EVENT.mariadbGtid: {
        if (this.#settle() === false) return false;
        this.abandon();
        const draft = this.#extend();
        this.#state = 'gtid';
        if (type === EVENT.anonymousGtid) return;
        const event = eventAt(buffer, at, length, offset, format, dataLength);
        decoded(event, log.name, () => {
          if (type === EVENT.gtid) draft.gtid = readGtid(event.body);
          else if (type === EVENT.taggedGtid) draft.gtid = readTaggedGtid(event.body).gtid;
          else if (type === EVENT.mariadbGtid) {
            const { gtid, flags } = readMariadbGtid(event);
            draft.gtid = gtid;
            this.#state = flags & MARIADB_GTID.standalone ? 'single' : 'transaction';
          }
        });
        return;
      }
      case EVENT.query:
      case EVENT.queryCompressed:
      case EVENT.executeLoadQuery:
        return this.#statement(type, buffer, at, at + dataLength);
      case EVENT.xid:
      case EVENT.xaPrepare:
        this.#extend();
        return this.#end();
      case EVENT.transactionPayload:
        this.#extend();
        return this.#complete();
      case EVENT.incident:
        if (this.#state !== 'gtid') this.abandon();
        this.#extend().incident = true;
        return this.#complete();
      case EVENT.intvar:
      case EVENT.rand:
      case EVENT.userVar:
      case EVENT.beginLoadQuery:
      case EVENT.appendBlock:
      case EVENT.deleteFile:
      case EVENT.rowsQuery:
      case EVENT.annotateRows:
        this.#extend();
        if (this.#state === 'none') this.#state = 'prefix';
        return;
      case EVENT.stop:
      case EVENT.heartbeat:
      case EVENT.heartbeatV2:
      case EVENT.previousGtids:
      case EVENT.binlogCheckpoint:
      case EVENT.gtidList:
        return;
      default:
        return this.#other(type, buffer, at, format);
    }
  }

  #statement(type: number, buffer: Buffer, at: number, end: number): boolean | void {
    const offset = statementOffset(buffer, at + HEADER_LENGTH, end, type);
    const word = type === EVENT.query && offset >= 0 ? keyword(buffer, offset, end) : 'other';
    if (word === 'begin') {
      if (this.#settle() === false) return false;
      if (this.#state === 'transaction' || this.#state === 'headless') this.abandon();
      this.#extend();
      this.#state = 'transaction';
      return;
    }
    this.#extend();
    switch (this.#state) {
      case 'transaction':
      case 'headless':
        return word === 'other' ? undefined : this.#end();
      case 'none':
        if (word === 'end' && this.#doubtful) return this.#end();
        return this.#complete();
      default:
        return this.#complete();
    }
  }

  #other(type: number, buffer: Buffer, at: number, format: LogFormat): boolean | void {
    const draft = this.#extend();
    const rows = isRowsEvent(type);
    if (rows || type === EVENT.tableMap) {
      if (this.#state === 'none' || this.#state === 'prefix') this.#state = 'headless';
      else if (this.#state === 'gtid') this.#state = 'transaction';
      else if (this.#state === 'single' && rows && rowsFlags(buffer, at, format) & STATEMENT_END)
        return this.#complete();
      return;
    }
    const known = type === EVENT.viewChange || type === EVENT.transactionContext;
    if (!known && (buffer.readUInt16LE(at + AT.flags) & FLAG.ignorable) === 0) draft.unknownType ??= type;
    if (this.#state === 'none') this.#state = 'prefix';
  }

  /** A commit. */
  #end(): boolean | void {
    if (this.#state === 'none' || this.#state === 'headless' || this.#state === 'prefix') {
      // Its beginning was never seen, and what looked like single statements before it is part of it.
      const parts = [...(this.#doubtful ?? []), this.#draft as TransactionRange];
      this.#doubtful = undefined;
      this.#draft = undefined;
      this.#state = 'none';
      return this.#emit(joined(parts));
    }
    return this.#complete();
  }

  #complete(): boolean | void {
    const draft = this.#draft as Draft;
    this.#draft = undefined;
    this.#state = 'none';
    draft.complete = true;
    if (this.#doubtful && draft.gtid === undefined) {
      this.#doubtful.push(draft);
      return;
    }
    return this.#emit(draft);
  }

  #settle(): boolean | void {
    const held = this.#doubtful;
    this.#doubtful = undefined;
    for (const range of held ?? []) if (this.#emit(range) === false) return false;
  }

  #extend(): Draft {
    const draft = this.#draft;
    const log = this.#log as LogFile;
    const endOffset = this.#offset + this.#length;
    if (draft === undefined) {
      const part = { log, format: this.#format as LogFormat, offset: this.#offset, endOffset };
      return (this.#draft = {
        start: { file: this.#file, position: this.#start },
        end: { file: this.#file, position: this.#endsAt },
        complete: false,
        incident: false,
        parts: [part],
        bytes: this.#length,
        events: 1,
        timestamp: (this.#buffer as Buffer).readUInt32LE(this.#at + AT.timestamp),
      });
    }
    const part = draft.parts[draft.parts.length - 1] as DraftPart;
    if (part.log === log) part.endOffset = endOffset;
    else draft.parts.push({ log, format: this.#format as LogFormat, offset: this.#offset, endOffset });
    draft.bytes += this.#length;
    draft.events++;
    draft.end.file = this.#file;
    draft.end.position = this.#endsAt;
    return draft;
  }
}

/** Where the flags of a rows event are: after the table's number, which old versions wrote in four bytes. */
export function rowsFlagsOffset(type: number, format: LogFormat): number {
  return HEADER_LENGTH + (format.postHeaderLengths[type - 1] === 6 ? 4 : 6);
}

function rowsFlags(buffer: Buffer, at: number, format: LogFormat): number {
  return buffer.readUInt16LE(at + rowsFlagsOffset(buffer[at + AT.type] as number, format));
}

const BEGIN = /^(?:BEGIN|XA\s+(?:START|BEGIN)\s[\s\S]*)$/i;
const END = /^(?:COMMIT|ROLLBACK|XA\s+(?:COMMIT|ROLLBACK)\s[\s\S]*)$/i;
const LONGEST = 8;

/** Whether the statement begins or ends a transaction. Servers write these words themselves, with nothing around them. */
function keyword(buffer: Buffer, at: number, end: number): 'begin' | 'end' | 'other' {
  // Most are told apart by their first letter and their length.
  const first = (buffer[at] as number) | LOWER;
  const length = end - at;
  if (first !== X && (length > LONGEST || (first !== B && first !== C && first !== R))) return 'other';
  if (first === X && ((buffer[at + 1] as number) | LOWER) !== A) return 'other';
  const text = buffer.toString('latin1', at, end);
  if (text === 'BEGIN') return 'begin';
  return BEGIN.test(text) ? 'begin' : END.test(text) ? 'end' : 'other';
}

const LOWER = 0x20;
const [A, B, C, R, X] = [...'abcrx'].map(letter => letter.charCodeAt(0)) as [number, number, number, number, number];

/** What of one transaction was taken for several. */
function joined(ranges: readonly TransactionRange[]): TransactionRange {
  const [first, ...others] = ranges as [TransactionRange, ...TransactionRange[]];
  return others.reduce(
    (all, next) => ({
      ...all,
      end: next.end,
      parts: [...all.parts, ...next.parts],
      bytes: all.bytes + next.bytes,
      events: all.events + next.events,
    }),
    { ...first, complete: false },
  );
}

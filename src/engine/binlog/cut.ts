import { open, rm, type FileHandle } from 'node:fs/promises';
import type { LogPosition } from '../mysql/types';
import { BinlogError } from './binlogError';
import { crc32 } from './crc32';
import { EVENT, FLAG } from './eventTypes';
import { AT, CHECKSUM_LENGTH, HEADER_LENGTH, rewriteFormat, type LogFormat } from './format';
import { readHeader } from './header';
import type { LogFile } from './logFile';
import { EventReader, FIRST_EVENT, MAGIC } from './reader';
import { SourceTrack } from './source';
import type { LogStart, ScanEnd } from './transactions';

export interface CutOptions {
  /** Default: the beginning of the first log. */
  readonly start?: LogStart;
  readonly signal?: AbortSignal;
}

export interface Cut {
  /** First and last position of the source that the file holds; absent when it holds no event. */
  readonly from?: LogPosition;
  readonly to?: LogPosition;
  /** Of the source, without what makes the file readable. */
  readonly events: number;
  /** Size of the file. */
  readonly bytes: number;
  /** How the logs ended: what was torn, lost or unreadable behind the last whole event. */
  readonly end: Pick<ScanEnd, 'kind' | 'error' | 'index' | 'offset' | 'lostBytes'>;
}

/** Buffered up to here before it is written. */
const WRITE_BYTES = 1024 * 1024;

/**
 * Writes the events of logs from a place on into a new file of this machine (mode 0600; rejects with EEXIST if it is
 * there). The file is a log of its own, for mysqlbinlog as well. It looks like a relay log: ROTATE events in front of what
 * comes from each of the source's files make positions exact, so all that reads relay logs here (scanTransactions,
 * findInRelayLogs, transactionEvents) reads it. Checksums are verified on the way. What cannot be read ends the cut as a
 * value; everything before it is in the file. Otherwise rejects with what reading or writing threw, and removes the file.
 */
export async function cutLogs(logs: readonly LogFile[], file: string, options: CutOptions = {}): Promise<Cut> {
  const handle = await open(file, 'wx', 0o600);
  try {
    const cut = await new Cutter(handle).run(logs, options);
    await handle.sync();
    return cut;
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

class Cutter {
  #out: Buffer[] = [];
  #outBytes = 0;
  #run: { readonly buffer: Buffer; readonly from: number; to: number } | undefined;
  #written = 0;
  #events = 0;
  #from: LogPosition | undefined;
  #format: LogFormat | undefined;
  readonly #track = new SourceTrack();

  constructor(readonly handle: FileHandle) {}

  async run(logs: readonly LogFile[], { start, signal }: CutOptions): Promise<Cut> {
    const end = await this.#copyAll(logs, start, signal);
    await this.#flush();
    const to = this.#track.at;
    const { kind, error, index, offset, lostBytes } = end;
    return {
      ...(this.#from && to ? { from: this.#from, to } : {}),
      events: this.#events,
      bytes: this.#written,
      end: { kind, index, offset, lostBytes, ...(error ? { error } : {}) },
    };
  }

  async #copyAll(
    logs: readonly LogFile[],
    start: LogStart | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Cut['end']> {
    const first = start?.index ?? 0;
    let end: Cut['end'] = { kind: 'complete', index: first, offset: start?.offset ?? FIRST_EVENT, lostBytes: 0 };
    for (let index = first; index < logs.length; index++) {
      const log = logs[index] as LogFile;
      const begin = index === first ? start : undefined;
      try {
        const header = await readHeader(log, signal);
        end = { ...(await this.#copy(log, header.format, begin, signal)), index };
        if (end.kind !== 'complete') return end;
      } catch (error) {
        if (!(error instanceof BinlogError)) throw error;
        if (error.code === 'empty' && index === logs.length - 1)
          return { kind: 'torn', index, offset: 0, lostBytes: log.size };
        const lostBytes = Math.max(0, log.size - error.offset);
        return { kind: 'unreadable', error, index, offset: error.offset, lostBytes };
      }
    }
    return end;
  }

  async #copy(
    log: LogFile,
    header: LogFormat,
    begin: LogStart | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Omit<Cut['end'], 'index'>> {
    const track = this.#track;
    const { relayLog } = header;
    const offset = begin?.offset ?? FIRST_EVENT;
    track.enter(log, relayLog, offset);
    if (begin) {
      track.file = begin.position.file;
      track.position = begin.position.position;
    }
    this.#begin(begin?.format ?? header);
    if (track.at) this.#rotate(track.at);
    // As in a relay log the source's own follows: mysqlbinlog does not go by the replica's.
    if (begin && offset > FIRST_EVENT)
      this.#push(rewriteFormat(begin.format, { created: 0, endPosition: 0, relayLog: false }));
    const reader = new EventReader(log, begin ? { from: offset, format: begin.format } : {});
    for await (const piece of reader.pieces(signal)) {
      signal?.throwIfAborted();
      reader.push(piece, (buffer, at, length, eventOffset, format, dataLength) => {
        const role = track.follow(buffer, at, length, eventOffset, format, dataLength);
        const type = buffer[at + AT.type] as number;
        if (type === EVENT.formatDescription)
          return this.#description(format, role === 'own', track.position ?? eventOffset + length);
        if (role === 'own') return;
        if (type === EVENT.rotate) {
          // A binary log's last event: the next file is announced when it comes.
          if (relayLog && track.at) this.#rotate(track.at);
          return;
        }
        if (type === EVENT.previousGtids || type === EVENT.gtidList || type === EVENT.stop) return;
        if (track.file !== undefined) this.#from ??= { file: track.file, position: track.start };
        this.#events++;
        this.#copyEvent(buffer, at, length);
      });
      if (this.#outBytes >= WRITE_BYTES) await this.#flush();
    }
    await this.#flush();
    return reader.end;
  }

  /** The file's own beginning, once. */
  #begin(format: LogFormat): void {
    if (this.#written + this.#outBytes > 0) return;
    this.#push(MAGIC);
    this.#push(rewriteFormat(format, { created: 0, endPosition: 0, relayLog: true }));
    this.#format = format;
  }

  #description(format: LogFormat, own: boolean, end: number): void {
    this.#format = format;
    const changes = own ? { created: 0, endPosition: 0 } : { endPosition: end };
    this.#push(rewriteFormat(format, changes));
  }

  /** Says where the source's events that follow begin. */
  #rotate({ file, position }: LogPosition): void {
    const format = this.#format as LogFormat;
    const name = Buffer.from(file);
    const dataLength = HEADER_LENGTH + 8 + name.length;
    const event = Buffer.alloc(dataLength + (format.checksum ? CHECKSUM_LENGTH : 0));
    event[AT.type] = EVENT.rotate;
    event.writeUInt32LE(format.serverId, AT.serverId);
    event.writeUInt32LE(event.length, AT.length);
    event.writeUInt16LE(FLAG.artificial, AT.flags);
    event.writeBigUInt64LE(BigInt(position), HEADER_LENGTH);
    name.copy(event, HEADER_LENGTH + 8);
    if (format.checksum) event.writeUInt32LE(crc32(event.subarray(0, dataLength)), dataLength);
    this.#push(event);
  }

  /** Events that lie next to each other are written as one. */
  #copyEvent(buffer: Buffer, at: number, length: number): void {
    const run = this.#run;
    if (run?.buffer === buffer && run.to === at) run.to += length;
    else {
      this.#endRun();
      this.#run = { buffer, from: at, to: at + length };
    }
    this.#outBytes += length;
  }

  #endRun(): void {
    const run = this.#run;
    if (run) this.#out.push(run.buffer.subarray(run.from, run.to));
    this.#run = undefined;
  }

  #push(bytes: Buffer): void {
    this.#endRun();
    this.#out.push(bytes);
    this.#outBytes += bytes.length;
  }

  async #flush(): Promise<void> {
    this.#endRun();
    const out = this.#out;
    if (out.length === 0) return;
    this.#out = [];
    this.#written += this.#outBytes;
    this.#outBytes = 0;
    await this.handle.appendFile(out.length === 1 ? (out[0] as Buffer) : Buffer.concat(out));
  }
}

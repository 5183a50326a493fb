import { open } from 'node:fs/promises';
import path from 'node:path';

/**
 * A file of a server's log, wherever it is. `size` is what it had when it was opened: what a live server appends later is
 * not seen. Buffers that `read` yields belong to the reader; they are not written to again.
 */
export interface LogFile {
  /** The name that positions carry: the last part of the path. */
  readonly name: string;
  /** Bytes; may be beyond 4 GiB. */
  readonly size: number;
  /** Bytes `offset` … `offset + length`, in pieces of any size. Ends early where the file does. */
  read(offset: number, length: number, signal?: AbortSignal): AsyncIterable<Buffer>;
}

/** A file of this machine, open until it is disposed. */
export type LocalLog = LogFile & AsyncDisposable;

const PIECE = 1024 * 1024;

/** Opens a file of this machine. Rejects with the operating system's error. */
export async function openLocalLog(file: string, name: string = path.basename(file)): Promise<LocalLog> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    return {
      name,
      size,
      async *read(offset, length, signal) {
        const end = Math.min(offset + length, size);
        let at = offset;
        while (at < end) {
          signal?.throwIfAborted();
          const buffer = Buffer.allocUnsafeSlow(Math.min(PIECE, end - at));
          const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
          if (bytesRead === 0) return;
          at += bytesRead;
          yield bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead);
        }
      },
      [Symbol.asyncDispose]: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** A log in memory: small ones, and parts that were read before. */
export function memoryLog(name: string, content: Buffer): LogFile {
  return {
    name,
    size: content.length,
    // eslint-disable-next-line @typescript-eslint/require-await -- the shape of every other log
    async *read(offset, length) {
      if (offset < content.length && length > 0) yield content.subarray(offset, offset + length);
    },
  };
}

/** Enough for everything that a log has before its first transaction, as a rule. */
const HEAD = 64 * 1024;

/** The beginning of a log, read at once: a remote file costs a round trip for each reading. The size is what was read. */
export async function headOf(log: LogFile, signal?: AbortSignal): Promise<LogFile> {
  const pieces: Buffer[] = [];
  for await (const piece of log.read(0, Math.min(HEAD, log.size), signal)) pieces.push(piece);
  return memoryLog(log.name, Buffer.concat(pieces));
}

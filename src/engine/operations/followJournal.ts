import { watch, type FSWatcher } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from '../errors';
import { inspectManager } from '../monitor/managerProcess';
import { parseJournal, type JournalLine } from './journal';

/** Where the system tells nothing of changes (network file systems), the file is looked at this often. Milliseconds. */
const POLL_MS = 500;
/** A look at the process that writes it is dearer. Milliseconds. */
const LIFE_MS = 2_000;
/** What comes within this time is told at once. Milliseconds. */
const SETTLE_MS = 40;
const CHUNK = 1 << 20;

export interface JournalNews {
  /** Everything so far. */
  readonly lines: readonly JournalLine[];
  /** The process that writes it lives; on another host: as far as can be known. */
  readonly alive: boolean;
}

/** Reads what is appended to a journal, and no byte twice. */
export class JournalReader {
  readonly lines: JournalLine[] = [];
  #offset = 0;
  #rest: Buffer = Buffer.alloc(0);

  constructor(readonly file: string) {}

  get ended(): boolean {
    return this.lines.at(-1)?.type === 'end';
  }

  /** Whether there was something new. @throws the file system's error */
  async read(): Promise<boolean> {
    const before = this.lines.length;
    const handle = await open(this.file, 'r');
    try {
      for (;;) {
        const { bytesRead, buffer } = await handle.read(Buffer.alloc(CHUNK), 0, CHUNK, this.#offset);
        if (bytesRead === 0) break;
        this.#offset += bytesRead;
        const all = Buffer.concat([this.#rest, buffer.subarray(0, bytesRead)]);
        // Whole lines only: the last one may be half written, in the middle of a character even.
        const until = all.lastIndexOf(0x0a) + 1;
        this.#rest = all.subarray(until);
        for (const line of parseJournal(all.toString('utf8', 0, until))) this.lines.push(line);
      }
    } finally {
      await handle.close();
    }
    return this.lines.length > before;
  }
}

/** Whether the process that began a journal lives; one of another host counts as living as long as there is no end. */
export async function writerLives(file: string, lines: readonly JournalLine[]): Promise<boolean> {
  const begin = lines.find(line => line.type === 'begin');
  if (begin?.type !== 'begin') return false;
  if (begin.host !== os.hostname()) return true;
  const { mtimeMs } = await stat(file);
  return (await inspectManager(begin.pid, mtimeMs)).running;
}

/**
 * Tells of a journal as it is now and whenever something was appended, until it has ended, its process is gone, or `signal`
 * is aborted. Never rejects but for a file that cannot be read at all.
 */
export async function followJournal(
  file: string,
  onNews: (news: JournalNews) => void,
  signal: AbortSignal,
): Promise<void> {
  const reader = new JournalReader(file);
  let wake: () => void = () => undefined;
  const watcher = watchFile(file, () => wake());
  const stop = (): void => wake();
  signal.addEventListener('abort', stop, { once: true });
  let alive = true;
  let lookedAt = -Infinity;
  try {
    for (let first = true; !signal.aborted; first = false) {
      let news = await reader.read();
      if (!reader.ended && performance.now() - lookedAt > LIFE_MS) {
        lookedAt = performance.now();
        const lives = await writerLives(file, reader.lines);
        // Its last words may have come between the two looks.
        if (!lives) news = (await reader.read()) || news;
        news ||= lives !== alive;
        alive = lives;
      }
      if (reader.ended) alive = false;
      if (first || news) onNews({ lines: reader.lines, alive });
      if (!alive) return;
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, POLL_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
        if (signal.aborted) wake();
      });
      await delay(SETTLE_MS);
    }
  } finally {
    watcher?.close();
    signal.removeEventListener('abort', stop);
  }
}

function watchFile(file: string, onChange: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(file, { persistent: false }, onChange);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
}

import { randomBytes } from 'node:crypto';
import { quote } from './quote';

/**
 * Marks the start of the program's output, since a login shell's files may print before it, and tells the process id: it is that of
 * the session, hence of a process group that can be ended as a whole (sshd starts each program in a session of its own).
 */
const PREFACE = 'printf "%s %s\\n" "$1" "$$"; printf "%s %s\\n" "$1" "$$" >&2; shift; exec "$@"';

export interface RemoteCommand {
  /** For the login shell of the other side, whichever that is. */
  readonly line: string;
  readonly mark: string;
}

export function remoteCommand(argv: readonly string[]): RemoteCommand {
  const mark = `mark-${randomBytes(8).toString('hex')}`;
  return { mark, line: `exec ${quote(['sh', '-c', PREFACE, 'sh', mark, ...argv])}` };
}

/** Ends a program and all that it started. */
export function killCommand(pid: number): string {
  return `exec ${quote(['sh', '-c', 'kill -9 "-$1"', 'sh', String(pid)])}`;
}

/** How much of what comes before the mark is kept, to say what a shell complained about. */
const KEEP_NOISE = 4096;

/** Splits a stream at its mark line. */
export class MarkedOutput {
  readonly #mark: Buffer;
  #before = Buffer.alloc(0);
  #seen = 0;
  #found = false;
  /** The rest of the mark's line: the process id. */
  note = '';

  constructor(mark: string) {
    this.#mark = Buffer.from(mark, 'latin1');
  }

  get found(): boolean {
    return this.#found;
  }

  /** What was printed instead, if the mark never came. */
  get noise(): string {
    return this.#before.subarray(0, KEEP_NOISE).toString().trim();
  }

  /** The part of a chunk that the program itself wrote; empty until it has started. */
  push(chunk: Buffer): Buffer {
    if (this.#found) return chunk;
    this.#before = Buffer.concat([this.#before, chunk]);
    const at = this.#before.indexOf(this.#mark, Math.max(0, this.#seen - this.#mark.length));
    const end = at < 0 ? -1 : this.#before.indexOf(10, at);
    if (end < 0) {
      this.#seen = at < 0 ? this.#before.length : at;
      // The start for the message, the end because the mark may be in it.
      if (this.#before.length > 64 * 1024) {
        this.#before = Buffer.concat([this.#before.subarray(0, KEEP_NOISE), this.#before.subarray(-KEEP_NOISE)]);
        this.#seen = KEEP_NOISE;
      }
      return Buffer.alloc(0);
    }
    this.#found = true;
    this.note = this.#before.toString('latin1', at + this.#mark.length, end).trim();
    const rest = this.#before.subarray(end + 1);
    this.#before = Buffer.alloc(0);
    return rest;
  }
}

/** Keeps the first bytes of a stream. */
export class Collector {
  readonly #chunks: Buffer[] = [];
  #left: number;

  constructor(keepBytes: number) {
    this.#left = keepBytes;
  }

  push(chunk: Buffer): void {
    if (this.#left <= 0 || chunk.length === 0) return;
    this.#chunks.push(chunk.subarray(0, this.#left));
    this.#left -= chunk.length;
  }

  toString(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}

/**
 * Bytes `$2` (from 1) and on, `$3` of them, of file `$1`: with tools that every Linux has. tail skips by seeking, so that an offset
 * costs nothing; its exit code is passed on, since a pipeline would only tell head's (a tail that head has cut off is fine: >= 128).
 */
const RANGE =
  'if [ -d "$1" ]; then echo "$1: is a directory" >&2; exit 66; fi; exec <"$1" || exit 66; exec 3>&1; ' +
  's=$( { { tail -c "+$2" 4>&-; echo "$?" >&4; } | head -c "$3" >&3; } 4>&1 ); ' +
  '[ "$s" -eq 0 ] || [ "$s" -ge 128 ] || exit 74';

export function rangeProgram(path: string, offset: number, length: number): string[] {
  // A leading "-" is no danger: the path is only redirected from.
  return ['sh', '-c', RANGE, 'sh', path, String(offset + 1), String(length)];
}

import path from 'node:path';
import type { LogFile } from '../binlog/logFile';
import { logBase, logNumber } from '../binlog/position';
import { SshError } from '../ssh/sshError';
import type { Host } from '../ssh/types';

const LIST_MS = 10_000;

/** Bytes that are asked for first, and kept: each question costs a program on the host, and most want little, or the same. */
const BLOCK = 64 * 1024;
/** How many of them are kept for each log: its beginning, and where somebody looks for a place. */
const BLOCKS = 4;

interface Block {
  readonly start: number;
  readonly bytes: Buffer;
}

/** A log on a host, read as it is needed. */
export function remoteLog(host: Host, file: string, size: number): LogFile {
  const blocks: Block[] = [];
  const blockAt = async (offset: number, options: { signal?: AbortSignal }): Promise<Block> => {
    const known = blocks.find(({ start, bytes }) => start <= offset && offset < start + bytes.length);
    if (known) return known;
    const pieces: Buffer[] = [];
    for await (const piece of host.readRange(file, offset, Math.min(BLOCK, size - offset), options)) pieces.push(piece);
    const block = { start: offset, bytes: Buffer.concat(pieces) };
    if (block.bytes.length > 0) blocks.push(block);
    if (blocks.length > BLOCKS) blocks.shift();
    return block;
  };
  return {
    name: path.posix.basename(file),
    size,
    async *read(offset, length, signal) {
      const end = Math.min(offset + length, size);
      if (offset >= end) return;
      const options = signal ? { signal } : {};
      const { start, bytes } = await blockAt(offset, options);
      const at = start + bytes.length;
      if (at > offset) yield bytes.subarray(offset - start, end - start);
      // A block that ends early: so does the file.
      const isWhole = bytes.length >= Math.min(BLOCK, size - start);
      if (isWhole && at < end) yield* host.readRange(file, at, end - at, options);
    },
  };
}

/**
 * Prints `SIZE NAME` of every file NAME.DIGITS of a directory from a number on. The name is compared as it is: it may hold
 * anything that a pattern would read otherwise. Ends with code 3 if there is no such directory, 4 if it may not be read.
 */
const LIST = `cd -- "$1" 2>/dev/null || exit 3
[ -r . ] || exit 4
for f in *; do
  case "$f" in
    "$2".*[!0-9]*|"$2".) ;;
    "$2".[0-9]*) [ "\${f##*.}" -lt "$3" ] || { s=$(wc -c <"$f") && printf '%s %s\\n' "$s" "$f"; } ;;
  esac
done`;

export type FoundLogs =
  | { readonly ok: true; readonly directory: string; readonly logs: readonly LogFile[] }
  /** `missing`: no directory has such a file; `failed`: SSH, or a directory that may not be read. */
  | { readonly ok: false; readonly kind: 'missing' | 'failed'; readonly text: string };

/**
 * The logs with the base name of `file` in the first of the directories that has `file` or a later one, from `file` on, by
 * their numbers. Rejects with the signal's reason only.
 */
export async function findLogs(
  host: Host,
  directories: readonly string[],
  file: string,
  signal: AbortSignal,
): Promise<FoundLogs> {
  const base = logBase(file);
  let refused: string | undefined;
  for (const directory of directories) {
    try {
      const { code, stdout, stderr } = await host.run(
        ['sh', '-c', LIST, 'sh', directory, base, String(logNumber(file))],
        {
          timeoutMs: LIST_MS,
          signal,
        },
      );
      if (code === 4) refused = `${directory}: permission denied`;
      if (code !== 0 && code !== 3 && code !== 4) refused = `${directory}: ${stderr.trim()}`;
      const logs = entries(stdout)
        .filter(({ name }) => logBase(name) === base && logNumber(name) >= logNumber(file))
        .sort((a, b) => logNumber(a.name) - logNumber(b.name))
        .map(({ name, size }) => remoteLog(host, path.posix.join(directory, name), size));
      if (logs.length > 0) return { ok: true, directory, logs };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SshError)) throw error;
      return { ok: false, kind: 'failed', text: error.failure.text };
    }
  }
  if (refused !== undefined) return { ok: false, kind: 'failed', text: refused };
  return { ok: false, kind: 'missing', text: directories.join(', ') };
}

function entries(stdout: string): { readonly name: string; readonly size: number }[] {
  return stdout.split('\n').flatMap(line => {
    const match = /^\s*(\d+) (.+)$/.exec(line);
    return match ? [{ size: Number(match[1]), name: match[2] ?? '' }] : [];
  });
}

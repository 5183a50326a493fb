import path from 'node:path';
import type { LogFile } from '../binlog/logFile';
import { logBase, logNumber } from '../binlog/position';
import { SshError } from '../ssh/sshError';
import type { Host } from '../ssh/types';

const LIST_MS = 10_000;

/** A log on a host, read as it is needed. */
export function remoteLog(host: Host, file: string, size: number): LogFile {
  return {
    name: path.posix.basename(file),
    size,
    read: (offset, length, signal) => host.readRange(file, offset, length, signal ? { signal } : {}),
  };
}

/**
 * Prints `SIZE NAME` of every file NAME.DIGITS of a directory. The name is compared as it is: it may hold anything that a
 * pattern would read otherwise. Ends with code 3 if there is no such directory, 4 if it may not be read.
 */
const LIST = `cd -- "$1" 2>/dev/null || exit 3
[ -r . ] || exit 4
for f in *; do
  case "$f" in
    "$2".*[!0-9]*|"$2".) ;;
    "$2".[0-9]*) s=$(wc -c <"$f") && printf '%s %s\\n' "$s" "$f" ;;
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
      const { code, stdout, stderr } = await host.run(['sh', '-c', LIST, 'sh', directory, base], {
        timeoutMs: LIST_MS,
        signal,
      });
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

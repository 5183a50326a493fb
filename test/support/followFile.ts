import { closeSync, openSync, readSync } from 'node:fs';

const POLL_MS = 5;

/** Calls `onLine` for every line of a file, soon (5 ms) after it was written; the file may come later. Dispose it. */
export function followFile(file: string, onLine: (line: string) => void): Disposable {
  let handle: number | undefined;
  let rest = '';
  const buffer = Buffer.alloc(64 * 1024);
  const look = () => {
    try {
      handle ??= openSync(file, 'r');
    } catch {
      return;
    }
    for (let bytes = readSync(handle, buffer); bytes > 0; bytes = readSync(handle, buffer))
      rest += buffer.toString('utf8', 0, bytes);
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(onLine);
  };
  const timer = setInterval(look, POLL_MS);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      look();
      if (handle !== undefined) closeSync(handle);
    },
  };
}

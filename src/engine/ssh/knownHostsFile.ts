import fs from 'node:fs/promises';
import path from 'node:path';
import { errorCode } from '../errors';
import { parseKnownHosts, type KnownHost } from './knownHosts';

/** Reads known_hosts files; those that do not exist or may not be read count as empty. */
export async function readKnownHosts(files: readonly string[]): Promise<KnownHost[]> {
  const lists = await Promise.all(
    files.map(async file => {
      try {
        return parseKnownHosts(await fs.readFile(file, 'utf8'), file);
      } catch (error) {
        if (errorCode(error) === undefined) throw error;
        return [];
      }
    }),
  );
  return lists.flat();
}

/** Appends one after the other, so that hosts that are met at the same time do not write the same line twice. */
const queues = new Map<string, Promise<unknown>>();

/**
 * Adds a line to a known_hosts file unless `isThere` finds it by then: in one write to the end of the file, so that whoever else
 * writes there (ssh, another process of ours) loses nothing. Creates the file with mode 0600 and its folder with 0700, but nothing above.
 */
export async function appendKnownHost(
  file: string,
  line: string,
  isThere: (entries: readonly KnownHost[]) => boolean,
): Promise<void> {
  if (file === '/dev/null') return;
  const before = queues.get(file) ?? Promise.resolve();
  const mine = before.then(async () => {
    if (!isThere(await readKnownHosts([file]))) await append(file, line);
  });
  const settled = mine.catch(() => undefined);
  queues.set(file, settled);
  void settled.then(() => queues.get(file) === settled && queues.delete(file));
  await mine;
}

/** One level only: a home that does not exist is not made up. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await fs.mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}

async function append(file: string, line: string): Promise<void> {
  await makeFolder(path.dirname(file));
  const handle = await fs.open(file, 'a+', 0o600);
  try {
    const { size } = await handle.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await handle.read(last, 0, 1, size - 1);
    // A last line without its newline would swallow ours.
    await handle.writeFile(size > 0 && last[0] !== 0x0a ? `\n${line}` : line);
  } finally {
    await handle.close();
  }
}

import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mysql from 'mysql2/promise';
import { ACCOUNTS } from './serverProcess';
import type { TestServer } from './testServer';

/** What fills a disk; dispose frees it. */
export interface FilledDisk extends Disposable {
  /** Bytes written. */
  readonly bytes: number;
}

/** Refuses to fill anything larger: that would not be a disk made for the test. */
const LARGEST_DISK = 1024 * 1024 * 1024;

/** Fills the file system of a folder (see `ClusterSpec.diskFor`) until nothing more can be written to it. */
export function fillDisk(dir: string): FilledDisk {
  const info = statfsSync(dir);
  if (info.blocks * info.bsize > LARGEST_DISK) throw new Error(`${dir} is not on a small disk`);
  const file = path.join(dir, 'filler');
  const handle = openSync(file, 'w');
  let bytes = 0;
  try {
    for (let size = 1024 * 1024; size >= 512;) {
      try {
        bytes += writeSync(handle, Buffer.alloc(size, 1));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        size /= 2;
      }
    }
  } finally {
    closeSync(handle);
  }
  return { bytes, [Symbol.dispose]: () => rmSync(file, { force: true }) };
}

export interface OccupiedConnections extends AsyncDisposable {
  /** Connections held. */
  readonly count: number;
}

/**
 * Takes connections until the server has none left for ordinary accounts ("Too many connections"). It keeps one for an
 * administrator; with `administrators`, that one is taken as well.
 */
export async function occupyConnections(
  server: TestServer,
  options: { readonly administrators?: boolean } = {},
): Promise<OccupiedConnections> {
  const held: mysql.Connection[] = [];
  const take = async (account: { user: string; password: string }): Promise<boolean> => {
    try {
      const connection = await mysql.createConnection({ socketPath: server.socket, ...account });
      connection.on('error', () => undefined);
      held.push(connection);
      return true;
    } catch (error) {
      if ((error as { code?: string }).code === 'ER_CON_COUNT_ERROR') return false;
      throw error;
    }
  };
  // Connections that were closed a moment ago still count, so one refusal is not the last word.
  const takeAll = async (account: { user: string; password: string }) => {
    for (let refusals = 0; refusals < 3; await sleep(15)) refusals = (await take(account)) ? 0 : refusals + 1;
  };
  await takeAll(ACCOUNTS.repl);
  if (options.administrators) await takeAll(ACCOUNTS.app);
  return {
    count: held.length,
    async [Symbol.asyncDispose]() {
      for (const connection of held) connection.destroy();
      await Promise.resolve();
    },
  };
}

import { setTimeout as sleep } from 'node:timers/promises';
import mysql from 'mysql2/promise';
import type { TestServer } from './testServer';

/** An account that read_only stops, unlike the others of the tests. */
const ACCOUNT = { user: 'shop', password: 'shop' };

export interface ApplicationReport {
  /** Ids whose INSERT a server acknowledged: each must still be there at the end. */
  readonly acknowledged: readonly number[];
  /** Writes that failed or whose outcome the application does not know. */
  readonly failed: number;
  /** The longest time without an acknowledged write, in milliseconds. */
  readonly longestGapMs: number;
}

export interface Application extends AsyncDisposable {
  /** Number of acknowledged writes. */
  readonly acknowledged: number;
  /** Index of the server that took the last one. */
  readonly server: number;
  /** When a server first took a write, by index; of performance.now(). */
  readonly firstWriteMs: ReadonlyMap<number, number>;
  stop(): Promise<ApplicationReport>;
}

export interface ApplicationOptions {
  /** Milliseconds between writes. Default 5. */
  readonly everyMs?: number;
  /** Milliseconds after which a connection attempt or a write counts as failed. Default 500. */
  readonly timeoutMs?: number;
}

/** Milliseconds until the next server is tried. */
const NEXT_MS = 3;

/**
 * Creates the table `shop.orders` on the first server, and inserts ids into it, one after the other, until stopped. Where a
 * server refuses a write or is gone, it tries the next one, over and over, as applications with a list of servers do.
 */
export async function startApplication(
  servers: readonly TestServer[],
  { everyMs = 5, timeoutMs = 500 }: ApplicationOptions = {},
): Promise<Application> {
  const [master] = servers as [TestServer];
  await master.query('CREATE DATABASE shop');
  await master.query('CREATE TABLE shop.orders (id INT PRIMARY KEY, text VARCHAR(60)) ENGINE=InnoDB');
  await master.query('CREATE USER ?@? IDENTIFIED BY ?', [ACCOUNT.user, '%', ACCOUNT.password]);
  await master.query('GRANT SELECT, INSERT ON shop.* TO ?@?', [ACCOUNT.user, '%']);

  const connections = new Map<number, mysql.Connection>();
  const write = async (index: number, id: number) => {
    let connection = connections.get(index);
    if (!connection) {
      const { host, port } = servers[index] as TestServer;
      connection = await mysql.createConnection({ host, port, ...ACCOUNT, connectTimeout: timeoutMs });
      connection.on('error', () => undefined);
      connections.set(index, connection);
    }
    await connection.query({ sql: 'INSERT INTO shop.orders VALUES (?, ?)', values: [id, `order ${id}`], timeout: timeoutMs }); // prettier-ignore
  };

  const acknowledged: number[] = [];
  const firstWriteMs = new Map<number, number>();
  let target = 0;
  let failed = 0;
  let longestGapMs = 0;
  let last = performance.now();
  let running = true;
  const writing = (async () => {
    for (let id = 1; running; id++) {
      try {
        await write(target, id);
        const now = performance.now();
        acknowledged.push(id);
        if (!firstWriteMs.has(target)) firstWriteMs.set(target, now);
        longestGapMs = Math.max(longestGapMs, now - last);
        last = now;
        await sleep(everyMs);
      } catch (error) {
        failed++;
        // A server that answers keeps its connection: it may take the next write.
        if ((error as { sqlState?: string }).sqlState === undefined) {
          connections.get(target)?.destroy();
          connections.delete(target);
        }
        target = (target + 1) % servers.length;
        await sleep(NEXT_MS);
      }
    }
  })();
  const stop = async (): Promise<ApplicationReport> => {
    running = false;
    await writing;
    for (const connection of connections.values()) connection.destroy();
    connections.clear();
    return { acknowledged, failed, longestGapMs };
  };
  return {
    get acknowledged() {
      return acknowledged.length;
    },
    get server() {
      return target;
    },
    firstWriteMs,
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

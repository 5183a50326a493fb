import { setTimeout as sleep } from 'node:timers/promises';
import mysql from 'mysql2/promise';
import { ACCOUNTS } from './serverProcess';

export interface LoadOptions {
  /** Where the writer connects to: a server, a proxy or a virtual address. */
  readonly target: { readonly host: string; readonly port: number };
  /** Milliseconds between writes. Default 5. */
  readonly everyMs?: number;
  /** Milliseconds after which a connection attempt or a write counts as failed. Default 500. */
  readonly timeoutMs?: number;
}

export interface LoadReport {
  /** Ids whose INSERT the server acknowledged: each must still be there at the end. */
  readonly acknowledged: readonly number[];
  /** Writes that failed or whose outcome the client does not know. */
  readonly failed: number;
  /** The longest time without an acknowledged write, in milliseconds. */
  readonly longestGapMs: number;
  /** Code of each kind of failure, with its number. */
  readonly errors: Readonly<Record<string, number>>;
}

export interface Load extends AsyncDisposable {
  readonly acknowledged: number;
  /** Directs the writer elsewhere, as an application does after a failover. */
  redirect(target: LoadOptions['target']): void;
  stop(): Promise<LoadReport>;
}

/** Creates `load_test.writes` on the target and inserts ids into it, one after the other, until stopped. */
export async function startLoad(options: LoadOptions): Promise<Load> {
  const timeoutMs = options.timeoutMs ?? 500;
  let target = options.target;
  let connection: mysql.Connection | undefined;
  const query = async (sql: string, values: number[] = []) => {
    if (!connection) {
      const { host, port } = target;
      connection = await mysql.createConnection({ host, port, ...ACCOUNTS.app, connectTimeout: timeoutMs });
      connection.on('error', () => undefined);
    }
    await connection.query({ sql, values, timeout: timeoutMs });
  };
  const drop = () => {
    connection?.destroy();
    connection = undefined;
  };
  await query('CREATE DATABASE IF NOT EXISTS load_test');
  await query('CREATE TABLE IF NOT EXISTS load_test.writes (id INT PRIMARY KEY, at DATETIME) ENGINE=InnoDB');

  const acknowledged: number[] = [];
  const errors: Record<string, number> = {};
  let failed = 0;
  let longestGapMs = 0;
  let last = performance.now();
  let running = true;
  const writing = (async () => {
    for (let id = 1; running; id++) {
      try {
        await query('INSERT INTO load_test.writes VALUES (?, NOW())', [id]);
        acknowledged.push(id);
        longestGapMs = Math.max(longestGapMs, performance.now() - last);
        last = performance.now();
      } catch (error) {
        failed++;
        const code = (error as { code?: string }).code ?? 'UNKNOWN';
        errors[code] = (errors[code] ?? 0) + 1;
        drop();
      }
      await sleep(options.everyMs ?? 5);
    }
  })();
  const stop = async (): Promise<LoadReport> => {
    running = false;
    await writing;
    drop();
    return { acknowledged, failed, longestGapMs, errors };
  };
  return {
    get acknowledged() {
      return acknowledged.length;
    },
    redirect(to) {
      target = to;
      drop();
    },
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

import { MysqlError } from '../mysql/mysqlError';
import type { MysqlServer } from '../mysql/server';

/** MHA's name: a Perl manager and ours see each other, and an online switch sees both. */
export const MONITOR_LOCK = 'MHA_Master_High_Availability_Monitor';

/** A session of ours that held the lock, and when it last did anything (milliseconds of `performance.now()`). */
export interface FormerSession {
  readonly connectionId: number;
  readonly atMs: number;
}

export interface LockOptions {
  /** Seconds that the server waits for it; 0: not at all. */
  readonly waitSeconds: number;
  /** Milliseconds that each statement may take beyond that. */
  readonly timeoutMs: number;
  readonly former?: FormerSession;
  readonly signal?: AbortSignal;
}

/**
 * Takes the lock that a monitor holds for its life. True: it is ours; false: another session has it; undefined: the
 * server gave NULL. A session of our own that the server has not yet missed (the network broke) is ended first: it would
 * hold the lock against us until its wait_timeout. Rejects with MysqlError.
 */
export async function takeLock(server: MysqlServer, options: LockOptions): Promise<boolean | undefined> {
  const taken = await getLock(server, options);
  if (taken !== false || !options.former || !(await endFormer(server, options.former, options))) return taken;
  return getLock(server, { ...options, waitSeconds: 1 });
}

async function getLock(server: MysqlServer, options: LockOptions): Promise<boolean | undefined> {
  const { waitSeconds, timeoutMs, signal } = options;
  const [row] = await server.query('SELECT GET_LOCK(?, ?) AS Value', [MONITOR_LOCK, waitSeconds], {
    timeoutMs: timeoutMs + waitSeconds * 1000,
    ...(signal && { signal }),
  });
  const value = row?.['Value'];
  return value === null || value === undefined ? undefined : Number(value) === 1;
}

/** Whether the holder was our former session, and is ended now. A restarted server gives its numbers anew. */
async function endFormer(server: MysqlServer, former: FormerSession, options: LockOptions): Promise<boolean> {
  const { timeoutMs, signal } = options;
  const query = { timeoutMs, ...(signal && { signal }) };
  const [[holder], [status]] = await Promise.all([
    server.query('SELECT IS_USED_LOCK(?) AS Value', [MONITOR_LOCK], query),
    server.query("SHOW GLOBAL STATUS LIKE 'Uptime'", [], query),
  ]);
  const runsForMs = Number(status?.['Value']) * 1000;
  if (Number(holder?.['Value']) !== former.connectionId || runsForMs < performance.now() - former.atMs) return false;
  try {
    const { sql, values } = server.dialect.statement('killConnection', [former.connectionId]);
    await server.query(sql, values, query);
    return true;
  } catch (error) {
    if (error instanceof MysqlError && error.kind === 'server') return false;
    throw error;
  }
}

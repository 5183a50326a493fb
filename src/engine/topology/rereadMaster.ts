import type { MysqlServer } from '../mysql/server';
import { MysqlError } from '../mysql/mysqlError';
import { readServerState } from '../mysql/state';
import type { ServerState } from '../mysql/types';
import { errantGtids } from './errant';
import type { Snapshot } from './types';

/** Milliseconds: the server has just answered. */
const READ_TIMEOUT_MS = 2000;

/**
 * Servers are read at slightly different times, so a replica read after its master seems to have transactions that the
 * master has not. Where it does, the master is read once more: what is then still extra is really errant.
 * Undefined: no need, or the master did not answer any more.
 */
export async function rereadMaster(
  snapshot: Snapshot,
  connection: MysqlServer,
  signal?: AbortSignal,
): Promise<ServerState | undefined> {
  const master = snapshot.servers.find(server => server.id === snapshot.master)?.state;
  if (!master) return undefined;
  const ahead = snapshot.servers.some(
    ({ id, state }) => state && id !== snapshot.master && errantGtids(state, master) !== undefined,
  );
  if (!ahead) return undefined;
  try {
    return await readServerState(connection, { timeoutMs: READ_TIMEOUT_MS, ...(signal && { signal }) });
  } catch (error) {
    if (error instanceof MysqlError) return undefined;
    throw error;
  }
}

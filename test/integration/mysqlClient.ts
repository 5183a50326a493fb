import { Secret } from '../../src/config/secret';
import { connect, type ConnectOptions } from '../../src/engine/mysql/connect';
import type { MysqlServer } from '../../src/engine/mysql/server';
import type { ConnectFailure } from '../../src/engine/mysql/types';
import { ACCOUNTS } from '../support/serverProcess';

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Options for a login at a test server, as the manager unless told otherwise. */
export function loginOptions(
  { host, port }: Endpoint,
  more: Partial<ConnectOptions> & { user?: string; password?: string } = {},
): ConnectOptions {
  const { user = ACCOUNTS.mha.user, password = ACCOUNTS.mha.password, ...rest } = more;
  return {
    address: { host, port },
    credentials: { user, password: new Secret(password) },
    tls: { mode: 'preferred' },
    ...rest,
  };
}

/** A connection, or an exception with the failure in it. */
export async function login(endpoint: Endpoint, more: Parameters<typeof loginOptions>[1] = {}): Promise<MysqlServer> {
  const result = await connect(loginOptions(endpoint, more));
  if (!result.ok) throw new Error(`no connection: ${result.failure.kind}: ${result.failure.text}`);
  return result.server;
}

/** The failure, or an exception because there was none. */
export async function refusal(
  endpoint: Endpoint,
  more: Parameters<typeof loginOptions>[1] = {},
): Promise<ConnectFailure> {
  const result = await connect(loginOptions(endpoint, more));
  if (!result.ok) return result.failure;
  result.server.destroy();
  throw new Error('connected, against expectation');
}

import type { MysqlServer, QueryOptions } from '../mysql/server';
import { flag } from '../mysql/values';
import type { Statement } from '../mysql/dialect';

/** What a server lets through. `superReadOnly` is absent where the server has no such variable. */
export interface ReadOnlyState {
  readonly readOnly: boolean;
  readonly superReadOnly?: boolean;
}

export async function readOnlyOf(server: MysqlServer, options?: QueryOptions): Promise<ReadOnlyState> {
  const name = server.dialect.variable('superReadOnly');
  const [row = {}] = await server.query(
    `SELECT @@global.read_only AS ro${name === undefined ? '' : `, @@global.${name} AS sro`}`,
    [],
    options,
  );
  const superReadOnly = flag(row, 'sro');
  return { readOnly: flag(row, 'ro') === true, ...(superReadOnly !== undefined && { superReadOnly }) };
}

/** Makes a server writable; read_only=0 takes super_read_only with it. */
export const WRITABLE: Statement = { sql: 'SET GLOBAL read_only=0', values: [] };

/** As read-only as the server can be. It blocks behind running commits and table locks: bound the wait. */
export function readOnlyStatement(server: MysqlServer): Statement {
  const name = server.dialect.variable('superReadOnly');
  return { sql: name === undefined ? 'SET GLOBAL read_only=1' : `SET GLOBAL ${name}=1`, values: [] };
}

/** Lets accounts with SUPER write, and nobody else: what applying through a connection needs. */
export function superWritable(server: MysqlServer): Statement | undefined {
  const name = server.dialect.variable('superReadOnly');
  return name === undefined ? undefined : { sql: `SET GLOBAL ${name}=0`, values: [] };
}

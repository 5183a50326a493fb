import { GtidSet } from '../mysql/gtid';
import { MariadbPosition } from '../mysql/mariadbGtid';
import type { VariableName } from '../mysql/dialect';
import type { MysqlServer, QueryOptions } from '../mysql/server';
import { text } from '../mysql/values';

async function variable(server: MysqlServer, name: VariableName, options?: QueryOptions): Promise<string | undefined> {
  const spelled = server.dialect.variable(name);
  if (spelled === undefined) return undefined;
  const [row] = await server.query(`SELECT @@global.${spelled} AS value`, [], options);
  return row && text(row, 'value')?.replace(/\s+/g, '');
}

/** gtid_executed as it is now; undefined where there is none. MySQL only. Rejects with MysqlError. */
export async function gtidExecutedOf(server: MysqlServer, options?: QueryOptions): Promise<GtidSet | undefined> {
  const value = await variable(server, 'gtidExecuted', options);
  return value === undefined ? undefined : GtidSet.parse(value);
}

/** gtid_purged as it is now. MySQL only. */
export async function gtidPurgedOf(server: MysqlServer, options?: QueryOptions): Promise<GtidSet> {
  return GtidSet.parse((await variable(server, 'gtidPurged', options)) ?? '');
}

/** What a MariaDB server has done, as a replica or on its own. */
export async function mariadbPositionOf(server: MysqlServer, options?: QueryOptions): Promise<MariadbPosition> {
  const names = ['gtidSlavePos', 'gtidBinlogPos', 'gtidCurrentPos'] as const;
  const values = await Promise.all(names.map(name => variable(server, name, options)));
  return values.map(value => MariadbPosition.parse(value ?? '')).reduce((all, next) => all.union(next));
}

/** What a MariaDB server has applied as a replica: what was written on it directly left out. */
export async function mariadbReceivedOf(server: MysqlServer, options?: QueryOptions): Promise<MariadbPosition> {
  return MariadbPosition.parse((await variable(server, 'gtidSlavePos', options)) ?? '');
}

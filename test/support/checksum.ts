import type { TestServer } from './testServer';

const SYSTEM = ['mysql', 'information_schema', 'performance_schema', 'sys'];

/** Checksum and number of rows of every table of the users, by `schema.table`. */
export async function tableChecksums(server: Pick<TestServer, 'query'>): Promise<Record<string, string>> {
  const tables = await server.query(
    `SELECT table_schema AS s, table_name AS t FROM information_schema.tables
     WHERE table_type = 'BASE TABLE' AND table_schema NOT IN (?) ORDER BY 1, 2`,
    [SYSTEM],
  );
  const sums: Record<string, string> = {};
  for (const { s, t } of tables) {
    const name = [s, t].map(part => `\`${String(part).replaceAll('`', '``')}\``).join('.');
    const [sum] = await server.query(`CHECKSUM TABLE ${name}`);
    const [count] = await server.query(`SELECT COUNT(*) AS n FROM ${name}`);
    sums[`${String(s)}.${String(t)}`] = `${String(sum?.['Checksum'])} (${String(count?.['n'])} rows)`;
  }
  return sums;
}

/** The differences between the first server's tables and each other's, as readable lines; empty when all are the same. */
export async function tableDifferences(servers: readonly Pick<TestServer, 'query' | 'serverId'>[]): Promise<string[]> {
  const [first, ...others] = await Promise.all(
    servers.map(async server => ({ id: server.serverId, sums: await tableChecksums(server) })),
  );
  if (!first) return [];
  return others.flatMap(other =>
    [...new Set([...Object.keys(first.sums), ...Object.keys(other.sums)])].flatMap(table => {
      const [a = 'absent', b = 'absent'] = [first.sums[table], other.sums[table]];
      return a === b ? [] : [`${table}: ${a} on server ${first.id}, ${b} on server ${other.id}`];
    }),
  );
}

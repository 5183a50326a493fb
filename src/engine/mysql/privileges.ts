import type { MysqlServer, QueryOptions } from './server';
import type { Flavour, ServerVersion } from './types';
import { isAtLeast } from './version';

/** What an account may do, as SHOW GRANTS tells it, privileges of active roles included. Names in upper case. */
export interface Privileges {
  /** Granted on *.*; `ALL PRIVILEGES` stands for all static ones (MySQL) or all (MariaDB, MySQL before 8). */
  readonly global: readonly string[];
  /** Granted on whole schemas, or (partial revokes, 8.0.16) taken away from them. */
  readonly schemas: readonly {
    /** LIKE pattern, as granted. */
    readonly pattern: string;
    readonly granted: readonly string[];
    readonly revoked: readonly string[];
  }[];
  /** Roles granted to the account itself, active or not. */
  readonly roles: readonly string[];
}

/** What a role in the cluster needs, as the account's owner would grant it. */
export type PrivilegeRole = 'manager' | 'replication';

const NAME = '`(?:[^`]|``)*`|"(?:[^"]|"")*"|[^\\s.`"]+';
const ON_OBJECT = new RegExp(
  `^(GRANT|REVOKE) (.+?) ON (?:(?:TABLE|PROCEDURE|FUNCTION|PACKAGE|PACKAGE BODY) )?(${NAME})\\.(${NAME}) (?:TO|FROM) `,
  's',
);
const ROLES = /^GRANT (.+) TO /s;

function unquote(name: string): string {
  const quote = name[0];
  return quote === '`' || quote === '"' ? name.slice(1, -1).replaceAll(quote + quote, quote) : name;
}

/** Splits at commas outside of parentheses and quotes. */
function split(list: string): string[] {
  return (list.match(/(?:\([^)]*\)|`(?:[^`]|``)*`|[^,(`])+/g) ?? []).map(entry => entry.trim());
}

/** Reads the lines of SHOW GRANTS. Lines of a form that is not known (PROXY, default roles …) grant nothing here. */
export function parseGrants(lines: readonly string[]): Privileges {
  const global = new Set<string>();
  const schemas = new Map<string, { granted: Set<string>; revoked: Set<string> }>();
  const roles = new Set<string>();
  for (const line of lines) {
    const match = ON_OBJECT.exec(line);
    if (!match) {
      const granted = / ON /.test(line) ? undefined : ROLES.exec(line)?.[1];
      for (const role of granted === undefined ? [] : split(granted)) roles.add(unquote(role.replace(/@.*$/s, '')));
      continue;
    }
    const [, verb, list = '', schema = '', object = ''] = match;
    if (object !== '*') continue; // single tables and routines, and with them their column lists
    const names = split(list).filter(name => name !== 'USAGE');
    if (schema === '*') {
      if (verb === 'GRANT') for (const name of names) global.add(name);
      continue;
    }
    const pattern = unquote(schema);
    const entry = schemas.get(pattern) ?? { granted: new Set(), revoked: new Set() };
    schemas.set(pattern, entry);
    for (const name of names) (verb === 'GRANT' ? entry.granted : entry.revoked).add(name);
  }
  return {
    global: [...global],
    schemas: [...schemas].map(([pattern, { granted, revoked }]) => ({
      pattern,
      granted: [...granted],
      revoked: [...revoked],
    })),
    roles: [...roles],
  };
}

/** LIKE with backslash escapes, as schema names are granted. */
function like(pattern: string, text: string): boolean {
  const source = pattern.replace(/\\?[\s\S]/g, part => {
    if (part === '%') return '.*';
    if (part === '_') return '.';
    return part.slice(-1).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${source}$`, 'is').test(text);
}

const ALL = 'ALL PRIVILEGES';

/** Whether the privilege is there on *.*, or on a schema where one is named. */
function has(privileges: Privileges, name: string, version: ServerVersion, schema?: string): boolean {
  // MySQL 8 lists dynamic privileges by name, never within ALL.
  const dynamic = version.flavour === 'mysql' && name.includes('_');
  const among = (names: readonly string[]): boolean => names.includes(name) || (!dynamic && names.includes(ALL));
  if (schema === undefined) return among(privileges.global);
  const entries = privileges.schemas.filter(({ pattern }) => like(pattern, schema));
  if (entries.some(({ granted }) => among(granted))) return true;
  return among(privileges.global) && !entries.some(({ revoked }) => among(revoked));
}

/** `any`: one of them is enough; the first is what to grant. */
interface Need {
  readonly flavour: Flavour;
  readonly since: string;
  readonly before?: string;
  readonly any: readonly string[];
  readonly schema?: string;
}

/**
 * The least that the manager's account needs for checks, failover and switch.
 * https://dev.mysql.com/doc/refman/8.4/en/privileges-provided.html, https://mariadb.com/kb/en/grant/
 */
const MANAGER: readonly Need[] = [
  { flavour: 'mysql', since: '0', before: '8.0.0', any: ['SUPER'] },
  { flavour: 'mysql', since: '8.0.0', any: ['REPLICATION_SLAVE_ADMIN', 'SUPER'] },
  { flavour: 'mysql', since: '8.0.0', any: ['CONNECTION_ADMIN', 'SUPER'] },
  { flavour: 'mysql', since: '8.0.0', any: ['SYSTEM_VARIABLES_ADMIN', 'SUPER'] },
  { flavour: 'mysql', since: '0', any: ['REPLICATION CLIENT', 'SUPER'] },
  { flavour: 'mysql', since: '0', any: ['REPLICATION SLAVE'] },
  { flavour: 'mysql', since: '0', any: ['RELOAD'] },
  { flavour: 'mysql', since: '0', any: ['PROCESS'] },
  { flavour: 'mysql', since: '8.0.0', any: ['SELECT'], schema: 'performance_schema' },
  { flavour: 'mariadb', since: '0', before: '10.5.2', any: ['SUPER'] },
  { flavour: 'mariadb', since: '0', before: '10.5.2', any: ['REPLICATION CLIENT', 'SUPER'] },
  { flavour: 'mariadb', since: '0', before: '10.5.2', any: ['REPLICATION SLAVE'] },
  // From 11.0 on SUPER includes none of these; READ_ONLY ADMIN left it in 10.11.
  { flavour: 'mariadb', since: '10.5.2', before: '11.0.0', any: ['REPLICATION SLAVE ADMIN', 'SUPER'] },
  { flavour: 'mariadb', since: '10.5.2', before: '11.0.0', any: ['REPLICATION MASTER ADMIN', 'SUPER'] },
  { flavour: 'mariadb', since: '10.5.2', before: '11.0.0', any: ['BINLOG MONITOR', 'SUPER'] },
  { flavour: 'mariadb', since: '10.5.9', before: '11.0.0', any: ['SLAVE MONITOR', 'SUPER'] },
  { flavour: 'mariadb', since: '10.5.2', before: '11.0.0', any: ['CONNECTION ADMIN', 'SUPER'] },
  { flavour: 'mariadb', since: '10.5.2', before: '10.11.0', any: ['READ_ONLY ADMIN', 'SUPER'] },
  { flavour: 'mariadb', since: '11.0.0', any: ['REPLICATION SLAVE ADMIN'] },
  { flavour: 'mariadb', since: '11.0.0', any: ['REPLICATION MASTER ADMIN'] },
  { flavour: 'mariadb', since: '11.0.0', any: ['BINLOG MONITOR'] },
  { flavour: 'mariadb', since: '11.0.0', any: ['SLAVE MONITOR'] },
  { flavour: 'mariadb', since: '11.0.0', any: ['CONNECTION ADMIN'] },
  { flavour: 'mariadb', since: '10.11.0', any: ['READ_ONLY ADMIN'] },
  { flavour: 'mariadb', since: '0', any: ['RELOAD'] },
  { flavour: 'mariadb', since: '0', any: ['PROCESS'] },
];

const REPLICATION: readonly Need[] = [
  { flavour: 'mysql', since: '0', any: ['REPLICATION SLAVE'] },
  { flavour: 'mariadb', since: '0', any: ['REPLICATION SLAVE'] },
];

/** What is missing, spelled as in GRANT: `RELOAD`, ``SELECT ON `performance_schema`.*``. Empty: nothing. */
export function missingPrivileges(privileges: Privileges, version: ServerVersion, role: PrivilegeRole): string[] {
  return (role === 'manager' ? MANAGER : REPLICATION)
    .filter(
      ({ flavour, since, before }) =>
        isAtLeast(version, flavour, since) && !(before !== undefined && isAtLeast(version, flavour, before)),
    )
    .filter(({ any, schema }) => !any.some(name => has(privileges, name, version, schema)))
    .map(({ any: [name = ''], schema }) => (schema === undefined ? name : `${name} ON \`${schema}\`.*`));
}

/** The privileges of the account that is logged in. Needs none itself. Rejects with MysqlError. */
export async function readPrivileges(server: MysqlServer, options?: QueryOptions): Promise<Privileges> {
  const rows = await server.query('SHOW GRANTS', [], options);
  return parseGrants(rows.map(row => String(Object.values(row)[0])));
}

import { describe, expect, it } from 'vitest';
import { missingPrivileges, parseGrants } from '../../../src/engine/mysql/privileges';
import { parseVersion } from '../../../src/engine/mysql/version';

const missing = (version: string, lines: string[], role: 'manager' | 'replication' = 'manager'): string[] =>
  missingPrivileges(parseGrants(lines), parseVersion(version), role);

describe('SHOW GRANTS', () => {
  it('reads what MySQL 9.7 says, with roles, dynamic privileges and partial revokes', () => {
    expect(
      parseGrants([
        'GRANT SELECT, RELOAD, REPLICATION SLAVE ON *.* TO `u1`@`%`',
        'GRANT CONNECTION_ADMIN,REPLICATION_SLAVE_ADMIN ON *.* TO `u1`@`%` WITH GRANT OPTION',
        'GRANT ALL PRIVILEGES ON `a_b%`.* TO `u1`@`%`',
        'REVOKE SELECT ON `mysql`.* FROM `u1`@`%`',
        'GRANT SELECT (`host`, `user`), INSERT ON `mysql`.`user` TO `u1`@`%`',
        'GRANT EXECUTE ON PROCEDURE `mysql`.`p` TO `u1`@`%`',
        'GRANT PROXY ON ``@`` TO `u1`@`%` WITH GRANT OPTION',
        'GRANT `r1`@`%`,`r,3`@`%` TO `u1`@`%`',
      ]),
    ).toEqual({
      global: ['SELECT', 'RELOAD', 'REPLICATION SLAVE', 'CONNECTION_ADMIN', 'REPLICATION_SLAVE_ADMIN'],
      schemas: [
        { pattern: 'a_b%', granted: ['ALL PRIVILEGES'], revoked: [] },
        { pattern: 'mysql', granted: [], revoked: ['SELECT'] },
      ],
      roles: ['r1', 'r,3'],
    });
  });

  it('reads what MariaDB 10.11 says, with the roles of roles', () => {
    expect(
      parseGrants([
        'GRANT `r1` TO `u1`@`%`',
        "GRANT SELECT, BINLOG MONITOR, READ_ONLY ADMIN ON *.* TO `u1`@`%` IDENTIFIED BY PASSWORD '*556BEF'",
        'GRANT USAGE ON *.* TO `r1`',
        'GRANT `r2` TO `r1`',
        'GRANT REPLICATION SLAVE ON *.* TO `r2`',
        'SET DEFAULT ROLE `r1` FOR `u1`@`%`',
      ]),
    ).toEqual({
      global: ['SELECT', 'BINLOG MONITOR', 'READ_ONLY ADMIN', 'REPLICATION SLAVE'],
      schemas: [],
      roles: ['r1', 'r2'],
    });
  });

  it('reads what MySQL 5.6 says', () => {
    expect(
      parseGrants([
        "GRANT SELECT, REPLICATION SLAVE ON *.* TO 'u1'@'%' IDENTIFIED BY PASSWORD '*556BEF' WITH GRANT OPTION",
        "GRANT ALL PRIVILEGES ON `a_b%`.* TO 'u1'@'%'",
      ]),
    ).toEqual({
      global: ['SELECT', 'REPLICATION SLAVE'],
      schemas: [{ pattern: 'a_b%', granted: ['ALL PRIVILEGES'], revoked: [] }],
      roles: [],
    });
  });
});

describe('missing privileges', () => {
  it.each(['5.5.40', '5.6.24-log', '5.7.44', '10.3.22-MariaDB', '10.11.6-MariaDB', '11.8.2-MariaDB'])(
    'ALL is enough for %s',
    version => {
      expect(missing(version, ["GRANT ALL PRIVILEGES ON *.* TO 'x'@'%'"])).toEqual([]);
    },
  );

  it('ALL of MySQL 8 does not stand for dynamic privileges, but has SUPER', () => {
    expect(missing('8.0.36', ['GRANT ALL PRIVILEGES ON *.* TO `x`@`%`'])).toEqual([]);
  });

  it.each<[string, string[]]>([
    ['5.6.24', ['SUPER', 'REPLICATION CLIENT', 'REPLICATION SLAVE', 'RELOAD', 'PROCESS']],
    [
      '8.4.0',
      [
        'REPLICATION_SLAVE_ADMIN',
        'CONNECTION_ADMIN',
        'SYSTEM_VARIABLES_ADMIN',
        'REPLICATION CLIENT',
        'REPLICATION SLAVE',
        'RELOAD',
        'PROCESS',
        'SELECT ON `performance_schema`.*',
      ],
    ],
    [
      '10.11.6-MariaDB',
      [
        'REPLICATION SLAVE ADMIN',
        'REPLICATION MASTER ADMIN',
        'BINLOG MONITOR',
        'SLAVE MONITOR',
        'CONNECTION ADMIN',
        'READ_ONLY ADMIN',
        'RELOAD',
        'PROCESS',
      ],
    ],
  ])('of nothing, on %s', (version, expected) => {
    expect(missing(version, ['GRANT USAGE ON *.* TO `x`@`%`']).sort()).toEqual([...expected].sort());
  });

  it('sees schema grants and partial revokes', () => {
    const rest =
      'REPLICATION_SLAVE_ADMIN, CONNECTION_ADMIN, SYSTEM_VARIABLES_ADMIN, REPLICATION CLIENT, REPLICATION SLAVE, RELOAD, PROCESS';
    const grant = (more: string): string => `GRANT ${rest}${more} ON *.* TO \`x\`@\`%\``;
    expect(missing('8.0.36', [grant('')])).toEqual(['SELECT ON `performance_schema`.*']);
    expect(missing('8.0.36', [grant(', SELECT')])).toEqual([]);
    expect(missing('8.0.36', [grant(''), 'GRANT SELECT ON `performance\\_schema`.* TO `x`@`%`'])).toEqual([]);
    expect(missing('8.0.36', [grant(', SELECT'), 'REVOKE SELECT ON `performance_schema`.* FROM `x`@`%`'])).toEqual([
      'SELECT ON `performance_schema`.*',
    ]);
  });

  it('of the replication account', () => {
    expect(missing('8.0.36', ['GRANT USAGE ON *.* TO `repl`@`%`'], 'replication')).toEqual(['REPLICATION SLAVE']);
    expect(missing('10.11.6-MariaDB', ['GRANT REPLICATION SLAVE ON *.* TO `repl`@`%`'], 'replication')).toEqual([]);
  });
});

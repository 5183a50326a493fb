import os from 'node:os';
import path from 'node:path';
import { ensureMariadb, ensureMysql56, ensureMysql97 } from './servers';

export type Flavour = 'mysql56' | 'mysql97' | 'mariadb1011';

export interface ServerProgram {
  readonly flavour: Flavour;
  /** mysqld and what is needed to start it, without options. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** A data directory with the accounts of the tests and empty logs, to be copied. */
  readonly template: string;
  /** Client programs by name (mysqlbinlog, mysql, …), each with what is needed to start it. */
  readonly clients: Readonly<Record<string, readonly string[]>>;
  /** Lines for my.cnf. */
  readonly options: Readonly<Record<string, string>>;
}

/** Fetches what the flavour needs if it is not in the cache. */
export function programOf(flavour: Flavour): Promise<ServerProgram> {
  switch (flavour) {
    case 'mysql56':
      return ensureMysql56();
    case 'mysql97':
      return ensureMysql97();
    case 'mariadb1011':
      return ensureMariadb();
  }
}

/** Options that keep a server small and quick without changing how it behaves towards clients and replicas. */
const COMMON: Readonly<Record<string, string>> = {
  skip_name_resolve: 'ON',
  max_connections: '100',
  // Not 0: a killed server would lose commits that its binary log has.
  innodb_flush_log_at_trx_commit: '2',
  sync_binlog: '0',
  innodb_doublewrite: '0',
  // Some thirty servers would use up fs.aio-max-nr.
  innodb_use_native_aio: '0',
  performance_schema: 'OFF',
  ...(process.getuid?.() === 0 ? { user: os.userInfo().username } : {}),
};

export function mysql56Options(root: string): Readonly<Record<string, string>> {
  return {
    ...COMMON,
    basedir: root,
    lc_messages_dir: path.join(root, 'share'),
    character_sets_dir: path.join(root, 'share/charsets'),
    innodb_buffer_pool_size: '5M',
    innodb_log_file_size: '1M',
    innodb_log_buffer_size: '256K',
    key_buffer_size: '1M',
    table_open_cache: '64',
    table_definition_cache: '400',
    query_cache_size: '0',
    query_cache_type: '0',
    innodb_ft_cache_size: '1600000',
    explicit_defaults_for_timestamp: 'ON',
    binlog_format: 'ROW',
  };
}

export function mysql97Options(root: string): Readonly<Record<string, string>> {
  const usr = path.join(root, 'usr');
  return {
    ...COMMON,
    innodb_doublewrite: 'OFF',
    basedir: usr,
    plugin_dir: path.join(usr, 'lib/mysql/plugin'),
    lc_messages_dir: path.join(usr, 'share/mysql'),
    character_sets_dir: path.join(usr, 'share/mysql/charsets'),
    // The folder that Debian compiles in does not exist.
    secure_file_priv: 'NULL',
    mysqlx: 'OFF',
    innodb_buffer_pool_size: '16M',
    innodb_redo_log_capacity: '8M',
    innodb_log_buffer_size: '1M',
    innodb_data_file_path: 'ibdata1:12M:autoextend',
    innodb_temp_data_file_path: 'ibtmp1:12M:autoextend',
    innodb_autoextend_increment: '1',
    innodb_buffer_pool_dump_at_shutdown: 'OFF',
    innodb_buffer_pool_load_at_startup: 'OFF',
    table_open_cache: '200',
  };
}

export function mariadbOptions(root: string): Readonly<Record<string, string>> {
  const usr = path.join(root, 'usr');
  const share = path.join(usr, 'share/mysql');
  return {
    ...COMMON,
    basedir: usr,
    lc_messages_dir: share,
    character_sets_dir: path.join(share, 'charsets'),
    plugin_dir: path.join(usr, 'lib/mysql/plugin'),
    innodb_buffer_pool_size: '8M',
    innodb_log_file_size: '4M',
    innodb_log_buffer_size: '2M',
    key_buffer_size: '1M',
    aria_pagecache_buffer_size: '1M',
    query_cache_size: '0',
    binlog_format: 'ROW',
  };
}

/** my.cnf; an undefined value leaves the option out. */
export function optionFile(options: Readonly<Record<string, string | undefined>>): string {
  const lines = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  return `[mysqld]\n${lines.join('\n')}\n`;
}

const GRANTS_56 = [
  `DELETE FROM mysql.user WHERE user='' OR host NOT IN ('localhost','127.0.0.1');`,
  `DELETE FROM mysql.db;`,
  `FLUSH PRIVILEGES;`,
  `GRANT ALL ON *.* TO mha@'%' IDENTIFIED BY 'mha pass#1' WITH GRANT OPTION;`,
  `GRANT ALL ON *.* TO app@'%' IDENTIFIED BY 'app' WITH GRANT OPTION;`,
  `GRANT REPLICATION SLAVE ON *.* TO repl@'%' IDENTIFIED BY 'repl';`,
];

const GRANTS = [
  `CREATE USER mha@'%' IDENTIFIED BY 'mha pass#1';`,
  `GRANT ALL ON *.* TO mha@'%' WITH GRANT OPTION;`,
  `CREATE USER app@'%' IDENTIFIED BY 'app';`,
  `GRANT ALL ON *.* TO app@'%' WITH GRANT OPTION;`,
  `CREATE USER repl@'%' IDENTIFIED BY 'repl';`,
  `GRANT REPLICATION SLAVE ON *.* TO repl@'%';`,
];

/** The init_file by which a template gets the accounts; nothing of it may reach a binary log. */
export function accountsSql(flavour: Flavour): string {
  const grants = flavour === 'mysql56' ? GRANTS_56 : GRANTS;
  return ['SET sql_log_bin=0;', 'CREATE DATABASE IF NOT EXISTS test;', ...grants, ''].join('\n');
}

import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { cached, MissingPrerequisite } from '../cache';
import { optionFile, type Flavour, type ServerProgram } from '../flavours';
import { mustRun } from '../processes';
import { prepareTemplate } from '../servers';

/** Where a program is on PATH (or where distributions put servers), if it can be run. */
export function findProgram(name: string): string | undefined {
  const dirs = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin'];
  return dirs
    .filter(Boolean)
    .map(dir => path.join(dir, name))
    .find(file => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** The database server that this machine has, with a data directory of its own in the cache. */
export async function serverOnPath(): Promise<ServerProgram> {
  const file = findProgram('mysqld') ?? findProgram('mariadbd');
  if (!file) throw new MissingPrerequisite('a MySQL or MariaDB server: neither mysqld nor mariadbd is on PATH');
  const version = await mustRun(file, ['--no-defaults', '--version']);
  const [, major = 0, minor = 0] = (/(\d+)\.(\d+)\.\d+/.exec(version) ?? []).map(Number);
  // The flavour decides how statements and options are spelled.
  const mysql: Flavour = major > 8 || (major === 8 && minor >= 4) ? 'mysql97' : 'mysql56';
  const flavour: Flavour = /mariadb/i.test(version) ? 'mariadb1011' : mysql;
  const dir = await cached(`path-${flavour}-${major}.${minor}-1`, async into => {
    const program = programAt(file, flavour, into);
    if (flavour === 'mariadb1011') await initialiseMariadb(program.template);
    else await initialiseMysql(program, into);
    await prepareTemplate(program, program.template, flavour === 'mysql97' ? { disable_log_bin: 'ON' } : {});
  });
  return programAt(file, flavour, dir);
}

function programAt(file: string, flavour: Flavour, dir: string): ServerProgram {
  return {
    flavour,
    argv: [file],
    env: {},
    template: path.join(dir, 'data'),
    clients: {},
    options: {
      skip_name_resolve: 'ON',
      innodb_buffer_pool_size: '16M',
      innodb_flush_log_at_trx_commit: '2',
      sync_binlog: '0',
      innodb_use_native_aio: '0',
      performance_schema: 'OFF',
      binlog_format: 'ROW',
      ...(flavour === 'mysql97' ? { mysqlx: 'OFF', secure_file_priv: 'NULL' } : {}),
      ...(process.getuid?.() === 0 ? { user: os.userInfo().username } : {}),
    },
  };
}

async function initialiseMysql(program: ServerProgram, dir: string): Promise<void> {
  const file = path.join(dir, 'init.cnf');
  writeFileSync(file, optionFile({ ...program.options, datadir: program.template }));
  const [server = ''] = program.argv;
  await mustRun(server, [`--defaults-file=${file}`, '--initialize-insecure'], { timeoutMs: 300_000 });
}

async function initialiseMariadb(datadir: string): Promise<void> {
  const installer = findProgram('mariadb-install-db') ?? findProgram('mysql_install_db');
  if (!installer) throw new MissingPrerequisite('mariadb-install-db, which makes a data directory, is not on PATH');
  mkdirSync(datadir, { recursive: true });
  const account = ['--auth-root-authentication-method=normal', `--user=${os.userInfo().username}`];
  await mustRun(installer, ['--no-defaults', ...account, '--skip-test-db', `--datadir=${datadir}`], {
    timeoutMs: 300_000,
  });
}

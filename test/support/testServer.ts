import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type mysql from 'mysql2/promise';
import { optionFile, type ServerProgram } from './flavours';
import { LOOPBACK, type Place } from './place';
import { freeze, isAlive, mustRun, signal } from './processes';
import { ACCOUNTS, killProcess, openConnection, startMysqld, type RunningServer } from './serverProcess';

/** One row of a result; integers beyond 2^53 and decimals come as text. */
export type TestRow = Record<string, unknown>;

export interface TestServer {
  readonly host: string;
  readonly port: number;
  readonly socket: string;
  readonly dir: string;
  readonly datadir: string;
  readonly errorLog: string;
  readonly serverId: number;
  /** While it runs. */
  readonly pid: number | undefined;
  /** One statement in a connection of its own, over the socket, with all privileges. */
  query(sql: string, values?: readonly unknown[]): Promise<TestRow[]>;
  /** A connection over the socket, for what needs one session. */
  connect(account?: keyof typeof ACCOUNTS): Promise<mysql.Connection>;
  /** SIGKILL; returns when the process is gone. */
  kill(): Promise<void>;
  /** SIGSTOP: connections are accepted by the kernel, but nobody answers. */
  pause(): void;
  resume(): void;
  /** SIGTERM; returns when the server has shut down. */
  stop(): Promise<void>;
  /** Returns when a login works. Nothing happens when it runs already. */
  start(): Promise<void>;
  restart(): Promise<void>;
  /** Changes my.cnf for the next start; undefined removes an option. */
  configure(options: Readonly<Record<string, string | undefined>>): void;
  /** Gives the port back; only for the last moment. */
  releasePort(): void;
}

export interface ServerSpec {
  readonly dir: string;
  readonly mark: string;
  readonly serverId: number;
  readonly gtid: boolean;
  /** Its part in semi-synchronous replication, if any. */
  readonly semiSync?: { readonly source: boolean; readonly replica: boolean } | undefined;
  readonly bound: boolean;
  readonly options: Readonly<Record<string, string>>;
  readonly place?: Place | undefined;
  /** Megabytes of a file system of its own for the data directory (root only). */
  readonly diskMb?: number | undefined;
}

/** Prepares a server's folder; it is not started yet. */
export async function createServer(program: ServerProgram, spec: ServerSpec): Promise<TestServer> {
  const { dir } = spec;
  const datadir = path.join(dir, 'data');
  const socket = path.join(dir, 's');
  const errorLog = path.join(dir, 'error.log');
  const myCnf = path.join(dir, 'my.cnf');
  mkdirSync(path.join(dir, 'tmp'), { recursive: true });
  if (spec.diskMb !== undefined) {
    mkdirSync(datadir);
    await mustRun('mount', ['-t', 'tmpfs', '-o', `size=${spec.diskMb}m`, 'tmpfs', datadir]);
  }
  // On a small disk the log files occupy their size from the start, as on a real one: InnoDB aborts when a hole cannot be filled.
  const sparse = spec.diskMb === undefined ? 'always' : 'never';
  await mustRun('cp', ['-a', `--sparse=${sparse}`, '-T', program.template, datadir]);
  // Servers that MySQL 5.6 starts in the same second may draw the same UUID.
  if (program.flavour !== 'mariadb1011')
    writeFileSync(path.join(datadir, 'auto.cnf'), `[auto]\nserver-uuid=${randomUUID()}\n`, { flag: 'wx' });
  const place = spec.place ?? LOOPBACK;
  const claim = await place.port('mysql');

  let options: Record<string, string | undefined> = {
    ...program.options,
    ...replicationOptions(program, spec),
    datadir,
    tmpdir: path.join(dir, 'tmp'),
    socket,
    pid_file: path.join(dir, 'pid'),
    log_error: errorLog,
    bind_address: place.bind,
    port: String(claim.port),
    server_id: String(spec.serverId),
    report_host: place.address,
    report_port: String(claim.port),
    ...spec.options,
  };
  let running: RunningServer | undefined;
  const pid = () => (running && isAlive(running.pid) ? running.pid : undefined);
  const end = async (name: NodeJS.Signals) => {
    const current = pid();
    if (current === undefined) return;
    signal(current, 'SIGCONT');
    await killProcess(current, name);
    running = undefined;
  };
  const server: TestServer = {
    host: place.address,
    port: claim.port,
    socket,
    dir,
    datadir,
    errorLog,
    serverId: spec.serverId,
    get pid() {
      return pid();
    },
    async query(sql, values = []) {
      const connection = await openConnection(socket);
      try {
        const [rows] = await connection.query(sql, values as mysql.QueryValues[]);
        return Array.isArray(rows) ? (rows as TestRow[]) : [];
      } finally {
        connection.destroy();
      }
    },
    connect: (account = 'app') => openConnection(socket, ACCOUNTS[account]),
    kill: () => end('SIGKILL'),
    pause: () => freeze(pid() ?? 0),
    resume: () => void signal(pid() ?? 0, 'SIGCONT'),
    stop: () => end('SIGTERM'),
    async start() {
      if (pid() !== undefined) return;
      writeFileSync(myCnf, optionFile(options));
      running = await startMysqld(program, {
        optionFile: myCnf,
        socket,
        errorLog,
        mark: spec.mark,
        place,
        bound: spec.bound,
      });
    },
    async restart() {
      await end('SIGTERM');
      await server.start();
    },
    configure(changes) {
      options = { ...options, ...changes };
    },
    releasePort: () => claim[Symbol.dispose](),
  };
  return server;
}

function replicationOptions(program: ServerProgram, spec: ServerSpec): Record<string, string> {
  const common = {
    log_bin: 'mysql-bin',
    relay_log: 'relay-bin',
    log_slave_updates: 'ON',
    // MHA recovers from relay logs, so its users keep them.
    relay_log_purge: 'OFF',
    slave_net_timeout: '10',
  };
  switch (program.flavour) {
    case 'mysql56':
      if (spec.semiSync) throw new Error('MySQL 5.6 of the tests has no plugins, so no semi-synchronous replication');
      return {
        ...common,
        gtid_mode: spec.gtid ? 'ON' : 'OFF',
        enforce_gtid_consistency: spec.gtid ? 'ON' : 'OFF',
        master_info_repository: 'TABLE',
        relay_log_info_repository: 'TABLE',
        relay_log_recovery: 'ON',
      };
    case 'mysql97': {
      const { slave_net_timeout, log_slave_updates, ...rest } = common;
      return {
        ...rest,
        log_replica_updates: log_slave_updates,
        replica_net_timeout: slave_net_timeout,
        relay_log_recovery: 'ON',
        gtid_mode: spec.gtid ? 'ON' : 'OFF',
        enforce_gtid_consistency: spec.gtid ? 'ON' : 'OFF',
        plugin_load_add: `mysql_clone.so${spec.semiSync ? ';semisync_source.so;semisync_replica.so' : ''}`,
        ...(spec.semiSync?.source ? { rpl_semi_sync_source_enabled: 'ON' } : {}),
        ...(spec.semiSync?.replica ? { rpl_semi_sync_replica_enabled: 'ON' } : {}),
      };
    }
    case 'mariadb1011':
      return {
        ...common,
        gtid_strict_mode: spec.gtid ? 'ON' : 'OFF',
        ...(spec.semiSync?.source ? { rpl_semi_sync_master_enabled: 'ON' } : {}),
        ...(spec.semiSync?.replica ? { rpl_semi_sync_slave_enabled: 'ON' } : {}),
      };
  }
}

import { describe, expect, it } from 'vitest';
import { dialectOf } from '../../../src/engine/mysql/dialect';
import { MysqlError } from '../../../src/engine/mysql/mysqlError';
import type { MysqlServer, Row } from '../../../src/engine/mysql/server';
import { readServerState } from '../../../src/engine/mysql/state';
import { parseVersion } from '../../../src/engine/mysql/version';

type Answer = Row[] | MysqlError;

/** A server of a version that is not at hand, which answers what such a server was seen to answer. */
function recorded(text: string, variables: Row, answers: Readonly<Record<string, Answer>>) {
  const version = parseVersion(text);
  const asked: string[] = [];
  const server: MysqlServer = {
    address: { host: 'db1', port: 3306 },
    version,
    dialect: dialectOf(version),
    connectionId: 1,
    tls: false,
    isOpen: true,
    lost: new Promise(() => undefined),
    query(sql) {
      asked.push(sql);
      const names = [...sql.matchAll(/'(\w+)'/g)].map(match => match[1] as string);
      if (sql.startsWith('SHOW GLOBAL VARIABLES'))
        return Promise.resolve(
          Object.entries(variables)
            .filter(([name]) => names.includes(name))
            .map(([name, value]) => ({ Variable_name: name, Value: value })),
        );
      if (sql.startsWith('SHOW GLOBAL STATUS'))
        return Promise.resolve([
          { Variable_name: 'Uptime', Value: '77' },
          { Variable_name: 'Threads_connected', Value: '5' },
          ...((answers['status'] as Row[] | undefined) ?? []),
        ]);
      if (sql.startsWith('SELECT')) {
        const selected = [...sql.matchAll(/AS `(\w+)`/g)].map(match => match[1] as string);
        return Promise.resolve([Object.fromEntries(selected.map(name => [name, variables[name]]))]);
      }
      const answer = answers[sql];
      if (answer === undefined) return Promise.reject(new MysqlError('server', 'ER_PARSE_ERROR', sql, 1064));
      return answer instanceof MysqlError ? Promise.reject(answer) : Promise.resolve(answer);
    },
    queryBytes: () => Promise.reject(new MysqlError('server', 'ER_PARSE_ERROR', 'not recorded', 1064)),
    destroy: () => undefined,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return { server, asked };
}

const COMMON: Row = {
  server_id: '7',
  hostname: 'db1',
  port: '3306',
  report_host: '',
  report_port: '3306',
  read_only: 'ON',
  log_bin: 'ON',
  datadir: '/data/',
  relay_log_purge: 'ON',
  lower_case_table_names: '0',
  character_set_server: 'utf8mb4',
  max_connections: '151',
};

describe('the state of servers that are not at hand', () => {
  it('5.5', async () => {
    const { server } = recorded(
      '5.5.40-log',
      { ...COMMON, log_slave_updates: 'OFF', read_only: 'OFF' },
      {
        'SHOW MASTER STATUS': [{ File: 'bin.000001', Position: '107', Binlog_Do_DB: 'b,a', Binlog_Ignore_DB: '' }],
        'SHOW SLAVE HOSTS': [],
        'SHOW SLAVE STATUS': [],
      },
    );
    const state = await readServerState(server);
    expect(state).toMatchObject({
      serverId: 7,
      readOnly: false,
      logBin: true,
      logReplicaUpdates: false,
      binlogPosition: { file: 'bin.000001', position: 107 },
      binlogDoDb: ['a', 'b'],
      parallelWorkers: 0,
      connections: 5,
      uptimeSeconds: 77,
      semiSync: {},
      unread: [],
    });
    for (const absent of ['serverUuid', 'gtidMode', 'gtidExecuted', 'superReadOnly', 'binlogDirectory', 'reportHost'])
      expect(state).not.toHaveProperty(absent);
  });

  it('5.7, with the old semi-sync plugin', async () => {
    const { server, asked } = recorded(
      '5.7.44-log',
      {
        ...COMMON,
        log_slave_updates: 'ON',
        super_read_only: 'ON',
        gtid_mode: 'ON_PERMISSIVE',
        gtid_executed: 'u-1:1-5,\nu-2:1',
        gtid_purged: '',
        slave_parallel_workers: '4',
        slave_preserve_commit_order: 'ON',
        log_bin_basename: '/binlogs/bin',
        rpl_semi_sync_slave_enabled: 'ON',
      },
      {
        'SHOW MASTER STATUS': [{ File: 'bin.000001', Position: '107' }],
        'SHOW SLAVE HOSTS': [],
        'SHOW SLAVE STATUS': [],
        status: [{ Variable_name: 'Rpl_semi_sync_slave_status', Value: 'OFF' }],
      },
    );
    const first = await readServerState(server);
    expect(first).toMatchObject({
      superReadOnly: true,
      gtidMode: 'ON_PERMISSIVE',
      gtidExecuted: 'u-1:1-5,u-2:1',
      parallelWorkers: 4,
      preserveCommitOrder: true,
      logReplicaUpdates: true,
      binlogDirectory: '/binlogs',
      semiSync: { replica: { enabled: true, active: false } },
    });
    expect(await readServerState(server)).toEqual(first);
    expect(asked.filter(sql => sql.startsWith('SHOW GLOBAL VARIABLES'))).toHaveLength(1);
    expect(asked.join('\n')).not.toMatch(/REPLICA|replica_|source_/);
  });

  it('8.4, with either semi-sync plugin', async () => {
    const source = {
      rpl_semi_sync_source_enabled: 'ON',
      rpl_semi_sync_source_timeout: '3000',
      rpl_semi_sync_source_wait_for_replica_count: '2',
    };
    const { server } = recorded(
      '8.4.3',
      { ...COMMON, log_replica_updates: 'ON', replica_parallel_workers: '4', offline_mode: 'ON', ...source },
      {
        'SHOW BINARY LOG STATUS': [],
        'SHOW REPLICAS': [],
        'SHOW REPLICA STATUS': [],
        status: [
          { Variable_name: 'Rpl_semi_sync_source_status', Value: 'ON' },
          { Variable_name: 'Rpl_semi_sync_source_clients', Value: '2' },
          { Variable_name: 'Rpl_semi_sync_source_wait_sessions', Value: '1' },
        ],
      },
    );
    expect(await readServerState(server)).toMatchObject({
      offlineMode: true,
      semiSync: {
        source: { enabled: true, active: true, clients: 2, waitForReplicas: 2, timeoutMs: 3000, waitingSessions: 1 },
      },
    });
  });

  it('what cannot be read is listed, what hangs does not hide the rest', async () => {
    const { server } = recorded('8.0.36', COMMON, {
      'SHOW MASTER STATUS': new MysqlError('server', 'ER_SPECIFIC_ACCESS_DENIED_ERROR', 'denied', 1227),
      'SHOW REPLICAS': new MysqlError('server', 'ER_NO_BINARY_LOGGING', 'no log', 1381),
      'SHOW REPLICA STATUS': new MysqlError('timeout', 'TIMEOUT', 'no answer'),
    });
    expect(await readServerState(server)).toMatchObject({
      serverId: 7,
      unread: [
        { what: 'showBinaryLogStatus', errno: 1227, text: 'denied' },
        { what: 'showReplicaStatus', text: 'no answer' },
      ],
    });
  });

  it('a lost connection is no state', async () => {
    const { server } = recorded('8.0.36', COMMON, {
      'SHOW MASTER STATUS': [],
      'SHOW REPLICAS': [],
      'SHOW REPLICA STATUS': new MysqlError('closed', 'ECONNRESET', 'reset'),
    });
    await expect(readServerState(server)).rejects.toMatchObject({ kind: 'closed' });
  });
});

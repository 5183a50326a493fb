import { describe, expect, it } from 'vitest';
import { dialectOf, type Dialect } from '../../../src/engine/mysql/dialect';
import { MysqlError } from '../../../src/engine/mysql/mysqlError';
import { changeSource } from '../../../src/engine/mysql/sourceOptions';
import { parseVersion } from '../../../src/engine/mysql/version';
import { Secret } from '../../../src/config/secret';

const of = (version: string): Dialect => dialectOf(parseVersion(version));

describe('spelling by version', () => {
  // The versions at which something changed, and their neighbours.
  it.each([
    ['5.5.40', 'SHOW SLAVE STATUS', 'SHOW MASTER STATUS', 'SHOW SLAVE HOSTS', 'log_slave_updates', 'Master_Host'],
    ['5.7.44', 'SHOW SLAVE STATUS', 'SHOW MASTER STATUS', 'SHOW SLAVE HOSTS', 'log_slave_updates', 'Master_Host'],
    ['8.0.21', 'SHOW SLAVE STATUS', 'SHOW MASTER STATUS', 'SHOW SLAVE HOSTS', 'log_slave_updates', 'Master_Host'],
    ['8.0.22', 'SHOW REPLICA STATUS', 'SHOW MASTER STATUS', 'SHOW REPLICAS', 'log_slave_updates', 'Source_Host'],
    ['8.0.26', 'SHOW REPLICA STATUS', 'SHOW MASTER STATUS', 'SHOW REPLICAS', 'log_replica_updates', 'Source_Host'],
    ['8.2.0', 'SHOW REPLICA STATUS', 'SHOW BINARY LOG STATUS', 'SHOW REPLICAS', 'log_replica_updates', 'Source_Host'],
    ['9.7.4-2', 'SHOW REPLICA STATUS', 'SHOW BINARY LOG STATUS', 'SHOW REPLICAS', 'log_replica_updates', 'Source_Host'],
    [
      '5.5.68-MariaDB',
      'SHOW SLAVE STATUS',
      'SHOW MASTER STATUS',
      'SHOW SLAVE HOSTS',
      'log_slave_updates',
      'Master_Host',
    ],
    [
      '10.11.6-MariaDB',
      'SHOW ALL SLAVES STATUS',
      'SHOW MASTER STATUS',
      'SHOW SLAVE HOSTS',
      'log_slave_updates',
      'Master_Host',
    ],
  ])('%s', (version, status, position, replicas, updates, host) => {
    const d = of(version);
    expect(d.statement('showReplicaStatus').sql).toBe(status);
    expect(d.statement('showBinaryLogStatus').sql).toBe(position);
    expect(d.statement('showReplicas').sql).toBe(replicas);
    expect(d.variable('logReplicaUpdates')).toBe(updates);
    expect(d.column('sourceHost')).toBe(host);
  });

  it('places channels', () => {
    expect(of('9.7.4').statement('stopReceiver', [], 'c')).toEqual({
      sql: 'STOP REPLICA IO_THREAD FOR CHANNEL ?',
      values: ['c'],
    });
    expect(of('10.11.6-MariaDB').statement('stopReceiver', [], 'c')).toEqual({
      sql: 'STOP SLAVE ? IO_THREAD',
      values: ['c'],
    });
    expect(of('10.11.6-MariaDB').statement('resetReplicaAll', [], '').sql).toBe('RESET SLAVE ? ALL');
    expect(of('5.7.44').statement('startReplica').sql).toBe('START SLAVE');
    expect(of('5.6.24').statement('startReplica', [], '').sql).toBe('START SLAVE');
    expect(of('8.0.36').statement('waitForPosition', ['f', 4, 10], 'c')).toEqual({
      sql: 'SELECT SOURCE_POS_WAIT(?, ?, ?, ?) AS result',
      values: ['f', 4, 10, 'c'],
    });
    expect(of('5.6.24').statement('waitForPosition', ['f', 4, 10])).toEqual({
      sql: 'SELECT MASTER_POS_WAIT(?, ?, ?) AS result',
      values: ['f', 4, 10],
    });
  });

  it('says at once what a server has not', () => {
    expect(() => of('5.6.24').statement('startReplica', [], 'c')).toThrow(MysqlError);
    expect(() => of('5.5.40').statement('waitForGtids', ['', 1])).toThrow(
      expect.objectContaining({ kind: 'unsupported', code: 'UNSUPPORTED' }),
    );
    expect(of('10.11.6-MariaDB').has('startApplierUntilNoGaps')).toBe(false);
    expect(of('10.11.6-MariaDB').variable('superReadOnly')).toBeUndefined();
    expect(of('5.7.7').variable('superReadOnly')).toBeUndefined();
    expect(of('5.7.8').variable('superReadOnly')).toBe('super_read_only');
    expect(of('8.4.0').variable('relayLogInfoRepository')).toBeUndefined();
  });

  it('waits by GTID in each tongue', () => {
    const wait = (v: string): string => of(v).statement('waitForGtids', ['set', 5]).sql;
    expect(wait('5.6.24')).toContain('WAIT_UNTIL_SQL_THREAD_AFTER_GTIDS(?, ?)');
    expect(wait('5.7.44')).toContain('WAIT_FOR_EXECUTED_GTID_SET(?, ?)');
    expect(wait('11.8.2-MariaDB')).toContain('MASTER_GTID_WAIT(?, ?)');
  });

  it('knows both names of semi-sync while both may be there', () => {
    expect(of('5.7.44').semiSync('sourceEnabled')).toEqual(['rpl_semi_sync_master_enabled']);
    expect(of('8.0.36').semiSync('sourceEnabled')).toEqual([
      'rpl_semi_sync_source_enabled',
      'rpl_semi_sync_master_enabled',
    ]);
    expect(of('10.11.6-MariaDB').semiSync('replicaStatus')).toEqual(['Rpl_semi_sync_slave_status']);
  });
});

describe('changing the source', () => {
  const options = { host: 'h', port: 3306, password: new Secret("p'w"), ssl: true } as const;

  it('by the old name, the middle one and the new one', () => {
    expect(changeSource(of('5.6.24'), { ...options, autoPosition: true })).toEqual({
      sql: 'CHANGE MASTER TO MASTER_HOST = ?, MASTER_PORT = ?, MASTER_PASSWORD = ?, MASTER_SSL = 1, MASTER_AUTO_POSITION = 1',
      values: ['h', 3306, "p'w"],
    });
    expect(changeSource(of('8.0.22'), { getPublicKey: true }, 'c')).toEqual({
      sql: 'CHANGE MASTER TO GET_MASTER_PUBLIC_KEY = 1 FOR CHANNEL ?',
      values: ['c'],
    });
    expect(changeSource(of('8.0.23'), { getPublicKey: true, logFile: 'f', logPosition: 4 }, 'c')).toEqual({
      sql: 'CHANGE REPLICATION SOURCE TO GET_SOURCE_PUBLIC_KEY = 1, SOURCE_LOG_FILE = ?, SOURCE_LOG_POS = ? FOR CHANNEL ?',
      values: ['f', 4, 'c'],
    });
    expect(
      changeSource(of('10.11.6-MariaDB'), { host: 'h', useGtid: 'slave_pos', ignoreServerIds: [1, 2] }, 'c'),
    ).toEqual({
      sql: 'CHANGE MASTER ? TO MASTER_HOST = ?, MASTER_USE_GTID = slave_pos, IGNORE_SERVER_IDS = (?, ?)',
      values: ['c', 'h', 1, 2],
    });
  });

  it('words and accounts', () => {
    const d = of('8.4.0');
    expect(changeSource(d, { privilegeChecksUser: 'a@b@%', assignGtids: 'LOCAL' })).toEqual({
      sql: 'CHANGE REPLICATION SOURCE TO PRIVILEGE_CHECKS_USER = ?@?, ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS = LOCAL',
      values: ['a@b', '%'],
    });
    expect(changeSource(d, { assignGtids: '3e11fa47-71ca-11e1-9e33-c80aa9429562' }).values).toHaveLength(1);
  });

  it('refuses what the server does not know', () => {
    expect(() => changeSource(of('5.7.44'), { getPublicKey: true })).toThrow(MysqlError);
    expect(() => changeSource(of('10.11.6-MariaDB'), { autoPosition: true })).toThrow(MysqlError);
    expect(() => changeSource(of('9.7.4'), { useGtid: 'slave_pos' })).toThrow(MysqlError);
  });
});

import { describe, expect, it } from 'vitest';
import { dialectOf } from '../../../src/engine/mysql/dialect';
import { channelsOf, registeredReplicasOf } from '../../../src/engine/mysql/replicaStatus';
import type { Row } from '../../../src/engine/mysql/server';
import { parseVersion } from '../../../src/engine/mysql/version';

/** The columns of 5.5, in the values that a healthy replica shows. */
const HEALTHY: Row = {
  Slave_IO_State: 'Waiting for master to send event',
  Master_Host: 'db1',
  Master_User: 'repl',
  Master_Port: 3306,
  Connect_Retry: 60,
  Master_Log_File: 'bin.000007',
  Read_Master_Log_Pos: '4294967300',
  Relay_Log_File: 'relay.000003',
  Relay_Log_Pos: '253',
  Relay_Master_Log_File: 'bin.000007',
  Slave_IO_Running: 'Yes',
  Slave_SQL_Running: 'Yes',
  Replicate_Do_DB: '',
  Replicate_Ignore_DB: 'mysql, test,mysql',
  Replicate_Do_Table: '',
  Replicate_Ignore_Table: '',
  Replicate_Wild_Do_Table: '',
  Replicate_Wild_Ignore_Table: 'a.b%',
  Last_Errno: 0,
  Last_Error: '',
  Skip_Counter: '0',
  Exec_Master_Log_Pos: '107',
  Master_SSL_Allowed: 'No',
  Seconds_Behind_Master: '0',
  Last_IO_Errno: 0,
  Last_IO_Error: '',
  Last_SQL_Errno: 0,
  Last_SQL_Error: '',
  Replicate_Ignore_Server_Ids: '',
  Master_Server_Id: 1,
};

/** As servers from 8.0.22 on name the columns. */
const renamed = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name === 'Get_master_public_key'
        ? 'Get_Source_public_key'
        : name.replace(/^Slave_/, 'Replica_').replace(/Master/, 'Source'),
      value,
    ]),
  );

const channels = (version: string, ...rows: Row[]) => channelsOf(rows, dialectOf(parseVersion(version)));

describe('replica status', () => {
  it('of 5.5: no GTID, no delay, no channels', () => {
    expect(channels('5.5.40', HEALTHY)).toEqual([
      {
        name: '',
        source: { host: 'db1', port: 3306 },
        sourceUser: 'repl',
        sourceServerId: 1,
        receiver: 'running',
        applier: 'running',
        received: { file: 'bin.000007', position: 4294967300 },
        applied: { file: 'bin.000007', position: 107 },
        relayLog: { file: 'relay.000003', position: 253 },
        secondsBehind: 0,
        autoPosition: false,
        filters: {
          doDb: [],
          ignoreDb: ['mysql', 'test'],
          doTable: [],
          ignoreTable: [],
          wildDoTable: [],
          wildIgnoreTable: ['a.b%'],
        },
        delaySeconds: 0,
        connectRetrySeconds: 60,
        tls: false,
      },
    ]);
  });

  it('of 5.7: channels, delay, GTID', () => {
    const row = {
      ...HEALTHY,
      Master_UUID: 'u-1',
      SQL_Delay: 3600,
      Retrieved_Gtid_Set: 'u:1-5,\nv:1',
      Executed_Gtid_Set: 'u:1-4',
      Auto_Position: 1,
      Channel_Name: 'west',
      Seconds_Behind_Master: null,
      Slave_SQL_Running: 'No',
      Last_SQL_Errno: 1062,
      Last_SQL_Error: 'Duplicate entry',
    };
    expect(channels('5.7.44', row)[0]).toMatchObject({
      name: 'west',
      sourceUuid: 'u-1',
      applier: 'stopped',
      applierError: { errno: 1062, text: 'Duplicate entry' },
      delaySeconds: 3600,
      autoPosition: true,
      retrievedGtids: 'u:1-5,v:1',
    });
    expect(channels('5.7.44', row)[0]).not.toHaveProperty('secondsBehind');
  });

  it.each(['8.0.36', '8.4.0', '9.7.4-2'])('of %s: the new names', version => {
    const row = renamed({
      ...HEALTHY,
      Master_UUID: 'u-1',
      Auto_Position: 1,
      Channel_Name: '',
      Slave_IO_Running: 'Connecting',
      Last_IO_Errno: 2061,
      Last_IO_Error: 'Authentication requires secure connection.',
      Master_Server_Id: 0,
      Master_SSL_Allowed: 'Yes',
      Get_master_public_key: 0,
      Master_public_key_path: '/key.pem',
    });
    const [channel] = channels(version, row);
    expect(channel).toMatchObject({
      source: { host: 'db1', port: 3306 },
      received: { file: 'bin.000007', position: 4294967300 },
      applied: { file: 'bin.000007', position: 107 },
      receiver: 'connecting',
      receiverError: { errno: 2061, text: 'Authentication requires secure connection.' },
      tls: true,
      publicKey: true,
    });
    expect(channel).not.toHaveProperty('sourceServerId');
  });

  it('of MariaDB: connections, GTID mode, a receiver that prepares', () => {
    const row = {
      ...HEALTHY,
      Connection_name: 'west',
      Using_Gtid: 'Current_Pos',
      Gtid_IO_Pos: '0-1-100',
      Slave_IO_Running: 'Preparing',
      Master_Log_File: '',
    };
    expect(channels('10.11.6-MariaDB', row)[0]).toMatchObject({
      name: 'west',
      usingGtid: 'Current_Pos',
      autoPosition: true,
      retrievedGtids: '0-1-100',
      receiver: 'connecting',
    });
    expect(channels('10.11.6-MariaDB', row)[0]).not.toHaveProperty('received');
    expect(channels('10.11.6-MariaDB', { ...row, Using_Gtid: 'No' })[0]).toMatchObject({ autoPosition: false });
  });

  it('leaves out the channels of group replication and rows without a source', () => {
    const row = renamed({ ...HEALTHY, Channel_Name: 'group_replication_applier', Master_Host: '<NULL>' });
    expect(channels('8.0.36', row, renamed({ ...HEALTHY, Master_Host: '', Channel_Name: '' }))).toEqual([]);
    expect(channels('8.0.36', renamed({ ...HEALTHY, Channel_Name: 'group' }))).toHaveLength(1);
  });

  it('reads texts that come as bytes', () => {
    const row = { ...HEALTHY, Master_Host: Buffer.from('数据库') };
    expect(channels('5.7.44', row)[0]?.source.host).toBe('数据库');
  });
});

describe('registered replicas', () => {
  it.each<[string, Row, object]>([
    ['5.5.40', { Server_id: 2, Host: '', Port: 3306, Master_id: 1 }, { serverId: 2, port: 3306 }],
    [
      '5.7.44',
      { Server_id: 2, Host: 'db2', Port: 3306, Master_id: 1, Slave_UUID: 'u-2' },
      { serverId: 2, host: 'db2', port: 3306, uuid: 'u-2' },
    ],
    [
      '8.4.0',
      { Server_Id: 2, Host: 'db2', Port: 3306, Source_Id: 1, Replica_UUID: 'u-2' },
      { serverId: 2, host: 'db2', port: 3306, uuid: 'u-2' },
    ],
  ])('of %s', (version, row, expected) => {
    expect(registeredReplicasOf([row], dialectOf(parseVersion(version)))).toEqual([expected]);
  });
});

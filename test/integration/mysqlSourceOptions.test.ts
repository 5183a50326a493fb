import { expect, it } from 'vitest';
import { Secret } from '../../src/config/secret';
import { MysqlError } from '../../src/engine/mysql/mysqlError';
import type { MysqlServer } from '../../src/engine/mysql/server';
import { carryOver, changeSource, readSourceOptions, type SourceOptions } from '../../src/engine/mysql/sourceOptions';
import { readServerState } from '../../src/engine/mysql/state';
import { startCluster, type Flavour, type TestServer } from '../support/cluster';
import { waitFor } from '../support/waitFor';
import { login } from './mysqlClient';

const run = (server: MysqlServer, { sql, values }: { sql: string; values: readonly unknown[] }): Promise<unknown> =>
  server.query(sql, values);

const SPECIAL: Record<Flavour, SourceOptions> = {
  mysql56: { retryCount: 77, bind: '127.0.0.1', ignoreServerIds: [98, 99] },
  mysql97: {
    retryCount: 77,
    bind: '127.0.0.1',
    getPublicKey: true,
    tlsVersion: 'TLSv1.2,TLSv1.3',
    tlsCiphersuites: 'TLS_AES_128_GCM_SHA256',
    compressionAlgorithms: 'zstd,uncompressed',
    zstdCompressionLevel: 5,
    requireRowFormat: true,
    requireTablePrimaryKeyCheck: 'GENERATE',
    privilegeChecksUser: 'app@%',
    gtidOnly: true,
  },
  mariadb1011: { ignoreServerIds: [98, 99] },
};

/** Given a replica with many options, when it forgets its source and gets them back, then it replicates as before. */
it.each<Flavour>(['mysql56', 'mysql97', 'mariadb1011'])('options of a channel survive a reset on %s', async flavour => {
  await using cluster = await startCluster({ flavour, replicas: 1 });
  await using server = await login(cluster.replicas[0] as TestServer);
  const { dialect } = server;
  await run(server, dialect.statement('stopReplica'));
  const common: SourceOptions = { connectRetry: 7, heartbeatPeriod: 2.5 };
  await run(server, changeSource(dialect, { ...common, ...SPECIAL[flavour] }));
  const before = await readSourceOptions(server);
  expect(before).toMatchObject({ host: '127.0.0.1', user: 'repl', ...common, ...SPECIAL[flavour] });
  expect(before).not.toHaveProperty('password');

  await run(server, dialect.statement('resetReplicaAll'));
  expect(await readSourceOptions(server)).toBeUndefined();
  const carried = carryOver(before as SourceOptions, dialect);
  expect(carried.unknown).toEqual([]);
  await run(server, changeSource(dialect, { ...carried.options, password: new Secret('repl') }));
  await run(server, dialect.statement('startReplica'));
  await waitFor('replication', async () => {
    const [channel] = (await readServerState(server)).channels;
    return channel?.receiver === 'running' && channel.applier === 'running';
  });
  expect(await readSourceOptions(server)).toEqual(before);
});

it('quotes what it is given', async () => {
  await using cluster = await startCluster({ flavour: 'mysql97', replicas: 1 });
  await using server = await login(cluster.replicas[0] as TestServer);
  const { dialect } = server;
  await run(server, dialect.statement('stopReplica'));
  const password = `it's "x" \\ ; -- 你好`;
  await run(server, changeSource(dialect, { user: `o'brien\\`, password: new Secret(password.slice(0, 32)) }));
  const [row] = await server.query('SELECT User_name AS u, User_password AS p FROM mysql.slave_master_info');
  expect(row).toEqual({ u: `o'brien\\`, p: password.slice(0, 32) });
  const evil = 'slave_pos, MASTER_HOST=x' as 'slave_pos';
  expect(() => changeSource(dialect, { useGtid: evil })).toThrow(MysqlError);
  expect(() => changeSource(dialect, { requireTablePrimaryKeyCheck: `${evil}` as 'ON' })).toThrow(MysqlError);
});

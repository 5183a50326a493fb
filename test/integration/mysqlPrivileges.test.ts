import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/config/secret';
import { canReplicate } from '../../src/engine/mysql/canReplicate';
import { missingPrivileges, parseGrants, readPrivileges } from '../../src/engine/mysql/privileges';
import { readServerState } from '../../src/engine/mysql/state';
import { parseVersion } from '../../src/engine/mysql/version';
import { startCluster, type Flavour, type TestCluster, type TestServer } from '../support/cluster';
import { login } from './mysqlClient';

describe.each<Flavour>(['mysql56', 'mysql97', 'mariadb1011'])('privileges on %s', flavour => {
  const old = flavour === 'mysql56';
  let cluster: TestCluster;
  let master: TestServer;
  beforeAll(async () => {
    cluster = await startCluster({ flavour, replicas: 1 });
    master = cluster.master;
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  /** 5.6 makes accounts by granting. */
  async function createUser(name: string, grants: readonly string[] = ['USAGE']): Promise<void> {
    if (!old) await master.query(`CREATE USER ${name}@'%' IDENTIFIED BY 'x'`);
    for (const grant of grants)
      await master.query(
        `GRANT ${grant.includes(' ON ') ? grant : `${grant} ON *.*`} TO ${name}@'%'${old ? " IDENTIFIED BY 'x'" : ''}`,
      );
  }
  async function missingOf(user: string, password = 'x'): Promise<string[]> {
    await using server = await login(master, { user, password });
    return missingPrivileges(await readPrivileges(server), server.version, 'manager');
  }

  it('everything is enough, nothing is not', async () => {
    expect(await missingOf('mha', 'mha pass#1')).toEqual([]);
    await createUser('nothing');
    expect((await missingOf('nothing')).length).toBeGreaterThan(4);
  });

  it('the least that is asked for is enough to read everything, and nothing of it is too much', async () => {
    const text = { mysql56: '5.6.24', mysql97: '9.7.0', mariadb1011: '10.11.6-MariaDB' }[flavour];
    const least = missingPrivileges(parseGrants([]), parseVersion(text), 'manager');
    await createUser('least', least);
    expect(await missingOf('least')).toEqual([]);
    await using server = await login(master, { user: 'least', password: 'x' });
    expect((await readServerState(server)).unread).toEqual([]);
    // What later operations will do.
    await server.query('SET GLOBAL read_only=1');
    await server.query('SET GLOBAL read_only=0');
    await server.query('SET GLOBAL relay_log_purge=0');
    await server.query('FLUSH NO_WRITE_TO_BINLOG TABLES');
    await server.query(server.dialect.statement('flushRelayLogs').sql);
    if (server.dialect.variable('superReadOnly')) await server.query('SET GLOBAL super_read_only=0');
    // Not an account with SYSTEM_USER: ending those takes SYSTEM_USER.
    await using other = await login(master, { user: 'nothing', password: 'x' });
    await server.query('KILL CONNECTION ?', [other.connectionId]);
    await using replica = await login(cluster.replicas[0] as TestServer);
    expect(replica.isOpen).toBe(true);

    for (const [i, privilege] of least.entries()) {
      await createUser(`without${i}`, ['USAGE', ...least.filter(other_ => other_ !== privilege)]);
      // SUPER of 5.x stands for some of the others.
      if (!old || !/CLIENT/.test(privilege)) expect(await missingOf(`without${i}`)).toEqual([privilege]);
    }
  });

  const since8 = old ? undefined : it; // 5.6 has no roles
  since8?.('roles count while they are active', async () => {
    await master.query('CREATE ROLE repl_role');
    await master.query('GRANT REPLICATION SLAVE ON *.* TO repl_role');
    await createUser('by_role');
    await master.query("GRANT repl_role TO by_role@'%'");
    const read = async (): Promise<string[]> => {
      await using server = await login(master, { user: 'by_role', password: 'x' });
      return missingPrivileges(await readPrivileges(server), server.version, 'replication');
    };
    expect(await read()).toEqual(['REPLICATION SLAVE']);
    await master.query(`SET DEFAULT ROLE repl_role ${flavour === 'mariadb1011' ? 'FOR' : 'TO'} by_role@'%'`);
    expect(await read()).toEqual([]);
  });

  it('the replication account is really tried', async () => {
    const check = (user: string, password: string, receiver = { tls: false, publicKey: true }) =>
      canReplicate({
        address: { host: master.host, port: master.port },
        credentials: { user, password: new Secret(password) },
        receiver,
      });
    expect(await check('repl', 'repl')).toMatchObject({ ok: true });
    expect(await check('repl', 'wrong')).toMatchObject({
      ok: false,
      reason: 'connect',
      failure: { kind: 'accessDenied', errno: 1045 },
    });
    await createUser('no_repl', ['SELECT']);
    expect(await check('no_repl', 'x')).toEqual({ ok: false, reason: 'privileges', missing: ['REPLICATION SLAVE'] });
    if (flavour !== 'mysql97') {
      expect(await check('repl', 'repl', { tls: false, publicKey: false })).toMatchObject({ ok: true });
      expect(await check('repl', 'repl', { tls: true, publicKey: false })).toMatchObject({
        ok: false,
        failure: { kind: 'tls' },
      });
      return;
    }
    // Warm cache or not: without TLS and key it would fail after the source's next restart (error 2061).
    const plain = { ok: false, reason: 'publicKeyNeeded', plugin: 'caching_sha2_password' };
    expect(await check('repl', 'repl', { tls: false, publicKey: false })).toEqual(plain);
    expect(await check('repl', 'repl', { tls: true, publicKey: false })).toMatchObject({ ok: true });
    await master.query("CREATE USER repl_ssl@'%' IDENTIFIED BY 'x' REQUIRE SSL");
    await master.query("GRANT REPLICATION SLAVE ON *.* TO repl_ssl@'%'");
    expect(await check('repl_ssl', 'x')).toMatchObject({ ok: false, failure: { kind: 'accessDenied' } });
    expect(await check('repl_ssl', 'x', { tls: true, publicKey: false })).toMatchObject({ ok: true });
  });
});

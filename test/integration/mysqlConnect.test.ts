import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MysqlError } from '../../src/engine/mysql/mysqlError';
import { readServerState } from '../../src/engine/mysql/state';
import { startCluster, type Flavour, type TestCluster } from '../support/cluster';
import { occupyConnections } from '../support/faults';
import { claimPort } from '../support/ports';
import { startProxy } from '../support/proxy';
import { waitFor } from '../support/waitFor';
import { login, refusal } from './mysqlClient';

/** What the promise was rejected with. */
const rejection = (work: Promise<unknown>): Promise<MysqlError> =>
  work.then(
    () => {
      throw new Error('not rejected');
    },
    (error: unknown) => error as MysqlError,
  );

describe.each<Flavour>(['mysql56', 'mysql97', 'mariadb1011'])('connecting to %s', flavour => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster({ flavour, replicas: 0, extra: { max_connections: '30' } });
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  it('logs in with a predictable session', async () => {
    await cluster.master.query("SET GLOBAL sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES'");
    await cluster.master.query('SET GLOBAL autocommit=0');
    await using server = await login(cluster.master);
    const [row] = await server.query(
      `SELECT @@sql_mode AS mode, @@autocommit AS autocommit, @@character_set_client AS client,
        @@character_set_results AS results, @@lock_wait_timeout AS wait, CONNECTION_ID() AS id, ? AS text, ? AS big,
        CAST('2024-02-30' AS CHAR) AS date, CAST(18446744073709551615 AS UNSIGNED) AS huge, 1.10 AS dec_`,
      [`"it's" \\ 你好 🐬`, 9007199254740993n],
    );
    expect(row).toMatchObject({
      mode: '',
      client: 'utf8mb4',
      results: 'utf8mb4',
      wait: '10',
      text: `"it's" \\ 你好 🐬`,
      big: '9007199254740993',
      huge: '18446744073709551615',
      dec_: '1.10',
    });
    expect(Number(row?.['autocommit'])).toBe(1);
    expect(Number(row?.['id'])).toBe(server.connectionId);
    expect(server.version.flavour).toBe(flavour === 'mariadb1011' ? 'mariadb' : 'mysql');
    expect(server.isOpen).toBe(true);
    await cluster.master.query("SET GLOBAL sql_mode='', GLOBAL autocommit=1");
  });

  it('says goodbye: the server counts no aborted client', async () => {
    await using observer = await login(cluster.master);
    const status = async (name: string): Promise<number> =>
      Number((await observer.query('SHOW GLOBAL STATUS LIKE ?', [name]))[0]?.['Value']);
    const aborted = (): Promise<number> => status('Aborted_clients');
    await waitFor('other connections to end', async () => (await status('Threads_connected')) === 1);
    const before = await aborted();
    for (let i = 0; i < 5; i++) {
      await using server = await login(cluster.master);
      await server.query('SELECT 1');
    }
    await waitFor('the connections to end', async () => (await status('Threads_connected')) === 1);
    expect(await aborted()).toBe(before);
    await using bracketed = await login({ host: '[127.0.0.1]', port: cluster.master.port });
    expect(bracketed.isOpen).toBe(true);
  });

  it('says access denied for a wrong password and an unknown user', async () => {
    for (const wrong of [{ password: 'wrong' }, { password: '' }, { user: 'nobody' }]) {
      const failure = await refusal(cluster.master, wrong);
      expect(failure).toMatchObject({ kind: 'accessDenied', alive: true, errno: 1045, code: 'ER_ACCESS_DENIED_ERROR' });
      expect(failure.text).not.toContain('mha pass#1');
    }
  });

  it('says refused where nobody listens, unknown host where there is none', async () => {
    using free = await claimPort();
    expect(await refusal({ host: '127.0.0.1', port: free.port })).toMatchObject({
      kind: 'refused',
      alive: false,
      code: 'ECONNREFUSED',
    });
    expect(await refusal({ host: 'no-such-host.invalid', port: 3306 })).toMatchObject({
      kind: 'unknownHost',
      alive: false,
    });
  });

  it('says silent where the port accepts and nobody answers: a stopped process', async () => {
    cluster.master.pause();
    try {
      const start = performance.now();
      expect(await refusal(cluster.master, { timeoutMs: 1_500 })).toMatchObject({ kind: 'silent', alive: true });
      expect(performance.now() - start).toBeLessThan(5_000);
    } finally {
      cluster.master.resume();
    }
    await using server = await login(cluster.master);
    expect(server.isOpen).toBe(true);
  });

  it('says silent where the server stops in the middle of the login', async () => {
    await using proxy = await startProxy(cluster.master);
    const greeted = net.connect(proxy.port, proxy.host);
    await new Promise(resolve => greeted.once('data', resolve));
    greeted.destroy();
    proxy.delay(400); // greeting after 400 ms, the answer to the login after 800
    expect(await refusal(proxy, { timeoutMs: 1_500 })).toMatchObject({ kind: 'silent', alive: true });
  });

  it('says closed where the connection breaks before and after the greeting', async () => {
    await using proxy = await startProxy(cluster.master);
    proxy.closeAfter(10);
    expect(await refusal(proxy)).toMatchObject({ kind: 'closed', alive: false });
  });

  it('says too many connections, with and without TLS wanted', async () => {
    await using occupied = await occupyConnections(cluster.master, { administrators: true });
    expect(occupied.count).toBeGreaterThanOrEqual(30);
    for (const mode of ['disabled', 'preferred', 'required'] as const)
      expect(await refusal(cluster.master, { tls: { mode } })).toMatchObject({
        kind: 'tooManyConnections',
        alive: true,
        errno: 1040,
      });
  });

  it('ends with the signal, at once', async () => {
    await using proxy = await startProxy(cluster.master);
    proxy.silence();
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 50);
    const start = performance.now();
    expect(await refusal(proxy, { signal: controller.signal })).toMatchObject({ kind: 'cancelled', alive: false });
    expect(performance.now() - start).toBeLessThan(5_000);
    expect(await refusal(proxy, { signal: controller.signal })).toMatchObject({ kind: 'cancelled' });
  });

  it('works over a given stream, and tells when the tunnel fails', async () => {
    const { host, port } = cluster.master;
    const openStream = (): Promise<net.Socket> =>
      new Promise((resolve, reject) => {
        const socket = net.connect(port, host, () => resolve(socket)).once('error', reject);
      });
    const elsewhere = { host: 'behind-the-tunnel.invalid', port: 3306 };
    await using server = await login(elsewhere, { openStream });
    expect(await server.query('SELECT @@port AS port')).toEqual([{ port: expect.anything() as unknown }]);

    expect(
      await refusal(elsewhere, { openStream: () => Promise.reject(new Error('channel open failure')) }),
    ).toMatchObject({ kind: 'tunnel', alive: false });
    const refused = Object.assign(new Error('Connection refused'), { code: 'ECONNREFUSED' });
    expect(await refusal(elsewhere, { openStream: () => Promise.reject(refused) })).toMatchObject({ kind: 'refused' });
    expect(await refusal(elsewhere, { openStream: () => new Promise(() => undefined), timeoutMs: 100 })).toMatchObject({
      kind: 'timeout',
      alive: false,
    });
  });

  it('closes a stream that opens too late', async () => {
    let late: net.Socket | undefined;
    const openStream = async (): Promise<net.Socket> => {
      await new Promise(resolve => setTimeout(resolve, 150));
      return (late = net.connect(cluster.master.port, cluster.master.host));
    };
    await refusal(cluster.master, { openStream, timeoutMs: 50 });
    await waitFor('the late stream', () => late?.destroyed);
  });

  it('gives errors of statements with number and code, and goes on', async () => {
    await using server = await login(cluster.master);
    expect(await rejection(server.query('SELEKT 1'))).toMatchObject({
      name: 'MysqlError',
      kind: 'server',
      errno: 1064,
      code: 'ER_PARSE_ERROR',
    });
    expect(await rejection(server.query('SELECT 1; SELECT 2'))).toMatchObject({ errno: 1064 });
    expect(await server.query("SELECT 'x' AS one")).toEqual([{ one: 'x' }]);
    expect(await server.query('DO 1')).toEqual([]);
  });

  it('ends a statement that takes too long, on the server too', async () => {
    const server = await login(cluster.master);
    const error = await rejection(server.query('SELECT SLEEP(60)', [], { timeoutMs: 200 }));
    expect(error).toMatchObject({ kind: 'timeout', code: 'TIMEOUT' });
    expect(server.isOpen).toBe(false);
    expect(await rejection(server.query('SELECT 1'))).toMatchObject({ kind: 'closed' });
    await waitFor('the statement to be gone', async () => {
      const rows = await cluster.master.query('SHOW PROCESSLIST');
      return !rows.some(row => Number(row['Id']) === server.connectionId);
    });
    await server[Symbol.asyncDispose]();
  });

  it('ends a statement on abort, and what waits behind it', async () => {
    await using server = await login(cluster.master);
    const controller = new AbortController();
    const first = rejection(server.query('SELECT SLEEP(60)', [], { signal: controller.signal }));
    const second = rejection(server.query('SELECT 1'));
    setTimeout(() => controller.abort(), 50);
    expect(await first).toMatchObject({ kind: 'cancelled' });
    expect(await second).toMatchObject({ kind: 'closed' });
    await waitFor('the statement to be gone', async () => {
      const rows = await cluster.master.query('SHOW PROCESSLIST');
      return !rows.some(row => Number(row['Id']) === server.connectionId);
    });
  });

  it('does not let a statement limit of the server cut a longer wait', async () => {
    await using server = await login(cluster.master);
    const limit =
      flavour === 'mysql97' ? '@@max_execution_time' : flavour === 'mariadb1011' ? '@@max_statement_time' : '0';
    const read = async (): Promise<number> => Number((await server.query(`SELECT ${limit} AS v`))[0]?.['v']);
    const unit = flavour === 'mysql97' ? 1000 : 1;
    if (limit !== '0') expect(await read()).toBe(60 * unit);
    await server.query('SELECT 1', [], { timeoutMs: 90_000 });
    if (limit !== '0') expect(await read()).toBe(90 * unit);
  });

  it('a server that dies during a query is a closed connection', async () => {
    const server = await login(cluster.master);
    const idle = await login(cluster.master);
    const pending = rejection(server.query('SELECT SLEEP(60)'));
    await waitFor('the statement', async () =>
      (await cluster.master.query('SHOW PROCESSLIST')).some(row => Number(row['Id']) === server.connectionId),
    );
    await cluster.master.kill();
    expect(await pending).toMatchObject({ kind: 'closed' });
    await waitFor('the idle connection to be lost', () => !idle.isOpen);
    expect(await rejection(readServerState(idle))).toMatchObject({ kind: 'closed' });
    expect(await refusal(cluster.master)).toMatchObject({ kind: 'refused', alive: false });
    await cluster.master.start();
  });

  it('a server that is stopped during a query is a time-out', async () => {
    const server = await login(cluster.master);
    cluster.master.pause();
    try {
      const start = performance.now();
      expect(await rejection(readServerState(server, { timeoutMs: 1_000 }))).toMatchObject({ kind: 'timeout' });
      expect(performance.now() - start).toBeLessThan(5_000);
    } finally {
      cluster.master.resume();
    }
    await server[Symbol.asyncDispose]();
  });
});

describe('what does not speak MySQL', () => {
  it.each<[string, string | Buffer]>([
    ['an SSH server', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['a web server', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['a greeting of protocol 9', Buffer.from('\x0a\x00\x00\x00\x09abcdefghi', 'latin1')],
    ['zeros', Buffer.alloc(8)],
  ])('%s', async (_name, hello) => {
    const server = net.createServer(socket => socket.on('error', () => undefined).end(hello));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as net.AddressInfo;
    expect(await refusal({ host: '127.0.0.1', port })).toMatchObject({ kind: 'protocol', alive: true });
    server.close();
  });

  it.each([1040, 1129, 1130, 1203, 1226, 3032])('error %i instead of a greeting', async errno => {
    const text = Buffer.from('\xff..#08004Too many', 'latin1');
    text.writeUInt16LE(errno, 1);
    const packet = Buffer.concat([Buffer.from([text.length, 0, 0, 0]), text]);
    const server = net.createServer(socket => {
      socket.on('error', () => undefined);
      // In pieces, as a network may deliver it.
      for (const byte of packet) socket.write(Buffer.from([byte]));
      socket.end();
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as net.AddressInfo;
    const kind = { 1129: 'hostBlocked', 1130: 'hostBlocked', 3032: 'serverError' }[errno] ?? 'tooManyConnections';
    expect(await refusal({ host: '127.0.0.1', port })).toMatchObject({ kind, alive: true, errno, text: 'Too many' });
    server.close();
  });
});

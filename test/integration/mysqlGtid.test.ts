import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GtidError, GtidSet } from '../../src/engine/mysql/gtid';
import { MariadbPosition } from '../../src/engine/mysql/mariadbGtid';
import type { MysqlServer } from '../../src/engine/mysql/server';
import { startCluster, type TestCluster } from '../support/cluster';
import { login } from './mysqlClient';

const UUIDS = ['3e11fa47-71ca-11e1-9e33-c80aa9429562', 'ffffffff-0000-0000-0000-000000000001'];

describe('GTID sets against the servers that made them up', () => {
  let mysql97: TestCluster;
  let mysql56: TestCluster;
  let new_: MysqlServer;
  let old: MysqlServer;
  beforeAll(async () => {
    [mysql97, mysql56] = await Promise.all([
      startCluster({ flavour: 'mysql97', replicas: 0 }),
      startCluster({ flavour: 'mysql56', replicas: 0 }),
    ]);
    new_ = await login(mysql97.master);
    old = await login(mysql56.master);
  });
  afterAll(async () => {
    await new_[Symbol.asyncDispose]();
    await old[Symbol.asyncDispose]();
    await mysql97[Symbol.asyncDispose]();
    await mysql56[Symbol.asyncDispose]();
  });

  const big = fc.bigInt({ min: 1n, max: (1n << 63n) - 2n });
  const small = fc.bigInt({ min: 1n, max: 40n });
  const interval = fc
    .tuple(fc.oneof({ weight: 4, arbitrary: small }, big), fc.option(fc.oneof({ weight: 4, arbitrary: small }, big)))
    .map(([a, b]) => (b === null ? `${a}` : `${a}-${b}`));
  const tag = fc.constantFrom('', '', 't:', 'Tag_2:');
  const member = fc
    .tuple(fc.constantFrom(...UUIDS), fc.array(fc.tuple(tag, interval), { minLength: 1, maxLength: 4 }))
    .map(([uuid, list]) => `${uuid}:${list.map(([t, i]) => t + i).join(':')}`);
  const set = fc.array(member, { maxLength: 3 }).map(list => list.join(', '));

  async function agree(server: MysqlServer, a: string, b: string): Promise<void> {
    const [row] = await server.query(
      'SELECT GTID_SUBTRACT(?, ?) AS difference, GTID_SUBSET(?, ?) AS subset, GTID_SUBTRACT(?, "") AS text',
      [a, b, a, b, a],
    );
    const [x, y] = [GtidSet.parse(a), GtidSet.parse(b)];
    expect(x.subtract(y).toString()).toBe(String(row?.['difference']).replace(/\s/g, ''));
    expect(y.contains(x)).toBe(Number(row?.['subset']) === 1);
    expect(x.toString()).toBe(String(row?.['text']).replace(/\s/g, ''));
  }

  it('agree with 9.7, tags and all', () =>
    fc.assert(
      fc.asyncProperty(set, set, (a, b) => agree(new_, a, b)),
      { numRuns: 400 },
    ));

  it('agree with 5.6', () =>
    fc.assert(
      fc.asyncProperty(set, set, (a, b) => agree(old, a.replace(/(t|Tag_2):/g, ''), b.replace(/(t|Tag_2):/g, ''))),
      { numRuns: 400 },
    ));

  it('accept and refuse what 9.7 accepts and refuses', () => {
    const piece = fc.constantFrom(
      UUIDS[0] as string,
      ':',
      ':',
      '1',
      '3-5',
      '-',
      ',',
      ' ',
      't',
      'Tag_2',
      '0',
      '2-1',
      '\n',
    );
    return fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async pieces => {
        const text = (pieces.length % 2 === 0 ? `${UUIDS[0]}:` : '') + pieces.join('');
        const theirs = await new_.query("SELECT GTID_SUBTRACT(?, '') AS r", [text]).then(
          rows => String(rows[0]?.['r']).replace(/\s/g, ''),
          (error: { errno?: number }) => error.errno,
        );
        let ours: string | number;
        try {
          ours = GtidSet.parse(text).toString();
        } catch (error) {
          expect(error).toBeInstanceOf(GtidError);
          ours = 1772;
        }
        expect(ours).toBe(theirs);
      }),
      { numRuns: 1_500 },
    );
  });

  it('read what the servers have executed', async () => {
    const connection = await mysql97.master.connect();
    await connection.query("SET gtid_next='AUTOMATIC:mytag'");
    await connection.query('CREATE DATABASE tagged');
    await connection.query("SET gtid_next='AUTOMATIC'");
    await connection.query('CREATE DATABASE untagged');
    await connection.end();
    const [row] = await new_.query('SELECT @@global.gtid_executed AS set_, @@server_uuid AS uuid');
    const executed = GtidSet.parse(String(row?.['set_']));
    expect(executed.toString()).toBe(`${String(row?.['uuid'])}:1:mytag:1`);
    expect(executed.count).toBe(2n);
  });
});

it('MariaDB positions read what the server has', async () => {
  await using cluster = await startCluster({ flavour: 'mariadb1011', replicas: 0 });
  const { master } = cluster;
  await master.query('CREATE DATABASE a');
  const connection = await master.connect();
  await connection.query('SET gtid_domain_id=7, server_id=4294967295');
  await connection.query('CREATE DATABASE b');
  await connection.query('SET gtid_seq_no=18446744073709551614');
  await connection.query('CREATE DATABASE c');
  await connection.end();
  await using server = await login(master);
  const [row] = await server.query('SELECT @@global.gtid_binlog_pos AS pos');
  expect(MariadbPosition.parse(String(row?.['pos'])).toString()).toBe('0-1-1,7-4294967295-18446744073709551614');
});

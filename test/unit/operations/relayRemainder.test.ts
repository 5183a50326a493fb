import { describe, expect, it } from 'vitest';
import type { MysqlServer, Row } from '../../../src/engine/mysql/server';
import { endsInTransaction, GroupReader, relayRemainder } from '../../../src/engine/operations/relayRemainder';

type Event = readonly [type: string, info: string];
/** `|`: a transaction ends here. Read off servers (SHOW BINLOG EVENTS). */
type Sequence = readonly (Event | '|')[];

const GTID: Event = ['Gtid', "SET @@SESSION.GTID_NEXT= '01bcc15e-e84a-11f1-b83c-02fc00000001:1'"];
const TAGGED: Event = [
  'Gtid_tagged_log_event',
  "SET @@SESSION.GTID_NEXT= '01e379d0-e84a-11f1-866d-02fc00000001:tag:1'",
];
const ANONYMOUS: Event = ['Anonymous_Gtid', "SET @@SESSION.GTID_NEXT= 'ANONYMOUS'"];
const BEGIN: Event = ['Query', 'BEGIN'];
const MAP: Event = ['Table_map', 'table_id: 70 (test.t)'];
const ROWS: Event = ['Write_rows', 'table_id: 70 flags: STMT_END_F'];
const XID: Event = ['Xid', 'COMMIT /* xid=4 */'];
const COMMIT: Event = ['Query', 'COMMIT'];
const ROLLBACK: Event = ['Query', 'ROLLBACK'];
const DDL: Event = ['Query', 'use `test`; CREATE TABLE t (id INT PRIMARY KEY)'];
const INSERT: Event = ['Query', 'use `a``b; c`; INSERT INTO t VALUES (@a, RAND())'];
const SAVEPOINT: Event = ['Query', 'SAVEPOINT `a`'];
const MARIADB_BEGIN: Event = ['Gtid', 'BEGIN GTID 0-1-2'];
const MARIADB_DDL: Event = ['Gtid', 'GTID 0-1-1'];

const SEQUENCES: Readonly<Record<string, Sequence>> = {
  'MySQL 5.6, position: DDL, rows': [['Rotate', 'mysql-bin.000001;pos=4'], ['Format_desc', ''], DDL, '|', BEGIN, MAP, ROWS, XID, '|'], // prettier-ignore
  'MySQL 5.6, position: statements': [BEGIN, ['RAND', 'rand_seed1=1'], ['User var', '@`a`=5'], ['Intvar', 'INSERT_ID=1'], INSERT, XID, '|'], // prettier-ignore
  'MySQL 5.6: MyISAM': [BEGIN, ['Intvar', 'INSERT_ID=1'], INSERT, COMMIT, '|', BEGIN, MAP, ROWS, ROLLBACK, '|'],
  'MySQL 5.6: savepoints': [BEGIN, INSERT, SAVEPOINT, INSERT, ['Query', 'ROLLBACK TO `a`'], INSERT, XID, '|'],
  'MySQL 5.6: LOAD DATA': [BEGIN, ['Begin_load_query', ''], ['Append_block', ''], ['Execute_load_query', "LOAD DATA INFILE 'x' INTO TABLE t"], XID, '|'], // prettier-ignore
  'MySQL 5.6: GTID': [['Previous_gtids', ''], GTID, DDL, '|', GTID, BEGIN, ['Rows_query', '# INSERT'], MAP, ROWS, ['Update_rows', ''], ['Delete_rows', ''], XID, '|'], // prettier-ignore
  'MySQL 8: anonymous': [ANONYMOUS, DDL, '|', ANONYMOUS, BEGIN, MAP, ROWS, XID, '|'],
  'MySQL 9.7: XA': [GTID, ['Query', "XA START X'78',X'',1"], MAP, ROWS, ['Query', "XA END X'78',X'',1"], ['XA_prepare', "XA PREPARE X'78',X'',1"], '|', GTID, ['Query', "XA COMMIT X'78',X'',1"], '|'], // prettier-ignore
  'MySQL 9.7: CREATE TABLE … SELECT': [GTID, BEGIN, ['Query', 'CREATE TABLE `test`.`s` (id INT) START TRANSACTION'], MAP, ROWS, XID, '|'], // prettier-ignore
  'MySQL 9.7: compressed': [GTID, ['Transaction_payload', "compression='ZSTD', decompressed_size=235 bytes"], '|'],
  'MySQL 9.7: tagged': [TAGGED, DDL, '|', TAGGED, BEGIN, MAP, ROWS, XID, '|'],
  'MariaDB: DDL, rows': [['Gtid_list', '[]'], ['Binlog_checkpoint', 'mysql-bin.000001'], MARIADB_DDL, DDL, '|', MARIADB_BEGIN, ['Annotate_rows', 'INSERT'], MAP, ['Write_rows_v1', ''], XID, '|'], // prettier-ignore
  'MariaDB: statements': [MARIADB_BEGIN, INSERT, ['Query_compressed', 'INSERT INTO t'], XID, '|'],
  'MariaDB: MyISAM': [MARIADB_BEGIN, INSERT, COMMIT, '|'],
  'MariaDB: compressed': [MARIADB_BEGIN, MAP, ['Write_rows_compressed_v1', ''], XID, '|'],
  'MariaDB: XA': [['Gtid', "XA START X'78',X'',1 GTID 0-1-8"], MAP, ['Write_rows_v1', ''], ['Query', "XA END X'78',X'',1"], ['XA_prepare', "XA PREPARE X'78',X'',1"], '|', ['Gtid', 'GTID 0-1-9'], ['Query', "XA COMMIT X'78',X'',1"], '|'], // prettier-ignore
  'MariaDB: CREATE TABLE … SELECT': [MARIADB_BEGIN, ['Query', 'CREATE TABLE `test`.`s` (id INT)'], MAP, ['Write_rows_v1', ''], XID, '|'], // prettier-ignore
};

describe('a relay log ends a transaction where the server does', () => {
  it.each(Object.entries(SEQUENCES))('%s', (_, sequence) => {
    const reader = new GroupReader();
    for (const [i, event] of sequence.entries()) {
      if (event === '|') continue;
      const ends = sequence[i + 1] === '|';
      expect(reader.push(...event), `${event.join(' ')} (${i})`).toBe(ends);
      const marks = ['Rotate', 'Format_desc', 'Previous_gtids', 'Gtid_list', 'Binlog_checkpoint'].includes(event[0]);
      if (!marks) expect(reader.begun, `after ${event.join(' ')} (${i})`).toBe(!ends);
    }
  });

  it('a mark in the middle of a transaction changes nothing', () => {
    const reader = new GroupReader();
    for (const event of [
      BEGIN,
      MAP,
      ['Rotate', 'relay.000002;pos=4'],
      ['Format_desc', ''],
      ['Heartbeat', ''],
      ROWS,
    ] as Event[])
      expect(reader.push(...event)).toBe(false);
    expect(reader.begun).toBe(true);
    expect(reader.push(...XID)).toBe(true);
  });
});

/** A server with relay logs of these events, each of 10 bytes. */
function serverWith(logs: Readonly<Record<string, readonly Event[]>>): { server: MysqlServer; asked: string[] } {
  const asked: string[] = [];
  const server = {
    dialect: { statement: (_: string, values: unknown[], channel?: string) => ({ sql: `${channel}`, values }) },
    query: (sql: string, [file, position, limit]: [string, number, number]) => {
      asked.push(`${sql} ${file}:${position}`);
      const rows = (logs[file] ?? []).map(([type, info], i): Row => ({
        Event_type: type,
        Info: info,
        Pos: 4 + i * 10,
      }));
      return Promise.resolve(rows.filter(row => Number(row['Pos']) >= position).slice(0, limit));
    },
  };
  return { server: server as unknown as MysqlServer, asked };
}

const remainder = (logs: Readonly<Record<string, readonly Event[]>>, file = 'relay.000001', position = 4) =>
  relayRemainder(serverWith(logs).server, { file, position }, 'main');

describe('what follows a place in a relay log', () => {
  it('is nothing at its end', async () => {
    expect(await remainder({ 'relay.000001': [] })).toBe('nothing');
    expect(await remainder({ 'relay.000001': [['Rotate', 'mysql-bin.000007;pos=4'], ['Format_desc', '']] })).toBe('nothing'); // prettier-ignore
  });

  it('is complete, partial', async () => {
    expect(await remainder({ 'relay.000001': [GTID, BEGIN, MAP, ROWS, XID] })).toBe('complete');
    expect(await remainder({ 'relay.000001': [GTID, BEGIN, MAP, ROWS] })).toBe('partial');
    expect(await remainder({ 'relay.000001': [GTID] })).toBe('partial');
    expect(await remainder({ 'relay.000001': [GTID, BEGIN, MAP, ROWS, XID, GTID, BEGIN] }, 'relay.000001', 54)).toBe('partial'); // prettier-ignore
  });

  it('goes on in the next relay log', async () => {
    const next: Event = ['Rotate', 'relay.000002;pos=4'];
    expect(await remainder({ 'relay.000001': [GTID, BEGIN, MAP, next], 'relay.000002': [['Format_desc', ''], ROWS, XID] })).toBe('complete'); // prettier-ignore
    expect(await remainder({ 'relay.000001': [GTID, BEGIN, MAP, next], 'relay.000002': [ROWS] })).toBe('partial');
    expect(await remainder({ 'relay.000001': [next], 'relay.000002': [['Format_desc', '']] })).toBe('nothing');
  });

  it("is not taken elsewhere by the source's own rotation", async () => {
    const { server, asked } = serverWith({ 'relay.000001': [['Rotate', 'mysql-bin.000002;pos=4'], GTID, BEGIN] });
    expect(await relayRemainder(server, { file: 'relay.000001', position: 4 }, 'main')).toBe('partial');
    expect(asked).toEqual(['main relay.000001:4']);
  });

  it.each([499, 500, 501, 999, 1000, 1001, 5000])('is found behind %i events of one transaction', async count => {
    const rows = Array.from({ length: count }, () => ROWS);
    expect(await remainder({ 'relay.000001': [GTID, BEGIN, ...rows] })).toBe('partial');
    expect(await remainder({ 'relay.000001': [GTID, BEGIN, ...rows, XID] })).toBe('complete');
  });
});

it('the end of the relay logs may be within a transaction, whole ones before it', async () => {
  const ends = (events: readonly Event[]) =>
    endsInTransaction(serverWith({ 'relay.000001': events }).server, { file: 'relay.000001', position: 4 }, 'main');
  const whole = [GTID, BEGIN, MAP, ROWS, XID];
  expect(await ends([...whole, ...whole])).toBe(false);
  expect(await ends([...whole, ...whole, GTID, BEGIN, MAP])).toBe(true);
  expect(await ends([])).toBe(false);
});

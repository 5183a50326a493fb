import { Readable } from 'node:stream';
import type { MysqlServer } from '../../src/engine/mysql/server';
import type { Flavour } from '../support/flavours';
import type { TestServer } from '../support/testServer';
import { login } from './mysqlClient';

export interface WorkloadOptions {
  readonly flavour: Flavour;
  readonly gtid: boolean;
  /** Rows of about 300 bytes in one statement, for a large transaction. Default: some 3 MB of them. */
  readonly largeRows?: number;
}

const FORMATS = ['ROW', 'STATEMENT', 'MIXED'] as const;
type Format = (typeof FORMATS)[number];

/** The bytes of pieces: texts are ASCII, numbers single bytes. */
function bytes(...pieces: (string | readonly number[])[]): Buffer {
  return Buffer.concat(
    pieces.map(piece => (typeof piece === 'string' ? Buffer.from(piece, 'latin1') : Buffer.from(piece))),
  );
}

/** Does to a server all kinds of things that come out differently in a binary log, in each of its formats. */
export async function runWorkload(server: TestServer, options: WorkloadOptions): Promise<void> {
  await using session = await login(server, { user: 'app', password: 'app', localFiles: true });
  const run = (sql: string, values: readonly unknown[] = []) => session.query(sql, values, { timeoutMs: 60_000 });
  await using other = await login(server, { user: 'app', password: 'app' });
  await run('CREATE DATABASE w DEFAULT CHARACTER SET utf8mb4');
  await run('CREATE DATABASE `wö-ü` DEFAULT CHARACTER SET latin1');
  await run('USE w');
  for (const sql of TABLES) await run(sql);
  for (const format of FORMATS) {
    await run(`SET SESSION binlog_format = '${format}'`);
    await other.query(`SET SESSION binlog_format = '${format}'`);
    await everyFormat(session, other, format, options);
    if (options.flavour === 'mysql97') await mysql97(session, format);
    if (options.flavour === 'mariadb1011') await mariadb(session, format);
  }
  await run("SET SESSION binlog_format = 'ROW'");
  await large(session, options.largeRows ?? 10_000);
}

const TABLES = [
  `CREATE TABLE many (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, b VARBINARY(400), t VARCHAR(100), l VARCHAR(100) CHARACTER SET latin1,
     n DOUBLE, dec_ DECIMAL(40,12), i BIGINT UNSIGNED, at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), dt DATETIME(6),
     y YEAR, e ENUM('a','b','ü'), s SET('x','y'), bits BIT(13), bl LONGBLOB) CHARACTER SET utf8mb4`,
  `CREATE TABLE plain (id INT PRIMARY KEY, v VARCHAR(200)) ENGINE=MyISAM`,
  `CREATE TABLE audit (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(100), who VARCHAR(100))`,
  `CREATE TABLE kept (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(100))`,
  `CREATE TABLE parent (id INT PRIMARY KEY, v INT)`,
  `CREATE TABLE child (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES parent (id) ON DELETE CASCADE)`,
  `CREATE TABLE loaded (id INT, a VARCHAR(40), b VARCHAR(60))`,
  `CREATE TABLE big (id INT AUTO_INCREMENT PRIMARY KEY, v VARBINARY(400))`,
  `CREATE TRIGGER audit_parent AFTER INSERT ON parent FOR EACH ROW INSERT INTO audit (what, who) VALUES (CONCAT('parent ', NEW.id), 'trigger')`,
  `CREATE FUNCTION twice (x INT) RETURNS INT DETERMINISTIC RETURN x * 2`,
  `CREATE PROCEDURE fill (IN upto INT) BEGIN DECLARE i INT DEFAULT 0; WHILE i < upto DO
     INSERT INTO audit (what, who) VALUES (CONCAT('step ', i), CONNECTION_ID() > 0); SET i = i + 1; END WHILE; END`,
  `CREATE VIEW seen AS SELECT id, what FROM audit`,
];

async function everyFormat(
  session: MysqlServer,
  other: MysqlServer,
  format: Format,
  { gtid, flavour }: WorkloadOptions,
): Promise<void> {
  const run = (sql: string, values: readonly unknown[] = []) => session.query(sql, values, { timeoutMs: 60_000 });
  const base = FORMATS.indexOf(format) * 1000;
  // One statement each, with what depends on the session.
  await run('INSERT INTO many (t, n, dt, y, e, s, bits) VALUES (?, 1.5e-300, NOW(6), 2026, ?, ?, b?)', [
    'ünï 😀',
    'ü',
    'x,y',
    '1010101',
  ]);
  await run("INSERT INTO many (t, n) VALUES ('r', RAND()), ('r', RAND()), ('r', RAND(7))");
  await run("SET time_zone = '+05:30'");
  await run('INSERT INTO many (t, at, dt) VALUES (?, CURRENT_TIMESTAMP(6), NOW(3))', ['zone']);
  await run("SET time_zone = DEFAULT, lc_time_names = 'de_DE'");
  await run("INSERT INTO many (t) VALUES (DATE_FORMAT('2026-03-05', '%W %M'))");
  await run('SET lc_time_names = DEFAULT, auto_increment_increment = 5, auto_increment_offset = 3');
  await run("INSERT INTO many (t) VALUES ('inc'), ('inc'), ('inc')");
  await run('SET auto_increment_increment = DEFAULT, auto_increment_offset = DEFAULT');
  await run("INSERT INTO many (t, i) VALUES ('last', LAST_INSERT_ID())");
  await run(
    "SET @t = 'täxt', @b = X'00FF275C0D0A', @i = -42, @u = 18446744073709551615, @d = -1234567890123456.000000000789, @f = 1e-7 / 3, @nul = NULL",
  );
  await run('INSERT INTO many (t, b, n, i, dec_) VALUES (@t, @b, @i, @u, @d), (@nul, @b, @f, @u - 1, -@d)');
  await run('SET @`stränge var` = 0.1 + 1e0');
  await run('INSERT INTO many (n) VALUES (@`stränge var`)');
  await run("SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'");
  await run(`INSERT INTO "many" (t) VALUES ('back\\')`);
  await run("SET sql_mode = ''");
  // Statements in other character sets, with bytes that are nothing in UTF-8.
  await run('SET NAMES latin1');
  await session.queryBytes(bytes("INSERT INTO many (t, l) VALUES ('caf", [0xe9], "', 'na", [0xef], "ve')"));
  await run('SET NAMES gbk');
  await session.queryBytes(bytes("INSERT INTO many (t) VALUES ('", [0xd6, 0xd0, 0xce, 0xc4, 0x81, 0x5c], "')"));
  await run('SET NAMES utf8mb4');
  await session.queryBytes(
    bytes(
      "INSERT INTO many (b, t) VALUES (_binary'",
      [0, 1, 0xff, 0xfe, 0x0d, 0x0a, 0x0a, 0x1a],
      "\\'",
      [0x5c, 0x5c],
      "', 'crlf\r\nend')",
    ),
  );
  await run('SET character_set_client = binary');
  await session.queryBytes(bytes("INSERT INTO many (b) VALUES ('", [0x80, 0, 0xc3, 0x28, 0xf0], "')"));
  await run('SET NAMES utf8mb4');
  // Transactions.
  for (const sql of [
    'BEGIN',
    `INSERT INTO parent VALUES (${base + 1}, 1), (${base + 2}, 2), (${base + 3}, 3)`,
    'SAVEPOINT a',
    `INSERT INTO parent VALUES (${base + 4}, 4)`,
    'ROLLBACK TO a',
    `INSERT INTO child VALUES (${base + 1}, ${base + 1}), (${base + 2}, ${base + 2})`,
    `UPDATE parent p JOIN child c ON c.parent = p.id SET p.v = p.v + 10, c.id = c.id + 500 WHERE p.id >= ${base}`,
    'COMMIT',
    `DELETE FROM parent WHERE id = ${base + 1}`,
    'SET foreign_key_checks = 0, unique_checks = 0',
    `INSERT INTO child VALUES (${base + 900}, 999999)`,
    'SET foreign_key_checks = 1, unique_checks = 1',
    'CALL fill(3)',
    `INSERT INTO plain VALUES (${base + 1}, 'one'), (${base + 2}, twice(21))`,
    'BEGIN',
    `UPDATE many SET bl = REPEAT('${format[0]}', 100000) WHERE id % 7 = 0`,
    `DELETE FROM many WHERE id % 11 = 0`,
    'COMMIT',
    // Another default database, with another character set.
    'USE `wö-ü`',
    `CREATE TABLE \`tä_${format}\` (v VARCHAR(20))`,
    `INSERT INTO \`tä_${format}\` VALUES ('ä'), (@@collation_database)`,
    'USE w',
  ])
    await run(sql);
  // Fails half way, in an engine that keeps the first half.
  await run(`INSERT INTO plain VALUES (${base + 7}, 'kept'), (${base + 1}, 'twice')`).then(
    () => Promise.reject(new Error('no duplicate')),
    () => undefined,
  );
  await session.queryBytes(
    Buffer.from(
      `LOAD DATA LOCAL INFILE 'x' INTO TABLE loaded CHARACTER SET latin1 FIELDS TERMINATED BY ',' (id, @a, b) SET a = UPPER(@a)`,
    ),
    {
      infile: () => Readable.from([...Array.from({ length: 30 }, (_, i) => loadRows(base, i))]),
      timeoutMs: 60_000,
    },
  );
  await run(`REPLACE INTO parent VALUES (${base + 3}, 33)`);
  if (flavour !== 'mysql97' || format === 'STATEMENT') await temporaryTables(session, other);
  for (const sql of [
    'CREATE DATABASE dropped',
    'USE dropped',
    'CREATE TABLE t (id INT PRIMARY KEY)',
    'DROP DATABASE dropped',
    'CREATE DATABASE dropped',
    'USE dropped',
    'CREATE TABLE t (id INT PRIMARY KEY)',
    'INSERT INTO t VALUES (1)',
    'USE w',
    'DROP DATABASE dropped',
  ])
    await run(sql);
  if (!gtid) {
    await run(`CREATE TABLE copied_${format} AS SELECT id, v, RAND(3) AS r FROM parent`);
    await run('BEGIN');
    await run(`INSERT INTO audit (what) VALUES ('mixed')`);
    await run(`INSERT INTO plain VALUES (${base + 20}, 'mixed')`);
    await run('ROLLBACK');
  }
  for (const sql of [
    `CREATE TABLE short_${format} (id INT PRIMARY KEY, at TIMESTAMP) COMMENT 'ü'`,
    `ALTER TABLE short_${format} ADD COLUMN c VARCHAR(10) DEFAULT 'd', ADD KEY (c)`,
    `INSERT INTO short_${format} (id) VALUES (1), (2)`,
    `RENAME TABLE short_${format} TO renamed_${format}`,
    `CREATE TABLE gone (id INT)`,
    `DROP TABLE gone`,
    'INSERT INTO kept (what) SELECT what FROM audit ORDER BY id',
    `TRUNCATE TABLE audit`,
    `INSERT INTO audit (what) VALUES ('after')`,
    `CREATE DEFINER = CURRENT_USER EVENT ev_${format} ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1`,
  ])
    await run(sql);
}

/** Of two sessions at once, with one name. */
async function temporaryTables(session: MysqlServer, other: MysqlServer): Promise<void> {
  const sessions = [session, other];
  for (const one of sessions) await one.query('USE w');
  for (const one of sessions) await one.query('CREATE TEMPORARY TABLE tmp (v VARCHAR(20))');
  for (const [i, one] of sessions.entries()) await one.query(`INSERT INTO tmp VALUES ('a${i}'), ('b${i}')`);
  for (const one of sessions) await one.query("INSERT INTO audit (what) SELECT CONCAT('tmp ', v) FROM tmp");
  for (const one of sessions) await one.query('DROP TEMPORARY TABLE tmp');
}

function loadRows(base: number, i: number): Buffer {
  return Buffer.from(
    Array.from({ length: 400 }, (_, j) => `${base + i},row ${j},b\xe9 ${'x'.repeat(j % 50)}\n`).join(''),
    'latin1',
  );
}

async function mysql97(session: MysqlServer, format: Format): Promise<void> {
  const run = (sql: string) => session.query(sql, [], { timeoutMs: 60_000 });
  for (const sql of [
    `CREATE TABLE docs_${format} (id INT PRIMARY KEY, j JSON, g INT GENERATED ALWAYS AS (j->>'$.n') STORED, v INT AS (id * 2), inv INT INVISIBLE DEFAULT 5, KEY ((id + 1)))`,
    `INSERT INTO docs_${format} (id, j) VALUES (1, '{"n": 1, "long": "${'y'.repeat(500)}"}'), (2, '{"n": 2}')`,
    "SET binlog_row_value_options = 'PARTIAL_JSON'",
    `UPDATE docs_${format} SET j = JSON_SET(j, '$.n', 7)`,
    "SET binlog_row_value_options = ''",
    'SET binlog_transaction_compression = ON',
    'BEGIN',
    `INSERT INTO docs_${format} (id, j) VALUES (3, '{"n": 3, "long": "${'z'.repeat(50_000)}"}')`,
    `INSERT INTO many (b) SELECT b FROM many`,
    'COMMIT',
    'SET binlog_transaction_compression = OFF',
    `CREATE TABLE atomic_${format} (PRIMARY KEY (id)) AS SELECT id, j FROM docs_${format}`,
    ...xa(format),
    "SET gtid_next = 'AUTOMATIC:some_tag'",
    `INSERT INTO audit (what) VALUES ('tagged')`,
    "SET gtid_next = 'AUTOMATIC'",
    'SET sql_require_primary_key = ON',
    `CREATE TABLE keyed_${format} (id INT PRIMARY KEY, v VARCHAR(10) COLLATE utf8mb4_0900_as_cs)`,
    'SET sql_require_primary_key = OFF',
    `CREATE USER u_${format}@localhost IDENTIFIED BY 'secret'`,
  ])
    await run(sql);
}

function xa(format: Format): string[] {
  return [
    `XA START 'x_${format}', 'branch', 7`,
    `INSERT INTO audit (what) VALUES ('xa ${format}')`,
    `XA END 'x_${format}', 'branch', 7`,
    `XA PREPARE 'x_${format}', 'branch', 7`,
    `XA COMMIT 'x_${format}', 'branch', 7`,
    `XA START 'y_${format}'`,
    `INSERT INTO audit (what) VALUES ('xa no ${format}')`,
    `XA END 'y_${format}'`,
    `XA PREPARE 'y_${format}'`,
    `XA ROLLBACK 'y_${format}'`,
    `XA START 'z_${format}'`,
    `INSERT INTO audit (what) VALUES ('xa one ${format}')`,
    `XA END 'z_${format}'`,
    `XA COMMIT 'z_${format}' ONE PHASE`,
  ];
}

async function mariadb(session: MysqlServer, format: Format): Promise<void> {
  const run = (sql: string) => session.query(sql, [], { timeoutMs: 60_000 });
  for (const sql of [
    'SET GLOBAL log_bin_compress = ON',
    `INSERT INTO many (b, t) VALUES (REPEAT('abc', 100), '${'long '.repeat(19)}'), (REPEAT('x', 300), '${'more '.repeat(19)}')`,
    `UPDATE many SET b = CONCAT(COALESCE(b, ''), REPEAT('c', 50)) WHERE LENGTH(b) < 300`,
    `DELETE FROM many WHERE id % 13 = 0 AND t <> '${'never '.repeat(60)}'`,
    'SET GLOBAL log_bin_compress = OFF',
    `CREATE OR REPLACE TABLE replaced (id INT PRIMARY KEY, j JSON)`,
    `INSERT INTO replaced VALUES (1, '{"a": 1}') RETURNING id`,
    `CREATE SEQUENCE seq_${format} START WITH 5`,
    ...(format === 'STATEMENT' ? [] : [`SELECT NEXT VALUE FOR seq_${format}`]),
    `CREATE TABLE versioned_${format} (id INT) WITH SYSTEM VERSIONING`,
    // In row format it would be split: a test of its own.
    ...(format === 'STATEMENT' ? [`CREATE TABLE ctas (PRIMARY KEY (id)) AS SELECT id FROM replaced`] : []),
    ...xa(format),
    'SET gtid_domain_id = 5',
    `INSERT INTO audit (what) VALUES ('domain')`,
    'SET gtid_domain_id = 0',
    `CREATE USER u_${format}@localhost IDENTIFIED BY 'secret'`,
  ])
    await run(sql);
}

async function large(session: MysqlServer, rows: number): Promise<void> {
  const run = (sql: string) => session.query(sql, [], { timeoutMs: 120_000 });
  await run('CREATE TABLE digits (d INT PRIMARY KEY)');
  await run('INSERT INTO digits VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)');
  await run('BEGIN');
  await run(
    `INSERT INTO big (v) SELECT REPEAT(SHA2(CONCAT(a.d, b.d, c.d, d.d, e.d), 256), 5) FROM digits a, digits b, digits c, digits d, digits e LIMIT ${rows}`,
  );
  await run('UPDATE big SET v = CONCAT(v, id) WHERE id % 2 = 0');
  await run('COMMIT');
}

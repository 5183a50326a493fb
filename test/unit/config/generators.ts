import fc from 'fast-check';

const encoder = new TextEncoder();

/** What a line of a damaged, odd or malicious file may be made of. */
const pieces = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('a', 'user', 'password', 'server default', 'server1', 'x y', '1', '#@', '0'),
  },
  {
    weight: 5,
    arbitrary: fc.constantFrom('=', '=', ' ', ' ', '\t', ';', ' ; ', '\t;\t', ' ;', '; ', '#', ' #', '[', ']'),
  },
  { weight: 2, arbitrary: fc.constantFrom('"', "'", '\\', '//', ':', ',', '[]', '[ ]', '==', '![', '-') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '\v',
      '\f',
      '\u00a0',
      '\u0085',
      '\u3000',
      '\ufeff',
      '\0',
      '\u2028',
      '主库',
      '＝',
      '；',
      '😀',
    ),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 4, unit: 'grapheme' }) },
);
const junk = fc.array(pieces, { maxLength: 9 }).map(p => encoder.encode(p.join('').replace(/[\r\n]/g, '')));
const bytes = fc.uint8Array({ maxLength: 6 });

const blank = fc.constantFrom('', '', '', ' ', '\t', '  ');
const plain = fc
  .tuple(
    blank,
    fc.constantFrom('user', 'password', 'port', 'a b', 'hostname'),
    blank,
    blank,
    pieces,
    fc.constantFrom('', '', ' ; c', ' # c'),
  )
  .map(([b1, name, b2, b3, value, tail]) => `${b1}${name}${b2}=${b3}${value}${tail}`);
const header = fc
  .tuple(
    blank,
    blank,
    fc.constantFrom('server1', 'server default', 'binlog1', 's'),
    blank,
    fc.constantFrom('', '', ' ', ' ; c', ' # c'),
  )
  .map(([b1, b2, name, b3, tail]) => `${b1}[${b2}${name}${b3}]${tail}`);
const line = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.oneof(plain, header, fc.constantFrom('', '# comment', '; comment', '\t')).map(t => encoder.encode(t)),
  },
  { weight: 1, arbitrary: junk },
  {
    weight: 1,
    arbitrary: fc.constantFrom('#@ protected=1', '#@tls = x ; y', '#@ =', '#@ a b=c').map(t => encoder.encode(t)),
  },
);
const ending = fc.constantFrom('\n', '\n', '\n', '\r\n', '\r', '\r\r\n', '\n\r').map(t => encoder.encode(t));

/** Files as bytes: mostly sensible lines, so that many of them are accepted, and every sort of rubbish between. */
export const anyFile: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    fc.array(fc.tuple(line, ending), { maxLength: 10 }),
    fc.oneof({ weight: 9, arbitrary: fc.constant(new Uint8Array()) }, { weight: 1, arbitrary: bytes }),
  )
  .map(([lines, tail]) => Buffer.concat([...lines.flat(), tail]));

/** Files of junk only: nearly all are rejected. */
export const junkFile: fc.Arbitrary<Uint8Array> = fc
  .array(fc.tuple(fc.oneof(junk, bytes), ending), { maxLength: 6 })
  .map(lines => Buffer.concat(lines.flat()));

const value = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('1', '0', 'x', '/a/b', 'mha', '3306', '22') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('', '"q"', "'q'", '"q', 'q"', '"\'q\'"', '""q""', '""', '"', '"q\'', '"0"', "''"),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('a # b', 'a;b', 'a ; b', 'p w', 'x,y', ' /a , /b ', '00', '12', '1.5', '-1', 'abc=def'),
  },
);
const names = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.constantFrom(
      ...[
        'user',
        'password',
        'port',
        'ssh_user',
        'ssh_port',
        'manager_workdir',
        'remote_workdir',
        'manager_log',
        'repl_user',
      ],
      ...[
        'master_binlog_dir',
        'log_level',
        'check_repl_delay',
        'client_libdir',
        'report_script',
        'ssh_options',
        'node_label',
      ],
      ...[
        'candidate_master',
        'no_master',
        'ignore_fail',
        'repl_password',
        'shutdown_script',
        'ssh_host',
        'client_bindir',
      ],
    ),
  },
  { weight: 2, arbitrary: fc.constantFrom('ping_interval', 'ssh_connection_timeout', 'ping_type') },
  { weight: 1, arbitrary: fc.constantFrom('User', 'foo', 'masterbinlog', 'passwort') },
);
const ints = fc.constantFrom('1', '3', '10', '007', '1', '2');
const types = fc.constantFrom('SELECT', 'select', 'Insert', 'CONNECT');
const property = fc
  .tuple(names, value, ints, types, fc.integer({ min: 0, max: 9 }))
  .map(([name, any, int, type, dice]) => {
    if (name === 'ssh_host') return 'ssh_host=10.1.1.1';
    const usual =
      name === 'ping_type' ? type : name === 'ping_interval' || name === 'ssh_connection_timeout' ? int : any;
    return `${name}=${dice === 0 ? any : usual}`;
  });
const properties = fc.array(property, { maxLength: 4 });

const section = fc
  .tuple(
    fc.oneof(
      {
        weight: 30,
        arbitrary: fc.constantFrom(
          'server1',
          'server2',
          'server10',
          'server9',
          'serverA',
          'server_b3',
          'serverB2x7',
          'binlog1',
          'serverx y',
        ),
      },
      {
        weight: 1,
        arbitrary: fc.constantFrom('server', 'Server1', 'manager', 'binlog', 'server  default', 'server_default', '_'),
      },
    ),
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 0, max: 30 }),
    properties,
  )
  .map(([name, host, dice, lines]) => {
    const own = dice === 0 ? [] : dice === 1 ? [`hostname=h${host}`, `ip=10.0.0.${host}`] : [`hostname=10.0.0.${host}`];
    return [`[${name}]`, ...own, ...lines];
  });

export interface Pair {
  readonly application: string;
  readonly global?: string;
}

/** Application files with a meaning, some with a global file: names, quotes, empty values, odd sections, duplicates. */
export const meaningfulPair: fc.Arbitrary<Pair> = fc
  .record({
    defaults: properties,
    sections: fc.array(section, { maxLength: 5 }),
    global: fc.option(fc.tuple(properties, fc.array(section, { maxLength: 1 })), { nil: undefined, freq: 2 }),
  })
  .map(({ defaults, sections, global }) => ({
    application: [...(defaults.length > 0 ? ['[server default]', ...defaults] : []), ...sections.flat(), ''].join('\n'),
    ...(global ? { global: ['[server default]', ...global[0], ...global[1].flat(), ''].join('\n') } : {}),
  }));

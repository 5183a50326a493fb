import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDocument } from '../../../src/config/document';
import { applyEdits } from '../../../src/config/edits';
import { blockers, resolve } from '../../../src/config/resolve';
import { effectiveProperty, findProperty, linesOf, sectionAt, serverOrder } from '../../../src/config/sections';
import type { MhaDocument, Range } from '../../../src/config/types';
import { format } from '../../../src/l10n/message';
import { anyFile, junkFile, meaningfulPair } from './generators';
import { cpuMs } from '../../support/cpuTime';

function cut(document: MhaDocument, { start, end }: Range): string {
  if (start.line !== end.line) throw new Error('a range over lines');
  return (linesOf(document)[start.line] ?? '').slice(start.character, end.character);
}

describe('positions', () => {
  it('point at names and values', () => {
    const document = parseDocument(
      '# x\r\n[ server1 ]\r\n  hostname = db1  ; note\r\n\r\n#@ protected = 1\r[binlog1]\n',
      'f',
    );
    const [server, binlog] = document.sections;
    expect(document.sections.map(s => [s.name, s.range.start.line, s.range.end.line])).toEqual([
      ['server1', 1, 4],
      ['binlog1', 5, 6],
    ]);
    expect(server?.nameRange && cut(document, server.nameRange)).toBe('server1');
    expect(binlog?.nameRange && cut(document, binlog.nameRange)).toBe('binlog1');
    const [hostname, isProtected] = server?.properties ?? [];
    expect(hostname).toMatchObject({ name: 'hostname', value: 'db1', extended: false });
    expect(hostname && cut(document, hostname.valueRange)).toBe('db1');
    expect(hostname && cut(document, hostname.range)).toBe('hostname = db1');
    expect(hostname?.inlineComment && cut(document, hostname.inlineComment)).toBe(' ; note');
    expect(isProtected).toMatchObject({ name: 'protected', value: '1', extended: true });
    expect(findProperty(document, { line: 2, character: 30 })?.property).toBe(hostname);
    expect(findProperty(document, { line: 3, character: 0 })).toBeUndefined();
    expect(sectionAt(document, { line: 3, character: 0 })).toBe(server);
    expect(sectionAt(document, { line: 0, character: 0 })).toBeUndefined();
  });

  it('are those of the text in every generated file', () => {
    fc.assert(
      fc.property(fc.oneof(anyFile, junkFile), bytes => {
        const document = parseDocument(bytes, 'f');
        for (const section of document.sections) {
          if (section.nameRange) expect(cut(document, section.nameRange)).toBe(section.name);
          for (const p of section.properties) {
            expect(cut(document, p.nameRange)).toBe(p.name);
            expect(cut(document, p.valueRange)).toBe(p.value);
          }
        }
        for (const problem of document.problems)
          expect(cut(document, problem.range).startsWith(problem.text)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('give the last of several values', () => {
    const document = parseDocument('[s]\na=1\n[t]\n[s]\na=2\na=3\n', 'f');
    expect(effectiveProperty(document, 's', 'a')?.value).toBe('3');
    expect(effectiveProperty(document, 't', 'a')).toBeUndefined();
  });
});

describe('order of the servers', () => {
  it.each([
    [
      ['server10', 'server9'],
      ['server9', 'server10'],
    ],
    [
      ['server10', 'server9', 'serverx'],
      ['server10', 'server9', 'serverx'],
    ],
    [
      ['serverB2x7', 'server9', 'server10'],
      ['serverB2x7', 'server9', 'server10'],
    ],
    [
      ['server_10.0.0.2', 'server_10.0.0.1'],
      ['server_10.0.0.1', 'server_10.0.0.2'],
    ],
    [
      ['server010', 'server9'],
      ['server9', 'server010'],
    ],
    [
      ['serverA b', 'server1'],
      ['server1', 'serverA b'],
    ],
    [
      ['server😀', 'server￥'],
      ['server￥', 'server😀'],
    ],
  ])('%j', (ids, ordered) => {
    expect(serverOrder(ids)).toEqual(ordered);
  });
});

describe('origins', () => {
  it('point at the line that gives the value, at every level', () => {
    const application = parseDocument(
      '[server default]\nuser=a\nssh_user=\n[server1]\nhostname=h\nport=1\n#@ tls=required\n',
      'a.cnf',
    );
    const global = parseDocument('[server default]\nrepl_user=r\nuser=g\nssh_user=s\n#@ protected=1\n', 'g.cnf');
    const script = { command: 'load', stdout: 'password=p\n' };
    const { cluster } = resolve({ application, global, script, loginUser: 'me' });
    const [server] = cluster?.servers ?? [];
    const at = (file: string, level: string, line: number): unknown => ({ file, level, range: { start: { line } } });
    expect(server?.origins.user).toMatchObject(at('a.cnf', 'application', 1) as object);
    expect(server?.origins.repl_user).toMatchObject(at('g.cnf', 'global', 1) as object);
    expect(server?.origins.port).toMatchObject(at('a.cnf', 'server', 5) as object);
    expect(server?.origins.password).toEqual({ level: 'script', command: 'load' });
    expect(server?.origins.ping_interval).toEqual({ level: 'builtin' });
    expect(server?.extendedOrigins.tls).toMatchObject(at('a.cnf', 'server', 6) as object);
    expect(server?.extendedOrigins.protected).toMatchObject(at('g.cnf', 'global', 4) as object);
    // An empty value of the application file hides the global file's.
    expect(server?.values.ssh_user).toBe('me');
    expect(server?.extended).toMatchObject({ tls: 'required', protected: true, ssh_tunnel: false });
    expect(JSON.stringify(cluster)).not.toContain('"p"');
  });
});

describe('extended parameters of a failover', () => {
  const extended = (...lines: string[]) =>
    resolve({
      application: parseDocument(['[server1]', 'hostname=h', ...lines].join('\n'), 'a.cnf'),
      loginUser: 'me',
    }).cluster?.servers[0]?.extended;

  it('have their defaults where nothing is written, or an empty value', () => {
    const defaults = {
      detection: 'evidence',
      hook_timeout: 60,
      fence: 'none',
      fence_returning_master: false,
      failover_on: [],
      apply_timeout: 600,
    };
    expect(extended()).toMatchObject(defaults);
    expect(extended(...Object.keys(defaults).map(name => `#@ ${name}=`))).toMatchObject(defaults);
  });

  it('are typed; what is wrong becomes the careful value', () => {
    expect(
      extended(
        '#@ detection=CLASSIC',
        '#@ hook_timeout=5',
        '#@ fence=ssh',
        '#@ failover_on=read_only, Hung',
        '#@ apply_timeout=1',
      ),
    ).toMatchObject({
      detection: 'classic',
      hook_timeout: 5,
      fence: 'ssh',
      failover_on: ['hung', 'read_only'],
      apply_timeout: 1,
    });
    expect(
      extended('#@ detection=fast', '#@ hook_timeout=0', '#@ fence=yes', '#@ failover_on=slow', '#@ apply_timeout=0'),
    ).toMatchObject({ detection: 'classic', hook_timeout: 60, fence: 'none', failover_on: [], apply_timeout: 600 });
  });
});

describe('robustness', () => {
  it('no file crashes the reader or its rules, and every fix can be applied', () => {
    const texts = fc.oneof(
      anyFile,
      junkFile,
      meaningfulPair.map(p => Buffer.from(p.application)),
      fc.uint8Array({ maxLength: 200 }),
      fc.string({ unit: 'binary', maxLength: 100 }).map(t => Buffer.from(t)),
    );
    fc.assert(
      fc.property(texts, bytes => {
        const document = parseDocument(bytes, 'f');
        const global = parseDocument(bytes, 'g');
        const { findings } = resolve({ application: document, global, loginUser: 'u' });
        for (const finding of findings) {
          format(finding.message);
          for (const fix of finding.fixes) applyEdits(document.text, fix.edits);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['one line of 1 MB', 'x'.repeat(1e6)],
    ['one value of 1 MB', `[server1]\nhostname=${'a; '.repeat(350_000)}\n`],
    ['quotes', `[server1]\npassword=${'"'.repeat(1e6)}`],
    ['comment signs', `[server1]\nreport_script=${'# '.repeat(500_000)}`],
    ['comment signs in a password', `[server1]\npassword=${'# '.repeat(500_000)}x`],
    ['quotes in options', `[server1]\nssh_options=${`' "`.repeat(300_000)}`],
    ['blanks', `[server1]\nuser=${' '.repeat(1e6)}x`],
    ['full-width blanks', `[server1]\nuser=${'\u3000'.repeat(500_000)}x`],
    ['a long name', `[server1${'1'.repeat(1e6)}]\nhostname=h\n`],
    ['a long header', `[${'\u3000'.repeat(500_000)}`],
    ['digits', `[server1]\nport=${'1'.repeat(1e6)}\nhostname=h`],
    ['separators', `[server1]\nmaster_binlog_dir=${' :'.repeat(500_000)}`],
    ['an extended line', `#@ ${' '.repeat(1e6)}protected`],
    ['many lines', 'a=1\n'.repeat(50_000)],
    ['many empty names', '=\n'.repeat(50_000)],
    ['many sections', Array.from({ length: 20_000 }, (_, i) => `[server${i}]\n`).join('')],
    ['the same section often', '[server1]\nhostname=a\n'.repeat(20_000)],
  ])('%s: no slower than in proportion to its size', (_what, text) => {
    expect(cpuMs(() => resolve({ application: parseDocument(text, 'f'), loginUser: 'u' }))).toBeLessThan(5000);
  });

  it('reads bytes that are not UTF-8 without losing any', () => {
    const bytes = Buffer.from([0x5b, 0x61, 0x5d, 10, 0x23, 0xff, 0xfe, 0xd6, 10]);
    const document = parseDocument(bytes, 'f');
    expect(document.encoding).toBe('latin1');
    expect(Buffer.from(document.text, 'latin1').equals(bytes)).toBe(true);
  });

  it('forbids acting on a file with NUL bytes', () => {
    const document = parseDocument(Buffer.from('[server1]\nhostname=h\nuser=a\0b\n'), 'f');
    expect(blockers(resolve({ application: document, loginUser: 'u' })).map(f => f.code)).toEqual(['binary-file']);
  });
});

describe('speed', () => {
  it.each([
    ['sound', ''],
    ['annotated', '   # 注释'],
  ])('a %s file of 200 servers: all findings within 10 ms', (_what, comment) => {
    const servers = Array.from({ length: 200 }, (_, i) =>
      [
        `[server${i + 1}]`,
        `hostname=db${i + 1}.example.com`,
        `port=3306${comment}`,
        'candidate_master=1',
        'master_binlog_dir=/data/mysql,/data/binlog',
        '#@ protected=1',
        '',
      ].join('\n'),
    );
    const text = `[server default]\nuser=mha\npassword=mha pass#1\nping_interval=3\nmanager_workdir=/var/log/mha/app1\n\n${servers.join('\n')}`;
    const run = () => {
      const { findings } = resolve({ application: parseDocument(text, 'app1.cnf'), loginUser: 'u' });
      expect(findings.length).toBeLessThan(300);
    };
    // Warm, as in an editor; the quickest of several, since collecting garbage of the warm-up counts, too.
    for (let i = 0; i < 20; i++) run();
    expect(Math.min(...Array.from({ length: 25 }, () => cpuMs(run)))).toBeLessThan(10);
  });
});

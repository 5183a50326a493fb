import { describe, expect, it } from 'vitest';
import { parseDocument } from '../../../src/config/document';
import { applyEdits } from '../../../src/config/edits';
import { EXTENDED_PARAMETERS, PARAMETERS } from '../../../src/config/parameters';
import { resolve } from '../../../src/config/resolve';
import type { ConfigFinding, MhaDocument, TextEdit } from '../../../src/config/types';
import type { Finding } from '../../../src/engine/topology/types';
import { byFile, clusterDiagnostics, configDiagnostics } from '../../../src/extension/language/diagnosticData';
import { completionsAt } from '../../../src/extension/language/completionData';
import { combineFixes, fixForAll } from '../../../src/extension/language/fixes';
import { hoverAt } from '../../../src/extension/language/hoverText';
import { foldsOf, pathIn } from '../../../src/extension/language/outlineData';
import type { Text } from '../../../src/extension/text';
import { format, msg } from '../../../src/l10n/message';

const FILE = '/etc/mha/app1.cnf';
const text = (t: Text): string => (typeof t === 'string' ? t : format(t));
const parsed = (source: string): MhaDocument => parseDocument(source, FILE);

/** The document and the cursor at `|`. */
function at(source: string) {
  const before = source.slice(0, source.indexOf('|')).split('\n');
  const document = parsed(source.replace('|', ''));
  const position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
  return { document, position, line: document.text.split('\n')[position.line] ?? '' };
}

const complete = (source: string) => {
  const { document, position, line } = at(source);
  return completionsAt(document, line, position);
};
const labels = (source: string): string[] => complete(source).map(c => c.label);

describe('completion', () => {
  it('offers sections with the next free id', () => {
    expect(labels('[server default]\n[server1]\n[server3]\n[|')).toEqual(['[server4]', '[binlog1]']);
    expect(labels('[|')).toEqual(['[server default]', '[server1]', '[binlog1]']);
  });

  it('replaces the whole header, with its closing bracket', () => {
    expect(complete('[se|]')[0]?.range).toEqual({ start: { line: 0, character: 0 }, end: { line: 0, character: 4 } });
  });

  it('offers the parameters that a section can use and does not have yet', () => {
    const inDefault = labels('[server default]\nuser=x\n|');
    expect(inDefault).toContain('password');
    expect(inDefault).not.toContain('user');
    expect(inDefault).not.toContain('candidate_master'); // counts in a server's section only
    const inServer = labels('[server1]\nhostname=a\ncan|');
    expect(inServer).toContain('candidate_master');
    expect(inServer).not.toContain('hostname');
    expect(labels('[binlog1]\n|')).not.toContain('candidate_master');
    expect(labels('[server1]\nhostname=a\n[server2]\nhostname=b\n[server1]\nport=1\n|')).not.toContain('hostname');
  });

  it('keeps offering the name that is being typed', () => {
    expect(labels('[server1]\nport|')).toContain('port');
    expect(labels('[server1]\nport|=3306')).toContain('port');
  });

  it('inserts a name with its usual values', () => {
    const byLabel = new Map(complete('[server1]\n|').map(c => [c.label, c.insert]));
    expect(byLabel.get('candidate_master')).toBe('candidate_master=${1|1,0|}');
    expect(byLabel.get('check_repl_delay')).toBe('check_repl_delay=${1|0,1|}');
    expect(byLabel.get('port')).toBe('port=${1:3306}');
    expect(byLabel.get('hostname')).toBe('hostname=$1');
    expect(byLabel.get('ping_type')).toBe('ping_type=${1|SELECT,CONNECT,INSERT|}');
    expect(byLabel.get('#@ tls')).toMatch(/^#@ tls=\$\{1\|/);
  });

  it('offers extended names after #@', () => {
    expect(labels('[server default]\n#@ tls=required\n#@ |')).toEqual(
      Object.keys(EXTENDED_PARAMETERS).filter(n => n !== 'tls'),
    );
    expect(labels('[server default]\n#|')).toContain('#@ tls');
    expect(labels('[server default]\n# a comment |')).toEqual([]);
  });

  it('offers values', () => {
    expect(labels('[server1]\ncandidate_master=|')).toEqual(['1', '0']);
    expect(labels('[server1]\n#@ tls = ver|')).toContain('verify_ca');
    expect(labels('[server1]\nping_interval=|')).toEqual(['3']);
    expect(labels('[server1]\nhostname=|')).toEqual([]);
    expect(labels('[server1]\nbogus=|')).toEqual([]);
    expect(labels('[server1]\nhostname=db1\nsecondary_check_script=/bin/x -s d|')).toEqual(['db1']);
  });
});

describe('hover', () => {
  const source =
    '[server default]\nuser=mha\npassword=hunter2\n[server1]\nhostname=db1\npo|rt=3307\n[server2]\nhostname=db2';
  const hover = (marked: string) => {
    const { document, position } = at(marked);
    const { cluster } = resolve({ application: document, loginUser: 'mysql' });
    return hoverAt({ document, position, language: 'en', ...(cluster ? { cluster } : {}) });
  };

  it('describes the parameter and gives the resolved value with its origin', () => {
    const found = hover(source);
    expect(found?.title).toBe('port');
    expect(found?.what).toBe(PARAMETERS.port.en);
    expect(found?.facts.map(text)).toContain('Since MHA 0.50.');
    expect(found?.values.map(v => [v.label, text(v.value), text(v.origin)])).toEqual([
      ['server1', '3307', '/etc/mha/app1.cnf, line 6, [server1]'],
    ]);
  });

  it('shows what a default comes to in each server', () => {
    const found = hover('[server default]\npo|rt=3307\n[server1]\nhostname=a\n[server2]\nhostname=b\nport=3308');
    expect(found?.values.map(v => [v.label, text(v.value)])).toEqual([
      ['server1', '3307'],
      ['server2', '3308'],
    ]);
  });

  it('never shows a password', () => {
    const found = hover(source.replace('|', '').replace('password=', 'pass|word='));
    expect(found?.values.map(v => text(v.value))).toEqual(['***']);
    const section = hover(source.replace('|', '').replace('[server1]', '[serv|er1]'));
    expect(section?.values.map(v => [v.label, text(v.value)])).toEqual(
      expect.arrayContaining([
        ['hostname', 'db1'],
        ['password', '***'],
        ['port', '3307'],
      ]),
    );
    expect(JSON.stringify([found, section])).not.toContain('hunter2');
  });

  it('speaks the display language', () => {
    const { document, position } = at(source);
    const english = hoverAt({ document, position, language: 'en' })?.what;
    const chinese = hoverAt({ document, position, language: 'zh-cn' })?.what;
    expect(english).toBe(PARAMETERS.port.en);
    expect(chinese).toBe(PARAMETERS.port.zh);
    expect(chinese).toMatch(/\p{Script=Han}/u);
  });

  it('is silent about other things', () => {
    expect(hover('[server1]\nhostname=a\nbo|gus=1')).toBeUndefined();
    expect(hover('# comm|ent\n[server1]')).toBeUndefined();
  });
});

describe('outline', () => {
  it('folds sections, leaving comments above a header to that header', () => {
    const source = '[server default]\nuser=a\n\n# the master\n[server1]\nhostname=a\n#@ tls=required\n\n[server2]\n';
    expect(foldsOf(parsed(source))).toEqual([
      { start: 0, end: 1 },
      { start: 4, end: 6 },
    ]);
  });

  it('finds the program or file at the beginning of a value', () => {
    const [section] = parsed('[a]\nreport_script="/bin/r" --x\nuser=/bin/x\nmanager_log=/var/log/m').sections;
    expect(section?.properties.map(p => pathIn(p)?.path)).toEqual(['/bin/r', undefined, '/var/log/m']);
    const first = section?.properties[0];
    expect(first && pathIn(first)?.range).toEqual({
      start: { line: 1, character: 15 },
      end: { line: 1, character: 21 },
    });
  });
});

describe('fixes', () => {
  const annotated = [
    '[server default]',
    'user=mha            # the account',
    'ping_interval=1     # seconds',
    '[server1]',
    'hostname=db1        # the master',
    'candidate_master=1  # preferred',
    '[server2]',
    'hostname=db2',
    '[server3]',
    'hostname=db3',
    '',
  ].join('\n');
  const findingsOf = (source: string): readonly ConfigFinding[] =>
    resolve({ application: parsed(source), loginUser: 'mysql' }).findings;

  it('mend all lines with a comment in their value at once', () => {
    const findings = findingsOf(annotated);
    const codes = findings.filter(fixForAll).map(f => f.code);
    const [code] = codes;
    const same = findings.filter(f => f.code === code && fixForAll(f));
    expect(same.map(f => f.range.start.line)).toEqual([1, 2, 4, 5]);
    const mended = applyEdits(annotated, combineFixes(same));
    expect(findingsOf(mended).filter(f => f.code === code)).toEqual([]);
    for (const note of ['the account', 'seconds', 'the master', 'preferred']) expect(mended).toContain(note);
  });

  const edit = (line: number, from: number, to: number, newText: string): TextEdit => ({
    range: { start: { line, character: from }, end: { line, character: to } },
    newText,
  });
  const finding = (...edits: TextEdit[]): ConfigFinding => ({
    code: 'x',
    severity: 'error',
    file: FILE,
    range: edit(0, 0, 0, '').range,
    message: msg('x'),
    fixes: [{ title: msg('x'), edits, forAll: true }],
    rejectedByMha: false,
    blocksAction: false,
  });

  it('never overlap: the later fix is left out as a whole', () => {
    const edits = combineFixes([
      finding(edit(1, 5, 9, 'a')),
      finding(edit(1, 8, 12, 'b'), edit(0, 0, 1, 'c')),
      finding(edit(0, 3, 4, 'd')),
    ]);
    expect(edits.map(e => e.newText)).toEqual(['d', 'a']);
  });

  it('make one change of the same change wanted twice', () => {
    expect(combineFixes([finding(edit(1, 0, 4, '')), finding(edit(1, 0, 4, ''))])).toHaveLength(1);
  });
});

describe('diagnostics', () => {
  const source =
    '[server default]\nuser=mha\npassword=x\n[server1]\nhostname=db1\n[server2]\nhostname=db2\nport=3307\n';
  const { cluster } = resolve({ application: parsed(source), loginUser: 'mysql' });
  const place = (finding: Partial<Finding>) => {
    if (!cluster) throw new Error('rejected');
    const [d] = clusterDiagnostics([{ code: 'c', severity: 'error', message: msg('m'), ...finding }], cluster);
    return d && [d.file, d.range.start.line];
  };

  it('stand where the value concerned comes from', () => {
    expect(place({ server: 'server2', parameter: 'port' })).toEqual([FILE, 7]);
    expect(place({ server: 'server1', parameter: 'password' })).toEqual([FILE, 2]);
    expect(place({ parameter: 'user' })).toEqual([FILE, 1]);
  });

  it('else at the header of the server, else at the top', () => {
    expect(place({ server: 'server2' })).toEqual([FILE, 5]);
    expect(place({ server: 'server1', parameter: 'port' })).toEqual([FILE, 3]); // built-in
    expect(place({})).toEqual([FILE, 0]);
    expect(place({ server: 'db9:3306' })).toEqual([FILE, 0]);
  });

  it('are said once, whoever inherits the line', () => {
    const global = parseDocument('[server default]\nbogus=1\n', '/etc/masterha_default.cnf');
    const findings = ['/a.cnf', '/b.cnf'].flatMap(file => {
      const application = parseDocument('[server1]\nhostname=a\n', file);
      return configDiagnostics(resolve({ application, global, loginUser: 'x' }).findings);
    });
    const grouped = byFile(findings);
    const ofGlobal = grouped.get('/etc/masterha_default.cnf') ?? [];
    expect(ofGlobal.filter(d => d.code === 'unknown-parameter')).toHaveLength(1);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDocument } from '../../../src/config/document';
import {
  addSection,
  applyEdits,
  ConfigEditError,
  removeSection,
  removeValue,
  replaceSection,
  setValue,
  setValues,
} from '../../../src/config/edits';
import { linesOf, mergeSections } from '../../../src/config/sections';
import type { MhaDocument, TextEdit } from '../../../src/config/types';
import { anyFile, meaningfulPair } from './generators';

const TEXT =
  '# top\n[server1]\nhostname=a  ; inline\n\n# about port\nport = 1\n#@ tls=required\n[server2]\nhostname=b\n\n# end\n';
const doc = (text: string): MhaDocument => parseDocument(text, 'f');
const edited = (text: string, edit: (d: MhaDocument) => readonly TextEdit[]): string =>
  applyEdits(text, edit(doc(text)));

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ConfigEditError) return error.code;
    throw error;
  }
  return 'none';
}

/** Comments and blank lines, in order. */
function remarks(text: string): string[] {
  return linesOf(doc(text)).filter(line => /^[ \t\f\v]*(?:[#;]|$)/.test(line) && !/^\s*#@\s*\w+\s*=/.test(line));
}

describe('edits of a section', () => {
  it('set a value in place and keep what stands around it', () => {
    expect(edited(TEXT, d => setValue(d, 'server1', 'port', '2'))).toBe(TEXT.replace('port = 1', 'port = 2'));
    expect(edited(TEXT, d => setValue(d, 'server1', 'hostname', 'x'))).toBe(TEXT.replace('=a', '=x'));
  });

  it('add values behind the last one', () => {
    expect(edited(TEXT, d => setValues(d, 'server1', { user: 'u', ip: '1.1.1.1' }, { protected: '1' }))).toBe(
      TEXT.replace('tls=required\n', 'tls=required\nuser=u\nip=1.1.1.1\n#@ protected=1\n'),
    );
    expect(edited('[server1]', d => setValue(d, 'server1', 'ip', 'x'))).toBe('[server1]\nip=x');
  });

  it('remove a value', () => {
    expect(edited(TEXT, d => removeValue(d, 'server1', 'port'))).toBe(TEXT.replace('port = 1\n', ''));
    expect(edited('[s]\na=1', d => removeValue(d, 's', 'a'))).toBe('[s]');
  });

  it('append a section', () => {
    expect(edited(TEXT, d => addSection(d, 'server3', { hostname: 'c' }))).toBe(`${TEXT}\n[server3]\nhostname=c\n`);
    expect(edited('', d => addSection(d, 'server3', { hostname: 'c' }))).toBe('[server3]\nhostname=c\n');
    expect(edited('[a]', d => addSection(d, 's', {}))).toBe('[a]\n\n[s]\n');
    expect(edited('[a]\r\n\r\n', d => addSection(d, 's', { a: '1' }))).toBe('[a]\r\n\r\n[s]\r\na=1\r\n');
  });

  it('remove a section and keep every comment', () => {
    expect(edited(TEXT, d => removeSection(d, 'server1'))).toBe(
      '# top\n\n# about port\n[server2]\nhostname=b\n\n# end\n',
    );
    expect(edited('[a]\nx=1\n[b]\ny=1\n[a]\nz=1', d => removeSection(d, 'a'))).toBe('[b]\ny=1');
  });

  it('replace a section', () => {
    expect(edited(TEXT, d => replaceSection(d, 'server1', { hostname: 'z', user: 'u' }))).toBe(
      '# top\n[server1]\nhostname=z  ; inline\n\n# about port\n#@ tls=required\nuser=u\n[server2]\nhostname=b\n\n# end\n',
    );
  });

  it('replace a section whose last lines go', () => {
    expect(edited('[s]\na=1\nb=2', d => replaceSection(d, 's', { c: '3' }))).toBe('[s]\nc=3');
    expect(edited('[s]\na=1\nb=2\n', d => replaceSection(d, 's', { a: '0', c: '3' }))).toBe('[s]\na=0\nc=3\n');
  });

  it.each([
    ['a line break', { a: 'x\ny' }, 'badValue'],
    ['a cut', { a: 'x ; y' }, 'badValue'],
    ['blanks at the end', { a: 'x ' }, 'badValue'],
    ['a name with blanks', { 'a b': 'x' }, 'badName'],
    ['a name like a comment', { '#a': 'x' }, 'badName'],
  ])('refuse %s', (_what, values, code) => {
    expect(codeOf(() => addSection(doc(''), 's', values))).toBe(code);
  });

  it('refuse names and sections that can not be', () => {
    expect(codeOf(() => addSection(doc(TEXT), 'server1', {}))).toBe('sectionExists');
    expect(codeOf(() => addSection(doc(TEXT), 'a\nb', {}))).toBe('badName');
    expect(codeOf(() => addSection(doc(TEXT), ' a', {}))).toBe('badName');
    expect(codeOf(() => removeSection(doc(TEXT), 'server9'))).toBe('noSection');
    expect(codeOf(() => setValue(doc(TEXT), 'server9', 'a', 'b'))).toBe('noSection');
  });

  it('refuse overlapping edits, and clamp positions', () => {
    const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 2 } };
    expect(
      codeOf(() =>
        applyEdits('abc', [
          { range, newText: '' },
          { range, newText: 'x' },
        ]),
      ),
    ).toBe('overlap');
    const far = { start: { line: 0, character: 2 }, end: { line: 9, character: 9 } };
    expect(applyEdits('abc\ndef', [{ range: far, newText: '!' }])).toBe('ab!');
  });

  it('read back, and keep comments and blank lines, in every generated file', () => {
    const texts = fc.oneof(
      anyFile.map(bytes => Buffer.from(bytes).toString('utf8')),
      meaningfulPair.map(p => p.application),
    );
    fc.assert(
      fc.property(texts, fc.constantFrom('1', '', '/a b', '"q"'), (text, value) => {
        const document = doc(text);
        const before = mergeSections(document);
        const name = [...before.keys()].find(n => n !== '_' && before.get(n)?.runs.every(r => r.nameRange));
        if (name !== undefined) {
          const set = applyEdits(text, setValues(document, name, { user: value, zzz: value }));
          expect(mergeSections(doc(set)).get(name)?.values.get('zzz')?.value).toBe(value);
          expect(mergeSections(doc(set)).get(name)?.values.get('user')?.value).toBe(value);
          expect(remarks(set)).toEqual(remarks(text));
          const removed = applyEdits(text, removeSection(document, name));
          expect(mergeSections(doc(removed)).has(name)).toBe(false);
          if (!text.endsWith(']')) expect(remarks(removed).filter(Boolean)).toEqual(remarks(text).filter(Boolean));
        }
        const added = applyEdits(text, addSection(document, 'server new', { a: value }, { tls: 'required' }));
        const section = mergeSections(doc(added)).get('server new');
        expect(section?.values.get('a')?.value).toBe(value);
        expect(section?.extended.get('tls')?.value).toBe('required');
        expect([...mergeSections(doc(added)).keys()]).toEqual([...before.keys(), 'server new']);
      }),
      { numRuns: 500 },
    );
  });
});

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseDocument } from '../../../src/config/document';
import type { MhaDocument } from '../../../src/config/types';
import { ensurePerlConfigTiny } from '../../support/servers';
import { anyFile, junkFile, meaningfulPair } from './generators';
import { readByConfigTiny } from './perl';
import type { Parsed } from './perl';

beforeAll(ensurePerlConfigTiny, 120_000);

/** A document in Config::Tiny's terms, as bytes. */
function asConfigTiny(document: MhaDocument): Parsed {
  if (document.problems.length > 0) return undefined;
  const bytes = (text: string): string =>
    Buffer.from(text, document.encoding === 'latin1' ? 'latin1' : 'utf8').toString('latin1');
  const sections: Record<string, Record<string, string>> = {};
  for (const section of document.sections) {
    const ordinary = section.properties.filter(p => !p.extended);
    // Properties before the first header make the section `_`; extended ones are comments.
    if (!section.nameRange && ordinary.length === 0) continue;
    const values = (sections[bytes(section.name)] ??= {});
    for (const { name, value } of ordinary) values[bytes(name)] = bytes(value);
  }
  return sections;
}

function show(bytes: Uint8Array): string {
  return JSON.stringify(Buffer.from(bytes).toString('latin1'));
}

describe('parseDocument compared with Config::Tiny', () => {
  const seed = Number(process.env['FC_SEED'] ?? 20_251_122);
  const files = [
    ...fc.sample(anyFile, { numRuns: 2000, seed }),
    ...fc.sample(junkFile, { numRuns: 1000, seed }),
    ...fc.sample(meaningfulPair, { numRuns: 500, seed }).map(pair => Buffer.from(pair.application)),
  ];

  it('gives the same verdict and the same values for generated files', () => {
    const theirs = readByConfigTiny(files);
    const different = files.flatMap((bytes, i) => {
      const mine = asConfigTiny(parseDocument(bytes, 'app1.cnf'));
      return JSON.stringify(sorted(mine)) === JSON.stringify(sorted(theirs[i]))
        ? []
        : [{ file: show(bytes), mine, theirs: theirs[i] }];
    });
    expect(different.slice(0, 5)).toEqual([]);
    const accepted = theirs.filter(t => t !== undefined).length;
    expect(accepted, 'accepted files').toBeGreaterThan(500);
    expect(theirs.length - accepted, 'rejected files').toBeGreaterThan(500);
  });

  it.each([
    ['a=1 # note', { _: { a: '1 # note' } }],
    ['a=1 ; note', { _: { a: '1' } }],
    ['a=1\t;\tx', { _: { a: '1' } }],
    ['a=1;note', { _: { a: '1;note' } }],
    ['a=1 ;note', { _: { a: '1 ;note' } }],
    ['a=1 ;', { _: { a: '1 ;' } }],
    ['a=1 ; ', { _: { a: '1 ;' } }],
    ['a=1 ;  ', { _: { a: '1' } }],
    ['a= ; x', { _: { a: '' } }],
    ['a=; x', { _: { a: '; x' } }],
    ['a = b = c', { _: { a: 'b = c' } }],
    ['a=', { _: { a: '' } }],
    ['a', undefined],
    ['=1', undefined],
    ['a:1', undefined],
    ['!include x', undefined],
    ['[s]x', undefined],
    ['[s] # c', undefined],
    ['[]', undefined],
    [' =1', { _: { ' ': '1' } }],
    ['[s] ; c', { s: {} }],
    ['[ s x ]', { 's x': {} }],
    ['[ ]', { ' ': {} }],
    ['[\t ]', { ' ': {} }],
    ['[]]', { ']': {} }],
    ['[a] ]', { 'a]': {} }],
    ['[a=b]', { 'a=b': {} }],
    ['[x=1', { _: { '[x': '1' } }],
    ['[s]\na=1\n[t]\n[s]\na=2', { s: { a: '2' }, t: {} }],
    ['a[]=1\na[]=2', { _: { 'a[]': '2' } }],
    ['a=1\r\r\nb=2\rc=3\n', { _: { a: '1', b: '2', c: '3' } }],
    ['a=1\f', { _: { a: '1' } }],
    ['a=\\\nb=1', { _: { a: '\\', b: '1' } }],
    ['\ufeff[s]', undefined],
    ['a=1\u00a0', { _: { a: '1\u00c2\u00a0' } }],
    ['', {}],
    ['#@ protected=1', {}],
  ])('%j', (text, expected) => {
    const bytes = Buffer.from(text);
    expect(asConfigTiny(parseDocument(bytes, 'x'))).toEqual(expected);
    expect(readByConfigTiny([bytes])[0]).toEqual(expected);
  });
});

function sorted(parsed: Parsed): unknown {
  if (!parsed) return null;
  const byName = (a: [string, unknown], b: [string, unknown]): number => (a[0] < b[0] ? -1 : 1);
  return Object.entries(parsed)
    .map(([name, values]) => [name, Object.entries(values).sort(byName)] as [string, unknown])
    .sort(byName);
}

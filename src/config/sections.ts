import type { MhaDocument, Position, Property, Range, Section } from './types';

/** All runs of lines under one name, as Config::Tiny merges them: of a name written twice the last value counts. */
export interface MergedSection {
  readonly name: string;
  readonly runs: readonly Section[];
  /** The first header's name; of `_` the first property. */
  readonly nameRange: Range;
  readonly values: ReadonlyMap<string, Property>;
  readonly extended: ReadonlyMap<string, Property>;
}

/** The sections of a file in order of first appearance. */
export function mergeSections(document: MhaDocument): ReadonlyMap<string, MergedSection> {
  const runs = new Map<string, Section[]>();
  for (const section of document.sections) {
    const same = runs.get(section.name);
    if (same) same.push(section);
    else runs.set(section.name, [section]);
  }
  return new Map([...runs].map(([name, list]) => [name, merge(name, list)]));
}

function merge(name: string, runs: readonly Section[]): MergedSection {
  const values = new Map<string, Property>();
  const extended = new Map<string, Property>();
  for (const run of runs) for (const p of run.properties) (p.extended ? extended : values).set(p.name, p);
  const first = runs[0];
  const start = { line: 0, character: 0 };
  const nameRange = first?.nameRange ?? first?.properties[0]?.nameRange ?? { start, end: start };
  return { name, runs, nameRange, values, extended };
}

export type SectionKind = 'default' | 'server' | 'binlog' | 'invalid';

/** What MHA takes a section of the application file for (mha-config: `server default`, `server…`, `binlog…`). */
export function sectionKind(name: string): SectionKind {
  if (name === 'server default') return 'default';
  // `_` is where properties before the first header go, and no valid name.
  const match = /^(server|binlog)([^ \t\r\n\f\v])/.exec(name);
  return match ? (match[1] as 'server' | 'binlog') : 'invalid';
}

/**
 * MHA's order of the managed servers, which breaks ties in the election: by the number when every id is `server`,
 * non-digits, digits…; else bytewise.
 */
export function serverOrder(ids: readonly string[]): string[] {
  const bytewise = sortBytewise(ids);
  const numbers = new Map<string, string>();
  for (const id of bytewise) {
    const digits = /^server[^0-9]*([0-9]+)/.exec(id)?.[1];
    if (digits === undefined) return bytewise;
    numbers.set(id, digits.replace(/^0+/, ''));
  }
  return bytewise.sort((a, b) => compareDigits(numbers.get(a) ?? '', numbers.get(b) ?? ''));
}

/** Numbers of any length, without leading zeros. */
function compareDigits(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** By bytes of UTF-8, that is by code point: JavaScript's own order differs where surrogates are. */
export function sortBytewise(names: readonly string[]): string[] {
  if (!names.some(name => /[\ud800-\udfff]/.test(name))) return [...names].sort();
  return [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

export function sectionAt(document: MhaDocument, position: Position): Section | undefined {
  return document.sections.findLast(s => s.range.start.line <= position.line && position.line <= s.range.end.line);
}

/** The property whose line holds the position. */
export function findProperty(
  document: MhaDocument,
  position: Position,
): { readonly section: Section; readonly property: Property } | undefined {
  const section = sectionAt(document, position);
  const property = section?.properties.find(p => p.nameRange.start.line === position.line);
  return section && property ? { section, property } : undefined;
}

/** The property that gives `name` its value in the section: the last one of all its runs. */
export function effectiveProperty(
  document: MhaDocument,
  section: string,
  name: string,
  extended = false,
): Property | undefined {
  return document.sections
    .filter(s => s.name === section)
    .flatMap(s => s.properties)
    .findLast(p => p.name === name && p.extended === extended);
}

const lines = new WeakMap<MhaDocument, readonly string[]>();

/** Lines as editors count them: CR, LF and CRLF end one. */
export function linesOf(document: MhaDocument): readonly string[] {
  const known = lines.get(document);
  if (known) return known;
  const split = document.text.split(/\r\n|\r|\n/);
  lines.set(document, split);
  return split;
}

/** The line ending that the file uses first; LF if it has none. */
export function lineEnding(text: string): '\n' | '\r\n' | '\r' {
  const at = text.search(/[\r\n]/);
  if (at === -1 || text[at] === '\n') return '\n';
  return text[at + 1] === '\n' ? '\r\n' : '\r';
}

import { isUtf8 } from 'node:buffer';
import { EXTENDED_PARAMETERS } from './parameters';
import type { MhaDocument, Property, Range, Section, SyntaxProblem } from './types';

const LF = 10;
const CR = 13;

/** Perl's `\s` on bytes: no Unicode blanks. */
export function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

/** Trims what Perl's `\s` matches on bytes, and nothing else. */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

interface MutableSection {
  name: string;
  nameRange?: Range;
  firstLine: number;
  properties: Property[];
}

/** Name and value of a `name = value` line, as columns. */
interface Columns {
  nameStart: number;
  nameEnd: number;
  valueStart: number;
  valueEnd: number;
}

/**
 * Reads a configuration file exactly as Config::Tiny 2.28 does (bytes, Perl's blanks, inline ` ; ` comments, sections
 * re-opened, `#` never starting a comment inside a line), and the extended parameters in its comments. Never throws;
 * time is linear in the size of the text.
 */
export function parseDocument(source: string | Uint8Array, file: string): MhaDocument {
  const { text, encoding } = decode(source);
  const sections: MutableSection[] = [];
  const problems: SyntaxProblem[] = [];
  const malformedExtended: SyntaxProblem[] = [];
  const lastColumns: number[] = [];
  let current: MutableSection | undefined;

  const property = (line: string, row: number, columns: Columns, extended: boolean, commentAt: number): void => {
    if (!current) sections.push((current = { name: '_', firstLine: row, properties: [] }));
    const { nameStart, nameEnd, valueStart, valueEnd } = columns;
    const base = {
      name: line.slice(nameStart, nameEnd),
      nameRange: span(row, nameStart, nameEnd),
      value: line.slice(valueStart, valueEnd),
      valueRange: span(row, valueStart, valueEnd),
      range: span(row, nameStart, valueEnd),
      extended,
    };
    current.properties.push(
      commentAt < line.length ? { ...base, inlineComment: span(row, commentAt, line.length) } : base,
    );
  };

  const readLine = (line: string, row: number): void => {
    let first = 0;
    while (first < line.length && isBlank(line.charCodeAt(first))) first++;
    if (first === line.length || line[first] === ';') return;
    if (line[first] === '#') {
      if (line[first + 1] === '@') extendedLine(line, row, first + 2);
      return;
    }
    const commentAt = inlineComment(line);
    let end = commentAt;
    while (end > first && isBlank(line.charCodeAt(end - 1))) end--;
    const header = headerColumns(line, first, end);
    if (header) {
      current = {
        name: line.slice(header[0], header[1]),
        nameRange: span(row, header[0], header[1]),
        firstLine: row,
        properties: [],
      };
      sections.push(current);
      return;
    }
    const columns = propertyColumns(line, 0, end, commentAt);
    if (columns) property(line, row, columns, false, commentAt);
    else problems.push({ range: span(row, first, end), text: line.slice(first, Math.min(end, first + 200)) });
  };

  const extendedLine = (line: string, row: number, from: number): void => {
    const commentAt = inlineComment(line);
    let end = Math.max(from, commentAt);
    while (end > from && isBlank(line.charCodeAt(end - 1))) end--;
    const columns = propertyColumns(line, from, end, commentAt);
    if (columns && isName(line.slice(columns.nameStart, columns.nameEnd))) {
      property(line, row, columns, true, commentAt);
    } else if (startsWithExtendedName(line, from)) {
      malformedExtended.push({ range: span(row, from - 2, end), text: line.slice(from - 2, from + 198) });
    }
  };

  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : LF;
    if (code !== LF && code !== CR) continue;
    readLine(text.slice(start, i), lastColumns.length);
    lastColumns.push(i - start);
    if (code === CR && text.charCodeAt(i + 1) === LF) i++;
    start = i + 1;
  }

  return { file, text, encoding, sections: finish(sections, lastColumns), problems, malformedExtended };
}

function decode(source: string | Uint8Array): { text: string; encoding: 'utf-8' | 'latin1' } {
  if (typeof source === 'string') return { text: source, encoding: 'utf-8' };
  const bytes = Buffer.from(source.buffer, source.byteOffset, source.byteLength);
  return isUtf8(bytes)
    ? { text: bytes.toString('utf8'), encoding: 'utf-8' }
    : { text: bytes.toString('latin1'), encoding: 'latin1' };
}

/** Column of the first blank, `;`, blank with something after it; else the line's length. */
function inlineComment(line: string): number {
  for (let at = line.indexOf(';', 1); at !== -1; at = line.indexOf(';', at + 1)) {
    if (at + 2 < line.length && isBlank(line.charCodeAt(at - 1)) && isBlank(line.charCodeAt(at + 1))) return at - 1;
  }
  return line.length;
}

/** `[ name ]`: where the name is. Of a name of nothing but blanks Config::Tiny keeps the last. */
function headerColumns(line: string, first: number, end: number): [number, number] | undefined {
  if (line[first] !== '[' || line[end - 1] !== ']' || end - first < 3) return undefined;
  let from = first + 1;
  let to = end - 1;
  while (from < to - 1 && isBlank(line.charCodeAt(from))) from++;
  while (to > from + 1 && isBlank(line.charCodeAt(to - 1))) to--;
  return [from, to];
}

/** `name = value` between two columns; a name of nothing but blanks is its last blank, an empty one is none. */
function propertyColumns(line: string, from: number, end: number, commentAt: number): Columns | undefined {
  const equals = line.indexOf('=', from);
  if (equals === -1 || equals >= commentAt || equals === from) return undefined;
  let nameStart = from;
  let nameEnd = equals;
  while (nameStart < nameEnd - 1 && isBlank(line.charCodeAt(nameStart))) nameStart++;
  while (nameEnd > nameStart + 1 && isBlank(line.charCodeAt(nameEnd - 1))) nameEnd--;
  let valueStart = equals + 1;
  while (valueStart < end && isBlank(line.charCodeAt(valueStart))) valueStart++;
  return { nameStart, nameEnd, valueStart, valueEnd: Math.max(valueStart, end) };
}

function isName(text: string): boolean {
  return text.length <= 64 && /^[A-Za-z]\w*$/.test(text);
}

function startsWithExtendedName(line: string, from: number): boolean {
  const word = /^[ \t]*([A-Za-z]\w*)/.exec(line.slice(from, from + 80))?.[1];
  return word !== undefined && Object.hasOwn(EXTENDED_PARAMETERS, word);
}

function span(line: number, start: number, end: number): Range {
  return { start: { line, character: start }, end: { line, character: end } };
}

/** A section ends with the last line before the next header. */
function finish(sections: readonly MutableSection[], lastColumns: readonly number[]): Section[] {
  return sections.map(({ firstLine, ...section }, i) => {
    const endLine = (sections[i + 1]?.firstLine ?? lastColumns.length) - 1;
    return {
      ...section,
      range: {
        start: { line: firstLine, character: 0 },
        end: { line: endLine, character: lastColumns[endLine] ?? 0 },
      },
    };
  });
}

import { parseDocument, trimBlanks } from './document';
import { effectiveProperty, lineEnding, linesOf } from './sections';
import type { MhaDocument, Position, Section, TextEdit } from './types';

/** What can't be written so that MHA reads it back, and edits that contradict each other. */
export class ConfigEditError extends Error {
  override readonly name = 'ConfigEditError';

  constructor(
    readonly code: 'overlap' | 'badName' | 'badValue' | 'sectionExists' | 'noSection',
    message: string,
  ) {
    super(message);
  }
}

export type Values = Readonly<Record<string, string>>;

/** Applies edits of one text. Positions beyond a line's or the text's end mean that end. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const starts = lineStarts(text);
  const offset = ({ line, character }: Position): number => {
    const start = starts[line];
    if (start === undefined) return text.length;
    const next = starts[line + 1];
    let end = next === undefined ? text.length : next - 1;
    if (next !== undefined && text[end] === '\n' && text[end - 1] === '\r' && end > start) end--;
    return Math.min(start + character, end);
  };
  const placed = edits
    .map((edit, order) => ({ from: offset(edit.range.start), to: offset(edit.range.end), edit, order }))
    .sort((a, b) => a.from - b.from || a.to - b.to || a.order - b.order);
  const parts: string[] = [];
  let done = 0;
  for (const { from, to, edit } of placed) {
    if (from < done || to < from) throw new ConfigEditError('overlap', 'edits overlap');
    parts.push(text.slice(done, from), edit.newText);
    done = to;
  }
  parts.push(text.slice(done));
  return parts.join('');
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 13 && text.charCodeAt(i + 1) === 10) continue;
    if (code === 10 || code === 13) starts.push(i + 1);
  }
  return starts;
}

/** Appends a section. The values must be such that the file reads back to them. */
export function addSection(document: MhaDocument, name: string, values: Values, extended: Values = {}): TextEdit[] {
  if (document.sections.some(s => s.name === name)) throw new ConfigEditError('sectionExists', `[${name}] exists`);
  assertSectionName(name);
  const eol = lineEnding(document.text);
  const lines = linesOf(document);
  const last = lines.length - 1;
  const lastText = lines[last] ?? '';
  const blankBefore = document.text === '' || (lastText === '' && trimBlanks(lines[last - 1] ?? '') === '');
  const at = { line: last, character: lastText.length };
  const text = [`[${name}]`, ...assignments(values, extended)].join(eol);
  return [
    { range: { start: at, end: at }, newText: `${lastText === '' ? '' : eol}${blankBefore ? '' : eol}${text}${eol}` },
  ];
}

/**
 * Removes a section: its headers, parameters and extended parameters. Comments and blank lines stay, as they may belong
 * to a neighbour.
 */
export function removeSection(document: MhaDocument, name: string): TextEdit[] {
  const runs = runsOf(document, name);
  const rows = runs.flatMap(run => {
    const header = run.nameRange ? [run.nameRange.start.line] : [];
    return [...header, ...run.properties.map(p => p.range.start.line)];
  });
  return removedLines(document, rows);
}

/** Makes a section have exactly these values; others of its parameters are removed, comments stay. */
export function replaceSection(document: MhaDocument, name: string, values: Values): TextEdit[] {
  const rows = runsOf(document, name)
    .flatMap(run => run.properties)
    .filter(p => !p.extended && !Object.hasOwn(values, p.name))
    .map(p => p.range.start.line);
  return [...removedLines(document, rows), ...assign(document, name, values, {}, new Set(rows))];
}

/** Sets one parameter of a section: where it is written, else behind the section's last parameter. */
export function setValue(document: MhaDocument, section: string, name: string, value: string): TextEdit[] {
  return setValues(document, section, { [name]: value });
}

/** Several at once; new ones in the order given. */
export function setValues(document: MhaDocument, section: string, values: Values, extended: Values = {}): TextEdit[] {
  return assign(document, section, values, extended, new Set());
}

/** `removed`: rows that go at the same time, behind which nothing can be put. */
function assign(
  document: MhaDocument,
  section: string,
  values: Values,
  extended: Values,
  removed: ReadonlySet<number>,
): TextEdit[] {
  const runs = runsOf(document, section);
  const edits: TextEdit[] = [];
  const missing: string[] = [];
  const set = (name: string, value: string, isExtended: boolean): void => {
    const [line] = assignments(isExtended ? {} : { [name]: value }, isExtended ? { [name]: value } : {});
    const known = effectiveProperty(document, section, name, isExtended);
    if (known) edits.push({ range: known.valueRange, newText: value });
    else if (line !== undefined) missing.push(line);
  };
  for (const [name, value] of Object.entries(values)) set(name, value, false);
  for (const [name, value] of Object.entries(extended)) set(name, value, true);
  const last = runs.at(-1);
  if (missing.length > 0 && last) {
    const rows = last.properties.map(p => p.range.start.line).filter(row => !removed.has(row));
    const row = Math.max(last.nameRange?.start.line ?? 0, rows.at(-1) ?? 0);
    const at = { line: row, character: linesOf(document)[row]?.length ?? 0 };
    const eol = lineEnding(document.text);
    edits.push({ range: { start: at, end: at }, newText: missing.map(line => eol + line).join('') });
  }
  return edits;
}

/** Removes a parameter from a section, wherever it is written there. */
export function removeValue(document: MhaDocument, section: string, name: string, extended = false): TextEdit[] {
  const rows = runsOf(document, section)
    .flatMap(run => run.properties)
    .filter(p => p.name === name && p.extended === extended)
    .map(p => p.range.start.line);
  return removedLines(document, rows);
}

function runsOf(document: MhaDocument, name: string): Section[] {
  const runs = document.sections.filter(s => s.name === name);
  if (runs.length === 0) throw new ConfigEditError('noSection', `there is no [${name}]`);
  return runs;
}

/** Whole lines with their line breaks; where the text's last line goes, the break before it goes. */
function removedLines(document: MhaDocument, rows: readonly number[]): TextEdit[] {
  const lines = linesOf(document);
  const runs: { first: number; last: number }[] = [];
  for (const row of [...rows].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run?.last === row - 1) run.last = row;
    else runs.push({ first: row, last: row });
  }
  const start = (line: number): Position => ({ line, character: 0 });
  const end = (line: number): Position => ({ line, character: lines[line]?.length ?? 0 });
  return runs.map(({ first, last }) => ({
    range:
      last + 1 < lines.length || first === 0
        ? { start: start(first), end: start(last + 1) }
        : { start: end(first - 1), end: end(last) },
    newText: '',
  }));
}

function assignments(values: Values, extended: Values): string[] {
  return [
    ...Object.entries(values).map(([name, value]) => assignment(name, value, '')),
    ...Object.entries(extended).map(([name, value]) => assignment(name, value, '#@ ')),
  ];
}

/** `name=value`, proven to read back. Errors name the parameter, never the value. */
function assignment(name: string, value: string, prefix: string): string {
  const line = `${prefix}${name}=${value}`;
  const { sections, problems } = parseDocument(line, '');
  const [property, ...others] = sections[0]?.properties ?? [];
  if (!/^[A-Za-z]\w*$/.test(name)) throw new ConfigEditError('badName', `"${name}" can't be a parameter's name`);
  if (problems.length > 0 || others.length > 0 || property?.name !== name || property.value !== value)
    throw new ConfigEditError('badValue', `the value of ${name} can't be written in a configuration file`);
  return line;
}

function assertSectionName(name: string): void {
  const [section, ...others] = parseDocument(`[${name}]`, '').sections;
  if (section?.name !== name || !section.nameRange || others.length > 0)
    throw new ConfigEditError('badName', `"${name}" can't be a section's name`);
}

import { msg } from '../../l10n/message';
import { isBlank, trimBlanks } from '../document';
import { buildModel, isExtendedParameter, isParameter } from '../model';
import type { Model } from '../model';
import { EXTENDED_PARAMETERS, PARAMETERS } from '../parameters';
import type { Parameter } from '../parameters';
import { linesOf } from '../sections';
import type { Fix, MhaDocument, Property } from '../types';
import type { Add, Draft } from './draft';
import type { PlacedProperty } from './place';
import { hostIsRejected, isEffective, placedProperties } from './place';
import { moveFix } from './repair';

/** Text in a value that is plainly, or possibly, a comment. */
export interface ValueComment {
  /** Offset in the value. */
  readonly at: number;
  /** False: it may as well belong to the value (a password `abc #1`). */
  readonly certain: boolean;
}

/** `#`, `//`, `--`, `;`, brackets, and anything that is not ASCII: what people put between a value and their remark. */
const REMARK = /^(?:[#;!(\u0080-\uffff]|\/[/*]|--|<[!-])/;
const TOKENS: Partial<Record<Parameter['type'], RegExp>> = {
  port: /^\d+/,
  positiveInteger: /^\d+/,
  boolean: /^(?:[01]|on|off|yes|no|true|false)(?!\w)/i,
  logLevel: /^[A-Za-z]+/,
  pingType: /^[A-Za-z]+/,
  tlsMode: /^[A-Za-z_]+/,
  detection: /^[A-Za-z]+/,
  fence: /^[A-Za-z]+/,
  host: /^[\w.:-]+/,
};

/** Finds a comment in a value. Values in quotes hold none; time is linear. */
export function commentIn(name: string, parameter: Parameter, value: string): ValueComment | undefined {
  const first = value[0];
  const close = first === '"' || first === "'" ? value.indexOf(first, 1) : -1;
  if (parameter.type === 'command') return inCommand(value);
  if (close === value.length - 1 && close > 0) return undefined;
  // `"…" # …`: behind the closing quote.
  if (close > 0) return isBlank(value.charCodeAt(close + 1)) ? behindBlank(value, close + 1, 'text') : undefined;
  const token = TOKENS[parameter.type];
  if (token) return behindToken(value, token);
  if (parameter.type === 'secret') return behindBlank(value, 0, 'secret');
  return behindBlank(value, 0, name === 'node_label' ? 'label' : 'text');
}

/** `1   # …`, `1#…`, `1 remark`. */
function behindToken(value: string, token: RegExp): ValueComment | undefined {
  const length = token.exec(value)?.[0].length ?? 0;
  if (length === 0 || length === value.length) return undefined;
  let at = length;
  while (at < value.length && isBlank(value.charCodeAt(at))) at++;
  return at > length || REMARK.test(value.slice(at, at + 3)) ? { at, certain: true } : undefined;
}

/** The first blank with a comment sign (or, but in passwords, text that is not ASCII) behind it. */
function behindBlank(value: string, from: number, kind: 'text' | 'secret' | 'label'): ValueComment | undefined {
  let uncertain: ValueComment | undefined;
  for (let at = Math.max(1, from); at < value.length; at++) {
    if (kind === 'text' && (value[at] === '\uff1b' || value[at] === '\uff03')) return { at, certain: true };
    if (!isBlank(value.charCodeAt(at - 1)) || isBlank(value.charCodeAt(at))) continue;
    const sign = signLength(value, at, kind === 'text');
    if (sign === undefined) continue;
    const wide = at > 1 && isBlank(value.charCodeAt(at - 2));
    const certain = kind === 'text' || (sign > 0 && (wide || !isPlainText(value, at + sign)));
    if (certain) return { at, certain };
    if (kind === 'secret') uncertain ??= { at, certain };
  }
  return uncertain;
}

/** Length of the comment sign at a place; 0: none, yet text in another script; undefined: an ordinary character. */
function signLength(value: string, at: number, semicolon: boolean): number | undefined {
  const character = value[at] ?? '';
  if (character === '#' || character === '\uff03' || character === '\uff1b') return 1;
  if (semicolon && character === ';') return 1;
  const two = value.slice(at, at + 2);
  if (two === '//' && (semicolon || !isPlainText(value, at + 2))) return 2;
  if (semicolon && (two === '--' || two === '<!' || two === '<-') && isBlank(value.charCodeAt(at + 2))) return 2;
  return character > '\u007f' ? 0 : undefined;
}

/** An ASCII character other than a blank. */
function isPlainText(value: string, at: number): boolean {
  const code = value.charCodeAt(at);
  return code > 32 && code < 127;
}

/** As the shell reads it: `#` at the start of a word outside of quotes; also `// text`. */
function inCommand(value: string): ValueComment | undefined {
  let quote = '';
  for (let at = 0; at < value.length; at++) {
    const character = value[at] ?? '';
    if (character === '\\' && quote !== "'") at++;
    else if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
    else if (quote === '' && at > 0 && isBlank(value.charCodeAt(at - 1))) {
      if (character === '#' || character === '\uff03' || character === '\uff1b') return { at, certain: true };
      if (value.startsWith('//', at) && !isPlainText(value, at + 2)) return { at, certain: true };
    }
  }
  return undefined;
}

/**
 * Reports the comments in the values of a model's files, and gives the files with the certain ones taken off, so that
 * everything else can be said about what is left.
 */
export function checkComments(model: Model, add: Add): Model {
  const { application, global } = model.input;
  const cut = new Map<Property, Property>();
  for (const placed of placedProperties(model)) {
    const { property } = placed;
    const parameter = parameterOf(property);
    const found = parameter && commentIn(property.name, parameter, property.value);
    if (!found) continue;
    const soften: Add = draft => add({ ...draft, severity: 'warning', rejectedByMha: false, blocksAction: false });
    report(placed, parameter, found, isEffective(model, placed) ? add : soften);
    if (!found.certain) continue;
    const value = trimBlanks(property.value.slice(0, found.at));
    const { start } = property.valueRange;
    const end = { line: start.line, character: start.character + value.length };
    cut.set(property, { ...property, value, valueRange: { start, end } });
  }
  if (cut.size === 0) return model;
  const without = (document: MhaDocument): MhaDocument => ({
    ...document,
    sections: document.sections.map(s => ({ ...s, properties: s.properties.map(p => cut.get(p) ?? p) })),
  });
  return buildModel({ ...model.input, application: without(application), ...(global && { global: without(global) }) });
}

function parameterOf({ name, extended }: Property): Parameter | undefined {
  if (extended) return isExtendedParameter(name) ? EXTENDED_PARAMETERS[name] : undefined;
  return isParameter(name) ? PARAMETERS[name] : undefined;
}

function report(placed: PlacedProperty, parameter: Parameter, found: ValueComment, add: Add): void {
  const { document, property } = placed;
  const { name, value, valueRange } = property;
  const row = valueRange.start.line;
  const column = valueRange.start.character + found.at;
  const line = linesOf(document)[row] ?? '';
  const indent = property.extended ? line.indexOf('#') : property.nameRange.start.character;
  const move = moveFix(document, row, column, line.slice(column), indent);
  const { forAll: _all, ...single } = move;
  const fixes: Fix[] = [found.certain ? move : single];
  if (parameter.type === 'secret' && !value.includes('"')) fixes.push(quoteFix(placed));
  const rejected =
    parameter.type === 'positiveInteger' || parameter.type === 'pingType' || hostIsRejected(placed, value);
  add({
    code: 'comment-in-value',
    file: document.file,
    range: { start: { line: row, character: column }, end: valueRange.end },
    message:
      parameter.type === 'secret'
        ? msg(
            'MHA knows no comments behind a value: this text becomes a part of {name}. Put {name} in quotes if it belongs to it.',
            { name },
          )
        : msg('MHA knows no comments behind a value: this text becomes a part of {name}.', { name }),
    fixes,
    ...(rejected && !property.extended ? { rejectedByMha: true } : {}),
    ...(name === 'node_label' ? { severity: 'warning', blocksAction: false } : {}),
  });
}

function quoteFix({ property }: PlacedProperty): Fix {
  const { start, end } = property.valueRange;
  return {
    title: msg('Put the whole value in quotes'),
    edits: [
      { range: { start, end: start }, newText: '"' },
      { range: { start: end, end }, newText: '"' },
    ],
  };
}

/** Gives each comment of a file the one fix that moves all of them; doubtful ones join where others are certain. */
export function joinCommentFixes(drafts: readonly Draft[]): Draft[] {
  const isComment = (d: Draft): boolean => d.code === 'comment-in-value' || d.code === 'comment-after-header';
  const comments = drafts.filter(isComment);
  const joined = new Map<string, Fix>();
  for (const file of new Set(comments.map(d => d.file))) {
    const mine = comments.filter(d => d.file === file);
    const certain = mine.filter(d => d.fixes?.[0]?.forAll);
    const all = certain.length >= 2 ? mine : certain;
    if (all.length < 2) continue;
    const edits = all.flatMap(d => d.fixes?.[0]?.edits ?? []);
    joined.set(file, { title: msg('Move all comments of the file to their own lines'), edits });
  }
  return drafts.map(draft => {
    const fix = isComment(draft) ? joined.get(draft.file) : undefined;
    return fix ? { ...draft, fixes: [...(draft.fixes ?? []), fix] } : draft;
  });
}

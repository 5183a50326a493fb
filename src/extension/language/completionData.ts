import type { MhaDocument, Position, Range, Section } from '../../config/types';
import type { Parameter } from '../../config/parameters';
import { EXTENDED_PARAMETERS, PARAMETERS } from '../../config/parameters';
import { msg } from '../../l10n/message';
import type { Text } from '../text';
import { parameterOf, sectionAt } from './parameterText';

export interface CompletionData {
  readonly kind: 'section' | 'parameter' | 'value';
  readonly label: string;
  /** A snippet in VS Code's syntax. */
  readonly insert: string;
  /** What it replaces: from there to the cursor, or beyond where the rest belongs to it. */
  readonly range: Range;
  readonly detail?: Text;
  /** The parameter to describe. */
  readonly parameter?: { readonly name: string; readonly extended: boolean };
}

/** Parameters that a binlog server makes use of. */
const BINLOG_SERVER: readonly string[] = [
  'hostname',
  'ip',
  'port',
  'ssh_host',
  'ssh_ip',
  'ssh_port',
  'ssh_user',
  'ssh_connection_timeout',
  'master_binlog_dir',
  'remote_workdir',
  'client_bindir',
  'client_libdir',
  'log_level',
  'node_label',
];

const LOG_LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];
const PING_TYPES = ['SELECT', 'CONNECT', 'INSERT'];
const TLS_MODES = ['disabled', 'preferred', 'required', 'verify_ca', 'verify_identity'];
const DETECTIONS = ['classic', 'evidence'];
const FENCES = ['ssh', 'none'];
const FAILOVER_CONDITIONS = ['hung', 'disk_full', 'too_many_connections', 'read_only'];

/** What may be typed at a position. `line` is the whole line's text. */
export function completionsAt(document: MhaDocument, line: string, position: Position): CompletionData[] {
  const before = line.slice(0, position.character);
  const header = /^\s*\[[^\]]*$/.exec(before);
  if (header)
    return sections(
      document,
      replaced(position, before.indexOf('['), /^[^\]]*\]?/.exec(line.slice(position.character))?.[0].length),
    );
  const property = /^\s*(#@)?\s*([^=#]*)(=\s*)?/.exec(before);
  const extended = property?.[1] !== undefined;
  if (/^\s*[;#]/.test(before) && !extended)
    return before.trim() === '#' ? extendedNames(document, position, before) : [];
  const equals = before.indexOf('=');
  if (equals < 0) return names(document, position, before, extended);
  const name = (property?.[2] ?? '').trim();
  const parameter = parameterOf(name, extended);
  return parameter ? values(document, parameter, name, extended, position, before, equals) : [];
}

function replaced(position: Position, from: number, more = 0): Range {
  return {
    start: { line: position.line, character: from },
    end: { line: position.line, character: position.character + more },
  };
}

/** server4 after server3; numbers are those of all sections of that kind, gaps stay free. */
function nextId(document: MhaDocument, kind: 'server' | 'binlog'): string {
  const numbers = document.sections.map(s => Number(new RegExp(`^${kind}(\\d+)$`).exec(s.name)?.[1] ?? 0));
  return `${kind}${Math.max(0, ...numbers) + 1}`;
}

function sections(document: MhaDocument, range: Range): CompletionData[] {
  const result: CompletionData[] = [];
  const add = (name: string, body: string, detail: Text): void => {
    result.push({ kind: 'section', label: `[${name}]`, insert: `[${name}]${body}`, range, detail });
  };
  if (!document.sections.some(s => s.name === 'server default'))
    add('server default', '\n', msg('Values for all servers'));
  add(nextId(document, 'server'), '\nhostname=$1\n', msg('A server of the cluster'));
  add(nextId(document, 'binlog'), '\nhostname=$1\n', msg('A binlog server'));
  return result;
}

function used(document: MhaDocument, section: Section | undefined, line: number, extended: boolean): Set<string> {
  const runs = document.sections.filter(s => s.name === section?.name);
  const others = runs.flatMap(s => s.properties).filter(p => p.extended === extended && p.range.start.line !== line);
  return new Set(others.map(p => p.name));
}

function fits(section: Section | undefined, name: string, parameter: Parameter): boolean {
  if (!section) return false;
  if (section.name === 'server default') return parameter.inheritance !== 'local';
  return section.name.startsWith('binlog') ? BINLOG_SERVER.includes(name) : true;
}

function names(document: MhaDocument, position: Position, before: string, extended: boolean): CompletionData[] {
  const typed = /^\s*(?:#@)?\s*/.exec(before)?.[0].length ?? 0;
  const range = replaced(position, typed);
  const section = sectionAt(document.sections, position.line);
  const taken = used(document, section, position.line, extended);
  const table: Readonly<Record<string, Parameter>> = extended ? EXTENDED_PARAMETERS : PARAMETERS;
  const list: CompletionData[] = Object.entries(table)
    .filter(([name, p]) => !taken.has(name) && (extended ? section !== undefined : fits(section, name, p)))
    .map(([name, p]) => nameItem(name, p, extended, `${name}=${valueSnippet(p)}`, range));
  if (extended) return list;
  return [
    ...list,
    ...extendedNames(document, position, before),
    ...(before.trim() === '' ? sections(document, range) : []),
  ];
}

/** `#@ name=value` as a whole, at the beginning of a line. */
function extendedNames(document: MhaDocument, position: Position, before: string): CompletionData[] {
  const section = sectionAt(document.sections, position.line);
  if (!section || !/^\s*#?$/.test(before)) return [];
  const taken = used(document, section, position.line, true);
  const range = replaced(position, before.length - before.trimStart().length);
  return Object.entries(EXTENDED_PARAMETERS)
    .filter(([name]) => !taken.has(name))
    .map(([name, p]) => ({
      ...nameItem(name, p, true, `#@ ${name}=${valueSnippet(p)}`, range),
      label: `#@ ${name}`,
    }));
}

function nameItem(name: string, parameter: Parameter, extended: boolean, insert: string, range: Range): CompletionData {
  const detail =
    parameter.default === undefined || parameter.default === ''
      ? {}
      : { detail: msg('default {value}', { value: parameter.default }) };
  return { kind: 'parameter', label: name, insert, range, parameter: { name, extended }, ...detail };
}

/** Fixed choices of a type, the most likely one first. */
function choices(parameter: Parameter): readonly string[] {
  switch (parameter.type) {
    case 'boolean':
      return parameter.default === '1' ? ['0', '1'] : ['1', '0'];
    case 'pingType':
      return PING_TYPES;
    case 'logLevel':
      return LOG_LEVELS;
    case 'tlsMode':
      return TLS_MODES;
    case 'detection':
      return DETECTIONS;
    case 'fence':
      return FENCES;
    case 'failoverConditions':
      return FAILOVER_CONDITIONS;
    default:
      return [];
  }
}

function valueSnippet(parameter: Parameter): string {
  const list = choices(parameter);
  if (list.length > 0) return `\${1|${list.join(',')}|}`;
  return parameter.default === undefined ? '$1' : `\${1:${parameter.default.replace(/[\\$}]/g, '\\$&')}}`;
}

function values(
  document: MhaDocument,
  parameter: Parameter,
  name: string,
  extended: boolean,
  position: Position,
  before: string,
  equals: number,
): CompletionData[] {
  const start = equals + 1 + (/^\s*/.exec(before.slice(equals + 1))?.[0].length ?? 0);
  const typed = before.slice(start);
  const about = { name, extended };
  if (parameter.type === 'command') {
    const word = /[^\s=,]*$/.exec(typed)?.[0].length ?? 0;
    const range = replaced(position, position.character - word);
    return word === typed.length
      ? []
      : hosts(document).map(h => ({ ...h, kind: 'value' as const, insert: h.label, range }));
  }
  if (/\s/.test(typed)) return [];
  const list = choices(parameter);
  const all = list.length > 0 || parameter.default === undefined ? list : [parameter.default];
  return all.map(value => ({
    kind: 'value' as const,
    label: value,
    insert: value.replace(/[\\$}]/g, '\\$&'),
    range: replaced(position, start),
    parameter: about,
    ...(value === parameter.default ? { detail: msg('default') } : {}),
  }));
}

function hosts(document: MhaDocument): { label: string; detail: Text }[] {
  return document.sections.flatMap(s =>
    s.properties
      .filter(p => !p.extended && p.name === 'hostname' && p.value !== '')
      .map(p => ({ label: p.value, detail: msg('host of {server}', { server: s.name }) })),
  );
}

import { EXTENDED_PARAMETERS, PARAMETERS } from './parameters';
import type { ExtendedName, Parameter, ParameterName } from './parameters';
import type { Origin, Property } from './types';

/** What a parameter has at one level: MHA's text for it, and where that comes from. */
export interface Cell {
  /** undefined: unset. Quotes are stripped as MHA strips them up to this level. */
  readonly value: string | undefined;
  readonly origin: Origin;
  /** The line, unless built in or from the script. */
  readonly property?: Property;
}

export type Cells<N extends string> = Readonly<Record<N, Cell>>;

export interface Level {
  readonly mha: Cells<ParameterName>;
  readonly extended: Cells<ExtendedName>;
}

/** What one level writes itself. */
export interface Own {
  readonly mha: ReadonlyMap<string, Cell>;
  readonly extended: ReadonlyMap<string, Cell>;
}

/** The parameters whose Perl-false value (empty, 0) makes the next level fall back to the built-in default. */
export const FALSE_MEANS_DEFAULT: ReadonlySet<ParameterName> = new Set<ParameterName>([
  'port',
  'ssh_port',
  'ssh_connection_timeout',
  'user',
  'log_level',
  'master_binlog_dir',
  'manager_workdir',
  'remote_workdir',
  'ssh_user',
]);

const BUILTIN: Origin = { level: 'builtin' };

/** Perl's truth of a string. */
export function isTrue(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0';
}

/** MHA's quote stripping: one trailing quote goes, and with it a leading one; the two need not match. */
export function stripQuotes(value: string): string {
  const last = value[value.length - 1];
  if (last !== '"' && last !== "'") return value;
  const leading = value.length > 1 && (value[0] === '"' || value[0] === "'") ? 1 : 0;
  return value.slice(leading, -1);
}

/** What a pair of quotes plainly means: around the whole value, the same at both ends, they are not part of it. */
export function plainText(value: string): string {
  const last = value[value.length - 1];
  return value.length > 1 && (last === '"' || last === "'") && value[0] === last ? value.slice(1, -1) : value;
}

/**
 * One step of MHA's evaluation (global -> application -> script -> section), for levels with a common parent. A level's
 * own value counts if it is there, even empty; else the parent's value, else the built-in default (for some parameters
 * already when the parent's value is Perl-false). Then one layer of quotes goes, of inherited values again.
 */
export function evaluator(parent: Level | undefined, loginUser: string): (own: Own) => Level {
  const mha = {} as Record<ParameterName, Cell>;
  for (const [name, parameter] of MHA_ENTRIES) mha[name] = inherit(name, parameter, parent?.mha, loginUser);
  const extended = {} as Record<ExtendedName, Cell>;
  for (const [name, parameter] of EXTENDED_ENTRIES)
    extended[name] = parent?.extended[name] ?? { value: parameter.default, origin: BUILTIN };
  const base: Level = { mha: { ...mha }, extended: { ...extended } };
  return own => {
    if (own.mha.size === 0 && own.extended.size === 0) return base;
    const cells = { ...base.mha };
    for (const [key, cell] of own.mha) {
      const name = key as ParameterName;
      if (Object.hasOwn(PARAMETERS, name)) cells[name] = stripped(name, cell);
    }
    const extendedCells = { ...base.extended };
    for (const [name, cell] of own.extended)
      if (Object.hasOwn(EXTENDED_PARAMETERS, name)) extendedCells[name as ExtendedName] = cell;
    return { mha: cells, extended: extendedCells };
  };
}

const MHA_ENTRIES = Object.entries(PARAMETERS) as [ParameterName, Parameter][];
const EXTENDED_ENTRIES = Object.entries(EXTENDED_PARAMETERS) as [ExtendedName, Parameter][];

function inherit(
  name: ParameterName,
  parameter: Parameter,
  parent: Cells<ParameterName> | undefined,
  loginUser: string,
): Cell {
  if (parent && parameter.inheritance === 'inherited') {
    const cell = parent[name];
    if (cell.value !== undefined && (isTrue(cell.value) || !FALSE_MEANS_DEFAULT.has(name))) return stripped(name, cell);
  }
  return { value: name === 'ssh_user' ? loginUser : parameter.default, origin: BUILTIN };
}

function stripped(name: ParameterName, cell: Cell): Cell {
  if (cell.value === undefined || !isTrue(cell.value) || cell.origin.level === 'builtin') return cell;
  const all = name === 'ssh_options' ? cell.value.replace(/['"]/g, '') : cell.value;
  const value = stripQuotes(all);
  return value === cell.value ? cell : { ...cell, value };
}

/** The process-wide `ssh_options`: of the level parsed last that has some (global, application, script, then sections bytewise). */
export function processWide(levels: readonly Level[]): Cell {
  const last = levels.findLast(level => isTrue(level.mha.ssh_options.value));
  return last?.mha.ssh_options ?? { value: undefined, origin: BUILTIN };
}

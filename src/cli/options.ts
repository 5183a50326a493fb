import { closest, distance } from 'fastest-levenshtein';
import type { Message } from '../l10n/message';
import { msg } from '../l10n/message';

/** One option of a command. Parsing, `--help` and the tables in docs/commands.md follow from it. */
export interface OptionSpec {
  readonly type: 'flag' | 'string' | 'integer';
  /** Other names of the same option. */
  readonly aliases?: readonly string[];
  /** What stands for the value in the usage, e.g. `FILE`. */
  readonly value?: string;
  /** The option may be given several times; its value is then a list. */
  readonly repeat?: boolean;
  /** Taken for the sake of argument lists that are shared with other commands of MHA; has no effect here. */
  readonly ignored?: boolean;
  readonly help: Message;
}

/** The options of a command by canonical name. */
export type OptionTable = Readonly<Record<string, OptionSpec>>;

type ValueOf<S extends OptionSpec> = S extends { repeat: true }
  ? readonly string[]
  : S['type'] extends 'flag'
    ? true
    : S['type'] extends 'integer'
      ? number
      : string;

/** The given options, by canonical name, typed by their table. */
export type OptionValues<T extends OptionTable> = { readonly [K in keyof T]?: ValueOf<T[K]> };

export type ParsedArguments<T extends OptionTable> =
  | {
      readonly ok: true;
      readonly values: OptionValues<T>;
      readonly operands: readonly string[];
      /** Options that have no effect on this command. */
      readonly ignored: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly Message[] };

/**
 * Takes arguments as Perl's Getopt::Long does in its default configuration: `--name=value`, `--name value`, one dash (or a
 * plus sign) for long names, any unambiguous beginning of a name, upper and lower case alike, options and operands in any
 * order, `--` ends the options. Unlike MHA nothing is passed over silently: every unknown option, stray value and wrong
 * number is a problem, all of them are reported at once.
 */
export function parseArguments<T extends OptionTable>(args: readonly string[], table: T): ParsedArguments<T> {
  const values: Record<string, unknown> = {};
  const operands: string[] = [];
  const ignored: string[] = [];
  const problems: Message[] = [];
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--') {
      operands.push(...rest);
      break;
    }
    const match = /^(?:--|\+|-(?!-))([^=]+)(?:=([\s\S]*))?$/.exec(arg);
    if (!match) {
      if (/^[-+]./.test(arg)) problems.push(msg('Unknown option: {option}', { option: arg }));
      else operands.push(arg);
      continue;
    }
    const [, written = '', inline] = match;
    const found = findOption(written, table);
    if ('problem' in found) {
      problems.push(found.problem);
      continue;
    }
    const { name, spec } = found;
    if (spec.ignored) ignored.push(name);
    if (spec.type === 'flag') {
      if (inline === undefined) values[name] = true;
      else problems.push(msg('Option {option} does not take an argument', { option: name }));
      continue;
    }
    const text = inline ?? rest.shift();
    if (text === undefined || inline === '') {
      problems.push(msg('Option {option} requires an argument', { option: name }));
      continue;
    }
    const value = spec.type === 'integer' ? integer(text) : text;
    if (value === undefined)
      problems.push(
        msg('Value "{value}" invalid for option {option} (number expected)', { value: text, option: name }),
      );
    else if (spec.repeat) values[name] = [...((values[name] as unknown[] | undefined) ?? []), value];
    else values[name] = value;
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, values: values as OptionValues<T>, operands, ignored };
}

/** Getopt::Long's integers: a sign, digits, and underscores between them. */
function integer(text: string): number | undefined {
  if (!/^[-+]?\d(?:_?\d)*$/.test(text)) return undefined;
  const value = Number(text.replaceAll('_', ''));
  return Number.isSafeInteger(value) ? value : undefined;
}

function findOption(written: string, table: OptionTable): { name: string; spec: OptionSpec } | { problem: Message } {
  const wanted = written.toLowerCase();
  const begun = new Set<string>();
  for (const [name, spec] of Object.entries(table)) {
    for (const candidate of [name, ...(spec.aliases ?? [])]) {
      if (candidate === wanted) return { name, spec };
      if (candidate.startsWith(wanted)) begun.add(name);
    }
  }
  const [name, ...others] = begun;
  if (name === undefined) return { problem: unknownOption(written, table) };
  if (others.length > 0)
    return {
      problem: msg('Option {option} is ambiguous ({names})', { option: written, names: [...begun].join(', ') }),
    };
  return { name, spec: table[name]! };
}

function unknownOption(written: string, table: OptionTable): Message {
  const names = Object.entries(table).flatMap(([name, spec]) => (spec.ignored ? [] : [name, ...(spec.aliases ?? [])]));
  const near = nearest(written.toLowerCase(), names);
  return near === undefined
    ? msg('Unknown option: {option}', { option: written })
    : msg('Unknown option: {option} (did you mean --{near}?)', { option: written, near });
}

/** The name that was probably meant; undefined if none is near. */
export function nearest(written: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const near = closest(written, names);
  const tolerated = Math.min(Math.max(2, Math.floor(written.length / 3)), written.length - 1);
  return distance(written, near) <= tolerated ? near : undefined;
}

import type { Origin, Property, Section, ServerConfig } from '../../config/types';
import type { Parameter } from '../../config/parameters';
import { EXTENDED_PARAMETERS, PARAMETERS } from '../../config/parameters';
import { Secret } from '../../config/secret';
import { msg } from '../../l10n/message';
import type { Text } from '../text';

/** The table's row; undefined for names that are not parameters. */
export function parameterOf(name: string, extended: boolean): Parameter | undefined {
  const table: Readonly<Record<string, Parameter>> = extended ? EXTENDED_PARAMETERS : PARAMETERS;
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

export interface ParameterDescription {
  /** Markdown, in the display language: what it is for, its values, its default. */
  readonly what: string;
  /** Where it counts and since when. */
  readonly facts: readonly Text[];
}

/** `language`: of the display, as `vscode.env.language` gives it. */
export function describeParameter(name: string, extended: boolean, language: string): ParameterDescription | undefined {
  const parameter = parameterOf(name, extended);
  if (!parameter) return undefined;
  const origin = extended
    ? msg('An extended parameter, written #@ {name}=value: a Perl manager takes the line for a comment.', { name })
    : msg('Since MHA {version}.', { version: parameter.since });
  return {
    what: language.toLowerCase().startsWith('zh') ? parameter.zh : parameter.en,
    facts: [levelText(parameter), origin],
  };
}

function levelText(parameter: Parameter): Text {
  switch (parameter.inheritance) {
    case 'local':
      return msg('Counts only in the section of a server.');
    case 'inherited':
      return msg(
        'Counts in [server default] of the global or the application file, or in the section of a server, which wins.',
      );
    case 'process':
      return msg('One value for all servers: the last one that is read wins.');
  }
}

/** A resolved value as text; passwords are masked. */
export function valueText(value: unknown): Text {
  if (value === undefined) return msg('not set');
  if (value instanceof Secret) return value.isEmpty ? msg('empty') : String(value);
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (Array.isArray(value)) return value.length > 0 ? value.join(',') : msg('empty');
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : msg('empty');
}

/** Where a value comes from, in words. */
export function originText(origin: Origin): Text {
  switch (origin.level) {
    case 'builtin':
      return msg('built-in default');
    case 'script':
      return msg('printed by init_conf_load_script');
    default:
      return msg('{file}, line {line}, [{section}]', {
        file: origin.file,
        line: origin.range.start.line + 1,
        section: origin.section,
      });
  }
}

/** A server's resolved value of a parameter and its origin. */
export function resolvedValue(
  server: ServerConfig,
  name: string,
  extended: boolean,
): { readonly value: unknown; readonly origin: Origin } | undefined {
  const values: Readonly<Record<string, unknown>> = extended ? { ...server.extended } : { ...server.values };
  const origins: Readonly<Record<string, Origin>> = extended ? server.extendedOrigins : server.origins;
  const origin = Object.hasOwn(origins, name) ? origins[name] : undefined;
  return origin && { value: values[name], origin };
}

/** The run of lines that a line belongs to. */
export function sectionAt(sections: readonly Section[], line: number): Section | undefined {
  return sections.findLast(s => s.range.start.line <= line);
}

/** The property written in a line. */
export function propertyAt(section: Section | undefined, line: number): Property | undefined {
  return section?.properties.find(p => p.range.start.line === line);
}

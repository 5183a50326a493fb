import type { Parameter } from './parameters';
import { Secret } from './secret';

const TRUE_WORDS = new Set(['1', 'on', 'yes', 'true', 'y', 't', 'enable', 'enabled']);
const FALSE_WORDS = new Set(['0', 'off', 'no', 'false', 'n', 'f', 'disable', 'disabled', 'none', '']);
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/;

/** Log::Dispatch's names and numbers: lower case only. */
export const LOG_LEVELS: readonly string[] = [
  ...['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'],
  ...['warn', 'err', 'crit', 'emerg', '0', '1', '2', '3', '4', '5', '6', '7'],
];
export const PING_TYPES = ['CONNECT', 'SELECT', 'INSERT'] as const;
export const TLS_MODES = ['disabled', 'preferred', 'required', 'verify_ca', 'verify_identity'] as const;
export const DETECTIONS = ['evidence', 'classic'] as const;
export const FENCES = ['ssh', 'none'] as const;
export const FAILOVER_CONDITIONS = ['hung', 'disk_full', 'too_many_connections', 'read_only'] as const;

/** What a person means by a yes-or-no value; undefined: one can't tell. Numbers count from 1 for `candidate_master`. */
export function plainBoolean(text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (TRUE_WORDS.has(word)) return true;
  if (FALSE_WORDS.has(word)) return false;
  return NUMBER.test(word) && word.length < 20 ? Number(word) >= 1 : undefined;
}

export function isPort(text: string): boolean {
  return /^\d{1,9}$/.test(text) && Number(text) >= 1 && Number(text) <= 65535;
}

/** MHA's test: digits, not all of them 0. */
export function isPositiveInteger(text: string): boolean {
  return /^\d{1,15}$/.test(text) && Number(text) > 0;
}

/** The words of a list, in small letters; blanks around the commas and words without letters do not count. */
export function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(',')
    .map(word => word.trim())
    .filter(word => word !== '');
}

/** A text as the parameter's type. An impossible one becomes the default: a finding that forbids acting says so. */
export function toTyped(parameter: Parameter, text: string | undefined): unknown {
  if (text === undefined) return undefined;
  switch (parameter.type) {
    case 'port':
      return isPort(text) ? Number(text) : Number(parameter.default);
    case 'positiveInteger':
      return isPositiveInteger(text) ? Number(text) : Number(parameter.default);
    case 'boolean':
      return plainBoolean(text) ?? parameter.default === '1';
    case 'secret':
      return new Secret(text);
    case 'pingType':
      return oneOf(PING_TYPES, text.toUpperCase()) ?? parameter.default;
    case 'tlsMode':
      return oneOf(TLS_MODES, text.toLowerCase()) ?? 'verify_identity';
    case 'detection':
      // Of the two, the one that never decides early.
      return text === '' ? parameter.default : (oneOf(DETECTIONS, text.toLowerCase()) ?? 'classic');
    case 'fence':
      return oneOf(FENCES, text.toLowerCase()) ?? 'none';
    case 'failoverConditions': {
      const words = new Set(wordsOf(text));
      return FAILOVER_CONDITIONS.filter(c => words.has(c));
    }
    case 'directories': {
      const list = text
        .replace(/[ \t\r\n\f\v]/g, '')
        .split(',')
        .filter(d => d !== '');
      return list.length > 0 || parameter.default === undefined ? list : parameter.default.split(',');
    }
    case 'host':
    case 'path':
    case 'command':
      return text === '' ? undefined : text;
    case 'directory':
    case 'logLevel':
    case 'string':
      return text === '' ? parameter.default : text;
  }
}

function oneOf<T extends string>(known: readonly T[], text: string): T | undefined {
  return known.find(k => k === text);
}

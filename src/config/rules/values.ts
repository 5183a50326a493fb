import { isIP } from 'node:net';
import { msg } from '../../l10n/message';
import { FALSE_MEANS_DEFAULT, isTrue } from '../levels';
import type { Parameter, ParameterName } from '../parameters';
import {
  DETECTIONS,
  FAILOVER_CONDITIONS,
  FENCES,
  isPort,
  isPositiveInteger,
  LOG_LEVELS,
  PING_TYPES,
  plainBoolean,
  TLS_MODES,
  wordsOf,
} from '../typed';
import type { Fix } from '../types';
import type { Add, Draft } from './draft';
import { shown } from './draft';
import { nearestName } from './names';
import type { PlacedProperty } from './place';
import { hostIsRejected, inDefaults } from './place';

type Finding = Omit<Draft, 'file' | 'range'>;

/** Compared as numbers by MHA (`>= 1`), which dies of a word. */
const NUMBERS: ReadonlySet<string> = new Set(['candidate_master', 'no_master']);
/** Passed to the node tools as integers, which reject a word. */
const INTEGERS: ReadonlySet<string> = new Set(['disable_log_bin', 'handle_raw_binlog']);

/** Judges a value by its parameter's type. `text`: as MHA reads it, quotes gone. */
export function checkValue(placed: PlacedProperty, parameter: Parameter, text: string, add: Add): void {
  const { document, property } = placed;
  const found = text === '' ? emptyValue(placed, parameter) : judge(placed, parameter, text);
  const range = property.value === '' ? property.range : property.valueRange;
  if (found) add({ file: document.file, range, ...found });
}

function judge(placed: PlacedProperty, parameter: Parameter, text: string): Finding | undefined {
  const { name, value, extended } = placed.property;
  switch (parameter.type) {
    case 'port':
      return isPort(text) ? undefined : wrong(msg('{name} must be a number from 1 to 65535.', { name }));
    case 'positiveInteger':
      if (extended)
        return isPositiveInteger(text) ? undefined : wrong(msg('{name} must be a whole number from 1 on.', { name }));
      // MHA judges it with its quotes.
      if (isPositiveInteger(value)) return undefined;
      return {
        ...wrong(msg('{name} must be a whole number from 1 on: MHA rejects the whole file.', { name })),
        fixes: isPositiveInteger(text) ? replaceFix(placed, text) : [],
        rejectedByMha: true,
      };
    case 'pingType':
      if (PING_TYPES.some(t => t === value.toUpperCase())) return undefined;
      return {
        ...wrong(msg('{name} must be {values}: MHA rejects the whole file.', { name, values: PING_TYPES.join(', ') })),
        fixes: nearestFix(
          placed,
          text,
          PING_TYPES.map(t => t.toLowerCase()),
          t => t.toUpperCase(),
        ),
        rejectedByMha: true,
      };
    case 'boolean':
      return booleanValue(placed, text);
    case 'logLevel':
      if (LOG_LEVELS.includes(text)) return undefined;
      return {
        ...wrong(
          msg('MHA ends with an error at this log level. Known are {values}, in small letters.', {
            values: LOG_LEVELS.slice(0, 8).join(', '),
          }),
        ),
        fixes: nearestFix(placed, text, LOG_LEVELS),
      };
    case 'tlsMode':
      return oneOf(placed, text, TLS_MODES);
    case 'detection':
      return oneOf(placed, text, DETECTIONS);
    case 'fence':
      return oneOf(placed, text, FENCES);
    case 'failoverConditions':
      return wordList(placed, text, FAILOVER_CONDITIONS);
    case 'host':
      return hostValue(placed, text);
    case 'directory':
    case 'path':
      return text.startsWith('/') ? undefined : relative(text);
    case 'directories':
      return directoriesValue(placed, text);
    case 'command':
      return /^(?:\.{1,2}\/|[\w.-]+\/)/.test(text) ? relative(/^\S*/.exec(text)?.[0] ?? text) : undefined;
    case 'secret':
    case 'string':
      if (extended || name !== 'client_libdir' || !text.includes(':')) return undefined;
      return {
        code: 'client-libdir-ignored',
        message: msg('MHA ignores client_libdir when there is a colon in it: name one directory only.'),
      };
  }
}

function wrong(message: Draft['message']): Finding {
  return { code: 'wrong-type', message };
}

function oneOf(placed: PlacedProperty, text: string, values: readonly string[]): Finding | undefined {
  if (values.includes(text.toLowerCase())) return undefined;
  return {
    ...wrong(msg('{name} must be one of {values}.', { name: placed.property.name, values: values.join(', ') })),
    fixes: nearestFix(placed, text, values),
  };
}

function wordList(placed: PlacedProperty, text: string, known: readonly string[]): Finding | undefined {
  const { name } = placed.property;
  const words = wordsOf(text);
  if (words.every(word => known.includes(word))) return undefined;
  const nearest = words.map(word => nearestName(word, known));
  return {
    ...wrong(msg('{name} must hold only {values}, separated by commas.', { name, values: known.join(', ') })),
    fixes: nearest.includes(undefined) ? [] : replaceFix(placed, nearest.join(',')),
  };
}

function replaceFix({ property }: PlacedProperty, newText: string): Fix[] {
  return [
    {
      title: msg('Change to "{name}"', { name: newText }),
      edits: [{ range: property.valueRange, newText }],
      forAll: true,
    },
  ];
}

function nearestFix(
  placed: PlacedProperty,
  text: string,
  known: readonly string[],
  write = (s: string): string => s,
): Fix[] {
  const nearest = nearestName(text.replace(/['"]/g, ''), known);
  return nearest === undefined ? [] : replaceFix(placed, write(nearest));
}

function relative(path: string): Finding {
  return {
    code: 'relative-path',
    message: msg('"{path}" depends on the directory in which a command is started: write the whole path.', {
      path: shown(path),
    }),
  };
}

/** What MHA takes a text for, where a person means yes or no; undefined: it dies of it later. */
function booleanReadByMha(name: string, text: string): boolean | undefined {
  if (NUMBERS.has(name)) return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) >= 1 : undefined;
  if (INTEGERS.has(name)) return /^[+-]?\d+$/.test(text) ? Number(text) !== 0 : undefined;
  return isTrue(text);
}

function booleanValue(placed: PlacedProperty, text: string): Finding | undefined {
  const { name, extended } = placed.property;
  const plain = plainBoolean(text);
  if (plain === undefined) return wrong(msg('{name} must be 1 or 0.', { name }));
  if (text === '0' || text === '1' || extended) return undefined;
  const read = booleanReadByMha(name, text);
  const fixes = replaceFix(placed, plain ? '1' : '0');
  if (read === undefined)
    return {
      code: 'misread-boolean',
      message: NUMBERS.has(name)
        ? msg('{name} must be a number: "{text}" ends a failover of MHA half way.', { name, text: shown(text) })
        : msg('{name} must be a number: the tools of MHA reject "{text}".', { name, text: shown(text) }),
      fixes,
    };
  if (read !== plain)
    return {
      code: 'misread-boolean',
      message: read
        ? msg('MHA takes "{text}" for yes: only 0 and an empty value mean no.', { text: shown(text) })
        : msg('MHA takes "{text}" for no.', { text: shown(text) }),
      fixes,
    };
  return {
    code: 'wordy-boolean',
    message: msg('MHA expects 1 or 0; it takes "{text}" for {value}.', { text: shown(text), value: plain ? '1' : '0' }),
    fixes,
    ...(/^\d/.test(text) ? { severity: 'information' as const } : {}),
  };
}

function hostValue(placed: PlacedProperty, text: string): Finding | undefined {
  const { name, value } = placed.property;
  if (name === 'ip') {
    if (isIP(text) !== 0) return undefined;
    return { code: 'ip-not-an-address', message: msg('"{text}" is not an IP address.', { text: shown(text) }) };
  }
  const rejectedByMha = hostIsRejected(placed, value);
  const port = /^([^:\s]+):(\d+)$/.exec(text)?.[2];
  if (port !== undefined)
    return {
      ...wrong(msg('{name} holds a port: write port={port} on a line of its own.', { name, port })),
      rejectedByMha,
    };
  const isHost = isIP(text) !== 0 || (text.length <= 255 && /^[^\s/@,;:'"\\<>|=?*#$&()[\]{}!`]+$/.test(text));
  return isHost ? undefined : { ...wrong(msg('"{text}" is not a host name.', { text: shown(text) })), rejectedByMha };
}

function directoriesValue(placed: PlacedProperty, text: string): Finding | undefined {
  const { valueRange } = placed.property;
  if (/[:;]\s*\//.test(text))
    return {
      code: 'directory-separator',
      message: msg('Several directories are separated by commas: MHA takes this for one.'),
      fixes: [
        {
          title: msg('Separate by commas'),
          edits: [{ range: valueRange, newText: text.replace(/\s*[:;]\s*\//g, ',/') }],
        },
      ],
    };
  const wrongOne = text.split(',').find(d => d.trim() !== '' && !d.trim().startsWith('/'));
  return wrongOne === undefined ? undefined : relative(wrongOne.trim());
}

/** `name=`: what a parameter without a value means depends on the parameter and on the level. */
function emptyValue({ property, place }: PlacedProperty, parameter: Parameter): Finding | undefined {
  const name = property.name as ParameterName;
  if (property.extended) return undefined;
  const { type } = parameter;
  if (type === 'positiveInteger' || type === 'pingType')
    return { ...wrong(msg('{name} must not be empty: MHA rejects the whole file.', { name })), rejectedByMha: true };
  if (name === 'ssh_host' || (name === 'hostname' && inDefaults(place)))
    return { ...wrong(msg('{name} must not be empty: MHA rejects the whole file.', { name })), rejectedByMha: true };
  if (type === 'boolean')
    return parameter.default === '1'
      ? {
          code: 'empty-value',
          message: msg('MHA takes an empty {name} for 0, not for its default 1.', { name }),
          severity: 'error',
          blocksAction: true,
        }
      : undefined;
  if (!FALSE_MEANS_DEFAULT.has(name)) return undefined;
  if (inDefaults(place))
    return {
      code: 'empty-value',
      message:
        place === 'defaults'
          ? msg('An empty {name} here means the built-in default, also if the global file has a value.', { name })
          : msg('An empty {name} here means the built-in default.', { name }),
    };
  return {
    code: 'empty-value',
    message: msg('MHA takes the empty value of {name} as it is: neither the inherited value nor the default counts.', {
      name,
    }),
    severity: 'error',
    blocksAction: true,
  };
}

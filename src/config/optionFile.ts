import { readFile, stat } from 'node:fs/promises';
import { parse } from 'ini';
import { trimBlanks } from './document';
import { Secret } from './secret';

/** What a client needs to know from a MySQL option file (`my.cnf`, `~/.my.cnf`). */
export interface OptionFile {
  readonly user?: string;
  readonly password?: Secret;
  readonly host?: string;
  readonly port?: number;
  readonly socket?: string;
  readonly sslCa?: string;
  readonly sslMode?: string;
  /** `!include` and `!includedir` lines, which are not followed. */
  readonly includes: readonly string[];
}

/** Bytes. */
const LARGEST_FILE = 1024 * 1024;

/**
 * Reads the given groups (`client`, `mha` …) of an option file: as MySQL does, in the order of the file, the last value of
 * an option counts. Undefined if the file can't be read; included files are named, not read.
 * Rules: MySQL manual, "Using Option Files".
 */
export async function readOptionFile(path: string, groups: readonly string[]): Promise<OptionFile | undefined> {
  let text: string;
  try {
    const stats = await stat(path);
    // Opening a pipe without a writer would wait for ever.
    if (!stats.isFile() || stats.size > LARGEST_FILE) return undefined;
    text = await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
  return parseOptionFile(text, groups);
}

export function parseOptionFile(text: string, groups: readonly string[]): OptionFile {
  const includes: string[] = [];
  const wanted = parse(normalise(text, new Set(groups), includes), { bracketedArray: false })['wanted'] as
    Record<string, unknown> | undefined;
  const get = (name: string): string | undefined => {
    const value = wanted?.[name];
    const last: unknown = Array.isArray(value) ? value.at(-1) : value;
    return typeof last === 'string' || typeof last === 'boolean' || last === null ? String(last) : undefined;
  };
  const [user, password, host, port] = [get('user'), get('password'), get('host'), get('port')];
  const [socket, sslCa, sslMode] = [get('socket'), get('ssl_ca'), get('ssl_mode')];
  return {
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password: new Secret(password) }),
    ...(host === undefined ? {} : { host }),
    ...(port !== undefined && /^\d{1,5}$/.test(port) && Number(port) <= 65535 ? { port: Number(port) } : {}),
    ...(socket === undefined ? {} : { socket }),
    ...(sslCa === undefined ? {} : { sslCa }),
    ...(sslMode === undefined ? {} : { sslMode }),
    includes,
  };
}

/**
 * The file with MySQL's own rules (comments in lines, quotes, escapes, `-` for `_`, `loose-`) carried out, such that `ini`
 * can't read anything else into it. All wanted groups become one, as their order in the file decides.
 */
function normalise(text: string, groups: ReadonlySet<string>, includes: string[]): string {
  const lines: string[] = [];
  for (const raw of text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/)) {
    const line = trimBlanks(raw);
    if (line === '' || line[0] === '#' || line[0] === ';') continue;
    if (line[0] === '!') {
      includes.push(line);
      continue;
    }
    if (line[0] === '[') {
      const close = line.indexOf(']');
      const group = trimBlanks(line.slice(1, close === -1 ? undefined : close));
      lines.push(groups.has(group) ? '[wanted]' : '[other]');
      continue;
    }
    const content = line.slice(0, commentStart(line));
    const equals = content.indexOf('=');
    if (equals === -1) continue;
    const name = trimBlanks(content.slice(0, equals))
      .replace(/-/g, '_')
      .replace(/^loose_/, '');
    if (/^\w+$/.test(name)) lines.push(`${name}=${JSON.stringify(unquote(trimBlanks(content.slice(equals + 1))))}`);
  }
  return lines.join('\n');
}

/** Where `#` starts a comment: anywhere outside of quotes. */
function commentStart(line: string): number {
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const character = line[i] ?? '';
    if (quote !== '' && character === '\\') i++;
    else if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
    else if (quote === '' && character === '#') return i;
  }
  return line.length;
}

const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  t: '\t',
  n: '\n',
  r: '\r',
  s: ' ',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

function unquote(value: string): string {
  const quoted = value.length > 1 && (value[0] === '"' || value[0] === "'") && value.endsWith(value[0]);
  const inner = quoted ? value.slice(1, -1) : value;
  return inner.replace(/\\(.)/g, (whole, character: string) => ESCAPES[character] ?? whole);
}

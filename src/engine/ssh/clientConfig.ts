import { spawn } from 'node:child_process';
import fs from 'node:fs/promises';
import path from 'node:path';
import SSHConfig from 'ssh-config';
import { errorCode, errorText } from '../errors';
import { killGroup } from '../processGroup';
import { matchesPattern, matchesPatterns } from './patterns';
import { addSetting, type RawSettings } from './sshOptions';
import { sshError } from './sshError';

/** A configuration file of OpenSSH (ssh_config(5)) as a tree: included files are part of it where they are included. */
export type ConfigEntry =
  | { readonly kind: 'setting'; readonly name: string; readonly values: readonly string[] }
  | { readonly kind: 'host'; readonly patterns: readonly string[]; readonly body: readonly ConfigEntry[] }
  | { readonly kind: 'match'; readonly criteria: readonly string[]; readonly body: readonly ConfigEntry[] }
  | { readonly kind: 'include'; readonly body: readonly ConfigEntry[] };

/** As ssh(1) limits it. */
const MAX_DEPTH = 16;

/** `Match exec` runs a program of the user's; it gets this long to answer. */
const EXEC_TIMEOUT_MS = 2000;

type Line = ReturnType<typeof SSHConfig.parse>[number];

/**
 * Reads a file and what it includes. A file that does not exist or may not be read is empty; one that cannot be parsed makes an
 * SshError `configuration`, since to go on without it would mean to log in somewhere else or as somebody else.
 * @param home what `~` and relative includes of a user's file refer to; undefined for system files
 */
export async function readClientConfig(file: string, home: string | undefined, depth = 0): Promise<ConfigEntry[]> {
  if (depth > MAX_DEPTH) throw sshError('configuration', `${file}: too many levels of Include`);
  let text: string;
  try {
    text = await fs.readFile(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EISDIR'].includes(errorCode(error) ?? '')) return [];
    throw sshError('configuration', errorText(error), error);
  }
  let lines: Line[];
  try {
    lines = [...SSHConfig.parse(text)];
  } catch (error) {
    throw sshError('configuration', `${file} cannot be read as an OpenSSH configuration: ${errorText(error)}`, error);
  }
  return entries(lines, { file, home, depth });
}

interface Place {
  readonly file: string;
  readonly home: string | undefined;
  readonly depth: number;
}

async function entries(lines: readonly Line[], place: Place): Promise<ConfigEntry[]> {
  const found: ConfigEntry[] = [];
  for (const line of lines) {
    if (!('param' in line) || !line.param) continue;
    const values = valuesOf(line);
    const name = line.param.toLowerCase();
    const body = 'config' in line ? await entries([...line.config], place) : [];
    if (name === 'host') found.push({ kind: 'host', patterns: values, body });
    else if (name === 'match') found.push({ kind: 'match', criteria: values, body });
    else if (name === 'include') found.push({ kind: 'include', body: await included(values, place) });
    else if (values.length > 0) found.push({ kind: 'setting', name, values });
  }
  return found;
}

function valuesOf(line: Extract<Line, { param: string }>): string[] {
  const { param, value } = line;
  if (typeof value === 'string') return value === '' ? [] : [value];
  if (!/^proxycommand$/i.test(param)) return value.map(part => part.val);
  // A command keeps its blanks and quotes: a shell will read it.
  const parts = value.map(({ val, separator, quoted }) => `${separator}${quoted ? `"${val}"` : val}`);
  return [parts.join('').trim()];
}

async function included(patterns: readonly string[], { home, depth }: Place): Promise<ConfigEntry[]> {
  const base = home === undefined ? '/etc/ssh' : path.join(home, '.ssh');
  const found: ConfigEntry[] = [];
  for (const pattern of patterns) {
    const full = path.resolve(base, home === undefined ? pattern : pattern.replace(/^~(?=\/)/, home));
    for (const file of await globFiles(full)) found.push(...(await readClientConfig(file, home, depth + 1)));
  }
  return found;
}

/** Names with `*` and `?`, sorted as glob(7) sorts them. */
async function globFiles(pattern: string): Promise<string[]> {
  let found = ['/'];
  for (const part of pattern.split('/').filter(Boolean)) {
    if (!/[*?]/.test(part)) {
      found = found.map(dir => path.join(dir, part));
      continue;
    }
    const listed = await Promise.all(
      found.map(async dir => {
        const names = await fs.readdir(dir).catch(() => []);
        const visible = names.filter(name => matchesPattern(part, name) && (part.startsWith('.') || name[0] !== '.'));
        return visible.sort().map(name => path.join(dir, name));
      }),
    );
    found = listed.flat();
  }
  return found;
}

export interface ConfigQuestion {
  /** As given, before HostName. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly localUser: string;
}

/**
 * Adds what the files say about a host to `settings`; what is there already wins. `Match` knows all, host, originalhost, user,
 * localuser, exec, final and canonical (as a second pass); other criteria do not match.
 */
export async function applyClientConfig(
  files: readonly (readonly ConfigEntry[])[],
  settings: RawSettings,
  question: ConfigQuestion,
): Promise<void> {
  const state = { settings, question, final: false, wantsFinal: false };
  for (const file of files) await walk(file, state);
  if (!state.wantsFinal) return;
  state.final = true;
  // ssh collects repeatable settings once only.
  const identities = settings.get('identityfile');
  for (const file of files) await walk(file, state);
  if (identities) settings.set('identityfile', [...new Set(settings.get('identityfile'))]);
}

interface WalkState {
  readonly settings: RawSettings;
  readonly question: ConfigQuestion;
  final: boolean;
  wantsFinal: boolean;
}

async function walk(list: readonly ConfigEntry[], state: WalkState): Promise<void> {
  for (const entry of list) {
    if (entry.kind === 'setting') addSetting(state.settings, entry.name, entry.values);
    else if (await applies(entry, state)) await walk(entry.body, state);
  }
}

async function applies(entry: Exclude<ConfigEntry, { kind: 'setting' }>, state: WalkState): Promise<boolean> {
  if (entry.kind === 'include') return true;
  if (entry.kind === 'host') return matchesPatterns(entry.patterns, state.question.host);
  const rest = [...entry.criteria];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const negated = word.startsWith('!');
    const name = word.replace(/^!/, '').toLowerCase();
    const argument = ['all', 'canonical', 'final'].includes(name) ? '' : (rest.shift() ?? '');
    if ((await criterion(name, argument, state)) === negated) return false;
  }
  return true;
}

async function criterion(name: string, argument: string, state: WalkState): Promise<boolean> {
  const { host, user, localUser } = state.question;
  const hostName = state.settings.get('hostname')?.[0] ?? host;
  const patterns = argument.split(',');
  switch (name) {
    case 'all':
      return true;
    case 'final':
    case 'canonical':
      state.wantsFinal ||= name === 'final';
      return state.final;
    case 'host':
      return matchesPatterns(patterns, expandTokens(hostName, { h: host }).toLowerCase());
    case 'originalhost':
      return matchesPatterns(patterns, host);
    case 'user':
      return matchesPatterns(patterns, user);
    case 'localuser':
      return matchesPatterns(patterns, localUser);
    case 'exec':
      return succeeds(expandTokens(argument, tokensOf(state.question, hostName)));
    default:
      return false;
  }
}

/** The command is the user's own, out of the user's own file, and ssh runs it the same way. */
function succeeds(command: string): Promise<boolean> {
  return new Promise(resolve => {
    // Only its exit counts: what it leaves running can keep nobody waiting.
    const child = spawn('/bin/sh', ['-c', command], { stdio: 'ignore', detached: true });
    const timer = setTimeout(() => killGroup(child.pid, 'SIGKILL'), EXEC_TIMEOUT_MS);
    const finish = (success: boolean) => {
      clearTimeout(timer);
      resolve(success);
    };
    child.once('error', () => finish(false));
    child.once('exit', code => finish(code === 0));
  });
}

export function tokensOf(question: ConfigQuestion, hostName: string): Readonly<Record<string, string>> {
  const { host, port, user, localUser } = question;
  return { h: hostName, n: host, p: String(port), r: user, u: localUser };
}

/** ssh_config(5), TOKENS. Unknown ones stay as they are. */
export function expandTokens(text: string, tokens: Readonly<Record<string, string>>): string {
  return text.replace(/%([%A-Za-z])/g, (whole, letter: string) => (letter === '%' ? '%' : (tokens[letter] ?? whole)));
}

import os from 'node:os';
import path from 'node:path';
import type { Algorithms } from 'ssh2';
import type { Log } from '../log';
import { algorithmsOf } from './algorithms';
import { applyClientConfig, expandTokens, readClientConfig, tokensOf, type ConfigQuestion } from './clientConfig';
import { sshError } from './sshError';
import { addSetting, parseSshArguments, sshOptionWords, type RawSettings } from './sshOptions';
import type { SshTarget } from './types';

/** Everything that decides how one host is reached. */
export interface SshSettings {
  /** Name or address to connect to, after HostName. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** What known_hosts calls it, before the port is added. */
  readonly knownAs: string;
  /** HostKeyAlias was given: known_hosts has it without a port. */
  readonly alias: boolean;
  readonly identityFiles: readonly string[];
  /** Named by the user, so that a missing one is worth a word. */
  readonly identitiesNamed: boolean;
  readonly identitiesOnly: boolean;
  readonly agentSocket?: string;
  /** Innermost last. */
  readonly jumps: readonly string[];
  readonly proxyCommand?: string;
  readonly userKnownHosts: readonly string[];
  readonly globalKnownHosts: readonly string[];
  readonly strict: 'yes' | 'accept-new' | 'ask';
  readonly hashKnownHosts: boolean;
  readonly connectTimeoutMs?: number;
  readonly keepaliveMs: number;
  readonly keepaliveCount: number;
  readonly family: 0 | 4 | 6;
  readonly bindAddress?: string;
  readonly algorithms: Algorithms;
}

export interface SettingsInput {
  /** The `ssh_options` parameter. */
  readonly sshOptions?: string;
  /** Instead of ~/.ssh/config and /etc/ssh/ssh_config, as `ssh -F`. */
  readonly configFile?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly log: Log;
}

/** Without the types that need hardware, which only an agent can drive. */
const DEFAULT_IDENTITIES = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

/** Understood without a word: they say what we do anyway, or what has no meaning without a terminal. */
const HARMLESS = new Set(
  (
    'batchmode passwordauthentication kbdinteractiveauthentication challengeresponseauthentication loglevel ' +
    'preferredauthentications pubkeyauthentication connectionattempts controlmaster controlpath controlpersist ' +
    'forwardagent forwardx11 requesttty gssapiauthentication sendenv setenv checkhostip tcpkeepalive compression ' +
    'addkeystoagent visualhostkey updatehostkeys escapechar exitonforwardfailure clearallforwardings'
  ).split(' '),
);

/** The user's home: $HOME, else the system's account data; undefined where there is neither. */
export function homeOf(env: NodeJS.ProcessEnv): string | undefined {
  if (env['HOME']) return env['HOME'];
  try {
    return os.userInfo().homedir || undefined;
  } catch {
    return undefined;
  }
}

export function localUserOf(env: NodeJS.ProcessEnv): string {
  try {
    return os.userInfo().username;
  } catch {
    return env['USER'] ?? env['LOGNAME'] ?? '';
  }
}

/** Where a connection goes: a target of the configuration, or a jump host, of which only what is written is fixed. */
export interface Destination {
  readonly host: string;
  readonly port?: number;
  readonly user?: string;
}

/**
 * A host's settings: `ssh_options` first, then the user's and the system's OpenSSH configuration, the first value of a keyword
 * winning as in ssh_config(5). Port and user of an MHA configuration always win, since MHA always passes them to ssh.
 * Throws SshError `configuration`.
 */
export async function settingsFor(
  to: Destination,
  input: SettingsInput,
  // ssh passes -i, -o … to the destination only, never to its jump hosts.
  direct = true,
): Promise<SshSettings> {
  const env = input.env ?? process.env;
  const home = homeOf(env);
  const given = parseSshArguments(sshOptionWords(input.sshOptions ?? ''));
  if (direct && given.ignored.length > 0) input.log.log('debug', `ssh_options: ignored: ${given.ignored.join(' ')}`);
  const raw: RawSettings = direct ? given.settings : jumpSettings(given.settings);
  if (direct) tellUnused(raw, input.log);
  const file = given.configFile ?? input.configFile;
  const localUser = localUserOf(env);
  const question = { host: to.host, port: to.port ?? 22, user: to.user ?? localUser, localUser };
  const configs = await Promise.all(configFiles(file, home).map(([name, base]) => readClientConfig(name, base)));
  await applyClientConfig(configs, raw, question);
  return interpret(to, raw, { env, home, question });
}

function configFiles(file: string | undefined, home: string | undefined): [string, string | undefined][] {
  if (file === 'none') return [];
  if (file !== undefined) return [[home === undefined ? file : file.replace(/^~(?=\/)/, home), home]];
  return [
    ...(home === undefined ? [] : [[path.join(home, '.ssh/config'), home] as [string, string]]),
    ['/etc/ssh/ssh_config', undefined],
  ];
}

/**
 * What also holds for the hosts in between: known hosts and time limits, since MHA's users have no other place to say so, and the
 * keys, which ssh itself would take from the agent or from the configuration only.
 */
function jumpSettings(given: RawSettings): RawSettings {
  const kept = ['identityfile', 'identitiesonly', 'identityagent', 'userknownhostsfile', 'globalknownhostsfile'];
  const raw: RawSettings = new Map();
  for (const name of [...kept, 'stricthostkeychecking', 'connecttimeout', 'hashknownhosts'])
    addSetting(raw, name, given.get(name) ?? []);
  for (const [name, values] of raw) if (values.length === 0) raw.delete(name);
  return raw;
}

function tellUnused(raw: RawSettings, log: Log): void {
  for (const name of raw.keys())
    if (!HARMLESS.has(name) && !USED.has(name)) log.log('debug', `ssh_options: ignored: -o ${name}`);
}

const USED = new Set(
  (
    'hostname port user identityfile identitiesonly identityagent proxyjump proxycommand userknownhostsfile ' +
    'globalknownhostsfile stricthostkeychecking hostkeyalias hashknownhosts connecttimeout serveraliveinterval ' +
    'serveralivecountmax addressfamily bindaddress ciphers kexalgorithms macs hostkeyalgorithms'
  ).split(' '),
);

interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly home: string | undefined;
  readonly question: ConfigQuestion;
}

function interpret(to: Destination, raw: RawSettings, { env, home, question }: Surroundings): SshSettings {
  const one = (name: string) => raw.get(name)?.[0];
  const user = to.user ?? one('user') ?? question.localUser;
  const port = to.port ?? (positive('Port', one('port')) || 22);
  const host = expandTokens(one('hostname') ?? to.host, { h: to.host, n: to.host });
  const tokens = { ...tokensOf({ ...question, user, port }, host), ...(home !== undefined && { d: home }) };
  const file = (text: string) => expandPath(text, tokens, home);
  const files = (name: string, standard: readonly string[]) =>
    (raw.get(name) ?? standard).filter(text => text.toLowerCase() !== 'none').flatMap(file);
  const inSshDir = (name: string) => (home === undefined ? [] : [path.join(home, '.ssh', name)]);
  const connectTimeout = positive('ConnectTimeout', one('connecttimeout'));
  const agentSocket = agentOf(one('identityagent'), env, text => file(text)[0]);
  const alias = one('hostkeyalias');
  const bindAddress = one('bindaddress');
  const jumps = one('proxyjump');
  const command = one('proxycommand');
  const hops = !jumps || /^none$/i.test(jumps) ? [] : jumps.split(',').map(hop => expandTokens(hop.trim(), tokens));
  // Whichever of the two is named first in ssh_config(5) wins; with both at hand the jump is the plainer one.
  const proxyCommand = hops.length > 0 || jumps || !command || /^none$/i.test(command) ? undefined : command;
  return {
    host,
    port,
    user,
    knownAs: (alias ?? host).toLowerCase(),
    alias: alias !== undefined,
    identityFiles: files('identityfile', DEFAULT_IDENTITIES.flatMap(inSshDir)),
    identitiesNamed: raw.has('identityfile'),
    identitiesOnly: isYes(one('identitiesonly')),
    ...(agentSocket !== undefined && { agentSocket }),
    jumps: hops,
    ...(proxyCommand !== undefined && { proxyCommand: expandTokens(proxyCommand, tokens) }),
    userKnownHosts: files('userknownhostsfile', ['known_hosts', 'known_hosts2'].flatMap(inSshDir)),
    globalKnownHosts: files('globalknownhostsfile', ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2']),
    strict: strictness(one('stricthostkeychecking')),
    hashKnownHosts: isYes(one('hashknownhosts')),
    ...(connectTimeout !== undefined && connectTimeout > 0 && { connectTimeoutMs: connectTimeout * 1000 }),
    keepaliveMs: (positive('ServerAliveInterval', one('serveraliveinterval')) || 15) * 1000,
    keepaliveCount: positive('ServerAliveCountMax', one('serveralivecountmax')) ?? 3,
    family: { inet: 4 as const, inet6: 6 as const }[one('addressfamily')?.toLowerCase() ?? ''] ?? 0,
    ...(bindAddress !== undefined && { bindAddress }),
    algorithms: algorithmsOf(one),
  };
}

function expandPath(text: string, tokens: Readonly<Record<string, string>>, home: string | undefined): string[] {
  if (home === undefined && (/^~(\/|$)/.test(text) || text.includes('%d'))) return [];
  const expanded = expandTokens(text, tokens);
  return [path.resolve(home === undefined ? expanded : expanded.replace(/^~(?=\/|$)/, home))];
}

function agentOf(
  setting: string | undefined,
  env: NodeJS.ProcessEnv,
  file: (text: string) => string | undefined,
): string | undefined {
  if (setting === undefined || setting === 'SSH_AUTH_SOCK') return env['SSH_AUTH_SOCK'] || undefined;
  if (/^none$/i.test(setting)) return undefined;
  if (setting.startsWith('$')) return env[setting.slice(1).replace(/^\{(.*)\}$/, '$1')] || undefined;
  return file(setting);
}

function isYes(value: string | undefined): boolean {
  return /^(yes|true)$/i.test(value ?? '');
}

/** `no` and `off` accept a new key like `accept-new`; a changed one is never accepted here. */
function strictness(value: string | undefined): SshSettings['strict'] {
  if (/^(yes|true)$/i.test(value ?? '')) return 'yes';
  return /^(accept-new|no|off|false)$/i.test(value ?? '') ? 'accept-new' : 'ask';
}

/** Seconds, counts and ports; OpenSSH's time suffixes included. */
function positive(name: string, value: string | undefined): number | undefined {
  if (value === undefined || /^none$/i.test(value)) return undefined;
  const parts = /^(\d+)([smhd]?)$/i.exec(value);
  if (!parts) throw sshError('configuration', `${name} of the SSH configuration is not a number: ${value}`);
  return Number(parts[1]) * { s: 1, m: 60, h: 3600, d: 86400, '': 1 }[(parts[2] ?? '').toLowerCase() as 's'];
}

/** `[user@]host[:port]` and `ssh://…` of ProxyJump; IPv6 addresses in brackets. */
export function parseJump(text: string): Destination {
  const parts = /^(?:ssh:\/\/)?(?:(.+)@)?(\[[^\]]+\]|[^:@]+)(?::(\d+))?\/?$/.exec(text);
  const host = parts?.[2]?.replace(/^\[|\]$/g, '');
  if (!host) throw sshError('configuration', `ProxyJump: not a host: ${text}`);
  return { host, ...(parts?.[1] && { user: parts[1] }), ...(parts?.[3] && { port: Number(parts[3]) }) };
}

/** The target as `user@host:port`, for logs and texts. */
export function targetText({ user, host, port }: SshTarget): string {
  return `${user}@${host.includes(':') ? `[${host}]` : host}:${port}`;
}

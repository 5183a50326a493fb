import fs from 'node:fs/promises';
import type * as Library from 'ssh2';
import type { BaseAgent, ParsedKey } from 'ssh2';
import { errorCode, errorText } from '../errors';
import { fingerprint } from './knownHosts';
import { after } from './limits';
import type { SshSettings } from './settings';

type Ssh2 = typeof Library;

/** What one can log in with, in the order in which it is offered. */
export interface Identities {
  /** Agent with the keys worth trying, those of the identity files first. */
  readonly agent?: BaseAgent;
  readonly keys: readonly { readonly file: string; readonly key: ParsedKey }[];
  /** Keys that are offered, for the text of a failure. */
  readonly offered: readonly string[];
  /** Why the others cannot be used. */
  readonly problems: readonly string[];
}

/** An agent that accepts the connection and does not answer must not use up the time of the login. */
const AGENT_TIMEOUT_MS = 1500;

/** Collects the keys of the agent and of the identity files. Never rejects: what cannot be used is a problem in the result. */
export async function collectIdentities(ssh2: Ssh2, settings: SshSettings): Promise<Identities> {
  const problems: string[] = [];
  const [files, agentKeys] = await Promise.all([
    Promise.all(settings.identityFiles.map(file => readIdentity(ssh2, file))),
    settings.agentSocket === undefined
      ? Promise.resolve(undefined)
      : agentIdentities(ssh2, settings.agentSocket).catch((error: unknown) => {
          problems.push(`agent ${settings.agentSocket}: ${errorText(error)}`);
          return undefined;
        }),
  ]);
  if (settings.agentSocket === undefined) problems.push('no agent (SSH_AUTH_SOCK is not set)');
  const named = files.flatMap(({ publicKey }) => (publicKey ? [publicKey] : []));
  const isNamed = (key: ParsedKey) => named.some(other => other.equals(key.getPublicSSH()));
  const all = agentKeys?.keys ?? [];
  const inAgent = [...all.filter(isNamed), ...(settings.identitiesOnly ? [] : all.filter(key => !isNamed(key)))];
  const isInAgent = (key: Buffer) => inAgent.some(other => other.getPublicSSH().equals(key));
  const keys: { file: string; key: ParsedKey }[] = [];
  for (const { file, key, publicKey, problem } of files) {
    if (publicKey && isInAgent(publicKey)) continue;
    if (key) keys.push({ file, key });
    else if (problem && (settings.identitiesNamed || problem.encrypted)) problems.push(`${file}: ${problem.text}`);
  }
  const offered = [
    ...inAgent.map(key => `${fingerprint(key.getPublicSSH())} (agent)`),
    ...keys.map(({ file }) => file),
  ];
  return {
    ...(agentKeys && inAgent.length > 0 && { agent: chosenKeys(ssh2, agentKeys.agent, inAgent) }),
    keys,
    offered,
    problems,
  };
}

interface IdentityFile {
  readonly file: string;
  readonly key?: ParsedKey;
  readonly publicKey?: Buffer;
  readonly problem?: { readonly text: string; readonly encrypted: boolean };
}

async function readIdentity({ utils }: Ssh2, file: string): Promise<IdentityFile> {
  const publicKey = await readPublicKey(utils, file);
  const base = { file, ...(publicKey && { publicKey }) };
  let text: string;
  try {
    text = await fs.readFile(file, 'latin1');
  } catch (error) {
    return { ...base, problem: { text: errorCode(error) ?? errorText(error), encrypted: false } };
  }
  if (isEncrypted(text))
    return { ...base, problem: { text: 'is encrypted, and no agent holds it (ssh-add)', encrypted: true } };
  const key = first(utils.parseKey(text));
  if (key instanceof Error) return { ...base, problem: { text: key.message, encrypted: false } };
  if (!key.isPrivateKey()) return { ...base, publicKey: key.getPublicSSH() };
  return { file, key, publicKey: key.getPublicSSH() };
}

async function readPublicKey(utils: Ssh2['utils'], file: string): Promise<Buffer | undefined> {
  const text = await fs.readFile(`${file}.pub`, 'latin1').catch(() => '');
  const key = text ? first(utils.parseKey(text)) : undefined;
  return key && !(key instanceof Error) ? key.getPublicSSH() : undefined;
}

/** The types promise one key; the library returns a list for some formats. */
function first(parsed: ParsedKey | Error): ParsedKey | Error {
  const key = Array.isArray(parsed) ? (parsed[0] as ParsedKey | undefined) : parsed;
  return key ?? new Error('no key in it');
}

/** From the format, since the parser has no code for it: PEM headers, or the cipher's name in OpenSSH's own format. */
export function isEncrypted(text: string): boolean {
  if (/^Proc-Type: 4,ENCRYPTED|^-----BEGIN ENCRYPTED PRIVATE KEY-----/m.test(text)) return true;
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(text)?.[1];
  if (!body) return false;
  const data = Buffer.from(body, 'base64');
  const at = 'openssh-key-v1\0'.length;
  if (data.length < at + 4) return false;
  return data.toString('latin1', at + 4, at + 4 + data.readUInt32BE(at)) !== 'none';
}

async function agentIdentities(ssh2: Ssh2, socket: string): Promise<{ agent: BaseAgent; keys: ParsedKey[] }> {
  const agent = ssh2.createAgent(socket);
  const listing = new Promise<ParsedKey[]>((resolve, reject) => {
    agent.getIdentities((error, keys) => {
      if (error) reject(error);
      else resolve((keys ?? []).map(key => parsed(ssh2, key)).filter(key => key !== undefined));
    });
  });
  const keys = await Promise.race([
    listing,
    after(AGENT_TIMEOUT_MS).then(() => {
      throw new Error('no answer');
    }),
  ]);
  return { agent, keys };
}

function parsed({ utils }: Ssh2, key: unknown): ParsedKey | undefined {
  if (utils.parseKey(key as ParsedKey) instanceof Error) return undefined;
  return first(utils.parseKey(key as ParsedKey)) as ParsedKey;
}

/** The same agent, which shows these keys only, in this order. */
function chosenKeys({ BaseAgent }: Ssh2, agent: BaseAgent, keys: ParsedKey[]): BaseAgent {
  class ChosenKeys extends BaseAgent {
    override getIdentities(done: Parameters<BaseAgent['getIdentities']>[0]): void {
      done(undefined, keys);
    }
    override sign(key: ParsedKey, data: Buffer, options: unknown, done?: unknown): void {
      agent.sign(key, data, options as never, done as never);
    }
  }
  return new ChosenKeys();
}

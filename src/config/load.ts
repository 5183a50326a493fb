import { readFile, stat } from 'node:fs/promises';
import os from 'node:os';
import { msg } from '../l10n/message';
import type { Message } from '../l10n/message';
import { applicationName } from './applicationName';
import { checkPrograms } from './checkPrograms';
import { parseDocument } from './document';
import type { FindingCode } from './findingCodes';
import type { ScriptOutput } from './initScript';
import { initScript, resolve } from './resolve';
import { sortFindings, toFinding } from './rules/draft';
import type { Draft } from './rules/draft';
import { runInitScript } from './runInitScript';
import type { InitScriptFailure } from './runInitScript';
import type { ConfigFinding, MhaDocument, Property, Range, Resolution } from './types';

/** Where MHA looks for the global file unless told otherwise. */
export const DEFAULT_GLOBAL_FILE = '/etc/masterha_default.cnf';

/** Bytes; a file of 200 servers has some 40 KiB. */
const LARGEST_FILE = 4 * 1024 * 1024;

export interface LoadOptions {
  readonly file: string;
  /** Default `/etc/masterha_default.cnf`, which need not exist; false: there is none. */
  readonly globalFile?: string | false;
  /** Whether `init_conf_load_script` may be run: never in an untrusted workspace. */
  readonly runInitScript: boolean;
  /** Milliseconds that the script may take; default 10,000. */
  readonly scriptTimeoutMs?: number;
  /** Look at the programs that the configuration names: there, executable, edited? Only on the manager's host. */
  readonly checkPrograms?: boolean;
  /** Default: the user of this process. */
  readonly loginUser?: string;
  readonly signal?: AbortSignal;
}

export interface LoadedCluster extends Resolution {
  /** MHA's application name. */
  readonly name: string;
  /** Absent if the file could not be read. */
  readonly application?: MhaDocument;
  readonly global?: MhaDocument;
}

/**
 * Reads an application file, its global file and the output of its script, and resolves them. What is wrong with the
 * files is a finding; only a cancelled `signal` rejects (with its reason). Names are not looked up.
 */
export async function loadCluster(options: LoadOptions): Promise<LoadedCluster> {
  const { file, signal } = options;
  const name = applicationName(file);
  const loginUser = options.loginUser ?? processUser();
  const globalFile = options.globalFile === false ? undefined : (options.globalFile ?? DEFAULT_GLOBAL_FILE);
  const [mine, theirs] = await Promise.all([read(file), globalFile === undefined ? undefined : read(globalFile)]);
  signal?.throwIfAborted();
  const findings: ConfigFinding[] = [];
  const add = (draft: Draft): void => void findings.push(toFinding(draft));
  if ('failure' in mine) add(unreadable(file, mine.failure));
  // A missing global file is usual: MHA warns and goes on, also when the name is a directory's.
  if (globalFile !== undefined && theirs && 'failure' in theirs) {
    const absent = theirs.failure === 'missing' || theirs.failure === 'directory';
    if (!absent) add(unreadable(globalFile, theirs.failure));
    else if (options.globalFile !== undefined) add(globalMissing(globalFile));
  }
  if ('failure' in mine) return { name, findings };
  const application = parseDocument(mine.bytes, file);
  const global =
    globalFile !== undefined && theirs && 'bytes' in theirs ? parseDocument(theirs.bytes, globalFile) : undefined;
  const documents = { application, ...(global ? { global } : {}) };

  if (mine.readableByAll) addWorldReadable(application, add);
  if (global && theirs && 'bytes' in theirs && theirs.readableByAll) addWorldReadable(global, add);
  const input = { ...documents, loginUser };
  const { command, at } = initScript(input);
  let script: ScriptOutput | undefined;
  if (command !== '' && options.runInitScript) {
    const { stdout, failure } = await runInitScript(command, {
      timeoutMs: options.scriptTimeoutMs ?? 10_000,
      ...(signal ? { signal } : {}),
    });
    signal?.throwIfAborted();
    script = { command, stdout };
    if (failure) add({ code: 'init-script-failed', ...at, message: scriptFailure(failure) });
  }
  if (options.checkPrograms) for (const draft of await checkPrograms(Object.values(documents))) add(draft);
  const resolution = resolve({ ...input, ...(script ? { script } : {}) });
  const all = sortFindings([...findings, ...resolution.findings], [file, ...(globalFile ? [globalFile] : [])]);
  return { name, ...documents, ...resolution, findings: all };
}

/** The login name, also where the user id has none. */
export function processUser(): string {
  try {
    return os.userInfo().username;
  } catch {
    return process.env['USER'] ?? String(process.getuid?.() ?? '');
  }
}

type Failure = 'missing' | 'directory' | 'special' | 'denied' | 'tooLarge' | { readonly code: string };

/** Reads a regular file (or what can be read like one) of bounded size. */
async function read(file: string): Promise<{ bytes: Buffer; readableByAll: boolean } | { failure: Failure }> {
  try {
    const stats = await stat(file);
    if (stats.isDirectory()) return { failure: 'directory' };
    // Opening a pipe without a writer would wait for ever.
    if (!stats.isFile()) return { failure: 'special' };
    if (stats.size > LARGEST_FILE) return { failure: 'tooLarge' };
    const bytes = await readFile(file);
    if (bytes.length > LARGEST_FILE) return { failure: 'tooLarge' };
    const readableByAll = process.platform !== 'win32' && (stats.mode & 0o004) !== 0;
    return { bytes, readableByAll };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { failure: 'missing' };
    return { failure: code === 'EACCES' || code === 'EPERM' ? 'denied' : { code: code ?? 'unknown' } };
  }
}

const START: Range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

function unreadable(file: string, failure: Failure): Draft {
  const cases: Record<Exclude<Failure, object>, [FindingCode, Message]> = {
    missing: ['file-missing', msg('The file {file} does not exist.', { file })],
    directory: ['file-unreadable', msg('{file} is a directory, not a file.', { file })],
    special: ['file-unreadable', msg('{file} is neither a file nor a directory.', { file })],
    denied: ['file-unreadable', msg('The file {file} cannot be read: permission denied.', { file })],
    tooLarge: [
      'file-too-large',
      msg('The file {file} is larger than 4 MiB: it is not an MHA configuration.', { file }),
    ],
  };
  const [code, message]: [FindingCode, Message] =
    typeof failure === 'object'
      ? ['file-unreadable', msg('The file {file} cannot be read ({code}).', { file, code: failure.code })]
      : cases[failure];
  return { code, file, range: START, message };
}

function globalMissing(file: string): Draft {
  return {
    code: 'global-file-missing',
    file,
    range: START,
    message: msg('The global file {file} does not exist: MHA goes on without it.', { file }),
  };
}

function addWorldReadable(document: MhaDocument, add: (draft: Draft) => void): void {
  const isSecret = (p: Property): boolean => (p.name === 'password' || p.name === 'repl_password') && p.value !== '';
  const property = document.sections.flatMap(s => s.properties).find(isSecret);
  if (!property) return;
  add({
    code: 'world-readable-passwords',
    file: document.file,
    range: property.range,
    message: msg('Every user of this machine can read this password: take the right away (chmod 640 or 600).'),
  });
}

function scriptFailure(failure: InitScriptFailure): Message {
  switch (failure.kind) {
    case 'exit':
      return msg('init_conf_load_script ended with exit code {code}; MHA would go on with what it printed.', {
        code: failure.code,
      });
    case 'signal':
      return msg('init_conf_load_script was killed by {signal}.', { signal: failure.signal });
    case 'timeout':
      return msg('init_conf_load_script did not end within {seconds} seconds; MHA would wait for ever.', {
        seconds: Math.round(failure.timeoutMs / 1000),
      });
    case 'output':
      return msg('init_conf_load_script printed more than 1 MiB and was stopped.');
    case 'start':
      return msg('init_conf_load_script could not be started ({code}).', { code: failure.code });
  }
}

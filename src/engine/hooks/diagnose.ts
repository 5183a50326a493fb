import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { msg, type Message } from '../../l10n/message';
import type { HookResult } from './runHook';

/** What stands behind a failed call, where it can be told. */
export interface HookDiagnosis {
  readonly code:
    'hook-missing' | 'hook-not-executable' | 'hook-interpreter-missing' | 'hook-unedited' | 'hook-perl-modules';
  readonly message: Message;
}

/** A sample script is a few kilobytes; more is not searched. */
const SEARCH_BYTES = 256 * 1024;

/**
 * The program of a command line, if its first word is plain: `~` and `$HOME` are expanded, a name without a slash is looked
 * for on PATH. Undefined for anything that only a shell can tell.
 */
export function programOf(command: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const first = /^\s*(?:'([^']*)'|"([^"$`\\]*)"|([^\s'"`|&;<>()*?[\]#\\]+))(?=\s|$)/.exec(command);
  const word = first?.[1] ?? first?.[2] ?? first?.[3];
  if (!word) return undefined;
  const home = env.HOME ?? os.homedir();
  const expanded = word.replace(/^~(?=\/)/, home).replace(/^\$(?:HOME\b|\{HOME\})/, home);
  if (expanded.includes('$') || expanded.includes('=')) return undefined;
  return expanded;
}

async function found(program: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const places = program.includes('/') ? [program] : (env.PATH ?? '').split(':').map(dir => path.join(dir, program));
  for (const file of places) {
    const stat = await fs.stat(file).catch(() => undefined);
    if (stat?.isFile()) return file;
  }
  return undefined;
}

async function head(file: string): Promise<string> {
  const handle = await fs.open(file, 'r').catch(() => undefined);
  if (!handle) return '';
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(SEARCH_BYTES), 0, SEARCH_BYTES, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } catch {
    return '';
  } finally {
    await handle.close();
  }
}

/** Why a call failed, by its exit code and by what the script's file is. Undefined: the script itself said no. */
export async function diagnoseHook(
  command: string,
  result: HookResult,
  env: NodeJS.ProcessEnv = process.env,
): Promise<HookDiagnosis | undefined> {
  const program = programOf(command, env);
  if (!program || result.timedOut || result.high === 0) return undefined;
  const file = await found(program, env);
  if (!file)
    return result.high === 127 || result.high === 126
      ? { code: 'hook-missing', message: msg('The program {program} does not exist', { program }) }
      : undefined;
  const executable = ((await fs.stat(file)).mode & 0o111) !== 0;
  if (!executable)
    return {
      code: 'hook-not-executable',
      message: msg('The program {program} is not executable: chmod +x {program}', { program: file }),
    };
  const text = await head(file);
  const interpreter = /^#!\s*(\S+)/.exec(text)?.[1]?.replace(/\r$/, '');
  if (interpreter && (await fs.stat(interpreter).catch(() => undefined)) === undefined)
    return {
      code: 'hook-interpreter-missing',
      message: msg('The first line of {program} names {interpreter}, which does not exist', {
        program: file,
        interpreter,
      }),
    };
  if (result.high === 127 && /^#!\s*\S+[^\n]*\r\n/.test(text))
    return {
      code: 'hook-interpreter-missing',
      message: msg('The first line of {program} ends in a carriage return: save it with Unix line ends', {
        program: file,
      }),
    };
  if (/^[^#\n]*\bFIXME_\w+/m.test(text))
    return {
      code: 'hook-unedited',
      message: msg('{program} is the sample script: its FIXME lines have not been replaced by commands of your own', {
        program: file,
      }),
    };
  if (/\buse\s+MHA::/.test(text) && result.high !== 0 && /Can't locate MHA\//.test(result.stderr))
    return {
      code: 'hook-perl-modules',
      message: msg("{program} uses MHA's Perl modules, which are not installed on this machine", { program: file }),
    };
  return undefined;
}

import { constants } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { msg } from '../l10n/message';
import { plainText } from './levels';
import { isParameter } from './model';
import { PARAMETERS } from './parameters';
import type { Draft } from './rules/draft';
import type { MhaDocument, Property } from './types';

/**
 * Looks at the programs that the configuration names: whether they exist, may be executed, and are not MHA's samples as
 * they were delivered (`FIXME_xxx`). What only a shell can find is left alone.
 */
export async function checkPrograms(documents: readonly MhaDocument[]): Promise<readonly Draft[]> {
  const placed = documents.flatMap(document =>
    document.sections.flatMap(section =>
      section.properties.filter(isCommand).map(property => ({ document, property })),
    ),
  );
  const drafts = await Promise.all(
    placed.map(async ({ document, property }) => {
      const program = programOf(property.value);
      const draft = program === undefined ? undefined : await judge(program);
      return draft && { ...draft, file: document.file, range: property.valueRange };
    }),
  );
  return drafts.filter(draft => draft !== undefined);
}

function isCommand({ name, extended, value }: Property): boolean {
  return !extended && value !== '' && isParameter(name) && PARAMETERS[name].type === 'command';
}

/** The first word, if it is a plain one. */
function programOf(command: string): string | undefined {
  const word = /^[^\s]+/.exec(plainText(command))?.[0];
  if (word === undefined || /[^\w./~@%+:,-]/.test(word)) return undefined;
  return word.startsWith('~/') ? path.join(os.homedir(), word.slice(2)) : word;
}

async function judge(program: string): Promise<Pick<Draft, 'code' | 'message'> | undefined> {
  const missing = {
    code: 'script-missing' as const,
    message: msg('{program} does not exist on this machine.', { program }),
  };
  // A bare name may also be a built-in of the shell; PATH decides on the manager's host.
  if (!program.includes('/')) return undefined;
  try {
    if (!(await stat(program)).isFile()) return missing;
    await access(program, constants.X_OK);
    await using handle = await open(program, 'r');
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(65_536), 0, 65_536, 0);
    if (!/\bFIXME_xxx\b/.test(buffer.toString('latin1', 0, bytesRead))) return undefined;
    return {
      code: 'script-unedited',
      message: msg('{program} is a sample that was never edited: it still says FIXME_xxx, and fails.', { program }),
    };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return missing;
    return {
      code: 'script-not-executable',
      message: msg('{program} may not be executed or read by this user.', { program }),
    };
  }
}

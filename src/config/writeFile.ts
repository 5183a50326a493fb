import { constants } from 'node:fs';
import { chown, copyFile, readFile, realpath, stat } from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';

/** Why a file was not written; it is then as it was before. */
export class ConfigWriteError extends Error {
  override readonly name = 'ConfigWriteError';

  /** `code`: `changed`, or Node's (`ENOENT`, `EACCES`, `ENOSPC` …). */
  constructor(
    readonly code: string,
    readonly file: string,
    options?: ErrorOptions,
  ) {
    super(`${file} was not written (${code})`, options);
  }
}

export interface WriteOptions {
  /** As the document was read; default `utf-8`. */
  readonly encoding?: 'utf-8' | 'latin1';
  /** What the file held when the edits were made: if it holds something else now, nothing is written. */
  readonly previous?: string;
  /** For the backup's name; default: now. */
  readonly now?: Date;
}

/**
 * Replaces an existing file as a whole: new file in the same directory, synced, renamed; mode and owner are kept, a
 * symbolic link stays one. The old content is kept beside it as `FILE.bak-YYYYmmddHHMMSS` (UTC) with the same mode and owner.
 *
 * @throws ConfigWriteError
 */
export async function writeConfigFile(
  file: string,
  text: string,
  options: WriteOptions = {},
): Promise<{ readonly backup: string }> {
  const encoding = options.encoding === 'latin1' ? 'latin1' : 'utf8';
  try {
    const target = await realpath(file);
    const stats = await stat(target);
    if (options.previous !== undefined && !(await readFile(target)).equals(Buffer.from(options.previous, encoding)))
      throw new ConfigWriteError('changed', file);
    const backup = await copyBeside(target, options.now ?? new Date());
    await keepOwner(backup, stats);
    await writeFileAtomic(target, Buffer.from(text, encoding), {
      mode: stats.mode & 0o7777,
      chown: { uid: stats.uid, gid: stats.gid },
    });
    return { backup };
  } catch (error) {
    if (error instanceof ConfigWriteError) throw error;
    throw new ConfigWriteError((error as NodeJS.ErrnoException).code ?? 'unknown', file, { cause: error });
  }
}

/** Never overwrites an older backup. */
async function copyBeside(target: string, now: Date): Promise<string> {
  const base = `${target}.bak-${now.toISOString().replace(/[-:T]/g, '').slice(0, 14)}`;
  for (let n = 0; ; n++) {
    const backup = n === 0 ? base : `${base}-${n}`;
    try {
      await copyFile(target, backup, constants.COPYFILE_EXCL);
      return backup;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || n >= 99) throw error;
    }
  }
}

/** Only root may give files away; the backup is then its writer's, with the same mode. */
async function keepOwner(file: string, owner: { uid: number; gid: number }): Promise<void> {
  try {
    await chown(file, owner.uid, owner.gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
  }
}

import { open, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { errorCode, errorText } from '../errors';

/** `<manager_workdir>/<app>.failover.complete` and `.error`, where Perl's MHA has them. */
export interface FailoverFiles {
  /** Its last modification is the time of the last failover, a partly successful one included. */
  readonly complete: string;
  /** A failover ended in an error after it had begun to change servers. */
  readonly error: string;
}

export function failoverFilesOf(workdir: string, app: string): FailoverFiles {
  return {
    complete: path.join(workdir, `${app}.failover.complete`),
    error: path.join(workdir, `${app}.failover.error`),
  };
}

export interface LastFailover {
  /** When the last one ended; absent: none on record. */
  readonly completeAt?: Date;
  readonly failed: boolean;
}

/** @throws the file system's error if a file cannot be looked at: then it is not known whether a failover may start */
export async function readLastFailover(files: FailoverFiles): Promise<LastFailover> {
  const [complete, error] = await Promise.all([modified(files.complete), modified(files.error)]);
  return { failed: error !== undefined, ...(complete ? { completeAt: complete } : {}) };
}

async function modified(file: string): Promise<Date | undefined> {
  try {
    return (await stat(file)).mtime;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** MHA's default of `--last_failover_minute`: 8 hours. */
export const LAST_FAILOVER_MINUTES = 480;

export type LastFailoverVerdict =
  /** `outdated`: the record of the last one is to be deleted before the next begins. */
  | { readonly allowed: true; readonly outdated: boolean }
  | {
      readonly allowed: false;
      readonly reason: 'failed' | 'tooEarly';
      /** In MHA's words, with the file that a person may remove. */
      readonly text: string;
    };

/**
 * Whether the last failover forbids another one, by MHA's rules: one that failed does until somebody has looked at it, one
 * that succeeded (or nearly so) does for a time. A time in the future, after a clock was set, counts as just now.
 */
export function judgeLastFailover(
  last: LastFailover,
  files: FailoverFiles,
  { now, minutes }: { readonly now: Date; readonly minutes: number },
): LastFailoverVerdict {
  if (last.failed)
    return {
      allowed: false,
      reason: 'failed',
      text: `The last failover failed: ${files.error} exists. Check what it left behind. If you want to do failover, manually remove ${files.error} and run this script again.`,
    };
  if (!last.completeAt) return { allowed: true, outdated: false };
  if (now.getTime() - last.completeAt.getTime() >= minutes * 60_000) return { allowed: true, outdated: true };
  return {
    allowed: false,
    reason: 'tooEarly',
    text: `Last failover was done at ${localTime(last.completeAt)}. Current time is too early to do failover again. If you want to do failover, manually remove ${files.complete} and run this script again.`,
  };
}

/** `YYYY/MM/DD hh:mm:ss`, local time. */
function localTime(date: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('/');
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`;
}

export type FileOutcome = { readonly ok: true } | { readonly ok: false; readonly code?: string; readonly text: string };

/**
 * Leaves one of the files behind, empty, for its owner only. One that exists is not touched: its time is that of the
 * failover that made it. Never rejects: a failover that is done does not fail for a missing mark.
 */
export async function markFailover(file: string): Promise<FileOutcome> {
  try {
    await (await open(file, 'wx', 0o600)).close();
    return { ok: true };
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return { ok: true };
    return failure(error);
  }
}

/** `--ignore_last_failover`, or an outdated record. Never rejects. */
export async function removeMarks(files: readonly string[]): Promise<FileOutcome> {
  try {
    for (const file of files) await rm(file, { force: true });
    return { ok: true };
  } catch (error) {
    return failure(error);
  }
}

function failure(error: unknown): FileOutcome {
  const code = errorCode(error);
  return { ok: false, ...(code ? { code } : {}), text: errorText(error) };
}

import type { Verdict } from './types';

/** Below the first, an operation is likely to fail in the middle; below the second, somebody should look. MiB. */
const FAIL_BELOW = 32;
const WARN_BELOW = 512;

/** Undefined: there is enough, or nothing is known. */
export function lowSpace(
  freeKb: number | undefined,
): { readonly verdict: Verdict; readonly freeMb: number } | undefined {
  if (freeKb === undefined) return undefined;
  const freeMb = Math.floor(freeKb / 1024);
  if (freeMb >= WARN_BELOW) return undefined;
  return { verdict: freeMb < FAIL_BELOW ? 'failed' : 'warning', freeMb };
}

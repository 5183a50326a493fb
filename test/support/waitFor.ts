import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks again until the answer is truthy, and returns it. An exception of `condition` counts as "not yet" and is named
 * when the time is up.
 */
export async function waitFor<T>(
  what: string,
  condition: () => Promise<T> | T,
  options: { timeoutMs?: number; everyMs?: number } = {},
): Promise<NonNullable<T>> {
  const deadline = performance.now() + (options.timeoutMs ?? 30_000);
  let last: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`, { cause: last });
    await sleep(options.everyMs ?? 10);
  }
}

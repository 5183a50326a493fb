import type { Locator } from 'playwright-core';
import { waitFor } from '../support/waitFor';

/** Fails with a sentence. */
export function expectThat(condition: unknown, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise);
}

export function expectEqual<T>(actual: T, expected: T, what: string): void {
  const [is, should] = [JSON.stringify(actual, null, 1), JSON.stringify(expected, null, 1)];
  expectThat(is === should, `${what} is ${is}, but should be ${should}`);
}

/** Waits until the text of an element matches; says what it was if it never does. */
export async function expectText(locator: Locator, pattern: RegExp, what: string, timeoutMs = 15_000): Promise<void> {
  let last = '';
  await waitFor(
    what,
    async () => {
      last = (await locator.allTextContents()).join(' | ').replaceAll('\u00a0', ' ');
      return pattern.test(last);
    },
    { timeoutMs, everyMs: 50 },
  ).catch(() => {
    throw new Error(`${what}: "${last}" does not match ${pattern}`);
  });
}

/** Waits until there are exactly so many. */
export async function expectCount(locator: Locator, count: number, what: string, timeoutMs = 15_000): Promise<void> {
  let last = -1;
  await waitFor(what, async () => (last = await locator.count()) === count, { timeoutMs, everyMs: 50 }).catch(() => {
    throw new Error(`${what}: there are ${last}, not ${count}`);
  });
}

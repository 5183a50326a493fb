import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { deadline } from '../../../src/engine/deadline';

const reasonOf = (signal: AbortSignal) =>
  new Promise<unknown>(resolve => signal.addEventListener('abort', () => resolve(signal.reason), { once: true }));

describe('a deadline', () => {
  it('comes, even if nobody but its listeners remembers it when memory is collected', async () => {
    const parent = new AbortController();
    const reasons = Array.from({ length: 20 }, () => reasonOf(deadline(200, parent.signal)));
    // What was made in this turn of the loop is kept until its end.
    await new Promise(done => setImmediate(done));
    setFlagsFromString('--expose_gc');
    (runInNewContext('gc') as () => void)();
    for (const reason of await Promise.all(reasons)) expect(reason).toMatchObject({ name: 'TimeoutError' });
  });

  it('comes with its parent, for the same reason', async () => {
    const parent = new AbortController();
    const reason = reasonOf(deadline(60_000, parent.signal));
    parent.abort('enough');
    expect(await reason).toBe('enough');
    expect(deadline(60_000, parent.signal).reason).toBe('enough');
  });
});

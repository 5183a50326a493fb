import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MAX_PAUSE_MS, pauseAfter, Poller, type PollOutcome } from '../../../src/extension/clusters/poller';

describe('the pause between two looks', () => {
  it.each([
    [10_000, 0, 10_000],
    [10_000, 1, 20_000],
    [10_000, 2, MAX_PAUSE_MS],
    [4000, 2, 16_000],
    [10_000, 1000, MAX_PAUSE_MS],
    [1000, 4, 16_000],
    [120_000, 4, 120_000],
  ])('of %i ms after %i equal failures is %i ms', (interval, failures, expected) => {
    expect(pauseAfter(interval, failures)).toBe(expected);
  });
});

describe('the poller', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  /** Looks take `tookMs`; `failing` is what they find. */
  function started(options: { tookMs?: number; failing?: string[]; intervalMs?: number } = {}) {
    const looks: { id: string; at: number; signal: AbortSignal }[] = [];
    const begin = Date.now();
    let running = 0;
    let most = 0;
    const found = { failing: options.failing ?? [] };
    const poller = new Poller({
      intervalMs: options.intervalMs ?? 10_000,
      poll: async (id, signal): Promise<PollOutcome> => {
        looks.push({ id, at: Date.now() - begin, signal });
        most = Math.max(most, ++running);
        await new Promise(resolve => setTimeout(resolve, options.tookMs ?? 100));
        running--;
        return { failing: found.failing };
      },
    });
    return { poller, looks, found, most: () => most, at: () => looks.map(l => Math.floor(l.at / 10) * 10) };
  }

  it('looks at nothing until it is active, then at once and every interval', async () => {
    const { poller, at } = started();
    poller.setClusters(['a']);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(at()).toEqual([]);
    poller.setActive(true);
    await vi.advanceTimersByTimeAsync(25_000);
    expect(at()).toEqual([30_000, 40_100, 50_200]);
  });

  it('never looks at a cluster twice at once, however slow it is', async () => {
    const { poller, at, most } = started({ tookMs: 25_000 });
    poller.setClusters(['a']);
    poller.setActive(true);
    poller.setActive(false);
    poller.setActive(true);
    await vi.advanceTimersByTimeAsync(5000);
    poller.touched('a', { lookNow: true });
    poller.setInterval(1000);
    await vi.advanceTimersByTimeAsync(45_000);
    expect(most()).toBe(1);
    expect(at()).toEqual([0, 25_000]); // the second at once: the first was out of date when it ended
  });

  it('pauses, and looks at what is due when it goes on', async () => {
    const { poller, at } = started();
    poller.setClusters(['a']);
    poller.setActive(true);
    await vi.advanceTimersByTimeAsync(1000);
    poller.setActive(false);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(at()).toEqual([0]);
    poller.setActive(true);
    await vi.advanceTimersByTimeAsync(0);
    expect(at()).toEqual([0, 101_000]);
  });

  it('looks less often while the same servers fail, and as before once that changes', async () => {
    const { poller, at, found } = started({ failing: ['db2'], tookMs: 0 });
    poller.setClusters(['a']);
    poller.setActive(true);
    await vi.advanceTimersByTimeAsync(71_000);
    expect(at()).toEqual([0, 10_000, 30_000, 60_000]);
    found.failing = [];
    await vi.advanceTimersByTimeAsync(35_000);
    expect(at().slice(4)).toEqual([90_000, 100_000]);
  });

  it('starts over when the cluster is touched', async () => {
    const { poller, at } = started({ tookMs: 0 });
    poller.setClusters(['a']);
    poller.setActive(true);
    await vi.advanceTimersByTimeAsync(5000);
    poller.touched('a', { lookNow: false });
    await vi.advanceTimersByTimeAsync(9000);
    expect(at()).toEqual([0]);
    poller.touched('a', { lookNow: true });
    await vi.advanceTimersByTimeAsync(0);
    expect(at()).toEqual([0, 14_000]);
  });

  it('stops and aborts what is removed', async () => {
    const { poller, looks } = started({ tookMs: 5000 });
    poller.setClusters(['a', 'b']);
    poller.setActive(true);
    await vi.advanceTimersByTimeAsync(100);
    poller.setClusters(['b']);
    expect(looks.map(l => [l.id, l.signal.aborted])).toEqual([
      ['a', true],
      ['b', false],
    ]);
    await vi.advanceTimersByTimeAsync(16_000);
    expect(looks.map(l => l.id)).toEqual(['a', 'b', 'b']);
    poller.dispose();
    await vi.advanceTimersByTimeAsync(100_000);
    expect(looks).toHaveLength(3);
  });

  it('does nothing by itself with an interval of 0', async () => {
    const { poller, at } = started({ intervalMs: 0 });
    poller.setClusters(['a']);
    poller.setActive(true);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(at()).toEqual([]);
    poller.setInterval(1000);
    await vi.advanceTimersByTimeAsync(0);
    expect(at()).toEqual([100_000]);
  });
});

/** How a look at one cluster went: `failing` names the servers that did not answer (all of them if it failed as a whole). */
export interface PollOutcome {
  readonly failing: readonly string[];
}

/** Upper limit of the pause between two looks at a cluster whose servers do not answer. */
export const MAX_PAUSE_MS = 30_000;

/**
 * Pause before the next look. A cluster that is well, or that has just changed, is looked at every `intervalMs`; while the
 * same servers go on failing the pause doubles each time, up to half a minute (or the interval, if that is longer).
 */
export function pauseAfter(intervalMs: number, sameFailures: number): number {
  const doubled = intervalMs * 2 ** Math.min(Math.max(sameFailures, 0), 16);
  return Math.max(intervalMs, Math.min(doubled, MAX_PAUSE_MS));
}

interface Entry {
  timer: NodeJS.Timeout | undefined;
  running: boolean;
  /** Something changed while it ran: its result is old already. */
  again: boolean;
  /** Milliseconds of the clock. */
  endedAt: number | undefined;
  failing: string;
  sameFailures: number;
}

export interface PollerOptions {
  /** One look at a cluster. Must not reject; the signal ends it when the poller is disposed or the cluster removed. */
  readonly poll: (id: string, signal: AbortSignal) => Promise<PollOutcome>;
  /** 0 or less: never by itself. */
  readonly intervalMs: number;
  readonly now?: () => number;
}

/** Looks at each cluster again and again: never twice at once, never while paused. Starts paused. */
export class Poller {
  readonly #entries = new Map<string, Entry>();
  readonly #aborts = new Map<string, AbortController>();
  readonly #poll: PollerOptions['poll'];
  readonly #now: () => number;
  #intervalMs: number;
  #active = false;

  constructor(options: PollerOptions) {
    this.#poll = options.poll;
    this.#intervalMs = options.intervalMs;
    this.#now = options.now ?? Date.now;
  }

  get active(): boolean {
    return this.#active;
  }

  /** Removed clusters' running looks are aborted; new ones are looked at once. */
  setClusters(ids: readonly string[]): void {
    for (const id of [...this.#entries.keys()]) if (!ids.includes(id)) this.#remove(id);
    for (const id of ids)
      if (!this.#entries.has(id)) {
        this.#entries.set(id, {
          timer: undefined,
          running: false,
          again: false,
          endedAt: undefined,
          failing: '',
          sameFailures: 0,
        });
        this.#schedule(id);
      }
  }

  setInterval(intervalMs: number): void {
    if (intervalMs === this.#intervalMs) return;
    this.#intervalMs = intervalMs;
    this.#rescheduleAll();
  }

  /** While inactive nothing is started; what runs may end. Becoming active looks at what is due at once. */
  setActive(active: boolean): void {
    if (active === this.#active) return;
    this.#active = active;
    this.#rescheduleAll();
  }

  /** The cluster has changed (its file, a look by other means): the next pause starts now, without back-off. */
  touched(id: string, options: { readonly lookNow: boolean }): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.sameFailures = 0;
    entry.endedAt = options.lookNow ? undefined : this.#now();
    entry.again = entry.running && options.lookNow;
    this.#schedule(id);
  }

  dispose(): void {
    this.#active = false;
    for (const id of [...this.#entries.keys()]) this.#remove(id);
  }

  #remove(id: string): void {
    clearTimeout(this.#entries.get(id)?.timer);
    this.#entries.delete(id);
    this.#aborts.get(id)?.abort();
    this.#aborts.delete(id);
  }

  #rescheduleAll(): void {
    for (const id of this.#entries.keys()) this.#schedule(id);
  }

  #schedule(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    clearTimeout(entry.timer);
    entry.timer = undefined;
    if (!this.#active || this.#intervalMs <= 0 || entry.running) return;
    const pause =
      entry.endedAt === undefined
        ? 0
        : Math.max(0, entry.endedAt + pauseAfter(this.#intervalMs, entry.sameFailures) - this.#now());
    entry.timer = setTimeout(() => void this.#run(id, entry), pause);
  }

  async #run(id: string, entry: Entry): Promise<void> {
    entry.running = true;
    entry.again = false;
    const abort = new AbortController();
    this.#aborts.set(id, abort);
    try {
      const { failing } = await this.#poll(id, abort.signal);
      const now = [...failing].sort().join('\n');
      entry.sameFailures = now !== '' && now === entry.failing ? entry.sameFailures + 1 : 0;
      entry.failing = now;
    } finally {
      entry.running = false;
      entry.endedAt = entry.again ? undefined : this.#now();
      if (this.#aborts.get(id) === abort) this.#aborts.delete(id);
      if (this.#entries.get(id) === entry) this.#schedule(id);
    }
  }
}

import { setMaxListeners } from 'node:events';

/** Resolves after `ms` milliseconds; the timer alone keeps no process alive. */
export function after(ms: number): Promise<void> {
  return new Promise(resolve => {
    setTimeout(resolve, ms).unref();
  });
}

/** The promise, or the signal's reason if that comes first. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/** A deadline that stands still while a person thinks. Aborts with a TimeoutError, or with the parent's reason. */
export class Deadline implements Disposable {
  readonly #abort = new AbortController();
  readonly #parent: AbortSignal | undefined;
  #timer: NodeJS.Timeout | undefined;
  #left: number;
  #since = 0;

  constructor(ms: number, parent?: AbortSignal) {
    this.#left = ms;
    this.#parent = parent;
    // Many hosts listen to one caller's signal, each until it is done: that is no leak.
    if (parent) setMaxListeners(0, parent);
    parent?.addEventListener('abort', this.#cancel, { once: true });
    if (parent?.aborted) this.#cancel();
    this.resume();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  pause(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#left -= performance.now() - this.#since;
  }

  resume(): void {
    this.#since = performance.now();
    this.#timer = setTimeout(
      () => this.#abort.abort(new DOMException('timed out', 'TimeoutError')),
      Math.max(0, this.#left),
    );
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#parent?.removeEventListener('abort', this.#cancel);
  }

  readonly #cancel = (): void => this.#abort.abort(this.#parent?.reason);
}

/** At most `most` at a time; the others wait in the order in which they came. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#free = most;
  }

  /** Waits for a slot. Rejects with the signal's reason. */
  async take(signal?: AbortSignal): Promise<Disposable> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#turn(signal);
    let taken = true;
    return {
      [Symbol.dispose]: () => {
        if (!taken) return;
        taken = false;
        const next = this.#waiting.shift();
        if (next) next();
        else this.#free++;
      },
    };
  }

  /** From now on there is room for everybody. */
  lift(): void {
    this.#free = Infinity;
    for (const turn of this.#waiting.splice(0)) turn();
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const turn = () => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1);
        reject(signal?.reason as Error);
      };
      this.#waiting.push(turn);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }
}

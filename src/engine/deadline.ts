import { setMaxListeners } from 'node:events';

/**
 * A signal that aborts after `ms` milliseconds (with a TimeoutError), or with `parent`, whichever comes first. Not made of
 * `AbortSignal.any` and `AbortSignal.timeout`: Node.js holds the latter only weakly there, and a collected one never fires.
 */
export function deadline(ms: number, parent?: AbortSignal): AbortSignal {
  const own = new AbortController();
  if (parent?.aborted) {
    own.abort(parent.reason);
    return own.signal;
  }
  const end = (reason: unknown): void => {
    clearTimeout(timer);
    parent?.removeEventListener('abort', onParent);
    own.abort(reason);
  };
  const onParent = (): void => end(parent?.reason);
  const timer = setTimeout(() => end(new DOMException('the time is up', 'TimeoutError')), ms);
  timer.unref();
  if (parent) {
    // Each deadline listens until it is over: many of them are no leak.
    setMaxListeners(0, parent);
    parent.addEventListener('abort', onParent, { once: true });
  }
  return own.signal;
}

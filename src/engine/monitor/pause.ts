/**
 * Waits `ms` milliseconds, or until somebody calls what `arm` is given. Rejects with the signal's reason when cancelled.
 */
export async function pause(ms: number, signal?: AbortSignal, arm?: (wake: () => void) => void): Promise<void> {
  signal?.throwIfAborted();
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(resolve, ms);
      onAbort = () => reject(signal?.reason as Error);
      signal?.addEventListener('abort', onAbort, { once: true });
      arm?.(resolve);
    });
  } finally {
    clearTimeout(timer);
    if (onAbort) signal?.removeEventListener('abort', onAbort);
  }
}

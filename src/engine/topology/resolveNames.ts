import net from 'node:net';
import { deadline } from '../deadline';
import { lookUp } from '../lookup';

/** A resolver that answers nothing in this time is treated as if it did not know the name. */
const LOOKUP_TIMEOUT_MS = 1000;

/** Looks up host names once each, in parallel, for at most one second: what cannot be resolved has no addresses. */
export class NameCache {
  readonly #known = new Map<string, readonly string[]>();

  addresses(host: string): readonly string[] {
    return net.isIP(host) ? [host] : (this.#known.get(host.toLowerCase()) ?? []);
  }

  async resolve(hosts: Iterable<string>, signal?: AbortSignal): Promise<void> {
    const unknown = new Set([...hosts].map(h => h.toLowerCase()).filter(h => h && !net.isIP(h) && !this.#known.has(h)));
    await Promise.all([...unknown].map(async host => this.#known.set(host, await lookup(host, signal))));
  }
}

async function lookup(host: string, signal?: AbortSignal): Promise<readonly string[]> {
  const late = deadline(LOOKUP_TIMEOUT_MS, signal);
  const gaveUp = new Promise<readonly string[]>(done => late.addEventListener('abort', () => done([]), { once: true }));
  const answer = lookUp(host).then(
    found => found.map(entry => entry.address),
    () => [],
  );
  return Promise.race([answer, gaveUp]);
}

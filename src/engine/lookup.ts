import dns from 'node:dns';
import type { LookupFunction } from 'node:net';

const underWay = new Map<string, Promise<readonly dns.LookupAddress[]>>();

/**
 * All addresses of a host name. A look-up that the name service does not answer holds one of Node's few threads for many
 * seconds, and the names of healthy servers wait behind it: whoever asks for the same name meanwhile gets the same answer.
 * Rejects as dns.lookup does; the caller bounds the wait.
 */
export function lookUp(host: string): Promise<readonly dns.LookupAddress[]> {
  const before = underWay.get(host);
  if (before) return before;
  const options = { all: true, order: 'verbatim', hints: dns.ADDRCONFIG } as const;
  const answer = dns.promises.lookup(host, options).finally(() => underWay.delete(host));
  underWay.set(host, answer);
  return answer;
}

/** The same for sockets (option `lookup` of net.connect). */
export const socketLookup: LookupFunction = (host, { all, family }, done) => {
  lookUp(host).then(
    found => {
      const wanted = family === 4 || family === 6 ? found.filter(address => address.family === family) : [...found];
      const [first] = wanted;
      if (!first) done(Object.assign(new Error(`${host} has no such address`), { code: 'ENOTFOUND' }), []);
      else if (all) done(null, wanted);
      else done(null, first.address, first.family);
    },
    (error: NodeJS.ErrnoException) => done(error, []),
  );
};

import dns from 'node:dns';
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { lookUp, socketLookup } from '../../../src/engine/lookup';

afterEach(() => void vi.restoreAllMocks());

describe('look-up of names', () => {
  it('asks once for a name while the answer is awaited, and again afterwards', async () => {
    const asked = vi.spyOn(dns.promises, 'lookup');
    const [first, second] = await Promise.all([lookUp('localhost'), lookUp('localhost')]);
    expect(second).toBe(first);
    expect(asked).toHaveBeenCalledTimes(1);
    await lookUp('localhost');
    expect(asked).toHaveBeenCalledTimes(2);
  });

  it('lets sockets connect to names, and tells of names that nobody knows', async () => {
    const server = net.createServer(socket => socket.end());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as net.AddressInfo;
    for (const family of [0, 4] as const)
      await once(net.connect({ host: 'localhost', port, family, lookup: socketLookup }).resume(), 'connect');
    server.close();
    const unknown = net.connect({ host: 'no-such-host.invalid', port, lookup: socketLookup });
    const [error] = await once(unknown, 'error').catch((thrown: unknown) => [thrown]);
    expect((error as NodeJS.ErrnoException).code).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/);
  });
});

import { readFileSync } from 'node:fs';
import net from 'node:net';

/** A TCP port on loopback that no other test process on this machine uses until it is released. */
export interface ClaimedPort extends Disposable {
  readonly port: number;
}

/**
 * Claims a port. It lies below the range from which the kernel takes the ports of outgoing connections, so that none of
 * those can occupy it while a server is down; between test processes an abstract socket named after the port is the
 * claim, which the kernel drops with its owner.
 */
export async function claimPort(): Promise<ClaimedPort> {
  const low = 10_240;
  const high = Math.max(low + 1000, ephemeralStart());
  for (let attempt = 0; attempt < 1000; attempt++) {
    const port = low + Math.floor(Math.random() * (high - low));
    const claim = await listen({ path: `\0mysql-ha-ops-port-${port}` });
    if (!claim) continue;
    const probe = await listen({ host: '0.0.0.0', port });
    if (probe) {
      await new Promise<void>(resolve => probe.close(() => resolve()));
      claim.unref();
      return { port, [Symbol.dispose]: () => void claim.close() };
    }
    claim.close();
  }
  throw new Error('no free TCP port found');
}

function ephemeralStart(): number {
  try {
    return Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'), 10) || 32_768;
  } catch {
    return 32_768;
  }
}

function listen(where: net.ListenOptions): Promise<net.Server | undefined> {
  return new Promise(resolve => {
    const server = net.createServer(socket => socket.destroy());
    server.once('error', () => resolve(undefined));
    server.listen(where, () => resolve(server));
  });
}

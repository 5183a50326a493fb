import net from 'node:net';
import { claimPort } from './ports';

export interface FaultProxy extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** Connections accepted so far. */
  readonly accepted: number;
  /** New connections are refused; open ones go on. */
  refuse(): Promise<void>;
  /** Accepts, and passes nothing on in either direction; open connections fall silent, too. */
  silence(): void;
  /** Every piece of data arrives that many milliseconds later, in both directions. */
  delay(ms: number): void;
  /** Resets all open connections (the client sees ECONNRESET). */
  cut(): void;
  /** Each connection ends as soon as the target has sent that many bytes; the rest is lost. With `refuse`, none comes after it. */
  closeAfter(bytes: number, then?: 'refuse'): void;
  /** Back to passing everything on; what was held back in silence is delivered. */
  heal(): Promise<void>;
}

type Mode =
  | { readonly kind: 'pass' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'closeAfter'; readonly bytes: number; readonly then: 'refuse' | undefined };

interface Line {
  readonly client: net.Socket;
  readonly target: net.Socket;
  /** What waits for the end of a silence. */
  readonly held: (() => void)[];
  sent: number;
}

/** A TCP proxy on loopback whose faults can be switched while connections are open. */
export async function startProxy(target: { readonly host: string; readonly port: number }): Promise<FaultProxy> {
  const claim = await claimPort();
  const lines = new Set<Line>();
  let mode: Mode = { kind: 'pass' };
  let accepted = 0;
  let server: net.Server | undefined;

  const listen = async () => {
    if (server) return;
    const opened = net.createServer({ allowHalfOpen: false }, accept);
    await new Promise<void>((resolve, reject) => {
      opened.once('error', reject);
      opened.listen({ host: '127.0.0.1', port: claim.port }, resolve);
    });
    server = opened;
  };

  function accept(client: net.Socket): void {
    accepted++;
    const line: Line = { client, target: net.connect({ ...target, noDelay: true }), held: [], sent: 0 };
    client.setNoDelay(true);
    lines.add(line);
    join(line, client, line.target, false);
    join(line, line.target, client, true);
  }

  function join(line: Line, from: net.Socket, to: net.Socket, fromTarget: boolean): void {
    from.on('error', () => undefined);
    from.on('data', (data: Buffer) => pass(line, () => write(line, to, data, fromTarget)));
    from.on('close', () => pass(line, () => end(line)));
  }

  function pass(line: Line, deliver: () => void): void {
    if (mode.kind === 'silent') line.held.push(deliver);
    else if (mode.kind === 'delay') setTimeout(deliver, mode.ms);
    else deliver();
  }

  function write(line: Line, to: net.Socket, data: Buffer, fromTarget: boolean): void {
    if (fromTarget && mode.kind === 'closeAfter') {
      const left = mode.bytes - line.sent;
      if (data.length >= left) {
        to.end(data.subarray(0, Math.max(0, left)), () => end(line));
        line.sent = mode.bytes;
        if (mode.then) void proxy.refuse();
        return;
      }
    }
    if (fromTarget) line.sent += data.length;
    if (to.writable) to.write(data);
  }

  function end(line: Line): void {
    lines.delete(line);
    line.client.destroy();
    line.target.destroy();
  }

  const proxy: FaultProxy = {
    host: '127.0.0.1',
    port: claim.port,
    get accepted() {
      return accepted;
    },
    async refuse() {
      const closing = server;
      server = undefined;
      // `close` calls back only when the open connections have ended; it stops listening at once.
      closing?.close();
      await new Promise(resolve => setImmediate(resolve));
    },
    silence: () => void (mode = { kind: 'silent' }),
    delay: ms => void (mode = { kind: 'delay', ms }),
    cut() {
      for (const line of lines) {
        line.client.resetAndDestroy();
        end(line);
      }
    },
    closeAfter: (bytes, then) => void (mode = { kind: 'closeAfter', bytes, then }),
    async heal() {
      mode = { kind: 'pass' };
      for (const line of lines) for (const deliver of line.held.splice(0)) deliver();
      await listen();
    },
    async [Symbol.asyncDispose]() {
      await proxy.refuse();
      for (const line of lines) end(line);
      claim[Symbol.dispose]();
    },
  };
  await listen();
  return proxy;
}

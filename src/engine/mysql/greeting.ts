import type { Duplex } from 'node:stream';

/** The first packet a server sends: its greeting, or the error with which it turns the client away. */
export type Greeting =
  | { readonly kind: 'handshake'; readonly versionText: string; readonly offersTls: boolean }
  | { readonly kind: 'error'; readonly errno: number; readonly text: string }
  | { readonly kind: 'foreign' };

const CLIENT_SSL = 0x0800;
/** A greeting is under 200 bytes and an error packet under 600; more is another protocol's. */
const LONGEST = 4096;

/**
 * Parses what has arrived so far; undefined while the packet is incomplete.
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html
 */
export function parseGreeting(bytes: Buffer): Greeting | undefined {
  if (bytes.length < 4) return undefined;
  const length = bytes.readUIntLE(0, 3);
  if (length < 3 || length > LONGEST || bytes[3] !== 0) return { kind: 'foreign' };
  if (bytes.length < 4 + length) return undefined;
  const payload = bytes.subarray(4, 4 + length);
  if (payload[0] === 0xff) {
    // A SQL state follows only where capabilities were negotiated; some servers send it here all the same.
    const text = payload.subarray(payload[3] === 0x23 ? 9 : 3).toString('utf8');
    return { kind: 'error', errno: payload.readUInt16LE(1), text };
  }
  const end = payload.indexOf(0, 1);
  const flags = end + 1 + 4 + 8 + 1; // connection id, first half of the scramble, filler
  if (payload[0] !== 10 || end < 0 || payload.length < flags + 2) return { kind: 'foreign' };
  return {
    kind: 'handshake',
    versionText: payload.subarray(1, end).toString('utf8'),
    offersTls: (payload.readUInt16LE(flags) & CLIENT_SSL) !== 0,
  };
}

/**
 * Waits for the first packet and puts its bytes back into the stream, so that the driver reads them again. Resolves with
 * undefined if the stream ends first; rejects with the stream's error. The caller bounds the wait by destroying the stream.
 */
export function peekGreeting(stream: Duplex): Promise<Greeting | undefined> {
  return new Promise((resolve, reject) => {
    let seen: Buffer = Buffer.alloc(0);
    const settle = (done: () => void): void => {
      stream.off('readable', onReadable).off('end', onEnd).off('close', onEnd).off('error', onError);
      done();
    };
    const onReadable = (): void => {
      for (let chunk: unknown = stream.read(); chunk !== null; chunk = stream.read())
        seen = Buffer.concat([seen, chunk as Buffer]);
      const greeting = parseGreeting(seen);
      if (greeting === undefined) return;
      settle(() => {
        stream.unshift(seen);
        resolve(greeting);
      });
    };
    const onEnd = (): void => settle(() => resolve(undefined));
    const onError = (error: Error): void => settle(() => reject(error));
    stream.on('readable', onReadable).on('end', onEnd).on('close', onEnd).on('error', onError);
  });
}

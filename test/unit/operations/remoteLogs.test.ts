import { describe, expect, it } from 'vitest';
import { remoteLog } from '../../../src/engine/operations/remoteLogs';
import type { Host } from '../../../src/engine/ssh/types';

const KB = 1024;

/** A host with one file, which notes what is asked for. */
function hostWith(content: Buffer): { readonly host: Host; readonly asked: string[] } {
  const asked: string[] = [];
  const refuse = () => Promise.reject(new Error('not of this host'));
  const host: Host = {
    name: 'db1',
    local: false,
    run: refuse,
    start: refuse,
    tunnel: refuse,
    // eslint-disable-next-line @typescript-eslint/require-await -- the shape of a real one
    async *readRange(path, offset, length) {
      asked.push(`${path} ${offset}+${length}`);
      // In pieces, as they come over a network.
      const end = Math.min(content.length, offset + length);
      for (let at = offset; at < end; at += 5000) yield content.subarray(at, Math.min(end, at + 5000));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return { host, asked };
}

const content = Buffer.from(Array.from({ length: 200 * KB }, (_, i) => (i * 31 + (i >> 8)) & 0xff));

async function read(log: ReturnType<typeof remoteLog>, offset: number, length: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of log.read(offset, length)) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe('remoteLog', () => {
  it('reads any range as it is in the file', async () => {
    const log = remoteLog(hostWith(content).host, '/data/mysql-bin.000007', content.length);
    expect(log.name).toBe('mysql-bin.000007');
    for (const [offset, length] of [[0, 4], [4, 100], [0, 200 * KB], [150 * KB, 100 * KB], [64 * KB, 1], [63 * KB, 2 * KB], [199 * KB, 5], [200 * KB, 10], [10, 0], [70 * KB, 60 * KB], [3 * KB, 190 * KB]] as const) // prettier-ignore
      expect((await read(log, offset, length)).equals(content.subarray(offset, offset + length)), `${offset}+${length}`).toBe(true); // prettier-ignore
  });

  it('asks once for what is looked at again and again', async () => {
    const { host, asked } = hostWith(content);
    const log = remoteLog(host, '/b.1', content.length);
    await read(log, 0, 4);
    for await (const _ of log.read(4, content.length)) break;
    for await (const _ of log.read(190 * KB, content.length)) break;
    await read(log, 195 * KB, content.length);
    expect(asked).toEqual([`/b.1 0+${64 * KB}`, `/b.1 ${190 * KB}+${10 * KB}`]);
  });

  it('sees nothing of what comes behind the size that it was opened with', async () => {
    const { host, asked } = hostWith(content);
    const log = remoteLog(host, '/b.1', 1000);
    expect(await read(log, 0, 5000)).toHaveLength(1000);
    expect(await read(log, 1000, 5000)).toHaveLength(0);
    expect(asked).toEqual(['/b.1 0+1000']);
  });

  it('ends where the file does when it has become shorter', async () => {
    const { host } = hostWith(content.subarray(0, 10 * KB));
    const log = remoteLog(host, '/b.1', content.length);
    expect(await read(log, 0, content.length)).toHaveLength(10 * KB);
    expect(await read(log, 20 * KB, 10)).toHaveLength(0);
  });
});

import zlib from 'node:zlib';

/** zlib's own since Node 20.15. */
const native = (zlib as { crc32?: typeof zlib.crc32 }).crc32;

const table = makeTable();

/** Below so many bytes the call of zlib takes longer than the work. */
const SHORT = 100;

/** CRC-32 (ISO 3309) of the bytes `from` … `to`. */
export function crc32(bytes: Uint8Array, from = 0, to: number = bytes.length): number {
  return native && to - from >= SHORT ? native(bytes.subarray(from, to)) : tableCrc32(bytes, from, to);
}

/** The same without zlib. */
export function tableCrc32(bytes: Uint8Array, from = 0, to: number = bytes.length): number {
  let crc = -1;
  for (let at = from; at < to; at++) crc = (table[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Signed, so that all arithmetic stays in 32 bit integers. */
function makeTable(): Int32Array {
  return Int32Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c;
  });
}

import zlib from 'node:zlib';

/** zlib's own since Node 20.15. */
const native = (zlib as { crc32?: typeof zlib.crc32 }).crc32;

let table: Uint32Array | undefined;

/** CRC-32 (ISO 3309) of the bytes, continued from `before`. */
export function crc32(bytes: Uint8Array, before = 0): number {
  return native ? native(bytes, before) : tableCrc32(bytes, before);
}

/** The same without zlib. */
export function tableCrc32(bytes: Uint8Array, before = 0): number {
  table ??= makeTable();
  let crc = ~before;
  for (const byte of bytes) crc = (table[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}

function makeTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c >>> 0;
  });
}

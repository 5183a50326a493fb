/**
 * Takes the place of iconv-lite (half of the driver's size) in the bundle. Sessions are utf8mb4 from their first
 * statements on, so the driver meets other character sets only in a greeting (`cesu8`, always ASCII there) and, before
 * that, in error texts. What Node's own decoders do not know is read as latin1.
 */
interface Converter<From, To> {
  write(input: From): To;
  end(): undefined;
}

const LABELS: Readonly<Record<string, string>> = {
  cesu8: 'utf-8',
  cp932: 'shift_jis',
  eucjpms: 'euc-jp',
  sjis: 'shift_jis',
};

export function getDecoder(encoding: string): Converter<Buffer, string> {
  let decoder: { decode(input: Buffer): string };
  try {
    decoder = new TextDecoder(LABELS[encoding] ?? encoding);
  } catch {
    decoder = { decode: input => input.toString('latin1') };
  }
  return { write: input => decoder.decode(input), end: () => undefined };
}

export function getEncoder(): Converter<string, Buffer> {
  return { write: input => Buffer.from(input, 'utf8'), end: () => undefined };
}

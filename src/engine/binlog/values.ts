import type { Xid } from './gtids';

/** INTVAR_EVENT: what the statement that follows gets as LAST_INSERT_ID() or as the next AUTO_INCREMENT value. */
export function readIntvar(body: Buffer): { readonly name: 'last_insert_id' | 'insert_id'; readonly value: bigint } {
  return { name: body.readUInt8(0) === 1 ? 'last_insert_id' : 'insert_id', value: body.readBigUInt64LE(1) };
}

/** RAND_EVENT: the seeds of the next RAND(). */
export function readRand(body: Buffer): { readonly seed1: bigint; readonly seed2: bigint } {
  return { seed1: body.readBigUInt64LE(0), seed2: body.readBigUInt64LE(8) };
}

export interface UserVariable {
  readonly name: string;
  /** A literal of SQL; for texts `collation` belongs to it. */
  readonly literal: string;
  /** Number of the collation. */
  readonly collation?: number;
}

const TYPE = { string: 0, real: 1, integer: 2, decimal: 4 } as const;
const UNSIGNED = 1;

/** USER_VAR_EVENT: what a user variable holds that the next statement uses. Throws RangeError. */
export function readUserVariable(body: Buffer): UserVariable {
  const nameLength = body.readUInt32LE(0);
  const name = body.toString('utf8', 4, 4 + nameLength);
  let at = 4 + nameLength;
  if (body.readUInt8(at) !== 0) return { name, literal: 'NULL' };
  const type = body.readUInt8(at + 1);
  const collation = body.readUInt32LE(at + 2);
  const length = body.readUInt32LE(at + 6);
  at += 10;
  if (at + length > body.length) throw new RangeError('the value is cut off');
  const value = body.subarray(at, at + length);
  const flags = at + length < body.length ? body.readUInt8(at + length) : 0;
  switch (type) {
    case TYPE.string:
      return { name, literal: `X'${value.toString('hex')}'`, collation };
    case TYPE.real:
      // With an exponent: a literal without one is a DECIMAL.
      return { name, literal: value.readDoubleLE(0).toExponential() };
    case TYPE.integer:
      return { name, literal: String(flags & UNSIGNED ? value.readBigUInt64LE(0) : value.readBigInt64LE(0)) };
    case TYPE.decimal:
      return { name, literal: readDecimal(value.subarray(2), value.readUInt8(0), value.readUInt8(1)) };
    default:
      throw new RangeError(`a variable of type ${type}`);
  }
}

/** Bytes that hold so many digits of a group of nine. */
const DIGIT_BYTES = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4] as const;
const GROUP = 9;

/** MySQL's binary DECIMAL: groups of nine digits, the sign in the highest bit, all bits inverted when negative. */
export function readDecimal(bytes: Buffer, precision: number, scale: number): string {
  const copy = Buffer.from(bytes);
  const negative = (copy.readUInt8(0) & 0x80) === 0;
  copy[0] = copy.readUInt8(0) ^ 0x80;
  if (negative) for (let i = 0; i < copy.length; i++) copy[i] = copy.readUInt8(i) ^ 0xff;
  let at = 0;
  const digits = (count: number): string => {
    const length = DIGIT_BYTES[count] ?? 0;
    if (length === 0) return '';
    const text = String(copy.readUIntBE(at, length)).padStart(count, '0');
    at += length;
    return text;
  };
  const whole = precision - scale;
  let text = digits(whole % GROUP);
  for (let i = 0; i < Math.floor(whole / GROUP); i++) text += digits(GROUP);
  let fraction = '';
  for (let i = 0; i < Math.floor(scale / GROUP); i++) fraction += digits(GROUP);
  fraction += digits(scale % GROUP);
  text = text.replace(/^0+(?=\d)/, '') || '0';
  return `${negative ? '-' : ''}${text}${fraction === '' ? '' : `.${fraction}`}`;
}

/** The id as XA statements take it. */
export function xidLiteral({ format, global, branch }: Xid): string {
  return `X'${global.toString('hex')}',X'${branch.toString('hex')}',${format}`;
}

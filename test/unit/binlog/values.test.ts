import { describe, expect, it } from 'vitest';
import { readDecimal, readUserVariable, xidLiteral } from '../../../src/engine/binlog/values';

/** A USER_VAR event's body. */
function variable(type: number, value: Buffer, flags?: number): Buffer {
  const head = Buffer.alloc(4 + 1 + 10);
  head.writeUInt32LE(1, 0);
  head.write('v', 4);
  head[6] = type;
  head.writeUInt32LE(33, 7);
  head.writeUInt32LE(value.length, 11);
  return Buffer.concat([head, value, ...(flags === undefined ? [] : [Buffer.from([flags])])]);
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

describe('user variables of a log', () => {
  it.each([
    [variable(0, Buffer.from([0, 0x27, 0xff])), { literal: "X'0027ff'", collation: 33 }],
    [variable(1, double(0.1)), { literal: '1e-1' }],
    [variable(1, double(-1 / 3)), { literal: '-3.333333333333333e-1' }],
    [variable(2, Buffer.alloc(8, 0xff), 0), { literal: '-1' }],
    [variable(2, Buffer.alloc(8, 0xff), 1), { literal: '18446744073709551615' }],
    [
      variable(4, Buffer.concat([Buffer.from([14, 4]), Buffer.from('810dfb38d204d2', 'hex')])),
      { literal: '1234567890.1234' },
    ],
    [Buffer.from([1, 0, 0, 0, 0x76, 1]), { literal: 'NULL' }],
  ])('become literals (%#)', (body, expected) => {
    expect(readUserVariable(body)).toEqual({ name: 'v', ...expected });
  });

  it('that are cut off are an error', () => {
    expect(() => readUserVariable(variable(0, Buffer.alloc(9)).subarray(0, -1))).toThrow(RangeError);
  });
});

it.each([
  ['810dfb38d204d2', 14, 4, '1234567890.1234'],
  ['7ef204c72dfb2d', 14, 4, '-1234567890.1234'],
  ['8000', 4, 2, '0.00'],
  ['80', 1, 0, '0'],
])('the decimal %s', (hex, precision, scale, expected) => {
  expect(readDecimal(Buffer.from(hex, 'hex'), precision, scale)).toBe(expected);
});

it('an XA id is written as bytes', () => {
  expect(xidLiteral({ format: 7, global: Buffer.from("a'"), branch: Buffer.alloc(0) })).toBe("X'6127',X'',7");
});

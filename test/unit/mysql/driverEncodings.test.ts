import { expect, it } from 'vitest';
import { getDecoder, getEncoder } from '../../../src/engine/mysql/driverEncodings';

it.each([
  ['cesu8', '8.0.36-数据库', Buffer.from('8.0.36-数据库')],
  ['gbk', '数据库', Buffer.from([0xca, 0xfd, 0xbe, 0xdd, 0xbf, 0xe2])],
  ['dec8', 'plain', Buffer.from('plain')],
])('decodes %s', (encoding, text, bytes) => {
  const decoder = getDecoder(encoding);
  expect(decoder.write(bytes) + (decoder.end() ?? '')).toBe(text);
});

it('encodes as UTF-8', () => {
  expect(getEncoder().write('数据')).toEqual(Buffer.from('数据'));
});

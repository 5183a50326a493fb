import type { Statement } from './dialect';

/** Values that are longer are cut: a journal is no copy of the data. */
const LONGEST = 200;

/**
 * A statement with its values in place, for people to read: never to be run. Whoever binds a secret shows the statement with
 * a masked value instead.
 */
export function shownStatement({ sql, values }: Statement): string {
  let next = 0;
  return sql.replace(/\?\??/g, mark => (mark === '?' ? shown(values[next++]) : identifier(values[next++])));
}

const identifier = (value: unknown): string => `\`${String(value).replaceAll('`', '``')}\``;

function shown(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (value === null || value === undefined) return 'NULL';
  const text = Buffer.isBuffer(value) ? `0x${value.subarray(0, LONGEST).toString('hex')}` : `${value as string}`;
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return `'${cut.replaceAll("'", "''")}'`;
}

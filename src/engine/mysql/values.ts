import type { Row } from './server';

/** Text of a column, whatever type it came as; undefined for NULL and for a column that is not there. */
export function text(row: Row, column: string): string | undefined {
  const value = row[column];
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'string') return value;
  if (Buffer.isBuffer(value)) return value.toString('utf8');
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

/** A number; undefined for NULL, for what is not there and for what is no number. */
export function number(row: Row, column: string): number | undefined {
  const value = text(row, column);
  if (value === undefined || value === '') return undefined;
  const parsed = Number(value);
  return Number.isFinite(parsed) ? parsed : undefined;
}

/** ON, YES, 1 and every other value of a switch that is not off. */
export function flag(row: Row, column: string): boolean | undefined {
  const value = text(row, column);
  if (value === undefined) return undefined;
  return !/^(|0|off|no|false|disabled)$/i.test(value);
}

/** A comma list: split, trimmed, without duplicates and empty entries, sorted. */
export function commaList(value: string | undefined): string[] {
  const entries = (value ?? '')
    .split(',')
    .map(entry => entry.trim())
    .filter(entry => entry !== '');
  return [...new Set(entries)].sort();
}

/** `{ key: value }`, or `{}` where there is no value: for properties that are then absent. */
export function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: V });
}

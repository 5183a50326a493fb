import type { LogPosition } from '../mysql/types';

/** The number at the end of a log's name, 0 without one. Servers go on beyond 999999 with more digits. */
export function logNumber(file: string): number {
  return Number(/\.(\d+)$/.exec(file)?.[1] ?? 0);
}

/** Everything of a log's name before its number. */
export function logBase(file: string): string {
  return file.replace(/\.\d+$/, '');
}

/** Below, at or above zero, by the files' numbers, then by position. Of one server's logs only. */
export function comparePositions(a: LogPosition, b: LogPosition): number {
  return (a.file === b.file ? 0 : logNumber(a.file) - logNumber(b.file)) || a.position - b.position;
}

/** The last part of a path: what log names in positions are compared by. */
export function logName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

const WRAP = 2 ** 32;

/**
 * The 64 bit position that a header's end position stands for, modulo 2^32: the first one that is not before `previous`,
 * the end of the event before. Events are far shorter than 4 GiB.
 */
export function unwrapPosition(end: number, previous: number): number {
  const candidate = previous - (previous % WRAP) + end;
  return candidate < previous ? candidate + WRAP : candidate;
}

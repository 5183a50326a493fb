import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GtidError, GtidSet } from '../../../src/engine/mysql/gtid';
import { cpuMs } from '../../support/cpuTime';

const A = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
const B = 'ffffffff-0000-0000-0000-000000000001';
const parse = (text: string): GtidSet => GtidSet.parse(text);

describe('GTID set: text', () => {
  // Left: input. Right: what MySQL 9.7's GTID_SUBTRACT(input, '') gives; integration tests ask it again.
  it.each([
    ['', ''],
    [' , ', ''],
    [`,,${A}:1,,`, `${A}:1`],
    [A, ''],
    [`${A}:tag`, ''],
    [`${A}:5-3`, ''],
    [`${A}:3-0`, ''],
    [`${A}:tag:tag2:1`, `${A}:tag2:1`],
    [`${A}:1-3:tag:5:Tag2:1-2`, `${A}:1-3:tag:5:tag2:1-2`],
    [`${A}:tag:1:2,${A}:4`, `${A}:4:tag:1-2`],
    [`${A}:b:1:a:1:3-2:c:1-0`, `${A}:a:1:b:1`],
    [` ${A} : 1 - 3 `, `${A}:1-3`],
    [`${A.toUpperCase()}:01`, `${A}:1`],
    [`{${A}}:1`, `${A}:1`],
    [`${A.replaceAll('-', '')}:1`, `${A}:1`],
    [`${A}:_a:1`, `${A}:_a:1`],
    [`${B}:1,\n${A}:7-9:1-3:4`, `${A}:1-4:7-9,${B}:1`],
    [`${A}:1-9223372036854775806`, `${A}:1-9223372036854775806`],
  ])('%j is %j', (input, expected) => {
    expect(parse(input).toString()).toBe(expected);
  });

  it.each([
    [`${A}:`, 36],
    [`${A}:0`, 36],
    [`${A}:9223372036854775807`, 36],
    [`${A}:1-9223372036854775807`, 36],
    [`${A}:1x`, 36],
    [`${A}:1 2`, 36],
    [`${A}:1-`, 36],
    [`${A}:1:tag:`, 42],
    [`${A}:1a:1`, 36],
    [`${A}:${'a'.repeat(33)}:1`, 36],
    [`${A} ${B}`, 37],
    ['0-1-100', 0],
    [`${A.slice(1)}:1`, 0],
  ])('%j is refused at %i', (input, offset) => {
    expect(() => parse(input)).toThrow(GtidError);
    try {
      parse(input);
    } catch (error) {
      expect(error).toMatchObject({ code: 'GTID_SYNTAX', offset });
    }
  });

  it('keeps numbers that a double would round', () => {
    const set = parse(`${A}:9007199254740993-9223372036854775806`);
    expect(set.subtract(parse(`${A}:9007199254740994-9223372036854775806`)).toString()).toBe(`${A}:9007199254740993`);
    expect(set.count).toBe(9223372036854775806n - 9007199254740993n + 1n);
  });

  it('reads ten thousand intervals without delay', () => {
    const text = `${A}:${Array.from({ length: 10_000 }, (_, i) => i * 2 + 1).join(':')}`;
    const took = cpuMs(() => {
      const set = parse(text);
      expect(set.count).toBe(10_000n);
      expect(set.subtract(parse(`${A}:1-20000`)).isEmpty).toBe(true);
      expect(parse(`${A}:1-20000`).subtract(set).count).toBe(10_000n);
    });
    expect(took).toBeLessThan(1_000);
  });
});

/** The naive model: a set of `source#n`. */
const sources = fc.constantFrom(A, B, `${A}:t`, `${A}:u`);
const interval = fc.tuple(fc.integer({ min: 1, max: 25 }), fc.integer({ min: 0, max: 6 }));
const entries = fc.array(fc.tuple(sources, interval), { maxLength: 12 });
type Entries = [string, [number, number]][];

const textOf = (list: Entries): string => list.map(([source, [n, more]]) => `${source}:${n}-${n + more}`).join(',');
const modelOf = (list: Entries): Set<string> =>
  new Set(list.flatMap(([source, [n, more]]) => Array.from({ length: more + 1 }, (_, i) => `${source}#${n + i}`)));
const modelText = (model: ReadonlySet<string>): string =>
  parse([...model].map(member => member.replace('#', ':')).join(',')).toString();

describe('GTID set: algebra', () => {
  const pair = (test: (a: Entries, b: Entries) => void): void => fc.assert(fc.property(entries, entries, test));

  it('agrees with sets of single transactions', () => {
    pair((x, y) => {
      const [a, b, m, n] = [parse(textOf(x)), parse(textOf(y)), modelOf(x), modelOf(y)];
      expect(a.count).toBe(BigInt(m.size));
      expect(a.union(b).toString()).toBe(modelText(new Set([...m, ...n])));
      expect(a.subtract(b).toString()).toBe(modelText(new Set([...m].filter(t => !n.has(t)))));
      expect(a.intersect(b).toString()).toBe(modelText(new Set([...m].filter(t => n.has(t)))));
      expect(a.contains(b)).toBe([...n].every(t => m.has(t)));
      expect(a.equals(b)).toBe(m.size === n.size && [...n].every(t => m.has(t)));
    });
  });

  it('keeps its laws', () => {
    pair((x, y) => {
      const [a, b] = [parse(textOf(x)), parse(textOf(y))];
      expect(parse(a.toString()).equals(a)).toBe(true);
      expect(a.union(b).equals(b.union(a))).toBe(true);
      expect(a.union(b).contains(a)).toBe(true);
      expect(a.subtract(b).union(b).equals(a.union(b))).toBe(true);
      expect(a.subtract(b).intersect(b).isEmpty).toBe(true);
      expect(a.subtract(b).count + a.intersect(b).count).toBe(a.count);
      expect(a.subtract(a).isEmpty).toBe(true);
      expect(GtidSet.empty.union(a).equals(a)).toBe(true);
      expect(
        a
          .from([A])
          .union(a.from([B]))
          .equals(a),
      ).toBe(true);
    });
  });

  it('never reads garbage as something else', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        try {
          parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(GtidError);
        }
      }),
    );
  });
});

it('tells servers and their part', () => {
  const set = parse(`${A}:1-3:t:1,${B}:5`);
  expect(set.uuids).toEqual([A, B]);
  expect(set.from([A.toUpperCase()]).toString()).toBe(`${A}:1-3:t:1`);
  expect(JSON.stringify({ set })).toBe(`{"set":"${A}:1-3:t:1,${B}:5"}`);
});

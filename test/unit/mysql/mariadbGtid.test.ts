import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GtidError } from '../../../src/engine/mysql/gtid';
import { MariadbPosition, type PositionOrder } from '../../../src/engine/mysql/mariadbGtid';

const parse = (text: string): MariadbPosition => MariadbPosition.parse(text);

describe('MariaDB position', () => {
  it.each([
    ['', ''],
    ['0-1-100', '0-1-100'],
    [' 1-2-5 , 0-1-100', '0-1-100,1-2-5'],
    ['4294967295-4294967295-18446744073709551615', '4294967295-4294967295-18446744073709551615'],
  ])('%j is %j', (input, expected) => {
    expect(parse(input).toString()).toBe(expected);
  });

  it.each(['x', '0-1', '0-1-', '0-1-2-3', '0-1-2,', '0-1-2,0-2-3', '4294967296-1-1', '0-1-18446744073709551616'])(
    '%j is refused',
    input => {
      expect(() => parse(input)).toThrow(GtidError);
    },
  );

  it.each<[string, string, PositionOrder]>([
    ['', '', 'equal'],
    ['0-1-100', '0-1-100', 'equal'],
    ['0-1-101', '0-1-100', 'ahead'],
    ['0-1-100', '', 'ahead'],
    ['0-1-99', '0-2-100', 'behind'],
    ['0-1-100', '0-2-100', 'diverged'],
    ['0-1-101,1-1-5', '0-1-100,1-1-6', 'diverged'],
    ['0-1-100,1-1-5', '0-1-100', 'ahead'],
    ['0-1-100', '1-1-100', 'diverged'],
    ['0-1-18446744073709551615', '0-1-18446744073709551614', 'ahead'],
  ])('%j is to %j: %s', (a, b, order) => {
    expect(parse(a).compare(parse(b))).toBe(order);
  });

  it('counts and joins', () => {
    expect(parse('0-1-10,1-1-5').distance(parse('0-1-7'))).toBe(8n);
    expect(parse('0-1-10').union(parse('0-2-12,1-1-5')).toString()).toBe('0-2-12,1-1-5');
  });

  it('orders consistently', () => {
    const gtid = fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 2 }), fc.nat(4));
    const position = fc
      .uniqueArray(gtid, { selector: ([domain]) => domain, maxLength: 3 })
      .map(list => parse(list.map(g => g.join('-')).join(',')));
    const opposite = { equal: 'equal', ahead: 'behind', behind: 'ahead', diverged: 'diverged' };
    fc.assert(
      fc.property(position, position, (a, b) => {
        expect(b.compare(a)).toBe(opposite[a.compare(b)]);
        expect(a.compare(b) === 'equal').toBe(a.toString() === b.toString());
        if (a.compare(b) !== 'diverged') expect(a.union(b).contains(a) && a.union(b).contains(b)).toBe(true);
      }),
    );
  });
});

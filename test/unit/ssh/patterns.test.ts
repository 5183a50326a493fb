import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesPattern, matchesPatterns } from '../../../src/engine/ssh/patterns';

describe('patterns', () => {
  it('agree with a regular expression', () => {
    const chars = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 10 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 });
    fc.assert(
      fc.property(chars, text, (pattern, value) => {
        const regex = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
        expect(matchesPattern(pattern, value)).toBe(regex.test(value));
      }),
    );
  });

  it('are linear on what makes regular expressions hang', () => {
    expect(matchesPattern(`${'*a'.repeat(30)}b`, 'a'.repeat(5000))).toBe(false);
  });

  it.each([
    [['*.example.com', '!db3.example.com'], 'db1.example.com', true],
    [['*.example.com', '!db3.example.com'], 'db3.example.com', false],
    [['!db3.example.com', '*.example.com'], 'db3.example.com', false],
    [['!db3.example.com'], 'db1.example.com', false],
  ])('%j on %s', (patterns, text, expected) => {
    expect(matchesPatterns(patterns, text)).toBe(expected);
  });
});

import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quote } from '../../../src/engine/ssh/quote';

/** What a real shell makes of a command line: its words, NUL-separated. */
function words(line: string, shell = '/bin/sh'): string[] {
  const { stdout, status } = spawnSync(shell, ['-c', line], { encoding: 'buffer' });
  expect(status).toBe(0);
  return stdout.toString().split('\0').slice(0, -1);
}

describe('quote', () => {
  it('passes every argument literally through /bin/sh and bash', () => {
    const nasty = fc.array(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: fc.constantFrom(...'\'"\\$`!*?[]{}()<>|&;~#=% \t\n-aé中') }),
      ),
      { minLength: 1, maxLength: 6 },
    );
    // Many lists in one script: starting shells is what takes time.
    fc.assert(
      fc.property(fc.array(nasty, { minLength: 20, maxLength: 30 }), lists => {
        const argvs = lists.map(list => list.map(text => Buffer.from(text.replaceAll('\0', '')).toString()));
        const script = argvs.map(argv => quote(['printf', '%s\\0', ...argv])).join('\n');
        expect(words(script)).toEqual(argvs.flat());
        expect(words(script, '/bin/bash')).toEqual(argvs.flat());
      }),
      { numRuns: 10 },
    );
  });

  it('leaves plain words readable', () => {
    expect(quote(['ls', '-l', '/var/lib/mysql', 'a=b'])).toBe('ls -l /var/lib/mysql a=b');
  });

  it('takes a first word with "=" for a program, not for an assignment', () => {
    expect(quote(['a=b'])).toBe("'a=b'");
  });

  it('refuses what no argument can carry, and nothing at all', () => {
    expect(() => quote(['a\0b'])).toThrow(RangeError);
    expect(() => quote([])).toThrow(RangeError);
  });
});

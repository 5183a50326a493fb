import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** The templates of `msg('…')` in a folder's sources. */
function templates(directory: string): string[] {
  const found = new Set<string>();
  for (const name of readdirSync(directory))
    for (const match of readFileSync(`${directory}/${name}`, 'utf8').matchAll(
      /\bmsg\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g,
    ))
      found.add((match[1] ?? match[2] ?? '').replace(/\\(['"])/g, '$1'));
  return [...found].sort();
}

describe('the Chinese of the command line', () => {
  const chinese = JSON.parse(readFileSync('l10n/zh-cn/cli.json', 'utf8')) as Record<string, string>;

  it('has every text, and no other', () => {
    expect(Object.keys(chinese).sort()).toEqual(templates('src/cli'));
  });

  it('keeps the arguments of every text', () => {
    const names = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(m => m[0]).sort();
    for (const [english, translated] of Object.entries(chinese)) expect(names(translated)).toEqual(names(english));
  });
});

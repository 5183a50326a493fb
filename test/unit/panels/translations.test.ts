import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import translations from '../../../l10n/zh-cn/webview.json';

const folder = new URL('../../../src/extension/panels/', import.meta.url);
const source = fs
  .readdirSync(folder)
  .map(name => fs.readFileSync(new URL(name, folder), 'utf8'))
  .join('\n');

const templates = [...source.matchAll(/(?:msg|l10n\.t)\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g)].map(match =>
  (match[1] ?? match[2] ?? '').replace(/\\(.)/g, '$1'),
);

const placeholders = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(match => match[0]).sort();

describe('the panels in Chinese', () => {
  it('have a translation of every text, and no other', () => {
    expect(templates.length).toBeGreaterThan(50);
    expect(Object.keys(translations).sort()).toEqual([...new Set(templates)].sort());
  });

  it.each(Object.entries(translations))('keep the arguments of %s', (english, chinese) => {
    expect(placeholders(chinese)).toEqual(placeholders(english));
  });
});

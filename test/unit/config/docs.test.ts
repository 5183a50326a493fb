import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { FINDING_CODES } from '../../../src/config/findingCodes';
import { EXTENDED_PARAMETERS } from '../../../src/config/parameters';
import { format } from '../../../src/l10n/message';
import type { Translations } from '../../../src/l10n/message';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const read = (file: string): string => fs.readFileSync(path.join(ROOT, file), 'utf8');
const chinese = JSON.parse(read('l10n/zh-cn/config.json')) as Translations;

describe.each([
  ['docs/config-findings.md', {}],
  ['docs/zh-cn/config-findings.md', chinese],
])('%s', (file, translations) => {
  const text = read(file);

  it('describes every code, in the order of the table, and no other', () => {
    expect([...text.matchAll(/^## (.*)$/gm)].map(m => m[1])).toEqual(Object.keys(FINDING_CODES));
  });

  it.each(Object.entries(FINDING_CODES))(
    '%s: says what it is',
    (code, { title, severity, rejectedByMha, blocksAction }) => {
      const row = text.split('\n').find(line => line.startsWith(`| [${code}](#${code})`)) ?? '';
      expect(row).toContain(format(title, translations));
      const is = (en: string, zh: string): boolean => row.includes(translations === chinese ? zh : en);
      expect([is('error', '错误'), is('warning', '警告'), is('information', '信息')]).toEqual(
        ['error', 'warning', 'information'].map(s => s === severity),
      );
      expect(is('MHA rejects', 'MHA 拒绝')).toBe(rejectedByMha);
      expect(is('forbids acting', '禁止操作')).toBe(blocksAction);
    },
  );
});

describe.each([
  ['docs/extended-parameters.md', 'en'],
  ['docs/zh-cn/extended-parameters.md', 'zh'],
] as const)('%s', (file, language) => {
  it('describes every extended parameter as its row of the table does, and no other', () => {
    const sections = [...read(file).matchAll(/^## (.*)\n\n(.*)$/gm)].map(m => [m[1], m[2]]);
    expect(sections).toEqual(Object.entries(EXTENDED_PARAMETERS).map(([name, row]) => [name, row[language]]));
  });
});

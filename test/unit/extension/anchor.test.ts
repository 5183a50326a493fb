import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { anchorOf } from '../../../src/extension/commands/anchor';

const page =
  '# Findings\n\n## Who is the master?\n\n| `several-masters` | error |\n\n### `few-servers`\n\ntext `other`\n';

describe('the place of a code in the documentation', () => {
  it('is its own heading, else the heading above', () => {
    expect(anchorOf(page, 'few-servers')).toBe('few-servers');
    expect(anchorOf(page, 'several-masters')).toBe('who-is-the-master');
    expect(anchorOf(page, 'other')).toBe('few-servers');
    expect(anchorOf(page, 'nothing')).toBeUndefined();
  });

  it('exists for findings about clusters, in both languages', () => {
    for (const name of ['findings.md', 'zh-cn/findings.md']) {
      const text = fs.readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
      for (const code of ['dead-master', 'two-writable-masters', 'no-candidate'])
        expect(anchorOf(text, code)).toMatch(/\w/);
    }
  });
});

import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = path.join(__dirname, '../../..');
const filesOf = (entry: string): string[] =>
  statSync(entry).isDirectory() ? readdirSync(entry).flatMap(name => filesOf(path.join(entry, name))) : [entry];
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const sources = (...rooms: string[]): string =>
  rooms
    .flatMap(room => filesOf(path.join(ROOT, 'src/engine', room)))
    .filter(file => !file.endsWith('sshCheck.ts'))
    .map(file => readFileSync(file, 'utf8'))
    .join('\n');

/** What an election says about a server, which is the message of `cannot-be-master`. */
const REASONS = new Set(['unavailable']);

describe('the documentation of findings', () => {
  const text = sources('topology', 'hooks', 'checks');
  const codes = new Set(
    [...text.matchAll(/(?:\bcode: |\bfinding\(\s*(?:context,\s*)?|\bitem\(\s*|\? |: )'([a-z]+(?:-[a-z]+)+|master)'/g)]
      .map(match => match[1] ?? '')
      .filter(code => !REASONS.has(code)),
  );

  it.each(['docs/findings.md', 'docs/zh-cn/findings.md'])('%s names every code', file => {
    const documented = new Set([...read(file).matchAll(/`([a-z-]+)`/g)].map(match => match[1]));
    expect(codes.size).toBeGreaterThan(90);
    expect([...codes].filter(code => !documented.has(code) && text.includes(`'${code}'`))).toEqual([]);
  });
});

describe('translations', () => {
  const templates = (rooms: readonly string[]): string[] => {
    const found = new Set<string>();
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && node.expression.getText() === 'msg') {
        const [text] = node.arguments;
        if (text && ts.isStringLiteralLike(text)) found.add(text.text);
        else throw new Error(`not a literal: ${node.getText()}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile('all.ts', sources(...rooms), ts.ScriptTarget.Latest, true));
    return [...found].sort();
  };
  const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort();

  it.each([
    ['topology.json', ['topology']],
    ['checks.json', ['hooks', 'checks']],
  ])('%s has exactly the texts of its rooms, with the same arguments', (file, rooms) => {
    const translated = JSON.parse(read(`l10n/zh-cn/${file}`)) as Record<string, string>;
    expect(Object.keys(translated).sort()).toEqual(templates(rooms));
    for (const [text, chinese] of Object.entries(translated)) expect(placeholders(chinese)).toEqual(placeholders(text));
  });
});

import fs from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { EXTENDED_PARAMETERS, PARAMETERS } from '../../src/config/parameters';

const ROOT = path.resolve(import.meta.dirname, '../..');
const LANGUAGES = fs.readdirSync(path.join(ROOT, 'l10n'));

interface Use {
  readonly template: string;
  readonly at: string;
}

/** The first argument of every `msg(…)` and `l10n.t(…)`, and the calls whose first argument is no literal. */
function templates(): { uses: Use[]; dynamic: string[] } {
  const uses: Use[] = [];
  const dynamic: string[] = [];
  for (const entry of fs.readdirSync(path.join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).sort()) {
    if (!/\.tsx?$/.test(entry)) continue;
    const file = `src/${entry.split(path.sep).join('/')}`;
    const source = ts.createSourceFile(
      file,
      fs.readFileSync(path.join(ROOT, file), 'utf8'),
      ts.ScriptTarget.ES2022,
      true,
    );
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && isTranslated(node.expression)) {
        const [argument] = node.arguments;
        const { line } = source.getLineAndCharacterOfPosition(node.getStart());
        const at = `${file}:${line + 1}`;
        const text = argument && (ts.isObjectLiteralExpression(argument) ? messageOf(argument) : argument);
        if (text && ts.isStringLiteralLike(text)) uses.push({ template: text.text, at });
        else if (!isRendered(argument)) dynamic.push(at);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return { uses, dynamic };
}

function isTranslated(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return callee.text === 'msg';
  if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== 't') return false;
  const owner = callee.expression;
  return (ts.isIdentifier(owner) ? owner.text : ts.isPropertyAccessExpression(owner) ? owner.name.text : '') === 'l10n';
}

/** `l10n.t({ message: … })` */
function messageOf(object: ts.ObjectLiteralExpression): ts.Expression | undefined {
  const property = object.properties.find(p => p.name?.getText() === 'message');
  return property && ts.isPropertyAssignment(property) ? property.initializer : undefined;
}

/** `l10n.t(message.text, …)` renders a Message: its template is found where the message is made. */
function isRendered(argument: ts.Expression | undefined): boolean {
  return argument !== undefined && ts.isPropertyAccessExpression(argument) && argument.name.text === 'text';
}

function bundles(language: string): Map<string, Map<string, string>> {
  const dir = path.join(ROOT, 'l10n', language);
  const files = fs.readdirSync(dir).filter(f => f.endsWith('.json'));
  return new Map(
    files.map(file => {
      const texts = JSON.parse(fs.readFileSync(path.join(dir, file), 'utf8')) as Record<string, string>;
      return [`l10n/${language}/${file}`, new Map(Object.entries(texts))];
    }),
  );
}

function placeholders(template: string): string[] {
  return [...new Set(template.match(/\{\w+\}/g) ?? [])].sort();
}

const { uses, dynamic } = templates();
const used = new Map(uses.map(u => [u.template, u.at]));

describe('texts for users', () => {
  it('are string literals where they are made', () => {
    expect(dynamic, 'calls of msg() or l10n.t() without a literal template').toEqual([]);
  });

  it('are found at all', () => {
    expect(used.size).toBeGreaterThan(50);
  });
});

describe.each(LANGUAGES)('translations to %s', language => {
  const files = bundles(language);
  const all = new Map([...files.values()].flatMap(texts => [...texts]));

  it('exist for every text', () => {
    const missing = [...used].filter(([template]) => !all.has(template));
    expect(missing.map(([template, at]) => `${at}  ${template}`)).toEqual([]);
  });

  it('have the same arguments', () => {
    const different = [...all].filter(([en, other]) => placeholders(en).join() !== placeholders(other).join());
    expect(different).toEqual([]);
  });

  it('are not empty', () => {
    expect([...all].filter(([, text]) => text.trim() === '')).toEqual([]);
  });

  it('are all used', () => {
    const orphans = [...files].flatMap(([file, texts]) =>
      [...texts.keys()].filter(template => !used.has(template)).map(template => `${file}  ${template}`),
    );
    expect(orphans).toEqual([]);
  });

  it('agree where two rooms have the same text', () => {
    const conflicts: string[] = [];
    const seen = new Map<string, string>();
    for (const texts of files.values())
      for (const [template, text] of texts) {
        if ((seen.get(template) ?? text) !== text) conflicts.push(template);
        seen.set(template, text);
      }
    expect(conflicts).toEqual([]);
  });
});

describe('parameters', () => {
  it.each(Object.entries({ ...PARAMETERS, ...EXTENDED_PARAMETERS }))('%s is described in both languages', (_, row) => {
    expect(row.en.length).toBeGreaterThan(20);
    expect(row.zh).toMatch(/[\u4e00-\u9fff]/);
  });
});

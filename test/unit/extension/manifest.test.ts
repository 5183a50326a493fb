import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import nls from '../../../package.nls.json';
import chineseNls from '../../../package.nls.zh-cn.json';
import manifest from '../../../package.json';
import grammar from '../../../syntaxes/mha.tmLanguage.json';
import translations from '../../../l10n/zh-cn/extension.json';
import { pathMatcher } from '../../../src/extension/clusters/glob';
import { EXTENDED_PARAMETERS, PARAMETERS } from '../../../src/config/parameters';

const root = new URL('../../../', import.meta.url).pathname;
const manifestText = JSON.stringify(manifest);

function sources(folder: string): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'panels' ? [] : sources(file);
    return [fs.readFileSync(file, 'utf8')];
  });
}
const source = sources(path.join(root, 'src/extension')).join('\n');
const placeholders = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(m => m[0]).sort();

describe('the manifest', () => {
  it('has every text in both languages, and no other', () => {
    const used = [...new Set([...manifestText.matchAll(/"%([\w.]+)%"/g)].map(m => m[1]))].sort();
    expect(Object.keys(nls).sort()).toEqual(used);
    expect(Object.keys(chineseNls).sort()).toEqual(used);
  });

  it('declares exactly the commands that are registered, in one category', () => {
    const { commands } = manifest.contributes;
    const registered = new Set(
      [...source.matchAll(/(?:registerCommand\(|command\()'((?:mysqlHa\.)?\w+)'/g)].map(m =>
        m[1]?.startsWith('mysqlHa.') ? m[1] : `mysqlHa.${m[1]}`,
      ),
    );
    registered.delete('mysqlHa.explainFinding'); // called by links only
    expect(commands.map(c => c.command).sort()).toEqual([...registered].sort());
    expect(new Set(commands.map(c => c.category))).toEqual(new Set(['MHA']));
    expect(nls['command.checkReplication']).toBe('Check Replication');
    expect(nls['command.checkSsh']).toBe('Check SSH');
  });

  it('reads every setting that it declares', () => {
    for (const name of Object.keys(manifest.contributes.configuration.properties))
      expect(source).toContain(`'${name.replace('mysqlHa.', '')}'`);
  });

  it('ships the files that it names', () => {
    const files = [...manifestText.matchAll(/"(?:\.\/)?((?:media|syntaxes)\/[^"]+|language-configuration\.json)"/g)];
    expect(files.length).toBeGreaterThan(3);
    for (const [, file] of files) expect(fs.existsSync(path.join(root, file ?? '')), file).toBe(true);
  });

  it('leaves my.cnf alone and knows the usual names by their patterns', () => {
    const [language] = manifest.contributes.languages;
    const matches = pathMatcher([...(language?.filenames ?? []), ...(language?.filenamePatterns ?? [])]);
    for (const file of [
      '/etc/mha/app1.cnf',
      '/w/app12.cnf',
      '/w/app_prod.cnf',
      '/w/app-1.cnf',
      '/w/masterha_default.cnf',
      '/w/mha_orders.cnf',
      '/w/orders.mha.cnf',
      '/etc/masterha/orders.cnf',
      '/etc/masterha/cn/main.cnf',
      '/etc/mha/mha.cnf',
    ])
      expect(matches(file), file).toBe(true);
    for (const file of [
      '/etc/my.cnf',
      '/etc/mysql/my.cnf',
      '/root/mha/my.cnf',
      '/root/mha/conf/my.cnf',
      '/root/mha/mysqld.cnf',
      '/etc/mysql/conf.d/mysql.cnf',
      '/etc/ssl/openssl.cnf',
      '/w/application.cnf',
      '/w/app1.conf.bak',
    ])
      expect(matches(file), file).toBe(false);
  });
});

describe('globs', () => {
  it.each([
    ['*.cnf', '/a/b/x.cnf', true],
    ['*.cnf', '/a/b/x.cnf.bak', false],
    ['APP?.cnf', '/a/app1.cnf', true],
    ['a.c', '/abc', false],
    ['/etc/**/x.cnf', '/etc/x.cnf', true],
    ['/etc/**/x.cnf', '/etc/a/b/x.cnf', true],
    ['/etc/*/x.cnf', '/etc/a/b/x.cnf', false],
    ['x[!0-9].cnf', '/xa.cnf', true],
    ['x[!0-9].cnf', '/x1.cnf', false],
    ['**/{mha,mas*}/**', '/etc/masterha/a/b', true],
    ['**/{mha,mas*}/**', '/etc/my/a', false],
    ['a(b)+$.cnf', '/a(b)+$.cnf', true],
  ])('%s and %s: %s', (glob, file, expected) => expect(pathMatcher([glob])(file)).toBe(expected));
});

describe('the grammar', () => {
  const names = (rules: readonly { match: string }[]): string[] =>
    rules.flatMap(r => /\(([a-z_|]+)\)\\s\*\(=\)/.exec(r.match)?.[1]?.split('|') ?? []);
  const { parameter, extended, boolean } = grammar.repository;

  it('knows every parameter of the table, once, and no other', () => {
    expect(names(parameter.patterns).sort()).toEqual(Object.keys(PARAMETERS).sort());
    expect(names(extended.patterns).sort()).toEqual(Object.keys(EXTENDED_PARAMETERS).sort());
  });

  it('colours booleans as such', () => {
    const rows = Object.entries(PARAMETERS).filter(([, p]) => p.type === 'boolean');
    const rule = parameter.patterns.find(p => p.match.includes('|no_master|'));
    expect(rule && names([rule]).sort()).toEqual(rows.map(([name]) => name).sort());
    expect(boolean.match).toContain('[01]');
  });
});

describe('the extension in Chinese', () => {
  const templates = [...source.matchAll(/(?:\bmsg|l10n\.t)\(\s*'((?:[^'\\]|\\.)*)'/g)].map(m =>
    (m[1] ?? '').replace(/\\(.)/g, '$1'),
  );

  it('has a translation of every text, and no other', () => {
    expect(templates.length).toBeGreaterThan(80);
    expect(Object.keys(translations).sort()).toEqual([...new Set(templates)].sort());
  });

  it.each(Object.entries(translations))('keeps the arguments of %s', (english, chinese) => {
    expect(placeholders(chinese)).toEqual(placeholders(english));
  });
});

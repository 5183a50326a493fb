import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/**
 * The arrows of ARCHITECTURE.md as a lint rule: for each room, the rooms that it may NOT import from.
 * Paths are matched against the import specifier, so a room's own siblings (`./x`) are never affected.
 */
const room = (files, forbidden, { vscode = false } = {}) => ({
  files,
  rules: {
    'no-restricted-imports': [
      'error',
      {
        paths: vscode ? [] : [{ name: 'vscode', message: 'vscode is imported under src/extension only.' }],
        patterns: forbidden.map(r => ({
          group: [`**/${r}/**`, `**/${r}`],
          message: `This room must not import from ${r}/.`,
        })),
      },
    ],
  },
});

const ENGINE_HIGH = ['operations', 'monitor', 'checks', 'topology', 'hooks'];
const FACES = ['cli', 'extension', 'webview'];

export default tseslint.config(
  { ignores: ['dist/**', 'bin/**', 'node_modules/**', 'test/.out/**'] },
  js.configs.recommended,
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        fetch: 'readonly',
        AbortSignal: 'readonly',
        AbortController: 'readonly',
        Buffer: 'readonly',
        performance: 'readonly',
      },
    },
  },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-restricted-syntax': ['error', { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' }],
    },
  },
  room(['src/l10n/**/*.ts'], ['config', 'engine', ...ENGINE_HIGH, 'mysql', 'ssh', 'binlog', ...FACES]),
  room(['src/config/**/*.ts'], ['engine', ...ENGINE_HIGH, 'mysql', 'ssh', 'binlog', ...FACES]),
  room(['src/engine/*.ts'], FACES),
  room(['src/engine/mysql/**/*.ts'], ['ssh', 'binlog', ...ENGINE_HIGH, ...FACES]),
  room(['src/engine/ssh/**/*.ts'], ['mysql', 'binlog', ...ENGINE_HIGH, ...FACES]),
  room(['src/engine/binlog/**/*.ts'], ['ssh', ...ENGINE_HIGH, ...FACES]),
  room(['src/engine/topology/**/*.ts'], ['operations', 'monitor', 'checks', 'hooks', ...FACES]),
  room(['src/engine/hooks/**/*.ts'], ['operations', 'monitor', 'checks', 'topology', ...FACES]),
  room(['src/engine/checks/**/*.ts'], ['operations', 'monitor', ...FACES]),
  room(['src/engine/monitor/**/*.ts'], ['operations', ...FACES]),
  room(['src/engine/operations/**/*.ts'], FACES),
  room(['src/cli/**/*.ts'], ['extension', 'webview']),
  room(['src/extension/**/*.ts'], ['cli'], { vscode: true }),
  room(['src/webview/**/*.ts'], ['engine', 'config', 'cli']),
);

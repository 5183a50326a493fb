import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory, withLock } from './cache';

const execute = promisify(execFile);

/** code-server 4.100.3 carries VS Code 1.100: the newest that runs on Node 20, and what `engines.vscode` promises. */
const VERSION = '4.100.3';
/** Raise when what is done below changes, so that an older installation in the cache is not taken for this one. */
const RECIPE = 1;

/** The packages that the server and the page load; the others are for terminals, Kerberos, Windows … */
const PACKAGES = new Set([
  '@microsoft/1ds-core-js',
  '@microsoft/1ds-post-js',
  '@parcel/watcher',
  '@vscode/iconv-lite-umd',
  '@vscode/proxy-agent',
  '@vscode/tree-sitter-wasm',
  '@xterm/headless',
  'cookie',
  'http-proxy-agent',
  'https-proxy-agent',
  'jschardet',
  'minimist',
  'tas-client-umd',
  'vscode-oniguruma',
  'vscode-regexpp',
  'vscode-textmate',
  'ws',
  'yauzl',
  'yazl',
]);

/** Built-in extensions that cost start-up time and that no MHA file needs. */
const LEFT_OUT = [
  'github',
  'github-authentication',
  'microsoft-authentication',
  'ms-vscode.js-debug',
  'ms-vscode.js-debug-companion',
  'ms-vscode.vscode-js-profile-table',
  'php-language-features',
];

/** Ends an extension host whose server is gone. */
const WATCHDOG = `'use strict';
exports.start = pid => {
  const timer = setInterval(() => {
    try { process.kill(pid, 0); } catch { process.exit(87); }
  }, 1000);
  timer.unref();
};
exports.exit = code => process.exit(code ?? 0);
`;

/**
 * VS Code's log files, which every diagnosis begins with, written without the native logger. It is imported from ES
 * modules, whose static scan sees only separate \`exports.name =\` assignments.
 */
const LOGGER = `'use strict';
const fs = require('node:fs');
const path = require('node:path');
const LEVELS = ['trace', 'debug', 'info', 'warning', 'error', 'critical', 'off'];
class Logger {
  constructor(name, file) {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    this.name = name;
    this.level = 2;
    this.formatted = true;
    this.descriptor = fs.openSync(file, 'a');
  }
  write(level, text) {
    if (this.descriptor === undefined || level < this.level) return;
    const time = new Date().toISOString().slice(0, 23).replace('T', ' ');
    fs.writeSync(this.descriptor, this.formatted ? time + ' [' + LEVELS[level] + '] ' + text + '\\n' : text);
  }
  trace(text) { this.write(0, text); }
  debug(text) { this.write(1, text); }
  info(text) { this.write(2, text); }
  warn(text) { this.write(3, text); }
  error(text) { this.write(4, text); }
  critical(text) { this.write(5, text); }
  getLevel() { return this.level; }
  setLevel(level) { this.level = level; }
  setPattern() {}
  clearFormatters() { this.formatted = false; }
  flush() {}
  drop() {
    if (this.descriptor === undefined) return;
    fs.closeSync(this.descriptor);
    this.descriptor = undefined;
  }
}
const create = async (name, file) => new Logger(name, file);
exports.version = 0;
exports.Logger = Logger;
exports.setLevel = () => {};
exports.setFlushOn = () => {};
exports.createRotatingLogger = create;
exports.createAsyncRotatingLogger = create;
`;

const STAND_INS: Readonly<Record<string, string>> = {
  'native-watchdog': WATCHDOG,
  '@vscode/spdlog': LOGGER,
  '@vscode/ripgrep': `exports.rgPath = require('node:path').join(__dirname, 'bin', 'rg');\n`,
};

interface Manifest {
  dependencies: Record<string, string>;
  overrides?: unknown;
}

async function npm(cwd: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execute('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd,
    timeout: 600_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}

/** The server and the workbench page out of the npm package, without running anybody's install script. */
async function unpack(dir: string): Promise<void> {
  const [packed] = JSON.parse(await npm(dir, ['pack', `code-server@${VERSION}`, '--json'])) as { filename: string }[];
  if (!packed) throw new Error(`npm pack code-server@${VERSION} gave no file`);
  const tarball = path.join(dir, packed.filename);
  await execute('tar', ['-xzf', tarball, '--strip-components=3', '--no-same-owner', 'package/lib/vscode'], {
    cwd: dir,
    timeout: 300_000,
  });
  await fs.rm(tarball);
}

async function installPackages(dir: string): Promise<void> {
  const file = path.join(dir, 'package.json');
  const manifest = JSON.parse(await fs.readFile(file, 'utf8')) as Manifest;
  const kept = Object.entries(manifest.dependencies).filter(([name]) => PACKAGES.has(name));
  // The usual ripgrep package downloads its program in an install script; this one contains it.
  manifest.dependencies = { ...Object.fromEntries(kept), '@vscode/ripgrep-universal': '^1.18.0' };
  delete manifest.overrides;
  await fs.writeFile(file, `${JSON.stringify(manifest, null, 2)}\n`);
  await fs.rm(path.join(dir, 'npm-shrinkwrap.json'), { force: true });
  await npm(dir, ['install', '--omit=dev', '--ignore-scripts']);
}

async function addStandIns(dir: string): Promise<void> {
  const modules = path.join(dir, 'node_modules');
  for (const [name, code] of Object.entries(STAND_INS)) {
    const folder = path.join(modules, name);
    await fs.mkdir(folder, { recursive: true });
    await fs.writeFile(path.join(folder, 'package.json'), JSON.stringify({ name, version: '0.0.0', main: 'index.js' }));
    await fs.writeFile(path.join(folder, 'index.js'), code);
  }
  const programs = path.join(modules, '@vscode/ripgrep-universal/bin');
  const platform = `${process.platform}-${process.arch}`;
  const target = path.join(modules, '@vscode/ripgrep/bin');
  await fs.mkdir(target, { recursive: true });
  await fs.copyFile(path.join(programs, platform, 'rg'), path.join(target, 'rg'));
  await fs.chmod(path.join(target, 'rg'), 0o755);
  await fs.rm(programs, { recursive: true });
}

async function slimDown(dir: string): Promise<void> {
  for (const name of LEFT_OUT) await fs.rm(path.join(dir, 'extensions', name), { recursive: true, force: true });
  for (const entry of await fs.readdir(path.join(dir, 'out'), { recursive: true }))
    if (entry.endsWith('.map')) await fs.rm(path.join(dir, 'out', entry));
}

/**
 * The folder of a VS Code server with its web workbench, installed into the cache on first use: about 20 s and 140 MB from
 * the npm registry, no compiler, no install scripts. Several processes may call it at the same time.
 */
export async function installVscode(report: (text: string) => void = () => undefined): Promise<string> {
  const name = `vscode-${VERSION}-${RECIPE}`;
  const target = path.join(cacheDirectory(), name);
  if (existsSync(target)) return target;
  return withLock(name, async () => {
    if (existsSync(target)) return target;
    report('installing VS Code (once, about half a minute)');
    // What a killed run left behind; nobody else builds while we hold the lock.
    for (const entry of await fs.readdir(cacheDirectory()))
      if (entry.startsWith(`${name}.building-`)) await fs.rm(path.join(cacheDirectory(), entry), { recursive: true });
    const building = await fs.mkdtemp(`${target}.building-`);
    try {
      await unpack(building);
      await installPackages(building);
      await addStandIns(building);
      await slimDown(building);
      await fs.rename(building, target);
    } finally {
      await fs.rm(building, { recursive: true, force: true });
    }
    return target;
  });
}

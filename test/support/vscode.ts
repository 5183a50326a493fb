import { randomBytes } from 'node:crypto';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, rmSync } from 'node:fs';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Page } from 'playwright-core';
import { ensureChromium } from './chromium';
import { installVscode } from './vscodeInstall';

const execute = promisify(execFile);

/** Quiet and the same on every machine: nothing asks, nothing updates, nothing moves, nothing saves by itself. */
export const QUIET_SETTINGS: Readonly<Record<string, unknown>> = {
  'chat.commandCenter.enabled': false,
  'chat.disableAIFeatures': true,
  'editor.accessibilitySupport': 'off',
  'editor.cursorBlinking': 'solid',
  'editor.minimap.enabled': false,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'files.autoSave': 'off',
  'files.hotExit': 'off',
  'files.simpleDialog.enable': true,
  'git.enabled': false,
  'remote.autoForwardPorts': false,
  'security.workspace.trust.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'window.dialogStyle': 'custom',
  'window.menuBarVisibility': 'compact',
  'workbench.colorTheme': 'Visual Studio Dark',
  'workbench.editor.useModal': 'off',
  'workbench.enableExperiments': false,
  'workbench.reduceMotion': 'on',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
};

export interface VscodeOptions {
  /** The packaged extension to install; without it none is (tests inside the host load one from its folder). */
  readonly vsix?: string;
  /** User settings, on top of QUIET_SETTINGS. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Added to the small environment (PATH, HOME, LANG) that the server and the extensions see. */
  readonly environment?: Readonly<Record<string, string>>;
  /** HOME of the server and of everything that extensions start; default: an empty folder. */
  readonly home?: string;
  /** Where the server's output goes; default: nowhere. */
  readonly logFile?: string;
  readonly report?: (text: string) => void;
  /** Lets in only who has the address with its secret token; needed where other people use the machine. */
  readonly token?: boolean;
}

/** A VS Code server on loopback with all of its state in a folder of its own. Disposing ends it and removes the folder. */
export interface VscodeServer extends AsyncDisposable {
  readonly port: number;
  /** The installed extension is a folder in it. */
  readonly extensions: string;
  /** Extension host logs: one folder per window under it. */
  readonly logs: string;
  /** The page of a workspace folder. `payload`: what VS Code's own test drivers pass, e.g. `extensionTestsPath`. */
  url(folder: string, payload?: Readonly<Record<string, string>>): string;
  /** Replaces the user settings; a page sees them after a reload. */
  writeSettings(settings: Readonly<Record<string, unknown>>): Promise<void>;
  /** Resolves when the server has ended, by itself or disposed. */
  readonly ended: Promise<void>;
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.pid <= 1) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone.
  }
}

/** The port from the server's own first lines. */
function listening(child: ChildProcess, output: () => string): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`VS Code did not start within 60 s:\n${output()}`)), 60_000);
    const settle = (act: () => void) => {
      clearTimeout(timer);
      act();
    };
    child.stdout?.on('data', () => {
      const port = /agent listening on (\d+)/.exec(output())?.[1];
      if (port) settle(() => resolve(Number(port)));
    });
    child.once('error', error => settle(() => reject(error)));
    child.once('exit', code => settle(() => reject(new Error(`VS Code ended with ${code}:\n${output()}`))));
  });
}

/** Starts a VS Code server (installing it first, if need be). Bounded: 60 s to be up once installed. */
export async function startVscode(options: VscodeOptions = {}): Promise<VscodeServer> {
  const installation = await installVscode(options.report);
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'mha-vscode-'));
  const home = options.home ?? path.join(dir, 'home');
  const settingsFile = path.join(dir, 'data/User/settings.json');
  await fs.mkdir(path.dirname(settingsFile), { recursive: true });
  await fs.mkdir(home, { recursive: true });
  const writeSettings = (settings: Readonly<Record<string, unknown>>) =>
    fs.writeFile(settingsFile, JSON.stringify({ ...QUIET_SETTINGS, ...settings }, null, 2));
  await writeSettings(options.settings ?? {});

  const env = {
    PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: home,
    LANG: 'C.UTF-8',
    USER: os.userInfo().username,
    // No gallery: nothing is asked of a marketplace.
    EXTENSIONS_GALLERY: '{}',
    ...options.environment,
  };
  const main = path.join(installation, 'out/server-main.js');
  const common = ['--accept-server-license-terms', '--server-data-dir', path.join(dir, 'server')];
  common.push('--user-data-dir', path.join(dir, 'data'), '--extensions-dir', path.join(dir, 'extensions'));
  if (options.vsix)
    await execute(process.execPath, [main, ...common, '--install-extension', options.vsix, '--force'], {
      env,
      timeout: 120_000,
    });

  const token = options.token ? randomBytes(16).toString('hex') : undefined;
  const tokenFile = path.join(dir, 'token');
  if (token) await fs.writeFile(tokenFile, token, { mode: 0o600 });
  const access = token ? ['--connection-token-file', tokenFile] : ['--without-connection-token'];
  const serve = ['--host', '127.0.0.1', '--port', '0', ...access, '--telemetry-level', 'off'];
  const argv = [process.execPath, main, ...common, ...serve];
  // However this process ends, the kernel then ends the server.
  const setpriv = process.platform === 'linux' && existsSync('/usr/bin/setpriv');
  const [program = '', ...args] = setpriv ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--', ...argv] : argv;
  const child = spawn(program, args, {
    env,
    // A group of its own, so that extension hosts and what they start end with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const endWithUs = () => {
    killGroup(child, 'SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  };
  process.once('exit', endWithUs);
  const ended = new Promise<void>(resolve => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  let output = '';
  const log = options.logFile ? createWriteStream(options.logFile, { flags: 'a' }) : undefined;
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => {
      if (output.length < 65_536) output += data.toString();
      log?.write(data);
    });
  const stop = async () => {
    process.off('exit', endWithUs);
    killGroup(child, 'SIGTERM');
    const late = setTimeout(() => killGroup(child, 'SIGKILL'), 3_000);
    await ended;
    clearTimeout(late);
    killGroup(child, 'SIGKILL');
    log?.end();
    await fs.rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };

  try {
    const port = await listening(child, () => output);
    return {
      port,
      extensions: path.join(dir, 'extensions'),
      logs: path.join(dir, 'data/logs'),
      url: (folder, payload) => {
        const url = new URL(`http://127.0.0.1:${port}/`);
        if (token) url.searchParams.set('tkn', token);
        url.searchParams.set('folder', folder);
        if (payload) url.searchParams.set('payload', JSON.stringify(Object.entries(payload)));
        return url.href;
      },
      writeSettings,
      ended,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A browser without a past. Disposing closes it. */
export interface Browser extends AsyncDisposable {
  /** The first window. */
  readonly page: Page;
  /** Another window, with storage of its own: it knows nothing of what others left behind. */
  newWindow(): Promise<Page>;
}

export interface BrowserOptions {
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly headless?: boolean;
  readonly report?: (text: string) => void;
}

/** Starts the browser that plays VS Code's window (installing it first, if need be). */
export async function startBrowser(options: BrowserOptions = {}): Promise<Browser> {
  const executablePath = await ensureChromium(options.report);
  const browser = await chromium.launch({
    executablePath,
    headless: options.headless ?? true,
    // Chromium's sandbox does not work for root.
    chromiumSandbox: process.getuid?.() !== 0,
    args: [
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-dev-shm-usage',
      '--disable-gpu',
      '--disable-quic',
      '--disable-sync',
      '--no-first-run',
    ],
  });
  const newWindow = async () => {
    const context = await browser.newContext({
      viewport: options.viewport ?? { width: 1280, height: 800 },
      locale: 'en-US',
      reducedMotion: 'reduce',
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    return context.newPage();
  };
  try {
    return { page: await newWindow(), newWindow, [Symbol.asyncDispose]: () => browser.close() };
  } catch (error) {
    await browser.close();
    throw error;
  }
}

/** Opens a URL in the person's own browser, if there is a desktop; says whether it could. */
export async function openInDesktop(url: string): Promise<boolean> {
  const commands: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
    darwin: ['open'],
    win32: ['rundll32', 'url.dll,FileProtocolHandler'],
  };
  const [program, ...before] = commands[process.platform] ?? ['xdg-open'];
  if (process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) return false;
  const child = spawn(program, [...before, url], { stdio: 'ignore', detached: true });
  const opened = await Promise.race([
    once(child, 'spawn').then(() => true),
    once(child, 'error').then(() => false),
  ]).catch(() => false);
  child.unref();
  return opened;
}

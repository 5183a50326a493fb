import { execFile, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { openInDesktop, startVscode } from '../vscode';

const execute = promisify(execFile);

/** VS Code with the extension on a folder. `closed` resolves when the person closes it (or it ends). Disposing ends it. */
export interface OpenWindow extends AsyncDisposable {
  readonly closed: Promise<unknown>;
}

export function onPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(path.delimiter).some(dir => {
    try {
      accessSync(path.join(dir, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The person's own VS Code (with settings and extensions of its own) if `code` is on PATH, else one in the browser. */
export async function openWorkspace(root: string, folder: string, say: (text: string) => void): Promise<OpenWindow> {
  say('\nPackaging the extension …');
  const vsix = path.join(root, 'mysql-ha-ops.vsix');
  await execute(process.execPath, [path.join(root, 'scripts/package.mjs')], { cwd: root, timeout: 300_000 });
  return onPath('code') && process.getuid?.() !== 0 ? desktop(vsix, folder, say) : browser(vsix, folder, say);
}

async function desktop(vsix: string, folder: string, say: (text: string) => void): Promise<OpenWindow> {
  const profile = mkdtempSync(path.join(os.tmpdir(), 'mha-demo-'));
  const own = ['--user-data-dir', path.join(profile, 'data'), '--extensions-dir', path.join(profile, 'extensions')];
  await execute('code', [...own, '--install-extension', vsix], { timeout: 120_000 });
  const child = spawn('code', [...own, '--new-window', '--wait', folder], { stdio: 'ignore' });
  say('VS Code is open; the demo ends when its window is closed, or with Ctrl-C.');
  const closed = new Promise<void>(resolve => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  return {
    closed,
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await closed;
      rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}

async function browser(vsix: string, folder: string, say: (text: string) => void): Promise<OpenWindow> {
  say('Starting VS Code for the browser (the first time it is fetched from npm) …');
  const server = await startVscode({ vsix, report: say, token: true, settings: { 'workbench.startupEditor': 'none' } });
  const url = server.url(folder);
  const opened = await openInDesktop(url);
  say(opened ? `VS Code is open in the browser: ${url}` : `Open this in a browser: ${url}`);
  return { closed: server.ended, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

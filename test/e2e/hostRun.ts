import * as esbuild from 'esbuild';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { startVscode } from '../support/vscode';
import type { Result } from './runner';
import { SETTINGS, type World } from './world';

/** What the tests in the extension host are told, by environment variable. */
export interface HostSetting {
  readonly resultFile: string;
  readonly folder: string;
  /** Of the servers, the master first. */
  readonly ports: readonly number[];
  readonly user: string;
  readonly password: string;
}

export const HOST_SETTING = 'MHA_OPS_HOST_TESTS';

/** The shipped extension with the tests beside it: tests below the extension's folder get the same `vscode` as it. */
async function assemble(root: string, out: string, world: World): Promise<string> {
  const installed = readdirSync(world.vscode.extensions).find(name => name.startsWith('mysql-ha-ops.'));
  if (installed === undefined) throw new Error('the extension is not installed');
  const extension = path.join(out, 'host/extension');
  rmSync(extension, { recursive: true, force: true });
  mkdirSync(path.dirname(extension), { recursive: true });
  cpSync(path.join(world.vscode.extensions, installed), extension, { recursive: true });
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: ['test/e2e/host/index.ts'],
    outfile: path.join(extension, 'test/index.js'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    packages: 'external',
    logLevel: 'warning',
  });
  return extension;
}

/** Runs mocha inside an extension host, by the way that VS Code's own test drivers use: two parameters of the page. */
export async function runHostTests(options: { root: string; out: string; world: World }): Promise<Result> {
  const { root, out, world } = options;
  const extension = await assemble(root, out, world);
  const resultFile = path.join(out, 'host/result.json');
  const setting: HostSetting = {
    resultFile,
    folder: world.workspaces.host,
    ports: world.cluster.servers.map(server => server.port),
    user: 'mha',
    password: 'mha pass#1',
  };
  await using vscode = await startVscode({
    settings: SETTINGS,
    environment: { [HOST_SETTING]: JSON.stringify(setting) },
    logFile: path.join(out, 'host/server.log'),
  });
  const page = await world.browser.newWindow();
  let timer: NodeJS.Timeout | undefined;
  try {
    const finished = new Promise<void>((resolve, reject) => {
      timer = setTimeout(
        () => reject(new Error('the tests in the extension host did not end within 4 minutes')),
        240_000,
      );
      void page.exposeFunction('codeAutomationExit', () => resolve());
    });
    await page.exposeFunction('codeAutomationLog', (_type: string, args: unknown[]) => {
      const text = args.map(String).join(' ');
      if (/^\s*[✓✗]/.test(text)) console.log(text);
    });
    const remote = (folder: string) => `vscode-remote://127.0.0.1:${vscode.port}${folder}`;
    await page.goto(
      vscode.url(world.workspaces.host, {
        extensionDevelopmentPath: remote(extension),
        extensionTestsPath: remote(path.join(extension, 'test/index.js')),
        enableProposedApi: '',
        skipWelcome: 'true',
      }),
    );
    await finished;
    if (!existsSync(resultFile)) throw new Error('the tests in the extension host left no result');
    return JSON.parse(readFileSync(resultFile, 'utf8')) as Result;
  } catch (error) {
    await page.screenshot({ path: path.join(out, 'host/failed.png') }).catch(() => undefined);
    if (existsSync(vscode.logs)) cpSync(vscode.logs, path.join(out, 'host/logs'), { recursive: true, force: true });
    const text = error instanceof Error ? error.message : String(error);
    console.log(`✗ extension host: ${text}`);
    return { passed: 0, failed: 1, skipped: 0, failures: [`e2e > extension host\n${text}`] };
  } finally {
    clearTimeout(timer);
    await page.context().close();
  }
}

import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Workbench } from './ui/workbench';
import type { WorkspaceName, World } from './world';

/** What a scenario works with. */
export interface Stage {
  readonly world: World;
  readonly workbench: Workbench;
  /** The folder that is open. */
  readonly folder: string;
  /** A picture of the window as it is now, for people to look at. */
  readonly shot: (name: string) => Promise<void>;
}

/** One thing a person does and sees. Scenarios run in order, in one window, and leave it as they found it. */
export interface Scenario {
  readonly name: string;
  readonly workspace: WorkspaceName;
  /** User settings of this scenario; it then gets a window of its own. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Runs in the page before VS Code does. */
  readonly initScript?: string;
  run(stage: Stage): Promise<void>;
}

export interface Result {
  passed: number;
  failed: number;
  skipped: number;
  readonly failures: string[];
}

function slug(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** Runs the scenarios; pictures of all and the remains of those that failed are in `out`. */
export async function runScenarios(world: World, scenarios: readonly Scenario[], out: string): Promise<Result> {
  const result: Result = { passed: 0, failed: 0, skipped: 0, failures: [] };
  const messages: string[] = [];
  let page = world.browser.page;
  let open: string | undefined;
  let pictures = 0;

  const newPage = async (initScript?: string) => {
    await page.context().close();
    page = await world.browser.newWindow();
    page.setDefaultTimeout(30_000);
    page.on('console', message => messages.push(`[${message.type()}] ${message.text()}`));
    page.on('pageerror', error => messages.push(`[page error] ${error.message}`));
    if (initScript !== undefined) await page.addInitScript(initScript);
  };

  for (const scenario of scenarios) {
    const began = performance.now();
    messages.length = 0;
    const folder = world.workspaces[scenario.workspace];
    const url = world.vscode.url(folder);
    const shot = async (name: string) => {
      const file = `${String(++pictures).padStart(2, '0')}-${slug(scenario.name)}-${slug(name)}.png`;
      await page.screenshot({ path: path.join(out, file) });
    };
    try {
      const key = JSON.stringify([scenario.workspace, scenario.settings, scenario.initScript]);
      if (open !== key) {
        await world.settings(scenario.settings);
        await newPage(scenario.initScript);
        await new Workbench(page).open(url);
        open = key;
      }
      const workbench = new Workbench(page);
      await scenario.run({ world, workbench, folder, shot });
      await workbench.discardEditors();
      await workbench.clearToasts();
      result.passed++;
      console.log(`✓ ${scenario.name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
    } catch (error) {
      // Whatever is left in this window must not fail the next scenario.
      open = undefined;
      result.failed++;
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      result.failures.push(`e2e > ${scenario.name}\n${text}`);
      console.log(`✗ ${scenario.name}\n${text}`);
      const remains = path.join(out, `failed-${slug(scenario.name)}`);
      mkdirSync(remains, { recursive: true });
      writeFileSync(path.join(remains, 'console.txt'), messages.join('\n'));
      await page.screenshot({ path: path.join(remains, 'page.png') }).catch(() => undefined);
      const html = await page.content().catch(() => '');
      writeFileSync(path.join(remains, 'page.html'), html);
      if (existsSync(world.vscode.logs))
        cpSync(world.vscode.logs, path.join(remains, 'logs'), { recursive: true, force: true });
    }
  }
  return result;
}

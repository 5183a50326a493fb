import { waitFor } from '../../support/waitFor';
import { expectEqual, expectText, expectThat } from '../expect';
import type { Scenario, Stage } from '../runner';
import { ReportPage } from './reportPage';

export const THEMES = {
  'Visual Studio Dark': 'vscode-dark',
  'Visual Studio Light': 'vscode-light',
  'Default High Contrast': 'vscode-high-contrast',
  'Default High Contrast Light': 'vscode-high-contrast-light',
} as const;

/** Makes VS Code take Chinese for its display language; its own texts stay English without a language pack. */
export const CHINESE = `Object.defineProperty(globalThis, '_VSCODE_NLS_LANGUAGE', { get: () => 'zh-cn', set: () => {} });`;

async function openReport({ workbench }: Stage, check: 'Replication' | 'SSH'): Promise<ReportPage> {
  await workbench.command(`MHA: Check ${check}`);
  await workbench.toastButton(/check passed/, 'Show Report');
  const report = await ReportPage.shown(workbench, `${check} check`);
  await workbench.clearToasts();
  return report;
}

function inTheme(theme: keyof typeof THEMES): Scenario {
  return {
    name: `the reports can be read and heard in ${theme}`,
    workspace: 'cluster',
    settings: { 'workbench.colorTheme': theme, 'workbench.sideBar.visible': false },
    run: async stage => {
      for (const check of ['SSH', 'Replication'] as const) {
        const report = await openReport(stage, check);
        await report.frame.locator(`body.${THEMES[theme]}`).waitFor();
        await stage.shot(check);
        for (const group of await report.frame.locator('details summary').all()) await group.click();
        expectEqual(await report.accessibilityProblems(), [], `what axe says about the ${check} report`);
        await stage.shot(`${check} unfolded`);
      }
    },
  };
}

export const reportScenarios: readonly Scenario[] = [
  {
    name: 'a report is run again, copied, used by keyboard, and survives a reload',
    workspace: 'cluster',
    run: async stage => {
      const { workbench, shot } = stage;
      const report = await openReport(stage, 'Replication');
      const before = await report.frame.locator('header .facts').textContent();
      await report.button('Run Again').click();
      await waitFor('a new result', async () => (await report.frame.locator('header .facts').textContent()) !== before);
      await workbench.clearToasts();

      await report.button('Copy as Markdown').click();
      const copied = await waitFor('the clipboard', async () => {
        const text = await workbench.page.evaluate<string>('navigator.clipboard.readText()');
        return text.startsWith('# app1: Replication check') ? text : undefined;
      });
      expectThat(/\| Server \| State \|/.test(copied), `the copied report has no table of servers:\n${copied}`);
      expectThat(!copied.includes('mha pass#1'), 'the copied report contains the password');

      const summary = report.frame.locator('summary').first();
      await summary.focus();
      await workbench.press('Enter');
      await report.frame.locator('details[open]').waitFor();

      await workbench.reload();
      const restored = await ReportPage.shown(workbench, 'Replication check');
      await expectText(restored.headline, /Replication is healthy/, 'the headline after the reload', 60_000);
      await shot('after a reload');
    },
  },
  ...(Object.keys(THEMES) as (keyof typeof THEMES)[]).map(inTheme),
  {
    name: 'in Chinese, tree, status bar and report are Chinese',
    workspace: 'cluster',
    initScript: CHINESE,
    run: async ({ workbench, shot }) => {
      await workbench.showClusters();
      await workbench.treeRow('主库').first().waitFor({ timeout: 60_000 });
      await workbench.command('MHA: 检查复制');
      await workbench
        .toast(/复制检查通过/)
        .first()
        .waitFor();
      await shot('verdict');
      await workbench.toastButton(/复制检查通过/, '显示报告');
      const report = await ReportPage.shown(workbench, '复制检查');
      await expectText(report.headline, /复制状态健康/, 'the headline');
      expectEqual(await report.frame.evaluate('document.documentElement.lang'), 'zh-cn', 'the language of the page');
      await shot('report');
    },
  },
];

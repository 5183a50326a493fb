import { writeFileSync } from 'node:fs';
import { waitFor } from '../../support/waitFor';
import { expectEqual, expectText, expectThat } from '../expect';
import type { Scenario, Stage } from '../runner';
import { goFile } from '../world';
import { expectHealthy, rowOf } from './clusterScenarios';
import { CHINESE, THEMES } from './reportScenarios';
import { ReportPage } from './reportPage';

/** The journal of the failover, from the palette. */
async function openOperation({ workbench }: Stage, command = 'MHA: Show Operations', title = 'Failover') {
  await workbench.command(command);
  await workbench.pick(title);
  return ReportPage.shown(workbench, title);
}

function inTheme(theme: keyof typeof THEMES): Scenario {
  return {
    name: `an operation can be read and heard in ${theme}`,
    workspace: 'failover',
    settings: { 'workbench.colorTheme': theme, 'workbench.sideBar.visible': false },
    run: async stage => {
      const page = await openOperation(stage);
      await page.frame.locator(`body.${THEMES[theme]}`).waitFor();
      for (const step of await page.frame.locator('details summary').all()) await step.click();
      expectEqual(await page.accessibilityProblems(), [], 'what axe says about the operation');
      await stage.shot('unfolded');
    },
  };
}

export const operationScenarios: readonly Scenario[] = [
  {
    name: 'a dead master is failed over from: the plan, one question, a view that survives reloads',
    workspace: 'failover',
    run: async stage => {
      const { world, workbench, shot } = stage;
      const { master, replicas } = world.cluster;
      const [candidate] = replicas;
      if (!candidate) throw new Error('the cluster has no replica');
      await workbench.showClusters();
      await expectHealthy(stage);

      await workbench.command('MHA: Fail Over Dead Master');
      const plan = await ReportPage.shown(workbench, 'Failover: the plan');
      await expectText(plan.headline, /answers: there is nothing to fail over from/, 'the headline');
      expectEqual(await plan.button('Fail Over').count(), 0, 'buttons that fail over from a living master');
      await workbench.clearToasts();
      await shot('alive');

      await master.kill();
      const dead = /the master .* is dead\. No manager watches it/;
      await workbench.toast(dead).first().waitFor();
      await shot('seen');
      await workbench.toastButton(dead, 'Fail Over');
      await expectText(plan.headline, /would become the master in place of/, 'the headline', 30_000);
      expectEqual(await plan.accessibilityProblems(), [], 'what axe says about the plan');
      await workbench.clearToasts();
      await shot('plan');

      await plan.button('Fail Over').click();
      await workbench.page.locator('.monaco-dialog-box', { hasText: /Fail over app1 from .* to / }).waitFor();
      await shot('question');
      await workbench.answer('Fail Over');
      const running = await ReportPage.shown(workbench, 'Failover');
      await expectText(running.headline, /Failing over from/, 'the headline', 30_000);
      await expectText(workbench.treeRow(/^Failover/).first(), /running/, 'the line of the operation', 15_000);
      await running.frame.locator('.step .icon.running').first().waitFor();
      await shot('running');

      await workbench.reload();
      const again = await ReportPage.shown(workbench, 'Failover');
      await expectText(again.headline, /Failing over from/, 'the headline after a reload', 60_000);
      writeFileSync(goFile(world.cluster), '');
      await expectText(again.headline, new RegExp(`${candidate.port} is the new master`), 'the outcome', 30_000);
      const step = again.frame.locator('details.step').filter({ hasText: 'let it replicate from' });
      await step.locator('summary').focus();
      await workbench.press('Enter');
      await step.getByText(/CHANGE MASTER TO/).waitFor();
      expectEqual(await again.accessibilityProblems(), [], 'what axe says about the operation');
      await again.button('Copy as Markdown').click();
      const copied = await waitFor('the clipboard', async () => {
        const text = await workbench.page.evaluate<string>('navigator.clipboard.readText()');
        return text.startsWith('# app1: Failover') ? text : undefined;
      });
      expectThat(/CHANGE MASTER TO/.test(copied), `the copied operation has no statements:\n${copied}`);
      await shot('done');

      await workbench.showClusters();
      await expectText(rowOf(stage, candidate), /master/, 'the line of the new master', 30_000);
      await expectText(workbench.treeRow(/^Failover/).first(), /succeeded/, 'the line of the operation');
      await shot('tree');

      await workbench.reload();
      const restored = await ReportPage.shown(workbench, 'Failover');
      await expectText(restored.headline, /is the new master/, 'the headline after the end and a reload', 60_000);
    },
  },
  ...(Object.keys(THEMES) as (keyof typeof THEMES)[]).map(inTheme),
  {
    name: 'in Chinese, the operation is Chinese',
    workspace: 'failover',
    initScript: CHINESE,
    run: async stage => {
      const page = await openOperation(stage, 'MHA: 显示操作记录', '故障切换');
      await expectText(page.headline, /是新主库/, 'the headline');
      await stage.shot('operation');
    },
  },
];

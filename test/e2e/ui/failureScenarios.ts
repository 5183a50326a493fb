import { expectEqual, expectText } from '../expect';
import type { Scenario } from '../runner';
import { expectHealthy, HEALTH, rowOf } from './clusterScenarios';
import { ReportPage } from './reportPage';

export const failureScenarios: readonly Scenario[] = [
  {
    name: 'a wrong password is said clearly, and a stored one is used',
    workspace: 'denied',
    run: async stage => {
      const { workbench, shot } = stage;
      await workbench.showClusters();
      await expectText(rowOf(stage, stage.world.cluster.master), /access denied/, 'the line of the master', 60_000);
      await workbench.command('MHA: Check Replication');
      await workbench
        .toast(/replication check failed.*refuses the account/)
        .first()
        .waitFor();
      await shot('denied');
      await workbench.toastButton(/replication check failed/, 'Store Password');
      const input = workbench.page.locator('.quick-input-widget:visible input[type="password"]');
      await input.waitFor();
      await input.fill('mha pass#1');
      await workbench.press('Enter');
      await workbench.toast(/password of mha on app1 is stored/).waitFor();
      await expectHealthy(stage);
      await workbench.clearToasts();
      await workbench.treeRow('Replication check').first().click();
      const report = await ReportPage.shown(workbench, 'Replication check');
      await expectText(report.headline, /refuse the account/, 'the headline');
      await report.section('Servers').getByText('access denied').first().waitFor();
      await shot('report');
      await workbench.command('MHA: Check Replication');
      await workbench
        .toast(/replication check passed/)
        .first()
        .waitFor();
      await shot('with the stored password');
      await workbench.command('MHA: Forget Password');
      await workbench.toast(/password of mha on app1 is forgotten/).waitFor();
    },
  },
  {
    name: 'a stopped applier is seen within a round of polling, and the report names it',
    workspace: 'cluster',
    run: async stage => {
      const { world, workbench, shot } = stage;
      const [replica] = world.cluster.replicas;
      if (!replica) throw new Error('the cluster has no replica');
      await workbench.showClusters();
      await expectHealthy(stage);
      await replica.query('STOP SLAVE SQL_THREAD');
      // One round, the time to read three servers, and the time to draw on a busy machine.
      await expectText(rowOf(stage, replica), /replication stopped/, 'the line of the replica', 10_000);
      await workbench.page.locator(`.statusbar-item[id="${HEALTH}"].error-kind`).waitFor({ timeout: 10_000 });
      await shot('tree');
      await workbench.command('MHA: Check Replication');
      await workbench.toastButton(/replication check failed/, 'Show Report');
      const report = await ReportPage.shown(workbench, 'Replication check');
      await expectText(report.headline, /NOT healthy/, 'the headline');
      await report.section('Problems').getByText(String(replica.port)).first().waitFor();
      expectEqual(await report.accessibilityProblems(), [], 'what axe says about a failed check');
      await workbench.clearToasts();
      await shot('report');
      await replica.query('START SLAVE SQL_THREAD');
      await expectHealthy(stage);
    },
  },
  {
    name: 'a dead master is seen, and named',
    workspace: 'cluster',
    run: async stage => {
      const { world, workbench, shot } = stage;
      const { master } = world.cluster;
      await workbench.showClusters();
      await expectHealthy(stage);
      await master.kill();
      await expectText(rowOf(stage, master), /dead/, 'the line of the master', 15_000);
      await workbench.page.locator(`.statusbar-item[id="${HEALTH}"].error-kind`).waitFor({ timeout: 15_000 });
      await workbench.command('MHA: Check Replication');
      await workbench.toastButton(/replication check failed/, 'Show Report');
      const report = await ReportPage.shown(workbench, 'Replication check');
      await expectText(report.headline, /The master is dead/, 'the headline');
      await report.section('Servers').getByText('dead', { exact: true }).waitFor();
      await workbench.clearToasts();
      await shot('dead master');
      await master.start();
      await expectHealthy(stage);
    },
  },
];

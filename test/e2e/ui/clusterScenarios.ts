import type { TestServer } from '../../support/cluster';
import { expectText, expectThat } from '../expect';
import type { Scenario, Stage } from '../runner';
import { ReportPage } from './reportPage';

export const HEALTH = 'mysql-ha-ops.mysql-ha-ops.health';

/** A server's line in the tree; all of them are on one address, so the port tells them apart. */
export function rowOf({ workbench }: Stage, server: TestServer) {
  return workbench.treeRow(String(server.port)).first();
}

/** Waits until the tree shows the cluster as it should be. */
export async function expectHealthy(stage: Stage): Promise<void> {
  const { world, workbench } = stage;
  const { master, replicas } = world.cluster;
  await expectText(rowOf(stage, master), /master/, 'the line of the master', 60_000);
  for (const replica of replicas)
    await expectText(rowOf(stage, replica), /replica.*0 s behind/, 'the line of a replica');
  await expectText(workbench.statusItem(HEALTH), /app1/, 'the status bar');
}

export const clusterScenarios: readonly Scenario[] = [
  {
    name: 'the tree shows the master and its replicas, the status bar that all is well',
    workspace: 'cluster',
    run: async stage => {
      const { world, workbench, shot } = stage;
      await workbench.showClusters();
      await expectHealthy(stage);
      await expectText(rowOf(stage, world.cluster.master), /MySQL 5\.6\.\d+/, 'the version');
      const background = await workbench.statusItem(HEALTH).getAttribute('class');
      expectThat(!/error-kind|warning-kind/.test(background ?? ''), `the status bar item is not calm: ${background}`);
      await shot('healthy');
      await workbench.statusItem(HEALTH).locator('a').click();
      await workbench.page.locator('.sidebar .monaco-list-row.selected', { hasText: 'app1' }).waitFor();
    },
  },
  {
    name: 'Check Replication from the palette: progress, a verdict, the report',
    workspace: 'cluster',
    run: async ({ workbench, shot }) => {
      await workbench.command('MHA: Check Replication');
      const toast = /app1: replication check passed/;
      await workbench.toast(toast).first().waitFor();
      await shot('verdict');
      await workbench.toastButton(toast, 'Show Report');
      const report = await ReportPage.shown(workbench, 'app1');
      await expectText(report.headline, /Replication is healthy/, 'the headline');
      await report.section('Servers').getByText('master', { exact: true }).waitFor();
      await shot('report');
    },
  },
  {
    name: 'Check Replication from the tree, its menu, the editor title and the code lens',
    workspace: 'cluster',
    run: async ({ workbench, shot }) => {
      const passed = async () => {
        await workbench
          .toast(/replication check passed/)
          .first()
          .waitFor();
        await workbench.clearToasts();
      };
      await workbench.showClusters();
      const cluster = workbench.treeRow(/^app1/).first();
      await workbench.treeAction(cluster, 'Check Replication');
      await passed();
      await workbench.contextMenu(cluster, 'Check Replication');
      await passed();
      await workbench.openFile('app1.cnf');
      await workbench.editorAction('Check Replication').click();
      await passed();
      await workbench.codeLens('Check Replication').click();
      await passed();
      await workbench.treeRow('Replication check').first().waitFor();
      await shot('checked');
    },
  },
  {
    name: 'Check SSH: a matrix of who can log in to whom',
    workspace: 'cluster',
    run: async ({ workbench, world, shot }) => {
      await workbench.command('MHA: Check SSH');
      const toast = /app1: SSH check passed/;
      await workbench.toastButton(toast, 'Show Report');
      const report = await ReportPage.shown(workbench, 'app1');
      await expectText(report.headline, /SSH works between all hosts/, 'the headline');
      const servers = world.cluster.servers.length;
      const good = report.frame.locator('table.matrix td.ok');
      await good.first().waitFor();
      expectThat(
        (await good.count()) === servers + servers * (servers - 1),
        `${await good.count()} pairs are good, not all of them`,
      );
      await shot('matrix');
    },
  },
];

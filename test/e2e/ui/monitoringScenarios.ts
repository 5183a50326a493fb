import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expectText, expectThat } from '../expect';
import type { Scenario, Stage } from '../runner';
import { expectHealthy, HEALTH } from './clusterScenarios';

/** The process that the manager's status file names; undefined without one. */
function managerPid({ world }: Stage): number | undefined {
  const file = path.join(world.cluster.dir, 'manager/app1.master_status.health');
  const pid = existsSync(file) ? Number(readFileSync(file, 'latin1').split('\t')[0]) : 0;
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

export const monitoringScenarios: readonly Scenario[] = [
  {
    name: 'monitoring is started, missed when it is killed, and stopped',
    workspace: 'cluster',
    run: async stage => {
      try {
        await monitor(stage);
      } finally {
        const pid = managerPid(stage);
        if (pid !== undefined) process.kill(pid, 'SIGTERM');
      }
    },
  },
];

async function monitor(stage: Stage): Promise<void> {
  const { workbench, shot } = stage;
  await workbench.showClusters();
  await expectHealthy(stage);
  const row = workbench.treeRow(/^Monitoring/).first();
  await expectText(row, /not running/, 'the line of the monitoring', 15_000);
  await workbench.command('MHA: Start Monitoring');
  await expectText(row, /the master answers.*process \d+/, 'the line of the monitoring', 30_000);
  const pid = managerPid(stage);
  if (pid === undefined) throw new Error('there is no status file');
  await workbench.clearToasts();
  await workbench.statusItem(HEALTH).hover();
  await workbench.page.locator('.monaco-hover', { hasText: `monitored by process ${pid}` }).waitFor();
  await shot('monitored');

  await workbench.reload();
  await expectText(row, new RegExp(`process ${pid}`), 'the line after a reload', 60_000);

  process.kill(pid, 'SIGKILL');
  const ended = /monitoring has ended/;
  await workbench.toast(ended).first().waitFor();
  await expectText(row, /it was killed/, 'the line of the monitoring', 15_000);
  await shot('killed');
  await workbench.toastButton(ended, 'Start Monitoring');
  await expectText(row, /the master answers/, 'the line of the monitoring', 30_000);

  await workbench.question('MHA: Stop Monitoring', 'Stop monitoring app1?');
  await shot('question');
  await workbench.answer('Stop Monitoring');
  await expectText(row, /not running/, 'the line of the monitoring', 30_000);
  expectThat((await workbench.toast(ended).count()) === 0, 'a stopped manager is missed');
}

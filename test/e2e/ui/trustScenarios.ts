import { expectEqual, expectText } from '../expect';
import type { Scenario } from '../runner';

const UNTRUSTED = {
  'security.workspace.trust.enabled': true,
  'security.workspace.trust.startupPrompt': 'never',
  'security.workspace.trust.banner': 'never',
};

export const trustScenarios: readonly Scenario[] = [
  {
    name: 'in an untrusted workspace the language works and nothing is run',
    workspace: 'cluster',
    settings: UNTRUSTED,
    run: async ({ world, workbench, shot }) => {
      const [{ connections: before } = {}] = await world.cluster.master.query(CONNECTIONS);
      await workbench.openFile('app1.cnf');
      await expectText(workbench.languageMode(), /MHA configuration/, 'the language', 60_000);
      await workbench.codeLens('Show Topology').waitFor();
      await workbench.gotoLine(2);
      await workbench.press('Home');
      await workbench.type('nonsense');
      await workbench.squiggles('error').first().waitFor();
      await workbench.showClusters();
      await workbench.page.locator('.sidebar', { hasText: /not trusted|app1/ }).waitFor();
      const offered = (await workbench.commandsFor('MHA: ')).filter(title => title.startsWith('MHA: '));
      const running = offered.filter(title =>
        /Check|Refresh|Store Password|Fail Over|Monitoring|Operations/.test(title),
      );
      expectEqual(running, [], 'what the palette offers to run');
      await shot('restricted');
      const [{ connections: after } = {}] = await world.cluster.master.query(CONNECTIONS);
      expectEqual(after, before, 'the number of connections by the account of the file');
    },
  },
];

/** Connections of the file's account so far. */
const CONNECTIONS = `SELECT IFNULL(SUM(TOTAL_CONNECTIONS), 0) AS connections
  FROM performance_schema.accounts WHERE USER = 'mha'`;

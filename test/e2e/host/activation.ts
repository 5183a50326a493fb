import { ok } from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as vscode from 'vscode';
import { api } from './setting';

const COMMANDS = ['checkReplication', 'checkSsh', 'refresh', 'showTopology', 'showReport', 'openConfiguration'];

export function activationTests(): void {
  describe('activation', () => {
    it('comes by itself in a workspace with an application file, and tells how long it took', async () => {
      const { activationMs } = await api();
      ok(activationMs > 0);
    });

    it('registers every command of the manifest', async () => {
      await api();
      const extension = vscode.extensions.getExtension('mysql-ha-ops.mysql-ha-ops');
      const manifest = extension?.packageJSON as { contributes: { commands: { command: string }[] } };
      const known = new Set(await vscode.commands.getCommands(true));
      for (const { command } of manifest.contributes.commands) ok(known.has(command), `${command} is not registered`);
      for (const name of COMMANDS) ok(known.has(`mysqlHa.${name}`), `mysqlHa.${name} is missing`);
    });
  });
}

import * as vscode from 'vscode';
import { isGlobalFile, LANGUAGE } from './documents';

/** What one can do with a cluster, on top of its file. */
export function registerCodeLens(): vscode.Disposable {
  const trusted = new vscode.EventEmitter<void>();
  const provider: vscode.CodeLensProvider = {
    onDidChangeCodeLenses: trusted.event,
    provideCodeLenses: ({ uri }) => {
      if (isGlobalFile(uri)) return [];
      const top = new vscode.Range(0, 0, 0, 0);
      const lens = (title: string, command: string): vscode.CodeLens =>
        new vscode.CodeLens(top, { title, command, arguments: [uri] });
      const show = lens(`$(type-hierarchy) ${vscode.l10n.t('Show Topology')}`, 'mysqlHa.showTopology');
      if (!vscode.workspace.isTrusted) return [show];
      return [
        lens(`$(play) ${vscode.l10n.t('Check Replication')}`, 'mysqlHa.checkReplication'),
        lens(`$(key) ${vscode.l10n.t('Check SSH')}`, 'mysqlHa.checkSsh'),
        show,
      ];
    },
  };
  return vscode.Disposable.from(
    trusted,
    vscode.workspace.onDidGrantWorkspaceTrust(() => trusted.fire()),
    vscode.languages.registerCodeLensProvider({ language: LANGUAGE, scheme: 'file' }, provider),
  );
}

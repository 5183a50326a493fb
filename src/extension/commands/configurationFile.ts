import * as vscode from 'vscode';
import type { LoadedCluster } from '../../config/load';
import { blockers } from '../../config/resolve';
import type { ClusterView } from '../clusters/clusterView';
import { fileOf } from '../language/documents';
import { render } from '../render';
import { globalConfigurationFile } from '../settings';

/** What acts reads the files on disk, as MHA does: what is typed has to be there. */
export async function saveFiles(view: ClusterView): Promise<void> {
  const files = [view.file, globalConfigurationFile(vscode.Uri.parse(view.id))];
  for (const document of vscode.workspace.textDocuments)
    if (document.isDirty && files.includes(fileOf(document.uri))) await document.save();
}

/** Names the first thing that forbids acting on a configuration, and leads to its line. */
export async function tellUnusable(view: ClusterView, loaded: LoadedCluster): Promise<void> {
  const first = blockers(loaded)[0];
  const show = vscode.l10n.t('Open Configuration');
  const text = vscode.l10n.t('{name}: the configuration cannot be used: {problem}', {
    name: view.name,
    problem: first ? render(first.message) : '',
  });
  if ((await vscode.window.showErrorMessage(text, show)) !== show) return;
  const at = first && new vscode.Position(first.range.start.line, first.range.start.character);
  const uri = vscode.Uri.file(first?.file ?? view.file);
  await vscode.window.showTextDocument(uri, at ? { selection: new vscode.Range(at, at) } : {});
}

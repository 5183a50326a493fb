import * as vscode from 'vscode';
import type { ClusterStore } from '../clusters/clusterStore';
import type { ClusterView } from '../clusters/clusterView';
import { clusterHealth } from '../clusters/health';
import { isGlobalFile, LANGUAGE } from '../language/documents';
import { render } from '../render';
import { healthIcon, healthText } from '../views/treeModel';
import type { TreeNode } from '../views/treeNode';

/** What a command may be called with: a line of the tree, a file, or (from the palette) nothing. */
export type Target = TreeNode | vscode.Uri | undefined;

export function nodeOf(target: unknown): TreeNode | undefined {
  const node = target as Partial<TreeNode> | null | undefined;
  return typeof node?.cluster === 'string' && typeof node.kind === 'string' ? (node as TreeNode) : undefined;
}

function activeFile(): vscode.Uri | undefined {
  const document = vscode.window.activeTextEditor?.document;
  return document?.languageId === LANGUAGE && document.uri.scheme === 'file' && !isGlobalFile(document.uri)
    ? document.uri
    : undefined;
}

/**
 * The cluster that is meant. Asks where several are possible, the one in the editor first, or with `preferEditor` takes that
 * one. Undefined: none, or given up.
 */
export async function pickCluster(
  store: ClusterStore,
  target: unknown,
  placeHolder: string,
  { preferEditor = false } = {},
): Promise<ClusterView | undefined> {
  const node = nodeOf(target);
  if (node) return store.get(node.cluster);
  if (target instanceof vscode.Uri && target.scheme === 'file' && !isGlobalFile(target)) return store.ensure(target);
  const active = activeFile();
  if (active && preferEditor) return store.ensure(active);
  await store.searched;
  const first = active && store.ensure(active);
  const views = [...(first ? [first] : []), ...store.list().filter(v => v.id !== first?.id)];
  if (views.length === 0) {
    await offerToAdd();
    return undefined;
  }
  if (views.length === 1) return views[0];
  const items = views.map(view => ({
    label: `$(${healthIcon(clusterHealth(view))}) ${view.name}`,
    description: render(healthText(clusterHealth(view))),
    detail: vscode.workspace.asRelativePath(view.file),
    view,
  }));
  return (await vscode.window.showQuickPick(items, { placeHolder, matchOnDetail: true }))?.view;
}

async function offerToAdd(): Promise<void> {
  const add = vscode.l10n.t('Add Configuration File…');
  const text = vscode.l10n.t('There is no MHA configuration in this workspace.');
  if ((await vscode.window.showInformationMessage(text, add)) === add)
    await vscode.commands.executeCommand('mysqlHa.addConfigurationFile');
}

import * as vscode from 'vscode';
import type { ClusterStore } from '../clusters/clusterStore';
import type { Health } from '../clusters/health';
import { render } from '../render';
import type { Text } from '../text';
import { treeOf } from './treeModel';
import type { TreeNode } from './treeNode';

export const VIEW = 'mysqlHa.clusters';

const COLOUR: Readonly<Record<Health | 'none', string | undefined>> = {
  ok: 'testing.iconPassed',
  warning: 'list.warningForeground',
  failed: 'list.errorForeground',
  unknown: 'disabledForeground',
  none: undefined,
};

function timeOfDay(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : date.toLocaleTimeString(vscode.env.language);
}

function joined(texts: readonly Text[], separator: string): string {
  return texts.map(render).join(separator);
}

/** The clusters, their servers as they replicate, and what was found. */
export class ClusterTree implements vscode.TreeDataProvider<TreeNode>, vscode.Disposable {
  readonly view: vscode.TreeView<TreeNode>;
  readonly #store: ClusterStore;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #subscription: vscode.Disposable;
  #roots: readonly TreeNode[] = [];
  #parents = new Map<string, TreeNode>();
  #nodes = new Map<string, TreeNode>();
  #shown = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(store: ClusterStore) {
    this.#store = store;
    this.#build();
    this.view = vscode.window.createTreeView(VIEW, { treeDataProvider: this, showCollapseAll: true });
    const trust = (): void => {
      this.view.message = vscode.workspace.isTrusted
        ? ''
        : vscode.l10n.t('This workspace is not trusted: no server is contacted.');
    };
    trust();
    this.#subscription = vscode.Disposable.from(
      store.onDidChange(() => this.#soon()),
      vscode.workspace.onDidGrantWorkspaceTrust(trust),
    );
  }

  getChildren(node?: TreeNode): TreeNode[] {
    return [...(node ? (this.#nodes.get(node.id) ?? node).children : this.#roots)];
  }

  getParent(node: TreeNode): TreeNode | undefined {
    return this.#parents.get(node.id);
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    const { Expanded, Collapsed, None } = vscode.TreeItemCollapsibleState;
    const collapsible = node.children.length === 0 ? None : this.#closed(node) ? Collapsed : Expanded;
    const item = new vscode.TreeItem(render(node.label), collapsible);
    // VS Code keeps a known line folded when it gets its first children; a line of another name it opens as told.
    item.id = node.children.length === 0 ? `${node.id}#leaf` : node.id;
    item.description = joined(node.description, ' · ');
    item.tooltip = joined(node.tooltip, '\n');
    const colour = COLOUR[node.health];
    item.iconPath = new vscode.ThemeIcon(node.icon, colour === undefined ? undefined : new vscode.ThemeColor(colour));
    item.contextValue = node.context;
    item.accessibilityInformation = { label: joined(node.spoken, ', '), role: 'treeitem' };
    const open = vscode.l10n.t('Open');
    if (node.kind === 'check') item.command = { command: 'mysqlHa.showReport', title: open, arguments: [node] };
    else if (node.kind === 'operation')
      item.command = { command: 'mysqlHa.showOperations', title: open, arguments: [node] };
    else if (node.target && node.kind !== 'cluster')
      item.command = { command: 'mysqlHa.openConfiguration', title: open, arguments: [node] };
    return item;
  }

  /** What the view shows, for tests and for revealing. */
  get roots(): readonly TreeNode[] {
    return this.#roots;
  }

  /** Opens the view on a cluster and its topology. */
  async reveal(cluster: string): Promise<void> {
    this.#refresh();
    const node = this.#nodes.get(cluster);
    if (node) await this.view.reveal(node, { select: true, focus: true, expand: 2 });
    else await vscode.commands.executeCommand(`${VIEW}.focus`);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#subscription.dispose();
    this.view.dispose();
    this.#changed.dispose();
  }

  /** Many clusters start folded, but for those that need attention. */
  #closed(node: TreeNode): boolean {
    return node.kind === 'cluster' && this.#roots.length > 5 && node.health !== 'failed' && node.health !== 'warning';
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => this.#refresh(), 50);
  }

  #refresh(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#build();
    const shown = JSON.stringify(this.#roots);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#changed.fire(undefined);
  }

  #build(): void {
    this.#roots = treeOf(this.#store.list(), { time: timeOfDay });
    this.#nodes = new Map();
    this.#parents = new Map();
    const visit = (node: TreeNode): void => {
      this.#nodes.set(node.id, node);
      for (const child of node.children) {
        this.#parents.set(child.id, node);
        visit(child);
      }
    };
    this.#roots.forEach(visit);
  }
}

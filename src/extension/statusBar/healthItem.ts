import * as vscode from 'vscode';
import type { ClusterStore } from '../clusters/clusterStore';
import type { ClusterView } from '../clusters/clusterView';
import { clusterHealth, worstCluster, type Health } from '../clusters/health';
import { managerPid, monitoringState, remarks } from '../clusters/monitoringModel';
import { msg } from '../../l10n/message';
import { render } from '../render';
import type { Text } from '../text';
import { healthIcon, healthText } from '../views/treeModel';

const BACKGROUND: Readonly<Partial<Record<Health, string>>> = {
  failed: 'statusBarItem.errorBackground',
  warning: 'statusBarItem.warningBackground',
};

/** The worst cluster in a word; all of them in the tooltip. A click leads to it in the tree. Hidden without clusters. */
export class HealthItem implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem('health', vscode.StatusBarAlignment.Left, 10);
  readonly #subscription: vscode.Disposable;
  readonly #store: ClusterStore;

  constructor(store: ClusterStore) {
    this.#store = store;
    this.#item.name = vscode.l10n.t('MySQL HA: Health');
    this.#subscription = store.onDidChange(() => this.#update());
    this.#update();
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#item.dispose();
  }

  #update(): void {
    const views = this.#store.list();
    const worst = worstCluster(views);
    if (!worst) {
      this.#item.hide();
      return;
    }
    const health = clusterHealth(worst);
    const background = BACKGROUND[health];
    const running = worst.operation?.running === true;
    this.#item.text = `$(${running ? 'sync~spin' : healthIcon(health)}) ${worst.name}`;
    this.#item.backgroundColor = background === undefined ? undefined : new vscode.ThemeColor(background);
    this.#item.command = { command: 'mysqlHa.showTopology', title: '', arguments: [vscode.Uri.parse(worst.id)] };
    this.#item.tooltip = tooltip(views);
    const spoken = { name: worst.name, health: render(healthText(health)) };
    this.#item.accessibilityInformation = {
      label: vscode.l10n.t('MySQL HA: {name}, {health}', spoken),
      role: 'button',
    };
    this.#item.show();
  }
}

function tooltip(views: readonly ClusterView[]): vscode.MarkdownString {
  const text = new vscode.MarkdownString('', true);
  for (const view of views) {
    const health = clusterHealth(view);
    text
      .appendMarkdown(`$(${healthIcon(health)}) `)
      .appendText(`${view.name}: ${[healthText(health), ...local(view)].map(render).join(', ')}`)
      .appendMarkdown('\n\n');
  }
  return text;
}

/** What this machine knows besides the servers' health. */
function local({ monitoring, operation }: ClusterView): Text[] {
  const pid = managerPid(monitoring);
  return [
    ...(operation?.running ? [msg('an operation is running')] : []),
    ...(monitoring && pid !== undefined
      ? [msg('monitored by process {pid}', { pid }), monitoringState(monitoring).text, ...remarks(monitoring)]
      : []),
  ];
}

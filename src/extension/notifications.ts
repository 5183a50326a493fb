import * as vscode from 'vscode';
import type { ClusterStore } from './clusters/clusterStore';
import type { ClusterView } from './clusters/clusterView';
import type { Polling } from './clusters/polling';
import type { Monitoring } from './commands/monitoring';
import { news, type Notice, type Seen } from './noticesModel';
import type { OperationPanels } from './panels/operationPanel';
import { serverNamesOf } from './panels/operationView';
import { OPERATION_TEXT, OUTCOME_TEXT } from '../engine/operations/planWords';
import { render } from './render';

interface Parts {
  readonly context: vscode.ExtensionContext;
  readonly store: ClusterStore;
  readonly polling: Polling;
  readonly panels: OperationPanels;
  readonly monitoring: Monitoring;
}

const KEY = 'seen';

/** Tells what needs a person, once, with what to do about it. What was told is remembered over a window reload. */
export class Notifications implements vscode.Disposable {
  readonly #parts: Parts;
  readonly #subscription: vscode.Disposable;
  #seen: Record<string, Seen>;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#seen = { ...parts.context.workspaceState.get<Record<string, Seen>>(KEY) };
    this.#subscription = parts.store.onDidChange(() => this.#look());
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  #look(): void {
    const { store, monitoring, context } = this.#parts;
    const before = JSON.stringify(this.#seen);
    const notices: [ClusterView, Notice][] = [];
    for (const view of store.list()) {
      if (!view.snapshot && !view.monitoring) continue;
      const { notices: fresh, seen } = news(view, this.#seen[view.id], monitoring.stopped);
      this.#seen[view.id] = seen;
      notices.push(...fresh.map((notice): [ClusterView, Notice] => [view, notice]));
    }
    if (JSON.stringify(this.#seen) === before) return;
    void context.workspaceState.update(KEY, this.#seen);
    for (const [view, notice] of notices) void this.#tell(view, notice);
  }

  async #tell(view: ClusterView, notice: Notice): Promise<void> {
    const uri = vscode.Uri.parse(view.id);
    switch (notice.kind) {
      case 'deadMaster':
        return this.#deadMaster(view, notice, uri);
      case 'masterReturned':
        return this.#masterReturned(view, notice);
      case 'operationEnded':
        return this.#operationEnded(view, notice);
      case 'monitoringEnded':
        return this.#monitoringEnded(view, notice.pid, uri);
    }
  }

  async #deadMaster(
    view: ClusterView,
    { server, silent, manager }: Extract<Notice, { kind: 'deadMaster' }>,
    uri: vscode.Uri,
  ): Promise<void> {
    const args = { name: view.name, server: serverNamesOf(view.config)(server) };
    const show = vscode.l10n.t('Show');
    const failOver = vscode.l10n.t('Fail Over…');
    const what = silent
      ? vscode.l10n.t('{name}: the master {server} cannot be reached.', args)
      : vscode.l10n.t('{name}: the master {server} is dead.', args);
    const who =
      manager === undefined
        ? vscode.l10n.t('No manager watches it.')
        : vscode.l10n.t('Process {pid} monitors it and decides.', { pid: manager });
    const text = `${what} ${who}`;
    const answer = await vscode.window.showErrorMessage(text, ...(manager === undefined ? [failOver, show] : [show]));
    if (answer === failOver) await vscode.commands.executeCommand('mysqlHa.failover', uri);
    else if (answer === show) await vscode.commands.executeCommand('mysqlHa.showTopology', uri);
  }

  /** Whoever still writes there writes what no other server has. */
  async #masterReturned(
    view: ClusterView,
    { server, fenced }: Extract<Notice, { kind: 'masterReturned' }>,
  ): Promise<void> {
    const args = { name: view.name, server: serverNamesOf(view.config)(server) };
    const text = fenced
      ? vscode.l10n.t('{name}: the old master {server} came back and took writes. It was made read-only. Compare, and rebuild it.', args) // prettier-ignore
      : vscode.l10n.t('{name}: the old master {server} is back and takes writes: there are two masters. Make it read-only, compare, and rebuild it.', args); // prettier-ignore
    const show = vscode.l10n.t('Show Log');
    if ((await vscode.window.showErrorMessage(text, show)) === show) await this.#showLog(view);
  }

  /** Servers have other roles now; who looks at the operation knows how it ended. */
  async #operationEnded(view: ClusterView, { journal }: Extract<Notice, { kind: 'operationEnded' }>): Promise<void> {
    const { operation } = view;
    this.#parts.polling.touched(view.id, { lookNow: true });
    if (!operation || this.#parts.panels.isSeen(journal)) return;
    const { outcome } = operation;
    const text = vscode.l10n.t('{name}: {operation}: {outcome}', {
      name: view.name,
      operation: render(OPERATION_TEXT[operation.operation]),
      outcome: outcome ? render(OUTCOME_TEXT[outcome]) : vscode.l10n.t('interrupted: its process is gone'),
    });
    const show = vscode.l10n.t('Show');
    const tell =
      outcome === 'succeeded'
        ? vscode.window.showInformationMessage
        : outcome === 'partial' || outcome === 'cancelled'
          ? vscode.window.showWarningMessage
          : vscode.window.showErrorMessage;
    if ((await tell(text, show)) === show) await this.#parts.panels.showJournal(journal);
  }

  async #monitoringEnded(view: ClusterView, pid: number, uri: vscode.Uri): Promise<void> {
    const { name } = view;
    const start = vscode.l10n.t('Start Monitoring');
    const show = vscode.l10n.t('Show Log');
    const text = vscode.l10n.t('{name}: the monitoring has ended (process {pid}).', { name, pid });
    const answer = await vscode.window.showWarningMessage(text, start, show);
    if (answer === start) await vscode.commands.executeCommand('mysqlHa.startMonitoring', uri);
    else if (answer === show) await this.#showLog(view);
  }

  /** The log of the cluster's manager. */
  async #showLog(view: ClusterView): Promise<void> {
    await vscode.window.showTextDocument(vscode.Uri.file(this.#parts.monitoring.logFile(view)));
  }
}

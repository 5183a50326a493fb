import * as vscode from 'vscode';
import { mayRun, pollingIntervalMs } from '../settings';
import type { ClusterStore } from './clusterStore';
import type { Observer } from './observer';
import { Poller } from './poller';

/**
 * Polls while somebody may be looking: the window has the focus (then the status bar is seen, too) or the view is shown; never
 * in a workspace that is not trusted.
 */
export class Polling implements vscode.Disposable {
  readonly #poller: Poller;
  readonly #view: vscode.TreeView<unknown>;
  readonly #disposables: vscode.Disposable[];

  constructor(store: ClusterStore, observer: Observer, view: vscode.TreeView<unknown>) {
    this.#view = view;
    this.#poller = new Poller({
      intervalMs: pollingIntervalMs(),
      poll: (id, signal) => observer.look(id, signal),
    });
    const decide = (): void => this.#decide();
    this.#disposables = [
      store.onDidChangeClusters(() => this.#poller.setClusters(store.list().map(v => v.id))),
      view.onDidChangeVisibility(decide),
      vscode.window.onDidChangeWindowState(decide),
      vscode.workspace.onDidGrantWorkspaceTrust(decide),
      vscode.workspace.onDidChangeConfiguration(e => {
        if (e.affectsConfiguration('mysqlHa.pollingInterval')) this.#poller.setInterval(pollingIntervalMs());
      }),
    ];
    this.#decide();
  }

  get active(): boolean {
    return this.#poller.active;
  }

  /** `lookNow`: something changed that makes what is shown old; else it was just looked at by other means. */
  touched(id: string, options: { readonly lookNow: boolean }): void {
    this.#poller.touched(id, options);
  }

  dispose(): void {
    this.#poller.dispose();
    for (const d of this.#disposables) d.dispose();
  }

  #decide(): void {
    this.#poller.setActive(mayRun() && (this.#view.visible || vscode.window.state.focused));
  }
}

import * as vscode from 'vscode';
import { applicationName } from '../../config/applicationName';
import type { ClusterView } from './clusterView';
import { emptyView } from './clusterView';

/** One spelling per path, wherever the URI comes from. */
function idOf(uri: vscode.Uri): string {
  return vscode.Uri.file(uri.fsPath).toString();
}

/** The clusters and what is known about each. */
export class ClusterStore implements vscode.Disposable {
  readonly #views = new Map<string, ClusterView>();
  readonly #changed = new vscode.EventEmitter<void>();
  /** Anything has changed. */
  readonly onDidChange = this.#changed.event;
  readonly #clustersChanged = new vscode.EventEmitter<void>();
  /** Clusters have come or gone. */
  readonly onDidChangeClusters = this.#clustersChanged.event;

  #searched: () => void = () => undefined;
  /** Resolves when the clusters have been looked for once. */
  readonly searched = new Promise<void>(resolve => (this.#searched = resolve));

  /** By name, then by path. */
  list(): ClusterView[] {
    return [...this.#views.values()].sort((a, b) => a.name.localeCompare(b.name) || (a.file < b.file ? -1 : 1));
  }

  get(id: string): ClusterView | undefined {
    return this.#views.get(id);
  }

  of(uri: vscode.Uri): ClusterView | undefined {
    return this.#views.get(idOf(uri));
  }

  /** Keeps what is known about those that stay. */
  setFiles(uris: readonly vscode.Uri[]): void {
    const ids = new Set(uris.map(idOf));
    const gone = [...this.#views.keys()].filter(id => !ids.has(id));
    for (const id of gone) this.#views.delete(id);
    for (const uri of uris) this.#add(uri);
    this.#searched();
    this.#clustersChanged.fire();
    this.#changed.fire();
  }

  /** The view of a file, which becomes a cluster if it was none. */
  ensure(uri: vscode.Uri): ClusterView {
    const known = this.of(uri);
    if (known) return known;
    const view = this.#add(uri);
    this.#clustersChanged.fire();
    this.#changed.fire();
    return view;
  }

  /** Does nothing for a cluster that is gone. */
  update(id: string, change: (view: ClusterView) => ClusterView): void {
    const view = this.#views.get(id);
    if (!view) return;
    this.#views.set(id, change(view));
    this.#changed.fire();
  }

  dispose(): void {
    this.#clustersChanged.dispose();
    this.#changed.dispose();
  }

  #add(uri: vscode.Uri): ClusterView {
    const known = this.of(uri);
    if (known) return known;
    const view = emptyView(idOf(uri), applicationName(uri.fsPath), uri.fsPath);
    this.#views.set(view.id, view);
    return view;
  }
}

import type * as vscode from 'vscode';
import type { Log } from '../../engine/log';
import { LocalState } from '../operations/localState';
import { mayRun, pollingIntervalMs } from '../settings';
import type { ClusterStore } from './clusterStore';

/** Files are cheap to look at, but not for nothing. */
const LEAST_MS = 1000;

/**
 * Looks at the status files and journals of all clusters: while servers are polled, in the same interval, and when told to.
 * Only in a trusted workspace: the files' places are in configurations.
 */
export class LocalWatch implements vscode.Disposable {
  readonly #store: ClusterStore;
  readonly #state = new LocalState();
  readonly #log: Log;
  readonly #isActive: () => boolean;
  readonly #subscription: vscode.Disposable;
  /** Clusters whose configuration is known: a new one is looked at at once. */
  #configured = '';
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(store: ClusterStore, isActive: () => boolean, log: Log) {
    this.#store = store;
    this.#isActive = isActive;
    this.#log = log;
    this.#subscription = store.onDidChange(() => {
      const configured = store.list().flatMap(v => (v.config ? [v.id] : []));
      if (configured.join('\n') === this.#configured) return;
      this.#configured = configured.join('\n');
      void this.look();
    });
    this.#schedule();
  }

  /** Looks now; a look that is under way is waited for and followed by another one. */
  async look(): Promise<void> {
    await this.#looking;
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    await this.#looking;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#subscription.dispose();
  }

  #schedule(): void {
    const interval = pollingIntervalMs();
    this.#timer = setTimeout(
      () => {
        const work = interval > 0 && this.#isActive() ? this.look() : Promise.resolve();
        void work.then(() => this.#schedule());
      },
      Math.max(LEAST_MS, interval),
    );
  }

  async #look(): Promise<void> {
    if (!mayRun()) return;
    for (const { id, name, config } of this.#store.list()) {
      if (!config) continue;
      try {
        const [monitoring, operation] = await Promise.all([this.#state.manager(config), this.#state.operation(config)]);
        const now = JSON.stringify([monitoring, operation]);
        const view = this.#store.get(id);
        if (view && now !== JSON.stringify([view.monitoring, view.operation]))
          this.#store.update(id, ({ monitoring: _m, operation: _o, ...rest }) => ({
            ...rest,
            ...(monitoring && { monitoring }),
            ...(operation && { operation }),
          }));
      } catch (error) {
        this.#log.log('error', `${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
}

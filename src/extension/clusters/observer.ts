import * as vscode from 'vscode';
import type { LoadedCluster } from '../../config/load';
import { blockers } from '../../config/resolve';
import type { Report } from '../../engine/checks/types';
import { deadline } from '../../engine/deadline';
import type { Log } from '../../engine/log';
import type { EngineOptions } from '../../engine/options';
import type { Snapshot } from '../../engine/topology/types';
import { msg } from '../../l10n/message';
import { engine } from '../engine';
import { readCluster } from '../readCluster';
import { mayRun } from '../settings';
import type { ClusterStore } from './clusterStore';
import type { ClusterView } from './clusterView';
import { ASK, STRICT } from './hostKeys';
import type { Passwords } from './passwords';
import type { PollOutcome } from './poller';

/** A look may take this long as a whole, whatever the servers do. */
const LOOK_MS = 30_000;

/** Reads configurations for acting on them and looks at the servers; what it learns goes into the store. */
export class Observer {
  readonly #store: ClusterStore;
  readonly #passwords: Passwords;
  readonly #log: Log;
  /** By cluster; gone as soon as a file changes. */
  readonly #loaded = new Map<string, LoadedCluster>();
  readonly #looking = new Map<string, Promise<PollOutcome>>();

  constructor(store: ClusterStore, passwords: Passwords, log: Log) {
    this.#store = store;
    this.#passwords = passwords;
    this.#log = log;
  }

  /** The files are read again before the next look. */
  forget(id?: string): void {
    if (id === undefined) this.#loaded.clear();
    else this.#loaded.delete(id);
  }

  /** Reads the files, and runs `init_conf_load_script` if there is one: only in a trusted workspace. */
  async load(view: ClusterView, signal?: AbortSignal): Promise<LoadedCluster> {
    const options = { runInitScript: mayRun(), ...(signal ? { signal } : {}) };
    const loaded = await readCluster(vscode.Uri.parse(view.id), options);
    this.#loaded.set(view.id, loaded);
    this.#store.update(view.id, ({ config: _, ...rest }) => ({
      ...rest,
      blockers: blockers(loaded),
      ...(loaded.cluster ? { config: loaded.cluster } : {}),
    }));
    return loaded;
  }

  options(view: ClusterView, signal: AbortSignal, interactive: boolean): EngineOptions {
    return {
      log: this.#log,
      signal,
      hostKeys: interactive ? ASK : STRICT,
      password: server => this.#passwords.get(view.id, server.values.user),
    };
  }

  /** One look at a cluster's servers. Never rejects; a look that is under way is waited for. */
  look(id: string, signal: AbortSignal): Promise<PollOutcome> {
    const running = this.#looking.get(id);
    if (running) return running;
    const look = this.#look(id, signal).finally(() => this.#looking.delete(id));
    this.#looking.set(id, look);
    return look;
  }

  async #look(id: string, signal: AbortSignal): Promise<PollOutcome> {
    const view = this.#store.get(id);
    if (!view || !mayRun()) return { failing: [] };
    const bounded = deadline(LOOK_MS, signal);
    try {
      const loaded = this.#loaded.get(id) ?? (await this.load(view, bounded));
      if (!loaded.cluster || blockers(loaded).length > 0) {
        this.#store.update(id, ({ snapshot: _s, failure: _f, ...rest }) => ({ ...rest, findings: [] }));
        return { failing: [] };
      }
      const { discover, analyse } = await engine();
      const snapshot = await discover(loaded.cluster, this.options(view, bounded, false));
      const findings = analyse(loaded.cluster, snapshot);
      this.#store.update(id, ({ failure: _, ...rest }) => ({ ...rest, snapshot, findings }));
      return { failing: failing(snapshot) };
    } catch (error) {
      if (signal.aborted) return { failing: [] };
      this.#log.log('error', `${view.name}: ${error instanceof Error ? error.message : String(error)}`);
      this.#store.update(id, v => ({ ...v, failure: msg('the servers could not be looked at: see the log') }));
      return { failing: ['*'] };
    }
  }

  /** A check has looked at the servers, too. */
  learn(id: string, report: Report): void {
    this.#store.update(id, view => {
      if (report.kind === 'ssh') return { ...view, sshReport: report };
      const { snapshot, findings } = report;
      if (!snapshot) return { ...view, replicationReport: report };
      const { failure: _, ...rest } = view;
      return { ...rest, replicationReport: report, snapshot, findings };
    });
  }
}

function failing(snapshot: Snapshot): string[] {
  return snapshot.servers.filter(s => s.status !== 'alive').map(s => `${s.id} ${s.status}`);
}

import * as vscode from 'vscode';
import type { ClusterFinder } from '../clusters/clusterFinder';
import type { ClusterStore } from '../clusters/clusterStore';
import type { LocalWatch } from '../clusters/localWatch';
import type { Observer } from '../clusters/observer';
import type { Polling } from '../clusters/polling';
import { mayRun } from '../settings';
import { VIEW } from '../views/clusterTree';
import { nodeOf } from './target';

interface Parts {
  readonly store: ClusterStore;
  readonly observer: Observer;
  readonly finder: ClusterFinder;
  readonly polling: Polling;
  readonly local: LocalWatch;
}

/** "Refresh": the files, the servers and the manager of one cluster (called on it), or of all. */
export function registerRefresh(parts: Parts): vscode.Disposable & { run(target: unknown): Promise<void> } {
  const abort = new AbortController();
  const run = async (target: unknown): Promise<void> => {
    await vscode.window.withProgress({ location: { viewId: VIEW } }, () => refresh(parts, target, abort.signal));
  };
  const command = vscode.commands.registerCommand('mysqlHa.refresh', run);
  return {
    run,
    dispose: () => {
      abort.abort();
      command.dispose();
    },
  };
}

async function refresh(
  { store, observer, finder, polling, local }: Parts,
  target: unknown,
  signal: AbortSignal,
): Promise<void> {
  const only = nodeOf(target)?.cluster ?? (target instanceof vscode.Uri ? store.of(target)?.id : undefined);
  if (only === undefined) await finder.find();
  if (!mayRun()) return;
  const ids = only === undefined ? store.list().map(v => v.id) : [only];
  await Promise.all(
    ids.map(async id => {
      observer.forget(id);
      await observer.look(id, signal);
      polling.touched(id, { lookNow: false });
    }),
  );
  await local.look();
}

import * as vscode from 'vscode';
import type { Report } from '../engine/checks/types';
import type { Snapshot } from '../engine/topology/types';
import { channelLog, openChannel } from './channel';
import { ClusterFinder } from './clusters/clusterFinder';
import { ClusterStore } from './clusters/clusterStore';
import { LocalWatch } from './clusters/localWatch';
import { Observer } from './clusters/observer';
import { Passwords } from './clusters/passwords';
import { Polling } from './clusters/polling';
import { Checks } from './commands/checks';
import { Failovers } from './commands/failover';
import { Monitoring } from './commands/monitoring';
import { registerNavigation } from './commands/navigation';
import { showOperations } from './commands/operations';
import { registerPasswordCommands } from './commands/passwordCommands';
import { registerRefresh } from './commands/refresh';
import { Analyses } from './language/analyses';
import { registerCodeActions } from './language/codeActions';
import { registerCodeLens } from './language/codeLens';
import { registerCompletion } from './language/completion';
import { Diagnostics } from './language/diagnostics';
import { GlobalFiles } from './language/globalFiles';
import { registerHover } from './language/hover';
import { followList } from './language/listedFiles';
import { registerOutline } from './language/outline';
import { Notifications } from './notifications';
import { OperationPanels } from './panels/operationPanel';
import { registerReportPanel } from './panels/reportPanel';
import { HealthItem } from './statusBar/healthItem';
import { ClusterTree } from './views/clusterTree';
import type { TreeNode } from './views/treeNode';

/** What `activate` returns: for tests in the extension host and for other extensions that only want to read. */
export interface ExtensionApi {
  /** Looks for files and at all servers now; resolves when everything that is shown is new. */
  refresh(): Promise<void>;
  /** The last snapshot of each cluster that has one. */
  snapshots(): Snapshot[];
  lastReport(): Report | undefined;
  /** The lines of the tree. */
  tree(): readonly TreeNode[];
  /** Whether servers are polled at the moment. */
  polling(): boolean;
  /** Own time of the activation. */
  readonly activationMs: number;
}

export function activate(context: vscode.ExtensionContext): ExtensionApi {
  const started = performance.now();
  const channel = openChannel();
  const log = channelLog(channel);
  const store = new ClusterStore();
  const globals = new GlobalFiles();
  const analyses = new Analyses(globals);
  const passwords = new Passwords(context.secrets);
  const observer = new Observer(store, passwords, log);
  const tree = new ClusterTree(store);
  const polling = new Polling(store, observer, tree.view);
  const diagnostics = new Diagnostics(analyses, globals, store);
  const finder = new ClusterFinder(context.extension);
  const checks = new Checks(context, { store, observer, polling, log });
  const local = new LocalWatch(store, () => polling.active, log);
  const refresh = registerRefresh({ store, observer, finder, polling, local });
  const panels = new OperationPanels({ context, store, log });
  const failovers = new Failovers({ context, store, observer, polling, local, passwords, panels, log });
  panels.actions = failovers;
  const monitoring = new Monitoring({ context, store, observer, local, passwords, log });

  const read = (id?: string): void => {
    observer.forget(id);
    for (const view of store.list())
      if (id === undefined || view.id === id) polling.touched(view.id, { lookNow: true });
  };
  context.subscriptions.push(
    channel,
    store,
    globals,
    tree,
    polling,
    diagnostics,
    finder,
    local,
    panels,
    new HealthItem(store),
    new Notifications({ context, store, polling, panels, monitoring }),
    finder.onDidFind(found => {
      store.setFiles(found.applications);
      diagnostics.setFiles(found);
    }),
    finder.onDidChangeFile(uri => {
      diagnostics.fileChanged(uri);
      read(store.of(uri)?.id);
    }),
    globals.onDidChange(() => read()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => read()),
    followList(finder),
    registerCodeActions(analyses),
    registerCompletion(analyses),
    registerHover(analyses),
    registerOutline(analyses),
    registerCodeLens(),
    registerReportPanel(context),
    vscode.commands.registerCommand('mysqlHa.checkReplication', target => checks.run('replication', target)),
    vscode.commands.registerCommand('mysqlHa.checkSsh', target => checks.run('ssh', target)),
    vscode.commands.registerCommand('mysqlHa.failover', target => failovers.run(target)),
    vscode.commands.registerCommand('mysqlHa.startMonitoring', target => monitoring.start(target)),
    vscode.commands.registerCommand('mysqlHa.stopMonitoring', target => monitoring.stop(target)),
    vscode.commands.registerCommand('mysqlHa.showOperations', target =>
      showOperations({ store, observer, panels }, target),
    ),
    refresh,
    registerNavigation({ context, store, tree, channel }),
    registerPasswordCommands({ store, observer, polling, passwords }),
  );
  void finder.find().then(() => vscode.commands.executeCommand('setContext', 'mysqlHa.scanned', true));

  const activationMs = performance.now() - started;
  log.log('info', `activated in ${activationMs.toFixed(1)} ms`);
  return {
    refresh: () => refresh.run(undefined),
    snapshots: () => store.list().flatMap(v => v.snapshot ?? []),
    lastReport: () => checks.last,
    tree: () => tree.roots,
    polling: () => polling.active,
    activationMs,
  };
}

export function deactivate(): void {
  // Everything is a subscription.
}

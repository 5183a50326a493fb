import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Report } from '../../engine/checks/types';
import type { ClusterStore } from '../clusters/clusterStore';
import type { ClusterView } from '../clusters/clusterView';
import { toRange } from '../language/documents';
import { showReport } from '../panels/reportPanel';
import { configurationFiles } from '../settings';
import type { ClusterTree } from '../views/clusterTree';
import { anchorOf } from './anchor';
import { nodeOf, pickCluster } from './target';

interface Parts {
  readonly context: vscode.ExtensionContext;
  readonly store: ClusterStore;
  readonly tree: ClusterTree;
  readonly channel: vscode.LogOutputChannel;
}

/** Commands that show something. */
export function registerNavigation(parts: Parts): vscode.Disposable {
  const { store, tree, channel } = parts;
  const command = (name: string, run: (...values: unknown[]) => unknown): vscode.Disposable =>
    vscode.commands.registerCommand(`mysqlHa.${name}`, run);
  return vscode.Disposable.from(
    command('openConfiguration', target => openConfiguration(store, target)),
    command('showTopology', async target => {
      const view = await pickCluster(store, target, vscode.l10n.t('Show the topology of which cluster?'));
      if (view) await tree.reveal(view.id);
    }),
    command('showReport', target => openReport(parts, target)),
    command('addConfigurationFile', () => addConfigurationFile()),
    command('showLog', () => channel.show()),
    command('explainFinding', (code, about) => explain(parts.context, String(code), about === 'servers')),
  );
}

async function openConfiguration(store: ClusterStore, target: unknown): Promise<void> {
  const place = nodeOf(target)?.target;
  if (place) {
    const start = toRange(place.range).start;
    await vscode.window.showTextDocument(vscode.Uri.file(place.file), { selection: new vscode.Range(start, start) });
    return;
  }
  const view = await pickCluster(store, target, vscode.l10n.t('Open the configuration of which cluster?'));
  if (view) await vscode.window.showTextDocument(vscode.Uri.file(view.file));
}

function latest(view: ClusterView): Report | undefined {
  const reports = [view.replicationReport, view.sshReport].filter(r => r !== undefined);
  return reports.sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1))[0];
}

async function openReport({ context, store }: Parts, target: unknown): Promise<void> {
  const node = nodeOf(target);
  const view = await pickCluster(store, target, vscode.l10n.t('Show the report of which cluster?'));
  if (!view) return;
  const words = node?.kind === 'check' ? node.context.split(' ') : [];
  const wanted = words.includes('ssh')
    ? view.sshReport
    : words.includes('replication')
      ? view.replicationReport
      : undefined;
  const report = wanted ?? latest(view);
  if (report) {
    showReport(context, report);
    return;
  }
  const check = vscode.l10n.t('Check Replication');
  const text = vscode.l10n.t('{name} has not been checked yet.', { name: view.name });
  if ((await vscode.window.showInformationMessage(text, check)) === check)
    await vscode.commands.executeCommand('mysqlHa.checkReplication', vscode.Uri.parse(view.id));
}

/** Adds a file to the setting: of the workspace if there is one, else of the user. */
async function addConfigurationFile(): Promise<void> {
  const picked = await vscode.window.showOpenDialog({
    canSelectMany: false,
    openLabel: vscode.l10n.t('Add'),
    title: vscode.l10n.t('Add an MHA application file'),
    filters: { [vscode.l10n.t('MHA configuration')]: ['cnf', 'conf'], [vscode.l10n.t('All files')]: ['*'] },
  });
  const uri = picked?.[0];
  if (!uri) return;
  const folder = vscode.workspace.getWorkspaceFolder(uri);
  const text = folder ? path.posix.relative(folder.uri.path, uri.path) : uri.fsPath;
  const known = configurationFiles();
  const target = vscode.workspace.workspaceFolders
    ? vscode.ConfigurationTarget.Workspace
    : vscode.ConfigurationTarget.Global;
  if (!known.includes(text))
    await vscode.workspace.getConfiguration('mysqlHa').update('configurationFiles', [...known, text], target);
  await vscode.window.showTextDocument(uri);
}

/** The documentation of a finding's code, in the display language where there is one. */
async function explain(context: vscode.ExtensionContext, code: string, aboutServers: boolean): Promise<void> {
  if (!/^[a-z0-9-]+$/.test(code)) return;
  const page = `${aboutServers ? 'findings' : 'config-findings'}.md`;
  const chinese = vscode.env.language.toLowerCase().startsWith('zh') ? [`zh-cn/${page}`] : [];
  for (const name of [...chinese, page]) {
    const uri = vscode.Uri.joinPath(context.extensionUri, 'docs', name);
    let markdown: string;
    try {
      markdown = Buffer.from(await vscode.workspace.fs.readFile(uri)).toString('utf8');
    } catch {
      continue; // not translated
    }
    const fragment = anchorOf(markdown, code);
    await vscode.commands.executeCommand('markdown.showPreview', uri.with({ fragment: fragment ?? '' }));
    return;
  }
}

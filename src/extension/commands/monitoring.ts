import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import * as vscode from 'vscode';
import { blockers } from '../../config/resolve';
import type { ClusterConfig } from '../../config/types';
import { errorText } from '../../engine/errors';
import type { Log } from '../../engine/log';
import type { ClusterStore } from '../clusters/clusterStore';
import type { ClusterView } from '../clusters/clusterView';
import type { LocalWatch } from '../clusters/localWatch';
import { managerPid } from '../clusters/monitoringModel';
import type { Observer } from '../clusters/observer';
import type { Passwords } from '../clusters/passwords';
import { configurationArguments, storedPasswords } from '../operations/arguments';
import { launch, type Launched } from '../operations/launch';
import { globalConfigurationFile, mayRun } from '../settings';
import { saveFiles, tellUnusable } from './configurationFile';
import { pickCluster } from './target';

interface Parts {
  readonly context: vscode.ExtensionContext;
  readonly store: ClusterStore;
  readonly observer: Observer;
  readonly local: LocalWatch;
  readonly passwords: Passwords;
  readonly log: Log;
}

/** A manager checks all servers before it monitors, but has its status file at once. Milliseconds. */
const START_WAIT_MS = 15_000;
/** masterha_stop gives a manager five seconds. Milliseconds. */
const STOP_WAIT_MS = 30_000;
const POLL_MS = 100;

/** "Start Monitoring" and "Stop Monitoring": masterha_manager as a process that outlives the window, and masterha_stop. */
export class Monitoring {
  readonly #parts: Parts;
  /** Processes that were ended from here: nobody is told of their end. */
  readonly stopped = new Set<number>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async start(target: unknown): Promise<void> {
    const view = await this.#target(target, vscode.l10n.t('Monitor the master of which cluster?'));
    if (!view) return;
    const { name } = view;
    try {
      await saveFiles(view);
      const loaded = await this.#parts.observer.load(view);
      const { cluster } = loaded;
      if (!cluster || blockers(loaded).length > 0) {
        void tellUnusable(view, loaded);
        return;
      }
      const pid = await this.#pid(view);
      if (pid !== undefined) {
        void vscode.window.showInformationMessage(
          vscode.l10n.t('{name} is monitored already, by process {pid}.', { name, pid }),
        );
        return;
      }
      await vscode.window.withProgress(
        {
          location: vscode.ProgressLocation.Notification,
          title: vscode.l10n.t('{name}: starting to monitor', { name }),
        },
        () => this.#start(view, cluster),
      );
    } catch (error) {
      void this.#failed(vscode.l10n.t('{name} is not monitored: {text}', { name, text: errorText(error) }));
    }
  }

  async stop(target: unknown): Promise<void> {
    const view = await this.#target(target, vscode.l10n.t('Stop monitoring the master of which cluster?'));
    if (!view) return;
    const { name } = view;
    try {
      if (!this.#parts.store.get(view.id)?.config) await this.#parts.observer.load(view);
      const pid = await this.#pid(view);
      if (pid === undefined) {
        void vscode.window.showInformationMessage(vscode.l10n.t('{name} is not monitored.', { name }));
        return;
      }
      const yes = vscode.l10n.t('Stop Monitoring');
      const question = vscode.l10n.t('Stop monitoring {name}?', { name });
      const detail = vscode.l10n.t('Process {pid} ends. If the master dies, nothing fails over by itself.', { pid });
      if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, yes)) !== yes) return;
      await vscode.window.withProgress(
        {
          location: vscode.ProgressLocation.Notification,
          title: vscode.l10n.t('{name}: stopping the monitoring', { name }),
        },
        () => this.#stop(view, pid),
      );
    } catch (error) {
      void this.#failed(vscode.l10n.t('{name} is still monitored: {text}', { name, text: errorText(error) }));
    }
  }

  /** The log of a cluster's manager: the configuration's file, else one of ours. */
  logFile(view: ClusterView): string {
    const configured = this.#parts.store.get(view.id)?.config?.servers[0]?.values.manager_log;
    return configured || this.#output(view, 'manager', 'log');
  }

  #output({ name }: ClusterView, program: string, ending: string): string {
    return vscode.Uri.joinPath(this.#parts.context.logUri, `${program}-${name}.${ending}`).fsPath;
  }

  async #target(target: unknown, question: string): Promise<ClusterView | undefined> {
    if (mayRun()) return pickCluster(this.#parts.store, target, question, { preferEditor: true });
    void vscode.window.showWarningMessage(vscode.l10n.t('Nothing is run in a workspace that is not trusted.'));
    return undefined;
  }

  /** The process that monitors now. */
  async #pid(view: ClusterView): Promise<number | undefined> {
    await this.#parts.local.look();
    return managerPid(this.#parts.store.get(view.id)?.monitoring);
  }

  async #start(view: ClusterView, cluster: ClusterConfig): Promise<void> {
    const { context, passwords, log } = this.#parts;
    const stored = await storedPasswords(view, cluster, passwords);
    const output = this.#output(view, 'manager', 'out');
    const manager = await launch({
      extension: context.extensionPath,
      program: 'masterha_manager',
      args: [
        ...configurationArguments(view.file, globalConfigurationFile(vscode.Uri.parse(view.id))),
        '--keep_running',
        ...(cluster.servers[0]?.values.manager_log ? [] : [`--manager_log=${this.logFile(view)}`]),
        ...(stored ? ['--passwords-from-stdin'] : []),
      ],
      ...(stored && { passwords: stored }),
      stdout: output,
      stderr: output,
    });
    log.log('info', `${view.name}: masterha_manager started as process ${manager.pid}`);
    if (await this.#isUp(view, manager)) return;
    const { name } = view;
    const text = lastLine(this.logFile(view)) ?? lastLine(output) ?? '';
    void this.#failed(vscode.l10n.t('{name} is not monitored: {text}', { name, text }), view);
  }

  /** It has its status file, and lives. */
  async #isUp(view: ClusterView, { pid, ended }: Launched): Promise<boolean> {
    let over = false;
    void ended.then(() => (over = true));
    for (const until = performance.now() + START_WAIT_MS; !over && performance.now() < until;) {
      if ((await this.#pid(view)) === pid) return true;
      await delay(POLL_MS);
    }
    return false;
  }

  async #stop(view: ClusterView, pid: number): Promise<void> {
    const output = this.#output(view, 'stop', 'out');
    this.stopped.add(pid);
    const { ended } = await launch({
      extension: this.#parts.context.extensionPath,
      program: 'masterha_stop',
      args: configurationArguments(view.file, globalConfigurationFile(vscode.Uri.parse(view.id))),
      stdout: output,
      stderr: output,
    });
    const code = await Promise.race([ended, delay(STOP_WAIT_MS, undefined, { ref: false })]);
    await this.#parts.local.look();
    if (code === 0) return;
    this.stopped.delete(pid);
    const { name } = view;
    void this.#failed(vscode.l10n.t('{name} is still monitored: {text}', { name, text: lastLine(output) ?? '' }), view);
  }

  async #failed(text: string, view?: ClusterView): Promise<void> {
    this.#parts.log.log('error', text);
    const show = vscode.l10n.t('Show Log');
    if ((await vscode.window.showErrorMessage(text, show)) !== show) return;
    if (view && existsSync(this.logFile(view)))
      await vscode.window.showTextDocument(vscode.Uri.file(this.logFile(view)));
    else await vscode.commands.executeCommand('mysqlHa.showLog');
  }
}

function lastLine(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) || undefined;
  } catch {
    return undefined;
  }
}

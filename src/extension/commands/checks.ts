import * as vscode from 'vscode';
import type { LoadedCluster } from '../../config/load';
import { blockers } from '../../config/resolve';
import type { CheckProgress, Report } from '../../engine/checks/types';
import type { Log } from '../../engine/log';
import type { EngineOptions } from '../../engine/options';
import type { ClusterStore } from '../clusters/clusterStore';
import type { ClusterView } from '../clusters/clusterView';
import type { Observer } from '../clusters/observer';
import type { Polling } from '../clusters/polling';
import { engine } from '../engine';
import { showReport, updateReport } from '../panels/reportPanel';
import { render } from '../render';
import { mayRun, secondsBehindMaster, skipSshCheck } from '../settings';
import { saveFiles, tellUnusable } from './configurationFile';
import { pickCluster } from './target';
import { logLines, verdictOf } from './verdictText';

type Kind = Report['kind'];

/** "Check Replication" and "Check SSH": progress, cancel, a verdict at a glance, the report behind it. */
export class Checks {
  readonly #context: vscode.ExtensionContext;
  readonly #store: ClusterStore;
  readonly #observer: Observer;
  readonly #polling: Polling;
  readonly #log: Log;
  /** A second call joins the check that runs. */
  readonly #running = new Map<string, Promise<Report | undefined>>();
  #last: Report | undefined;

  constructor(
    context: vscode.ExtensionContext,
    parts: { readonly store: ClusterStore; readonly observer: Observer; readonly polling: Polling; readonly log: Log },
  ) {
    this.#context = context;
    this.#store = parts.store;
    this.#observer = parts.observer;
    this.#polling = parts.polling;
    this.#log = parts.log;
  }

  get last(): Report | undefined {
    return this.#last;
  }

  /** Undefined: not run, cancelled, or impossible; the user has been told. */
  async run(kind: Kind, target: unknown): Promise<Report | undefined> {
    if (!mayRun()) {
      void vscode.window.showWarningMessage(vscode.l10n.t('Nothing is run in a workspace that is not trusted.'));
      return undefined;
    }
    const question =
      kind === 'ssh'
        ? vscode.l10n.t('Check SSH of which cluster?')
        : vscode.l10n.t('Check replication of which cluster?');
    const view = await pickCluster(this.#store, target, question, { preferEditor: true });
    if (!view) return undefined;
    const key = `${kind} ${view.id}`;
    const running = this.#running.get(key);
    if (running) return running;
    const check = this.#withProgress(kind, view).finally(() => this.#running.delete(key));
    this.#running.set(key, check);
    return check;
  }

  #withProgress(kind: Kind, view: ClusterView): Promise<Report | undefined> {
    const { name } = view;
    const title =
      kind === 'ssh'
        ? vscode.l10n.t('{name}: checking SSH', { name })
        : vscode.l10n.t('{name}: checking replication', { name });
    const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
    return Promise.resolve(
      vscode.window.withProgress(options, async (progress, token) => {
        const abort = new AbortController();
        const cancel = token.onCancellationRequested(() => abort.abort());
        try {
          return await this.#guarded(kind, view, abort.signal, stepper(progress));
        } finally {
          cancel.dispose();
        }
      }),
    );
  }

  async #guarded(
    kind: Kind,
    view: ClusterView,
    signal: AbortSignal,
    onProgress: (p: CheckProgress) => void,
  ): Promise<Report | undefined> {
    try {
      await saveFiles(view);
      const loaded = await this.#observer.load(view, signal);
      const options = { ...this.#observer.options(view, signal, true), onProgress };
      const report = await this.#check(kind, view, loaded, options);
      if (report && !signal.aborted) this.#finished(view, report);
      return signal.aborted ? undefined : report;
    } catch (error) {
      if (signal.aborted) {
        vscode.window.setStatusBarMessage(vscode.l10n.t('{name}: the check was cancelled', { name: view.name }), 5000);
        return undefined;
      }
      const text = error instanceof Error ? error.message : String(error);
      this.#log.log('error', `${view.name}: ${error instanceof Error ? (error.stack ?? text) : text}`);
      const message = vscode.l10n.t('{name}: the check could not be run: {text}', { name: view.name, text });
      void vscode.window.showErrorMessage(message);
      return undefined;
    }
  }

  async #check(
    kind: Kind,
    view: ClusterView,
    loaded: LoadedCluster,
    options: EngineOptions,
  ): Promise<Report | undefined> {
    const { checkReplication, checkSsh } = await engine();
    if (kind === 'replication')
      return checkReplication(
        { ...loaded, file: view.file },
        { ...options, secondsBehindMaster: secondsBehindMaster(), skipSshCheck: skipSshCheck() },
      );
    if (loaded.cluster && blockers(loaded).length === 0) return checkSsh(loaded.cluster, options);
    void tellUnusable(view, loaded);
    return undefined;
  }

  #finished(view: ClusterView, report: Report): void {
    this.#last = report;
    this.#observer.learn(view.id, report);
    updateReport(report);
    this.#polling.touched(view.id, { lookNow: false });
    const { headline, first } = verdictOf(report);
    const line = first === undefined ? render(headline) : `${render(headline)}: ${render(first)}`;
    const level = report.verdict === 'ok' ? 'info' : report.verdict === 'warning' ? 'warning' : 'error';
    this.#log.log(level, line);
    for (const { level: of, texts } of logLines(report)) this.#log.log(of, `  ${texts.map(render).join(': ')}`);
    void this.#tell(view, report, line);
  }

  async #tell(view: ClusterView, report: Report, line: string): Promise<void> {
    const show = vscode.l10n.t('Show Report');
    const store = vscode.l10n.t('Store Password…');
    const denied =
      report.kind === 'replication' && report.snapshot?.servers.some(s => s.failure?.kind === 'accessDenied') === true;
    const buttons = denied ? [show, store] : [show];
    const answer = await (report.verdict === 'ok'
      ? vscode.window.showInformationMessage(line, ...buttons)
      : report.verdict === 'warning'
        ? vscode.window.showWarningMessage(line, ...buttons)
        : vscode.window.showErrorMessage(line, ...buttons));
    if (answer === show) showReport(this.#context, report);
    else if (answer === store) await vscode.commands.executeCommand('mysqlHa.storePassword', vscode.Uri.parse(view.id));
  }
}

function stepper(progress: vscode.Progress<{ message?: string; increment?: number }>): (p: CheckProgress) => void {
  let done = 0;
  return p => {
    const increment = Math.max(0, p.done - done) * 100;
    done = Math.max(done, p.done);
    progress.report({ message: render(p.message), increment });
  };
}

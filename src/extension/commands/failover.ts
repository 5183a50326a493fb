import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import * as vscode from 'vscode';
import { blockers } from '../../config/resolve';
import type { ClusterConfig } from '../../config/types';
import { errorText } from '../../engine/errors';
import type { Log } from '../../engine/log';
import { listJournals, readJournal } from '../../engine/operations/journal';
import type { PreparedFailover } from '../../engine/operations/prepareFailover';
import { lossText } from '../../engine/operations/planWords';
import type { ClusterStore } from '../clusters/clusterStore';
import type { ClusterView } from '../clusters/clusterView';
import type { LocalWatch } from '../clusters/localWatch';
import type { Observer } from '../clusters/observer';
import type { Passwords } from '../clusters/passwords';
import type { Polling } from '../clusters/polling';
import { engine } from '../engine';
import { configurationArguments, deadMasterArguments, storedPasswords } from '../operations/arguments';
import { launch, type Launched } from '../operations/launch';
import { workdirOf } from '../operations/localState';
import type {
  OperationActions,
  OperationPanel,
  OperationPanels,
  PlannedFailover,
  PlanOptions,
} from '../panels/operationPanel';
import { serverNamesOf } from '../panels/operationView';
import { render } from '../render';
import { globalConfigurationFile, mayRun } from '../settings';
import { saveFiles, tellUnusable } from './configurationFile';
import { pickCluster } from './target';

interface Parts {
  readonly context: vscode.ExtensionContext;
  readonly store: ClusterStore;
  readonly observer: Observer;
  readonly polling: Polling;
  readonly local: LocalWatch;
  readonly passwords: Passwords;
  readonly panels: OperationPanels;
  readonly log: Log;
}

/** A started process looks at the servers before it begins its journal. Milliseconds. */
const JOURNAL_WAIT_MS = 120_000;
const JOURNAL_POLL_MS = 50;

/** "Fail Over Dead Master…": the plan, one question, then a process of its own that the panel follows. */
export class Failovers implements OperationActions {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The command: makes the plan and shows it, or shows the operation that runs. */
  async run(target: unknown): Promise<void> {
    const { store, panels, local } = this.#parts;
    if (!mayRun()) {
      void vscode.window.showWarningMessage(vscode.l10n.t('Nothing is run in a workspace that is not trusted.'));
      return;
    }
    const question = vscode.l10n.t('Fail over from the dead master of which cluster?');
    const view = await pickCluster(store, target, question, { preferEditor: true });
    if (!view) return;
    await local.look();
    const running = store.get(view.id)?.operation;
    if (running?.running) {
      await panels.showJournal(running.file);
      return;
    }
    const planned = await this.#prepare(view, { ignoreLastFailover: false });
    if (planned) panels.showPlan(planned, view.file);
  }

  async plan(panel: OperationPanel, options: PlanOptions): Promise<void> {
    if (!mayRun()) return;
    panel.setBusy(true);
    try {
      const planned = await this.#prepare(this.#parts.store.ensure(vscode.Uri.file(panel.file)), options);
      if (planned) panel.showPlan(planned);
    } finally {
      panel.setBusy(false);
    }
  }

  async start(panel: OperationPanel, planned: PlannedFailover): Promise<void> {
    const view = this.#parts.store.ensure(vscode.Uri.file(panel.file));
    if (!mayRun() || !(await confirmed(view, planned))) return;
    panel.setBusy(true);
    try {
      await this.#start(panel, view, planned);
    } catch (error) {
      this.#failed(view, errorText(error));
    } finally {
      panel.setBusy(false);
    }
  }

  #failed(view: ClusterView, text: string): void {
    this.#parts.log.log('error', `${view.name}: ${text}`);
    const message = vscode.l10n.t('{name}: the failover was not begun: {text}', { name: view.name, text });
    void vscode.window.showErrorMessage(message);
  }

  async #prepare(view: ClusterView, options: PlanOptions): Promise<PlannedFailover | undefined> {
    const { name } = view;
    const progress = {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('{name}: planning the failover', { name }),
      cancellable: true,
    };
    return vscode.window.withProgress(progress, async (_progress, token) => {
      const abort = new AbortController();
      const cancel = token.onCancellationRequested(() => abort.abort());
      try {
        const prepared = await this.#plan(view, options, abort.signal);
        return prepared && { prepared, ...options };
      } catch (error) {
        if (!abort.signal.aborted) this.#failed(view, errorText(error));
        return undefined;
      } finally {
        cancel.dispose();
      }
    });
  }

  async #plan(
    view: ClusterView,
    { ignoreLastFailover }: PlanOptions,
    signal: AbortSignal,
  ): Promise<PreparedFailover | undefined> {
    const { observer } = this.#parts;
    await saveFiles(view);
    const loaded = await observer.load(view, signal);
    const { cluster } = loaded;
    if (!cluster || blockers(loaded).length > 0) {
      void tellUnusable(view, loaded);
      return undefined;
    }
    const options = observer.options(view, signal, true);
    const { discover, prepareFailover } = await engine();
    const { master } = await discover(cluster, options);
    const deadMaster = cluster.servers.some(s => s.id === master) ? master : await pickServer(cluster);
    if (deadMaster === undefined) return undefined;
    return prepareFailover({ cluster, deadMaster, options: { interactive: true, ignoreLastFailover } }, options);
  }

  async #start(panel: OperationPanel, view: ClusterView, planned: PlannedFailover): Promise<void> {
    const { plan, facts } = planned.prepared;
    const { context, passwords } = this.#parts;
    const { cluster } = facts;
    if (plan.newMaster === undefined) return;
    const outputs = vscode.Uri.joinPath(context.logUri, `failover-${view.name}-${Date.now()}`).fsPath;
    const before = new Set(listJournals(workdirOf(cluster), cluster.name).map(({ file }) => file));
    const stored = await storedPasswords(view, cluster, passwords);
    const launched = await launch({
      extension: context.extensionPath,
      program: 'mha',
      args: [
        'failover',
        ...configurationArguments(view.file, globalConfigurationFile(vscode.Uri.parse(view.id))),
        '--yes',
        '--interactive=1',
        '--json',
        ...deadMasterArguments(facts.dead),
        // Not whichever looks best in a minute.
        `--agreed_new_master=${plan.newMaster}`,
        ...(planned.ignoreLastFailover ? ['--ignore_last_failover'] : []),
        ...(stored ? ['--passwords-from-stdin'] : []),
      ],
      ...(stored && { passwords: stored }),
      stdout: `${outputs}.json`,
      stderr: `${outputs}.log`,
    });
    this.#parts.log.log('info', `${view.name}: failover started as process ${launched.pid}`);
    const journal = await journalOf(launched, cluster, before);
    if (journal === undefined) {
      this.#failed(view, refusalIn(`${outputs}.json`) ?? lastLine(`${outputs}.log`));
      return;
    }
    await this.#parts.local.look();
    void panel.follow(journal).then(() => this.#over(view));
  }

  /** What is shown of the servers is old now. */
  #over(view: ClusterView): void {
    this.#parts.observer.forget(view.id);
    this.#parts.polling.touched(view.id, { lookNow: true });
    void this.#parts.local.look();
  }
}

async function pickServer(cluster: ClusterConfig): Promise<string | undefined> {
  const nameOf = serverNamesOf(cluster);
  const items = cluster.servers.map(({ id }) => ({ label: nameOf(id), description: `[${id}]`, id }));
  const placeHolder = vscode.l10n.t('It is not clear which server is the master. Which one is dead?');
  return (await vscode.window.showQuickPick(items, { placeHolder }))?.id;
}

/** The one question, with what matters; a protected cluster's name must be typed. */
async function confirmed(view: ClusterView, { prepared, ignoreLastFailover }: PlannedFailover): Promise<boolean> {
  const { facts, plan } = prepared;
  const { cluster } = facts;
  const nameOf = serverNamesOf(cluster);
  const server = nameOf(plan.newMaster ?? '');
  const dead = nameOf(plan.dead);
  const { name } = view;
  const title = vscode.l10n.t('Fail over {name} from {dead} to {server}?', { name, dead, server });
  const loss = vscode.l10n.t('Expected loss: {loss}', { loss: render(lossText(plan.expectedLoss)) });
  if (cluster.servers.some(s => s.extended.protected)) {
    const typed = await vscode.window.showInputBox({
      title,
      prompt: vscode.l10n.t('{loss}. This cluster is protected: type its name, {name}.', { loss, name }),
      ignoreFocusOut: true,
      validateInput: text => (text === name ? undefined : vscode.l10n.t('Type {name} to fail over.', { name })),
    });
    return typed === name;
  }
  const others = facts.replicas.filter(({ id }) => id !== plan.newMaster).map(({ id }) => nameOf(id));
  const detail = [
    loss,
    ignoreLastFailover ? vscode.l10n.t('The last failover is ignored.') : '',
    others.length > 0 ? vscode.l10n.t('Repointed: {servers}', { servers: others.join(', ') }) : '',
    vscode.l10n.t('It goes on when this window is closed, and cannot be taken back once the new master is touched.'),
  ];
  const yes = vscode.l10n.t('Fail Over');
  const options = { modal: true, detail: detail.filter(line => line !== '').join('\n') };
  return (await vscode.window.showWarningMessage(title, options, yes)) === yes;
}

/** The journal that a started process begins; undefined: it ended without. */
async function journalOf(
  { pid, ended }: Launched,
  cluster: ClusterConfig,
  before: ReadonlySet<string>,
): Promise<string | undefined> {
  let over = false;
  void ended.then(() => (over = true));
  for (const until = performance.now() + JOURNAL_WAIT_MS; ;) {
    const last = over || performance.now() > until;
    for (const { file } of listJournals(workdirOf(cluster), cluster.name)) {
      if (before.has(file)) break;
      const begin = readJournal(file)[0];
      if (begin?.type === 'begin' && begin.pid === pid) return file;
    }
    if (last) return undefined;
    await delay(JOURNAL_POLL_MS);
  }
}

/** Why `mha failover --json` changed nothing. */
function refusalIn(file: string): string | undefined {
  try {
    const result = JSON.parse(readFileSync(file, 'utf8')) as { message?: unknown };
    return typeof result.message === 'string' ? result.message : undefined;
  } catch {
    return undefined;
  }
}

function lastLine(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '';
  } catch {
    return '';
  }
}

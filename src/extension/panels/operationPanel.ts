import * as v from 'valibot';
import * as vscode from 'vscode';
import { errorCode, errorText } from '../../engine/errors';
import type { Log } from '../../engine/log';
import { followJournal, writerLives } from '../../engine/operations/followJournal';
import { readJournal } from '../../engine/operations/journal';
import { storyOf, type Story } from '../../engine/operations/journalStory';
import type { PreparedFailover } from '../../engine/operations/prepareFailover';
import { plainArgs, type Message } from '../../l10n/message';
import type { ClusterStore } from '../clusters/clusterStore';
import { mayRun } from '../settings';
import { operationMarkdown } from './operationMarkdown';
import {
  operationPageStateSchema,
  toOperationPanelSchema,
  type OperationAction,
  type OperationView,
  type ToOperationPage,
} from './operationProtocol';
import { planView, serverNamesOf, storyView, type OperationWording } from './operationView';
import { preparePanel, webviewPage } from './webviewPage';

/** Also names the activation event `onWebviewPanel:mysqlHa.operation`, by which a panel comes back after a reload. */
const VIEW_TYPE = 'mysqlHa.operation';

const translate = (message: Message): string => vscode.l10n.t(message.text, plainArgs(message, translate));
const titleOf = (view: OperationView) => `${view.cluster}: ${view.title}`;

/** What the panels leave to others. */
export interface OperationActions {
  /** Begins the plan that a panel shows, after asking. */
  start(panel: OperationPanel, planned: PlannedFailover): Promise<void>;
  /** Makes the plan anew, into this panel. */
  plan(panel: OperationPanel, options: PlanOptions): Promise<void>;
}

export interface PlanOptions {
  /** Whoever looks at the plan has decided that the last failover does not matter. */
  readonly ignoreLastFailover: boolean;
}

export interface PlannedFailover extends PlanOptions {
  readonly prepared: PreparedFailover;
}

interface Parts {
  readonly context: vscode.ExtensionContext;
  readonly store: ClusterStore;
  readonly log: Log;
}

/** One operation: its plan, then what its journal tells. */
export class OperationPanel {
  readonly #parts: Parts;
  readonly #owner: OperationPanels;
  readonly #panel: vscode.WebviewPanel;
  #view: OperationView;
  #planned: PlannedFailover | undefined;
  #disposed = false;
  #story: Story | undefined;
  #following: AbortController | undefined;

  constructor(parts: Parts, owner: OperationPanels, panel: vscode.WebviewPanel, view: OperationView) {
    this.#parts = parts;
    this.#owner = owner;
    this.#panel = panel;
    this.#view = view;
    preparePanel(parts.context, panel);
    panel.webview.onDidReceiveMessage(message => this.#receive(message));
    panel.onDidDispose(() => {
      this.#disposed = true;
      this.#following?.abort();
      owner.closed(this);
    });
    const { language } = view;
    panel.webview.html = webviewPage(parts.context, panel.webview, {
      name: 'operation',
      language,
      title: titleOf(view),
    });
    this.#show(view);
  }

  /** The configuration file. */
  get file(): string {
    return this.#view.file;
  }

  get journal(): string | undefined {
    return this.#view.journal;
  }

  get title(): string {
    return this.#panel.title;
  }

  get isVisible(): boolean {
    return this.#panel.visible;
  }

  reveal(): void {
    this.#panel.reveal(undefined, false);
  }

  showPlan(planned: PlannedFailover): void {
    this.#following?.abort();
    this.#planned = planned;
    this.#show(planView(planned.prepared, this.file, this.#owner.wording(this.file)));
  }

  setBusy(busy: boolean): void {
    this.#post({ type: 'busy', busy });
  }

  /** Shows what a journal tells, until it has ended or the panel shows something else. */
  async follow(journal: string): Promise<void> {
    this.#following?.abort();
    const following = new AbortController();
    this.#following = following;
    this.#planned = undefined;
    try {
      await followJournal(
        journal,
        ({ lines, alive }) => {
          const story = storyOf(lines, { alive });
          if (!story || following.signal.aborted) return;
          this.#story = story;
          this.#show(storyView({ story, journal, alive }, this.#owner.wording(story.file)));
        },
        following.signal,
      );
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      this.#parts.log.log('error', `${journal}: ${errorText(error)}`);
      void vscode.window.showErrorMessage(
        vscode.l10n.t('The journal cannot be read: {text}', { text: errorText(error) }),
      );
    }
  }

  /** The page asks by `ready` for what it missed while it was loading or hidden. */
  #show(view: OperationView): void {
    if (this.#disposed) return;
    this.#view = view;
    this.#panel.title = titleOf(view);
    this.#post({ type: 'show', view });
  }

  #post(message: ToOperationPage): void {
    if (!this.#disposed) void this.#panel.webview.postMessage(message);
  }

  #receive(received: unknown): void {
    const parsed = v.safeParse(toOperationPanelSchema, received);
    if (!parsed.success) return;
    if (parsed.output.type === 'ready') this.#post({ type: 'show', view: this.#view });
    else void this.#act(parsed.output.action);
  }

  /** Only what the view offers: the page cannot do anything else. */
  async #act(action: OperationAction): Promise<void> {
    if (!this.#view.actions.some(offered => offered.action === action)) return;
    switch (action) {
      case 'start':
        if (this.#planned) await this.#owner.actions.start(this, this.#planned);
        break;
      case 'planAgain':
        await this.#owner.actions.plan(this, { ignoreLastFailover: false });
        break;
      case 'ignoreLast':
        await this.#owner.actions.plan(this, { ignoreLastFailover: true });
        break;
      case 'cancel':
        await this.#cancel();
        break;
      case 'journal':
        if (this.journal !== undefined) await vscode.window.showTextDocument(vscode.Uri.file(this.journal));
        break;
      case 'copy':
        await vscode.env.clipboard.writeText(operationMarkdown(this.#view));
        vscode.window.setStatusBarMessage(vscode.l10n.t('The operation was copied.'), 3000);
        break;
    }
  }

  /** The process takes back what was done; behind the point of no return it goes on, whatever it is told. */
  async #cancel(): Promise<void> {
    const { journal } = this;
    if (!mayRun() || journal === undefined || !this.#story || this.#story.pid <= 1) return;
    if (!(await writerLives(journal, readJournal(journal)))) return;
    try {
      process.kill(this.#story.pid, 'SIGTERM');
    } catch (error) {
      const text = vscode.l10n.t('The operation cannot be cancelled from here: {text}', { text: errorText(error) });
      void vscode.window.showErrorMessage(text);
    }
  }
}

/** The open panels of operations. */
export class OperationPanels implements vscode.Disposable {
  readonly #parts: Parts;
  readonly #open = new Set<OperationPanel>();
  readonly #serializer: vscode.Disposable;
  actions: OperationActions = { start: () => Promise.resolve(), plan: () => Promise.resolve() };

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#serializer = vscode.window.registerWebviewPanelSerializer(VIEW_TYPE, {
      deserializeWebviewPanel: (panel, state: unknown) => {
        const parsed = v.safeParse(operationPageStateSchema, state);
        // Nothing that could be shown: an older version's state, or none yet.
        if (parsed.success) this.#restore(panel, parsed.output.view);
        else panel.dispose();
        return Promise.resolve();
      },
    });
  }

  dispose(): void {
    this.#serializer.dispose();
  }

  wording(file: string): OperationWording {
    const { config } = this.#parts.store.of(vscode.Uri.file(file)) ?? {};
    return { language: vscode.env.language, translate, nameOf: serverNamesOf(config) };
  }

  showPlan(planned: PlannedFailover, file: string): OperationPanel {
    const shown = [...this.#open].find(panel => panel.file === file && panel.journal === undefined);
    const panel = shown ?? this.#create(planView(planned.prepared, file, this.wording(file)));
    panel.showPlan(planned);
    panel.reveal();
    return panel;
  }

  /** Follows a journal in the panel that shows it, or in a new one. */
  async showJournal(journal: string): Promise<void> {
    const shown = [...this.#open].find(panel => panel.journal === journal);
    if (shown) {
      shown.reveal();
      return;
    }
    const lines = readJournal(journal);
    const alive = await writerLives(journal, lines);
    const story = storyOf(lines, { alive });
    if (!story) throw new Error(vscode.l10n.t('{file} is no journal.', { file: journal }));
    const panel = this.#create(storyView({ story, journal, alive }, this.wording(story.file)));
    void panel.follow(journal);
  }

  /** Whether somebody is looking at it. */
  isSeen(journal: string): boolean {
    return [...this.#open].some(panel => panel.journal === journal && panel.isVisible);
  }

  closed(panel: OperationPanel): void {
    this.#open.delete(panel);
  }

  #create(view: OperationView): OperationPanel {
    closeSleepingTabs(titleOf(view), this.#open);
    const column = vscode.window.activeTextEditor ? vscode.ViewColumn.Beside : vscode.ViewColumn.Active;
    const panel = vscode.window.createWebviewPanel(VIEW_TYPE, titleOf(view), column, { enableFindWidget: true });
    return this.#add(panel, view);
  }

  #add(panel: vscode.WebviewPanel, view: OperationView): OperationPanel {
    const added = new OperationPanel(this.#parts, this, panel, view);
    this.#open.add(added);
    return added;
  }

  /** A journal is followed again. A plan is old by now: it is made anew, and until then nothing can be begun. */
  #restore(panel: vscode.WebviewPanel, view: OperationView): void {
    const restored = this.#add(panel, { ...view, actions: view.actions.filter(({ action }) => action !== 'start') });
    if (!mayRun()) return;
    if (view.journal !== undefined) void restored.follow(view.journal);
    else void this.#parts.store.searched.then(() => this.actions.plan(restored, { ignoreLastFailover: false }));
  }
}

/** After a window reload a hidden panel stays a mere tab until somebody looks at it: a newer one takes its place. */
function closeSleepingTabs(title: string, open: ReadonlySet<OperationPanel>): void {
  if ([...open].some(panel => panel.title === title)) return;
  const tabs = vscode.window.tabGroups.all.flatMap(group =>
    group.tabs.filter(
      ({ input, label }) =>
        input instanceof vscode.TabInputWebview && input.viewType.endsWith(VIEW_TYPE) && label === title,
    ),
  );
  if (tabs.length > 0) void vscode.window.tabGroups.close(tabs, true);
}

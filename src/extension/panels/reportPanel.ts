import * as v from 'valibot';
import * as vscode from 'vscode';
import type { Report } from '../../engine/checks/types';
import { plainArgs, type Message } from '../../l10n/message';
import { reportMarkdown } from './reportMarkdown';
import { pageStateSchema, toPanelSchema, type Link, type ReportView, type ToPage } from './reportProtocol';
import { reportView } from './reportView';
import { preparePanel, webviewPage } from './webviewPage';

/** Also names the activation event `onWebviewPanel:mysqlHa.report`, by which a panel comes back after a reload. */
const VIEW_TYPE = 'mysqlHa.report';

const COMMANDS: Readonly<Record<ReportView['kind'], string>> = {
  replication: 'mysqlHa.checkReplication',
  ssh: 'mysqlHa.checkSsh',
};

/** The open panels, by check and file: running a check again shows its result in the same place. */
const open = new Map<string, ReportPanel>();

const keyOf = (view: ReportView) => `${view.kind}\n${view.file}`;
const titleOf = (view: ReportView) => `${view.cluster}: ${view.title}`;
const translate = (message: Message): string => vscode.l10n.t(message.text, plainArgs(message, translate));

const rendered = (report: Report) => reportView(report, { language: vscode.env.language, translate });

function linksOf(view: ReportView): readonly Link[] {
  return view.blocks.flatMap(block => {
    const entries =
      block.type === 'list' || block.type === 'reasons'
        ? block.entries
        : block.type === 'groups'
          ? block.groups.flatMap(group => group.entries)
          : [];
    return entries.flatMap(entry => entry.link ?? []);
  });
}

class ReportPanel {
  #view: ReportView;
  readonly #panel: vscode.WebviewPanel;

  constructor(context: vscode.ExtensionContext, panel: vscode.WebviewPanel, view: ReportView) {
    this.#panel = panel;
    this.#view = view;
    preparePanel(context, panel);
    panel.webview.onDidReceiveMessage(message => this.#receive(message));
    panel.onDidDispose(() => {
      if (open.get(keyOf(this.#view)) === this) open.delete(keyOf(this.#view));
    });
    open.set(keyOf(view), this);
    const { language } = view;
    panel.webview.html = webviewPage(context, panel.webview, { name: 'report', language, title: titleOf(view) });
    this.show(view);
  }

  /** The page asks by `ready` for what it missed while it was loading or hidden. */
  show(view: ReportView): void {
    this.#view = view;
    this.#panel.title = titleOf(view);
    this.#post({ type: 'show', view });
  }

  get title(): string {
    return this.#panel.title;
  }

  reveal(): void {
    this.#panel.reveal(undefined, false);
  }

  #post(message: ToPage): void {
    void this.#panel.webview.postMessage(message);
  }

  #receive(received: unknown): void {
    const parsed = v.safeParse(toPanelSchema, received);
    if (!parsed.success) return;
    const message = parsed.output;
    switch (message.type) {
      case 'ready':
        this.#post({ type: 'show', view: this.#view });
        break;
      case 'runAgain':
        void this.#runAgain();
        break;
      case 'copy':
        void this.#copy();
        break;
      case 'open':
        void this.#open(message.file, message.line);
        break;
    }
  }

  async #runAgain(): Promise<void> {
    this.#post({ type: 'busy', busy: true });
    try {
      const file = vscode.Uri.file(this.#view.file);
      // Its result comes by updateReport, as that of a check that was started elsewhere.
      await vscode.commands.executeCommand(COMMANDS[this.#view.kind], file);
    } finally {
      this.#post({ type: 'busy', busy: false });
    }
  }

  async #copy(): Promise<void> {
    await vscode.env.clipboard.writeText(reportMarkdown(this.#view));
    vscode.window.setStatusBarMessage(vscode.l10n.t('The report was copied.'), 3000);
  }

  /** Only what the report itself links to: the page cannot open anything else. */
  async #open(file: string, line: number): Promise<void> {
    if (!linksOf(this.#view).some(link => link.file === file && link.line === line)) return;
    const position = new vscode.Position(line, 0);
    await vscode.window.showTextDocument(vscode.Uri.file(file), {
      selection: new vscode.Range(position, position),
      viewColumn: vscode.ViewColumn.One,
    });
  }
}

/** After a window reload a hidden panel stays a mere tab until somebody looks at it: a newer report takes its place. */
function closeSleepingTabs(title: string): void {
  const ours = ({ input, label }: vscode.Tab) =>
    input instanceof vscode.TabInputWebview && input.viewType.endsWith(VIEW_TYPE) && label === title;
  const awake = [...open.values()].some(panel => panel.title === title);
  if (awake) return;
  const tabs = vscode.window.tabGroups.all.flatMap(group => group.tabs.filter(ours));
  if (tabs.length) void vscode.window.tabGroups.close(tabs, true);
}

/** Shows a report, in the panel that already shows this check of this file if there is one. */
export function showReport(context: vscode.ExtensionContext, report: Report): void {
  const view = rendered(report);
  const existing = open.get(keyOf(view));
  if (existing) {
    existing.show(view);
    existing.reveal();
    return;
  }
  const title = titleOf(view);
  closeSleepingTabs(title);
  const column = vscode.window.activeTextEditor ? vscode.ViewColumn.Beside : vscode.ViewColumn.Active;
  new ReportPanel(
    context,
    vscode.window.createWebviewPanel(VIEW_TYPE, title, column, { enableFindWidget: true }),
    view,
  );
}

/** Brings an open panel up to date after a check that was started elsewhere. Nothing is opened or revealed. */
export function updateReport(report: Report): void {
  const view = rendered(report);
  open.get(keyOf(view))?.show(view);
}

/** Brings the panels back after a window reload, with the report they showed. To be called by `activate`. */
export function registerReportPanel(context: vscode.ExtensionContext): vscode.Disposable {
  return vscode.window.registerWebviewPanelSerializer(VIEW_TYPE, {
    deserializeWebviewPanel: (panel, state: unknown) => {
      const parsed = v.safeParse(pageStateSchema, state);
      // Nothing that could be shown: an older version's state, or none yet.
      if (parsed.success) new ReportPanel(context, panel, parsed.output.view);
      else panel.dispose();
      return Promise.resolve();
    },
  });
}

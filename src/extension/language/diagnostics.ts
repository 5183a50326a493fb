import * as vscode from 'vscode';
import type { Severity } from '../../config/types';
import type { ClusterStore } from '../clusters/clusterStore';
import type { FoundFiles } from '../clusters/clusterFinder';
import { render } from '../render';
import type { Analyses, Analysis } from './analyses';
import { byFile, clusterDiagnostics, configDiagnostics, type DiagnosticData } from './diagnosticData';
import { fileOf, isEdited, LANGUAGE, toRange, uriOf } from './documents';
import type { GlobalFiles } from './globalFiles';

/** Long enough to miss most keystrokes, short enough to seem immediate. */
const DELAY_MS = 100;
const FILES_AT_ONCE = 8;

const SEVERITY: Readonly<Record<Severity, vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
  hint: vscode.DiagnosticSeverity.Hint,
};

const SOURCE = 'MHA';

/** The findings of open, changed and closed files, and what was found in the servers, at their lines. */
export class Diagnostics implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection(LANGUAGE);
  readonly #analyses: Analyses;
  readonly #store: ClusterStore;
  readonly #disposables: vscode.Disposable[] = [];
  /** By URI of the analysed file. */
  readonly #latest = new Map<string, Analysis>();
  readonly #pending = new Map<string, NodeJS.Timeout>();
  /** What the collection holds, by file: only what differs is set again. */
  #published = new Map<string, string>();
  #publishTimer: NodeJS.Timeout | undefined;
  #files: readonly vscode.Uri[] = [];
  #scan: AbortController | undefined;

  constructor(analyses: Analyses, globals: GlobalFiles, store: ClusterStore) {
    this.#analyses = analyses;
    this.#store = store;
    this.#disposables.push(
      this.#collection,
      vscode.workspace.onDidOpenTextDocument(d => this.#refreshDocument(d, 0)),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) this.#changed(document);
      }),
      vscode.workspace.onDidCloseTextDocument(d => this.#closed(d)),
      globals.onDidChange(file => this.#globalChanged(file)),
      store.onDidChange(() => this.#publishSoon()),
      vscode.workspace.onDidChangeConfiguration(e => {
        if (e.affectsConfiguration('mysqlHa.globalConfigurationFile')) this.refreshAll();
      }),
    );
    for (const document of vscode.workspace.textDocuments) this.#refreshDocument(document, 0);
  }

  /** The files to watch over, open or not. */
  setFiles({ applications, globals }: FoundFiles): void {
    this.#files = [...applications, ...globals];
    const keep = new Set([...this.#files.map(String), ...this.#openDocuments().map(d => d.uri.toString())]);
    for (const key of [...this.#latest.keys()]) if (!keep.has(key)) this.#latest.delete(key);
    void this.#scanClosed(this.#files.filter(u => !this.#latest.has(u.toString())));
    this.#publishSoon();
  }

  /** A file has changed on disk. Open ones speak for themselves. */
  fileChanged(uri: vscode.Uri): void {
    if (!this.#isOpen(uri)) void this.#scanClosed([uri]);
  }

  refreshAll(): void {
    for (const document of this.#openDocuments()) this.#refreshDocument(document, 0);
    void this.#scanClosed(this.#files.filter(u => !this.#isOpen(u)));
  }

  dispose(): void {
    this.#scan?.abort();
    clearTimeout(this.#publishTimer);
    for (const timer of this.#pending.values()) clearTimeout(timer);
    for (const d of this.#disposables) d.dispose();
  }

  #openDocuments(): vscode.TextDocument[] {
    return vscode.workspace.textDocuments.filter(d => !d.isClosed && isEdited(d));
  }

  #isOpen(uri: vscode.Uri): boolean {
    const key = uri.toString();
    return this.#openDocuments().some(d => d.uri.toString() === key);
  }

  #changed(document: vscode.TextDocument): void {
    this.#refreshDocument(document, DELAY_MS);
    if (isEdited(document) && [...this.#latest.values()].some(a => a.globalFile === fileOf(document.uri)))
      this.#globalChanged(fileOf(document.uri));
  }

  #closed(document: vscode.TextDocument): void {
    const key = document.uri.toString();
    clearTimeout(this.#pending.get(key));
    this.#pending.delete(key);
    if (!this.#latest.delete(key)) return;
    if (this.#files.some(u => u.toString() === key)) void this.#scanClosed([document.uri]);
    this.#globalChanged(fileOf(document.uri));
    this.#publishSoon();
  }

  /** Everything that inherits from it. */
  #globalChanged(file: string): void {
    const key = `global ${file}`;
    clearTimeout(this.#pending.get(key));
    const run = (): void => {
      this.#pending.delete(key);
      const heirs = [...this.#latest.values()].filter(a => a.globalFile === file);
      for (const document of this.#openDocuments())
        if (heirs.some(a => a.uri.toString() === document.uri.toString())) this.#refreshDocument(document, 0);
      const closed = heirs.filter(a => !this.#isOpen(a.uri));
      if (closed.length > 0) void this.#scanClosed(closed.map(a => a.uri));
    };
    this.#pending.set(key, setTimeout(run, DELAY_MS));
  }

  #refreshDocument(document: vscode.TextDocument, delayMs: number): void {
    if (!isEdited(document)) return;
    const key = document.uri.toString();
    clearTimeout(this.#pending.get(key));
    const run = (): void => {
      this.#pending.delete(key);
      if (document.isClosed || !isEdited(document)) return;
      this.#latest.set(key, this.#analyses.ofDocument(document));
      this.#publish();
    };
    this.#pending.set(key, setTimeout(run, delayMs));
  }

  async #scanClosed(uris: readonly vscode.Uri[]): Promise<void> {
    this.#scan ??= new AbortController();
    const { signal } = this.#scan;
    const queue = uris.filter(u => !this.#isOpen(u));
    const worker = async (): Promise<void> => {
      for (let uri = queue.shift(); uri && !signal.aborted; uri = queue.shift()) {
        const analysis = await this.#analyses.ofFile(uri, signal);
        const key = uri.toString();
        if (!this.#isOpen(uri) && this.#files.some(u => u.toString() === key)) this.#latest.set(key, analysis);
      }
    };
    try {
      await Promise.all(Array.from({ length: FILES_AT_ONCE }, worker));
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    if (!signal.aborted) this.#publishSoon();
  }

  #publishSoon(): void {
    clearTimeout(this.#publishTimer);
    this.#publishTimer = setTimeout(() => this.#publish(), 20);
  }

  #publish(): void {
    const data: DiagnosticData[] = [];
    for (const { resolution } of this.#latest.values()) data.push(...configDiagnostics(resolution.findings));
    for (const view of this.#store.list()) {
      const config = this.#latest.get(view.id)?.resolution.cluster ?? view.config;
      if (config) data.push(...clusterDiagnostics(view.findings, config));
    }
    const next = new Map<string, string>();
    for (const [file, list] of byFile(data)) {
      const text = JSON.stringify(list);
      next.set(file, text);
      if (this.#published.get(file) !== text) this.#collection.set(uriOf(file), list.map(toDiagnostic));
    }
    for (const file of this.#published.keys()) if (!next.has(file)) this.#collection.delete(uriOf(file));
    this.#published = next;
  }
}

function toDiagnostic(data: DiagnosticData): vscode.Diagnostic {
  const diagnostic = new vscode.Diagnostic(toRange(data.range), render(data.message), SEVERITY[data.severity]);
  diagnostic.source = SOURCE;
  diagnostic.code = { value: data.code, target: explanation(data) };
  return diagnostic;
}

/** The page of the documentation that explains a code, as a link. */
function explanation({ code, about }: DiagnosticData): vscode.Uri {
  const query = encodeURIComponent(JSON.stringify([code, about]));
  return vscode.Uri.parse(`command:mysqlHa.explainFinding?${query}`);
}

import * as path from 'node:path';
import * as vscode from 'vscode';
import { fileOf, isEdited, isGlobalFile, LANGUAGE } from '../language/documents';
import { configurationFiles, resolvePath } from '../settings';
import { pathMatcher } from './glob';

/** More than this is not a workspace of configurations. */
const MAX_FILES = 2000;
const FIRST_LINE = /^\s*\[\s*server default\s*\]/;
const DELAY_MS = 200;

interface LanguageContribution {
  readonly id: string;
  readonly filenames?: readonly string[];
  readonly filenamePatterns?: readonly string[];
}

interface Patterns {
  /** As contributed. */
  readonly contributed: readonly string[];
  /** `files.associations` of the user. */
  readonly own: readonly string[];
}

function languagePatterns(extension: vscode.Extension<unknown>): Patterns {
  const manifest = extension.packageJSON as { contributes?: { languages?: readonly LanguageContribution[] } };
  const language = manifest.contributes?.languages?.find(l => l.id === LANGUAGE);
  const associations = vscode.workspace.getConfiguration('files').get<Record<string, unknown>>('associations') ?? {};
  return {
    contributed: [...(language?.filenames ?? []), ...(language?.filenamePatterns ?? [])],
    own: Object.keys(associations).filter(pattern => associations[pattern] === LANGUAGE),
  };
}

/** Splits `/etc/mha/*.cnf` into the folder without wildcards and the rest. */
export function splitGlob(file: string): { readonly base: string; readonly pattern: string } | undefined {
  const parts = file.split(/[\\/]/);
  const first = parts.findIndex(p => /[*?{[]/.test(p));
  return first < 0
    ? undefined
    : { base: parts.slice(0, first).join('/') || '/', pattern: parts.slice(first).join('/') };
}

export interface FoundFiles {
  /** Application files: one cluster each. */
  readonly applications: readonly vscode.Uri[];
  /** Global files that lie in the workspace. */
  readonly globals: readonly vscode.Uri[];
  /** Those that the settings name. */
  readonly listed: readonly vscode.Uri[];
}

/** Finds the configurations: by name and first line in the workspace, by setting, and those that are open. Follows changes. */
export class ClusterFinder implements vscode.Disposable {
  readonly #extension: vscode.Extension<unknown>;
  readonly #disposables: vscode.Disposable[] = [];
  #watchers: vscode.Disposable[] = [];
  readonly #found = new vscode.EventEmitter<FoundFiles>();
  readonly onDidFind = this.#found.event;
  readonly #changedFile = new vscode.EventEmitter<vscode.Uri>();
  /** A found file's contents have changed on disk. */
  readonly onDidChangeFile = this.#changedFile.event;
  #known = new Set<string>();
  /** Found for no other reason than that they are open. */
  #openOnly = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<FoundFiles> | undefined;
  #disposed = false;

  constructor(extension: vscode.Extension<unknown>) {
    this.#extension = extension;
    const again = (): void => this.#soon();
    this.#disposables.push(
      this.#found,
      this.#changedFile,
      vscode.workspace.onDidChangeWorkspaceFolders(again),
      vscode.workspace.onDidOpenTextDocument(d => {
        if (d.languageId === LANGUAGE && !this.#known.has(d.uri.toString())) again();
      }),
      vscode.workspace.onDidCloseTextDocument(d => {
        if (this.#openOnly.has(d.uri.toString())) again();
      }),
      vscode.workspace.onDidChangeConfiguration(e => {
        const names = ['mysqlHa.configurationFiles', 'mysqlHa.globalConfigurationFile', 'files.associations'];
        if (names.some(n => e.affectsConfiguration(n))) {
          this.#watch();
          again();
        }
      }),
    );
    this.#watch();
  }

  /** Looks now; a look that is under way is waited for and its result is used. */
  find(): Promise<FoundFiles> {
    return (this.#running ??= this.#find().finally(() => (this.#running = undefined)));
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    for (const d of [...this.#disposables, ...this.#watchers]) d.dispose();
  }

  #soon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.find(), DELAY_MS);
  }

  #watch(): void {
    for (const d of this.#watchers) d.dispose();
    const patterns: vscode.GlobPattern[] = ['**/*.{cnf,conf}'];
    for (const { base, pattern } of this.#settingGlobs())
      patterns.push(new vscode.RelativePattern(vscode.Uri.file(base), pattern));
    this.#watchers = patterns.map(pattern => {
      const watcher = vscode.workspace.createFileSystemWatcher(pattern);
      watcher.onDidCreate(() => this.#soon());
      watcher.onDidDelete(() => this.#soon());
      watcher.onDidChange(uri => {
        if (this.#known.has(uri.toString())) this.#changedFile.fire(uri);
        else this.#soon();
      });
      return watcher;
    });
  }

  #settingGlobs(): { readonly base: string; readonly pattern: string }[] {
    return configurationFiles().flatMap(text => {
      const file = resolvePath(text);
      if (file === undefined) return [];
      return [splitGlob(file) ?? { base: path.dirname(file), pattern: path.basename(file) }];
    });
  }

  async #find(): Promise<FoundFiles> {
    const { contributed, own } = languagePatterns(this.#extension);
    const [candidates, associated, listed] = await Promise.all([
      inWorkspace('**/*.cnf'),
      Promise.all(own.map(glob => inWorkspace(glob.includes('/') ? glob : `**/${glob}`))),
      Promise.all(this.#settingGlobs().map(g => this.#listed(g))),
    ]);
    const named = pathMatcher(contributed);
    const uris = new Map<string, vscode.Uri>();
    const add = (uri: vscode.Uri): unknown => uris.set(uri.toString(), uri);
    candidates.filter(u => named(u.path)).forEach(add);
    associated.flat().forEach(add);
    listed.flat().forEach(add);
    const unknown = candidates.filter(u => !uris.has(u.toString()));
    for (let i = 0; i < unknown.length; i += 16)
      for (const uri of await Promise.all(unknown.slice(i, i + 16).map(startsLikeOne))) if (uri) add(uri);
    const open = vscode.workspace.textDocuments.filter(d => !d.isClosed && isEdited(d) && d.uri.scheme === 'file');
    this.#openOnly = new Set(open.map(d => d.uri.toString()).filter(key => !uris.has(key)));
    for (const document of open) add(document.uri);
    const files = [...uris.values()].filter(u => u.scheme === 'file');
    const result = {
      applications: files.filter(u => !isGlobalFile(u)),
      globals: files.filter(isGlobalFile),
      listed: listed.flat(),
    };
    this.#known = new Set(files.map(u => u.toString()));
    if (!this.#disposed) this.#found.fire(result);
    return result;
  }

  async #listed({ base, pattern }: { readonly base: string; readonly pattern: string }): Promise<vscode.Uri[]> {
    const folder = vscode.Uri.file(base);
    try {
      if (!/[*?{[]/.test(pattern)) {
        const uri = vscode.Uri.joinPath(folder, pattern);
        const { type } = await vscode.workspace.fs.stat(uri);
        return type & vscode.FileType.File ? [uri] : [];
      }
      return await vscode.workspace.findFiles(new vscode.RelativePattern(folder, pattern), null, MAX_FILES);
    } catch {
      return []; // not there yet: the watcher tells when it comes
    }
  }
}

async function inWorkspace(pattern: string): Promise<vscode.Uri[]> {
  try {
    return await vscode.workspace.findFiles(pattern, '**/node_modules/**', MAX_FILES);
  } catch {
    return []; // a workspace that cannot be searched: open files and those of the setting remain
  }
}

/** The second way to tell the language: `[server default]` in the first line. */
async function startsLikeOne(uri: vscode.Uri): Promise<vscode.Uri | undefined> {
  const open = vscode.workspace.textDocuments.find(d => !d.isClosed && fileOf(d.uri) === fileOf(uri));
  if (open) return open.languageId === LANGUAGE ? uri : undefined;
  try {
    const { size } = await vscode.workspace.fs.stat(uri);
    if (size > 1024 * 1024) return undefined;
    const text = Buffer.from(await vscode.workspace.fs.readFile(uri)).toString('latin1', 0, 256);
    return FIRST_LINE.test(text.split(/[\r\n]/, 1)[0] ?? '') ? uri : undefined;
  } catch {
    return undefined;
  }
}

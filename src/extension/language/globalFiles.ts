import * as path from 'node:path';
import * as vscode from 'vscode';
import { parseDocument } from '../../config/document';
import type { MhaDocument } from '../../config/types';
import { fileOf } from './documents';

/** Larger files are not MHA's. */
const MAX_BYTES = 4 * 1024 * 1024;

interface Entry {
  readonly watcher: vscode.FileSystemWatcher;
  document: MhaDocument | undefined;
  /** Of the editor's text, where it is open. */
  open: { readonly version: number; readonly document: MhaDocument } | undefined;
}

/** The global configuration files in use: as typed where they are open, else as they are on disk. */
export class GlobalFiles implements vscode.Disposable {
  readonly #entries = new Map<string, Entry>();
  readonly #changed = new vscode.EventEmitter<string>();
  /** The path of a file whose contents on disk have changed, or were read for the first time. */
  readonly onDidChange = this.#changed.event;

  /** Undefined: there is no such file, or it has not been read yet (then `onDidChange` follows). */
  get(file: string): MhaDocument | undefined {
    const entry = this.#entries.get(file) ?? this.#watch(file);
    const document = vscode.workspace.textDocuments.find(d => !d.isClosed && fileOf(d.uri) === file);
    if (!document) return entry.document;
    if (entry.open?.version !== document.version)
      entry.open = { version: document.version, document: parseDocument(document.getText(), file) };
    return entry.open.document;
  }

  has(file: string): boolean {
    return this.#entries.has(file);
  }

  dispose(): void {
    for (const { watcher } of this.#entries.values()) watcher.dispose();
    this.#entries.clear();
    this.#changed.dispose();
  }

  #watch(file: string): Entry {
    const pattern = new vscode.RelativePattern(vscode.Uri.file(path.dirname(file)), path.basename(file));
    const watcher = vscode.workspace.createFileSystemWatcher(pattern);
    const entry: Entry = { watcher, document: undefined, open: undefined };
    this.#entries.set(file, entry);
    const read = (): void => void this.#read(file, entry);
    watcher.onDidCreate(read);
    watcher.onDidChange(read);
    watcher.onDidDelete(read);
    read();
    return entry;
  }

  async #read(file: string, entry: Entry): Promise<void> {
    const uri = vscode.Uri.file(file);
    const before = entry.document;
    try {
      const { type, size } = await vscode.workspace.fs.stat(uri);
      const readable = (type & vscode.FileType.File) !== 0 && size <= MAX_BYTES;
      entry.document = readable ? parseDocument(await vscode.workspace.fs.readFile(uri), file) : undefined;
    } catch {
      entry.document = undefined; // not there, or not readable: loading a cluster says so
    }
    if (this.#entries.get(file) === entry && (before ?? entry.document) !== undefined) this.#changed.fire(file);
  }
}

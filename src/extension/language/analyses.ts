import type * as vscode from 'vscode';
import { parseDocument } from '../../config/document';
import { processUser } from '../../config/load';
import { resolve } from '../../config/resolve';
import type { MhaDocument, Resolution } from '../../config/types';
import { readCluster } from '../readCluster';
import { globalConfigurationFile } from '../settings';
import { fileOf, isGlobalFile } from './documents';
import type { GlobalFiles } from './globalFiles';

/** A configuration as text and as meaning. No program is ever run for it (`init_conf_load_script` is left out). */
export interface Analysis {
  readonly uri: vscode.Uri;
  /** The name by which findings refer to it. */
  readonly file: string;
  readonly globalFile?: string;
  readonly isGlobal: boolean;
  /** Absent where the file could not be read: the findings say why. */
  readonly document?: MhaDocument;
  readonly resolution: Resolution;
}

interface Cached {
  readonly version: number;
  readonly global: MhaDocument | undefined;
  readonly analysis: Analysis & { readonly document: MhaDocument };
}

/** What files mean: one analysis per version of a document, shared by all language features. */
export class Analyses {
  readonly #cache = new WeakMap<vscode.TextDocument, Cached>();
  readonly #globals: GlobalFiles;
  readonly #loginUser = processUser();

  constructor(globals: GlobalFiles) {
    this.#globals = globals;
  }

  ofDocument(document: vscode.TextDocument): Analysis & { readonly document: MhaDocument } {
    const { uri, version } = document;
    const isGlobal = isGlobalFile(uri);
    const globalFile = isGlobal ? undefined : globalConfigurationFile(uri);
    const global = globalFile === undefined ? undefined : this.#globals.get(globalFile);
    const cached = this.#cache.get(document);
    if (cached?.version === version && cached.global === global) return cached.analysis;
    const file = fileOf(uri);
    const parsed = parseDocument(document.getText(), file);
    const analysis = {
      uri,
      file,
      isGlobal,
      ...(globalFile === undefined ? {} : { globalFile }),
      document: parsed,
      resolution: withMark(document, file, this.#resolve(parsed, isGlobal, global)),
    };
    this.#cache.set(document, { version, global, analysis });
    return analysis;
  }

  /** Of a file that is not open. Whatever is wrong with it is a finding. */
  async ofFile(uri: vscode.Uri, signal?: AbortSignal): Promise<Analysis> {
    const file = fileOf(uri);
    const isGlobal = isGlobalFile(uri);
    const globalFile = isGlobal ? undefined : globalConfigurationFile(uri);
    const base = { uri, file, isGlobal, ...(globalFile === undefined ? {} : { globalFile }) };
    const loaded = await readCluster(uri, { runInitScript: false, ...(signal ? { signal } : {}) });
    const document = loaded.application;
    if (!document) return { ...base, resolution: loaded };
    const global = globalFile === undefined ? undefined : this.#globals.get(globalFile);
    return { ...base, document, resolution: this.#resolve(document, isGlobal, global) };
  }

  #resolve(document: MhaDocument, isGlobal: boolean, global: MhaDocument | undefined): Resolution {
    if (!isGlobal) return resolve({ application: document, loginUser: this.#loginUser, ...(global ? { global } : {}) });
    // Of a global file by itself only what concerns it counts, not what an application would lack.
    const nothing = parseDocument('', '');
    const { findings } = resolve({ application: nothing, global: document, loginUser: this.#loginUser });
    return { findings: findings.filter(f => f.file === document.file) };
  }
}

/** An editor's text comes without the byte order mark of its file, over which MHA stumbles. */
function withMark({ encoding }: vscode.TextDocument, file: string, resolution: Resolution): Resolution {
  if (encoding !== 'utf8bom') return resolution;
  const marked = resolve({ application: parseDocument('\ufeff', file), loginUser: '' }).findings;
  const mark = marked.filter(f => f.code === 'byte-order-mark').map(f => ({ ...f, fixes: [] }));
  return { findings: [...mark, ...resolution.findings] };
}

import type * as vscode from 'vscode';
import { DEFAULT_GLOBAL_FILE, loadCluster, type LoadedCluster } from '../config/load';
import { globalConfigurationFile } from './settings';

export interface ReadOptions {
  readonly runInitScript: boolean;
  readonly signal?: AbortSignal;
}

/** An application file with the global file that the settings name. Only MHA's own default path may be missing. */
export async function readCluster(uri: vscode.Uri, options: ReadOptions): Promise<LoadedCluster> {
  const globalFile = globalConfigurationFile(uri);
  const loaded = await loadCluster({
    file: uri.fsPath,
    ...(globalFile === DEFAULT_GLOBAL_FILE ? {} : { globalFile: globalFile ?? '' }),
    ...options,
  });
  return globalFile === undefined ? { ...loaded, findings: loaded.findings.filter(f => f.file !== '') } : loaded;
}

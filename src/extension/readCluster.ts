import type * as vscode from 'vscode';
import { DEFAULT_GLOBAL_FILE, loadCluster, type LoadedCluster } from '../config/load';
import { globalConfigurationFile } from './settings';

export interface ReadOptions {
  readonly runInitScript: boolean;
  readonly signal?: AbortSignal;
}

/** An application file with the global file that the settings name. Only MHA's own default path may be missing. */
export function readCluster(uri: vscode.Uri, options: ReadOptions): Promise<LoadedCluster> {
  const globalFile = globalConfigurationFile(uri);
  return loadCluster({
    file: uri.fsPath,
    ...(globalFile === DEFAULT_GLOBAL_FILE ? {} : { globalFile: globalFile ?? false }),
    ...options,
  });
}

import * as path from 'node:path';
import * as vscode from 'vscode';
import type { ExtensionApi } from '../../../src/extension/main';
import type { HostSetting } from '../hostRun';

export const setting = JSON.parse(process.env['MHA_OPS_HOST_TESTS'] ?? '{}') as HostSetting;

export function fileUri(name: string): vscode.Uri {
  return vscode.Uri.file(path.join(setting.folder, name));
}

/** The extension's own account of itself, once it is active. */
export async function api(): Promise<ExtensionApi> {
  const extension = vscode.extensions.getExtension<ExtensionApi>('mysql-ha-ops.mysql-ha-ops');
  if (!extension) throw new Error('the extension is not there');
  return extension.activate();
}

export async function openFile(name: string): Promise<vscode.TextEditor> {
  return vscode.window.showTextDocument(await vscode.workspace.openTextDocument(fileUri(name)));
}

/** A document that exists nowhere, with this text. */
export async function openText(content: string, language = 'mha'): Promise<vscode.TextDocument> {
  return vscode.workspace.openTextDocument({ content, language });
}

import * as path from 'node:path';
import * as vscode from 'vscode';

function get<T>(name: string, fallback: T, scope?: vscode.Uri): T {
  return vscode.workspace.getConfiguration('mysqlHa', scope).get<T>(name) ?? fallback;
}

function number(name: string, fallback: number, least: number, most: number): number {
  const value = Number(get<unknown>(name, fallback));
  return Number.isFinite(value) ? Math.min(Math.max(value, least), most) : fallback;
}

/** An absolute path as it is; a relative one is in the workspace folder of `beside`, else in the first. */
export function resolvePath(text: string, beside?: vscode.Uri): string | undefined {
  if (path.isAbsolute(text)) return path.normalize(text);
  const folder = (beside && vscode.workspace.getWorkspaceFolder(beside)) ?? vscode.workspace.workspaceFolders?.[0];
  return folder?.uri.scheme === 'file' ? path.join(folder.uri.fsPath, text) : undefined;
}

/** `mysqlHa.configurationFiles`: paths and globs. */
export function configurationFiles(): string[] {
  const value = get<unknown>('configurationFiles', []);
  return Array.isArray(value)
    ? value.filter(v => typeof v === 'string' && v.trim() !== '').map(v => String(v).trim())
    : [];
}

/** Path of the global configuration file for an application file; undefined: there is none. */
export function globalConfigurationFile(application?: vscode.Uri): string | undefined {
  const text = String(get<unknown>('globalConfigurationFile', '', application)).trim();
  return text === '' ? undefined : resolvePath(text, application);
}

/** Milliseconds; 0: nothing is polled. */
export function pollingIntervalMs(): number {
  const seconds = number('pollingInterval', 10, 0, 3600);
  return seconds === 0 ? 0 : Math.max(1, seconds) * 1000;
}

export function secondsBehindMaster(): number {
  return number('secondsBehindMaster', 30, 0, 2 ** 31);
}

export function skipSshCheck(): boolean {
  return get<unknown>('skipSshCheck', false) === true;
}

/** Asked of everything that would contact a server or run a program. */
export function mayRun(): boolean {
  return vscode.workspace.isTrusted;
}

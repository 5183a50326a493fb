import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Position, Range, TextEdit } from '../../config/types';
import { globalConfigurationFile } from '../settings';

export const LANGUAGE = 'mha';
export const SELECTOR: vscode.DocumentSelector = { language: LANGUAGE };
export const GLOBAL_NAME = 'masterha_default.cnf';

/** Documents that are edited, not views of other versions (diffs, output). */
export function isEdited(document: vscode.TextDocument): boolean {
  const { scheme } = document.uri;
  return (
    document.languageId === LANGUAGE &&
    (scheme === 'untitled' || vscode.workspace.fs.isWritableFileSystem(scheme) === true)
  );
}

/** The name under which findings refer to a file. */
export function fileOf(uri: vscode.Uri): string {
  return uri.scheme === 'file' ? uri.fsPath : uri.toString();
}

export function uriOf(file: string): vscode.Uri {
  return path.isAbsolute(file) ? vscode.Uri.file(file) : vscode.Uri.parse(file);
}

/** MHA's global file, not a cluster's. */
export function isGlobalFile(uri: vscode.Uri): boolean {
  return path.posix.basename(uri.path) === GLOBAL_NAME || fileOf(uri) === globalConfigurationFile(uri);
}

export function toPosition(position: Position): vscode.Position {
  return new vscode.Position(position.line, position.character);
}

export function toRange(range: Range): vscode.Range {
  return new vscode.Range(toPosition(range.start), toPosition(range.end));
}

export function toTextEdit(edit: TextEdit): vscode.TextEdit {
  return vscode.TextEdit.replace(toRange(edit.range), edit.newText);
}

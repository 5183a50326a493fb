import * as vscode from 'vscode';
import type { Text } from './text';

/** Renders in the display language. */
export function render(text: Text): string {
  return typeof text === 'string' ? text : vscode.l10n.t(text.text, text.args);
}

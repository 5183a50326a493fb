import * as vscode from 'vscode';
import { plainArgs } from '../l10n/message';
import type { Text } from './text';

/** Text as Markdown that shows it as it is; unlike `appendText` it leaves the blanks at which lines may break. */
export function asMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-!~<>|&]/g, '\\$&').replace(/\s+/g, ' ');
}

/** Renders in the display language. */
export function render(text: Text): string {
  return typeof text === 'string' ? text : vscode.l10n.t(text.text, plainArgs(text, render));
}

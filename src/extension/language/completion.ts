import * as vscode from 'vscode';
import { render } from '../render';
import type { Analyses } from './analyses';
import { completionsAt, type CompletionData } from './completionData';
import { SELECTOR, toRange } from './documents';
import { describeParameter } from './parameterText';

const KIND: Readonly<Record<CompletionData['kind'], vscode.CompletionItemKind>> = {
  section: vscode.CompletionItemKind.Module,
  parameter: vscode.CompletionItemKind.Property,
  value: vscode.CompletionItemKind.Value,
};

function documentation(name: string, extended: boolean): vscode.MarkdownString {
  const description = describeParameter(name, extended, vscode.env.language);
  const text = new vscode.MarkdownString(description?.what);
  return text.appendMarkdown('\n\n').appendText(description?.facts.map(render).join(' ') ?? '');
}

function toItem(data: CompletionData, index: number): vscode.CompletionItem {
  const item = new vscode.CompletionItem(data.label, KIND[data.kind]);
  item.insertText = new vscode.SnippetString(data.insert);
  item.range = toRange(data.range);
  item.sortText = String(index).padStart(4, '0');
  item.filterText = data.insert.startsWith('#@') ? `#@ ${data.label.replace(/^#@ /, '')}` : data.label;
  if (data.detail) item.detail = render(data.detail);
  if (data.parameter) {
    const { name, extended } = data.parameter;
    item.documentation = documentation(name, extended);
  }
  return item;
}

export function registerCompletion(analyses: Analyses): vscode.Disposable {
  const provider: vscode.CompletionItemProvider = {
    provideCompletionItems: (document, position) =>
      completionsAt(analyses.ofDocument(document).document, document.lineAt(position).text, position).map(toItem),
  };
  return vscode.languages.registerCompletionItemProvider(SELECTOR, provider, '[', '=', '@', '#');
}

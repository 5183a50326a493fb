import * as vscode from 'vscode';
import { asMarkdown, render } from '../render';
import type { Analyses } from './analyses';
import { SELECTOR, toRange } from './documents';
import { hoverAt, type HoverText } from './hoverText';

/** Values and paths are data: they are shown as they are, never read as Markdown. */
function markdown(hover: HoverText): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  text.appendMarkdown(`**${asMarkdown(hover.title)}**`);
  if (hover.what !== undefined) text.appendMarkdown(`\n\n${hover.what}`);
  text.appendMarkdown(`\n\n${asMarkdown(hover.facts.map(render).join(' '))}`);
  if (hover.values.length > 0) text.appendMarkdown('\n\n---\n\n');
  for (const { label, value, origin } of hover.values) {
    const from = asMarkdown(render(origin));
    text.appendMarkdown(`\n- ${asMarkdown(label)}: **${asMarkdown(render(value))}** — ${from}`);
  }
  return text;
}

export function registerHover(analyses: Analyses): vscode.Disposable {
  const provider: vscode.HoverProvider = {
    provideHover: (document, position) => {
      const { document: parsed, resolution } = analyses.ofDocument(document);
      const hover = hoverAt({
        document: parsed,
        position,
        language: vscode.env.language,
        ...(resolution.cluster ? { cluster: resolution.cluster } : {}),
      });
      return hover && new vscode.Hover(markdown(hover), toRange(hover.range));
    },
  };
  return vscode.languages.registerHoverProvider(SELECTOR, provider);
}

import * as vscode from 'vscode';
import type { ConfigFinding } from '../../config/types';
import { render } from '../render';
import type { Analyses } from './analyses';
import { fileOf, LANGUAGE, SELECTOR, toRange, toTextEdit } from './documents';
import { combineFixes, fixForAll } from './fixes';

const FIX_ALL = vscode.CodeActionKind.SourceFixAll.append(LANGUAGE);

/** Fixes of single findings, of all of one kind in the file, and of everything that can be mended without a decision. */
class CodeActions implements vscode.CodeActionProvider {
  readonly #analyses: Analyses;

  constructor(analyses: Analyses) {
    this.#analyses = analyses;
  }

  provideCodeActions(
    document: vscode.TextDocument,
    range: vscode.Range,
    context: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    const file = fileOf(document.uri);
    const findings = this.#analyses.ofDocument(document).resolution.findings.filter(f => f.file === file);
    const actions: vscode.CodeAction[] = [];
    if (!context.only || context.only.contains(vscode.CodeActionKind.QuickFix)) {
      const here = findings.filter(f => f.fixes.length > 0 && toRange(f.range).intersection(range));
      for (const finding of here) actions.push(...this.#single(document, finding, context));
      for (const code of new Set(here.filter(fixForAll).map(f => f.code)))
        actions.push(...this.#ofCode(document, findings, code));
    }
    if (context.only && FIX_ALL.intersects(context.only)) actions.push(...this.#everything(document, findings));
    return actions;
  }

  #single(
    document: vscode.TextDocument,
    finding: ConfigFinding,
    context: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    const range = toRange(finding.range);
    const diagnostics = context.diagnostics.filter(d => codeOf(d) === finding.code && d.range.isEqual(range));
    return finding.fixes.map((fix, index) => {
      const action = new vscode.CodeAction(render(fix.title), vscode.CodeActionKind.QuickFix);
      action.edit = new vscode.WorkspaceEdit();
      action.edit.set(document.uri, fix.edits.map(toTextEdit));
      action.diagnostics = diagnostics;
      action.isPreferred = index === 0 && finding.fixes.length === 1;
      return action;
    });
  }

  #ofCode(document: vscode.TextDocument, findings: readonly ConfigFinding[], code: string): vscode.CodeAction[] {
    const same = findings.filter(f => f.code === code && fixForAll(f));
    const title = vscode.l10n.t('Fix all {count} problems of this kind in the file ({code})', {
      count: same.length,
      code,
    });
    return same.length < 2 ? [] : [combined(document, same, title, vscode.CodeActionKind.QuickFix)];
  }

  #everything(document: vscode.TextDocument, findings: readonly ConfigFinding[]): vscode.CodeAction[] {
    const fixable = findings.filter(fixForAll);
    return fixable.length === 0
      ? []
      : [combined(document, fixable, vscode.l10n.t('Fix all problems that can be fixed in the file'), FIX_ALL)];
  }
}

function combined(
  document: vscode.TextDocument,
  findings: readonly ConfigFinding[],
  title: string,
  kind: vscode.CodeActionKind,
): vscode.CodeAction {
  const action = new vscode.CodeAction(title, kind);
  action.edit = new vscode.WorkspaceEdit();
  action.edit.set(document.uri, combineFixes(findings).map(toTextEdit));
  return action;
}

function codeOf({ code }: vscode.Diagnostic): unknown {
  return typeof code === 'object' ? code.value : code;
}

export function registerCodeActions(analyses: Analyses): vscode.Disposable {
  return vscode.languages.registerCodeActionsProvider(SELECTOR, new CodeActions(analyses), {
    providedCodeActionKinds: [vscode.CodeActionKind.QuickFix, FIX_ALL],
  });
}

import * as vscode from 'vscode';
import type { ConfigFinding, TextEdit } from '../../config/types';
import { render } from '../render';
import type { Analyses } from './analyses';
import { fileOf, LANGUAGE, SELECTOR, toRange, toTextEdit } from './documents';
import { combineFixes, fixForAll, wholeFileFix } from './fixes';

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
      for (const code of new Set(here.map(f => f.code))) actions.push(...this.#ofCode(document, findings, here, code));
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
    const fixes = finding.fixes.filter(f => f !== wholeFileFix(finding));
    return fixes.map(fix => {
      const action = new vscode.CodeAction(render(fix.title), vscode.CodeActionKind.QuickFix);
      action.edit = new vscode.WorkspaceEdit();
      action.edit.set(document.uri, fix.edits.map(toTextEdit));
      action.diagnostics = diagnostics;
      action.isPreferred = fixes.length === 1;
      return action;
    });
  }

  /** One for all of a kind: the finding's own where it mends more than the single ones together do. */
  #ofCode(
    document: vscode.TextDocument,
    findings: readonly ConfigFinding[],
    here: readonly ConfigFinding[],
    code: string,
  ): vscode.CodeAction[] {
    const same = findings.filter(f => f.code === code && fixForAll(f));
    const edits = combineFixes(same);
    const whole = here.filter(f => f.code === code).flatMap(f => wholeFileFix(f) ?? [])[0];
    if (whole && whole.edits.length > edits.length)
      return [edited(document, whole.edits, render(whole.title), vscode.CodeActionKind.QuickFix)];
    const title = vscode.l10n.t('Fix all {count} problems of this kind in the file ({code})', {
      count: same.length,
      code,
    });
    return same.length < 2 ? [] : [edited(document, edits, title, vscode.CodeActionKind.QuickFix)];
  }

  #everything(document: vscode.TextDocument, findings: readonly ConfigFinding[]): vscode.CodeAction[] {
    const edits = combineFixes(findings);
    const title = vscode.l10n.t('Fix all problems that can be fixed in the file');
    return edits.length === 0 ? [] : [edited(document, edits, title, FIX_ALL)];
  }
}

function edited(
  document: vscode.TextDocument,
  edits: readonly TextEdit[],
  title: string,
  kind: vscode.CodeActionKind,
): vscode.CodeAction {
  const action = new vscode.CodeAction(title, kind);
  action.edit = new vscode.WorkspaceEdit();
  action.edit.set(document.uri, edits.map(toTextEdit));
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

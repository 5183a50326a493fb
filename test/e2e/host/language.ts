import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as vscode from 'vscode';
import { waitFor } from '../../support/waitFor';
import { ANNOTATED, ANNOTATED_LINES, CLEAN } from '../samples';
import { openFile, openText } from './setting';

const { Error: Wrong, Warning } = vscode.DiagnosticSeverity;

async function diagnostics(
  document: vscode.TextDocument,
  enough: (found: vscode.Diagnostic[]) => boolean,
): Promise<vscode.Diagnostic[]> {
  return waitFor('diagnostics', () => {
    const found = vscode.languages.getDiagnostics(document.uri);
    return enough(found) ? found : undefined;
  });
}

const serious = (found: vscode.Diagnostic[]) => found.filter(d => d.severity === Wrong || d.severity === Warning);

async function actions(
  document: vscode.TextDocument,
  range: vscode.Range,
  kind?: string,
): Promise<vscode.CodeAction[]> {
  return vscode.commands.executeCommand('vscode.executeCodeActionProvider', document.uri, range, kind);
}

async function apply(action: vscode.CodeAction | undefined): Promise<void> {
  ok(action?.edit, 'there is no such fix');
  ok(await vscode.workspace.applyEdit(action.edit));
}

export function languageTests(): void {
  describe('the language', () => {
    it('is chosen by name and by first line, and not for my.cnf', async () => {
      equal((await openFile('app1.cnf')).document.languageId, 'mha');
      equal((await openFile('etc/annotated.mha.cnf')).document.languageId, 'mha');
      equal((await openFile('etc/by-first-line.cnf')).document.languageId, 'mha');
      const { document } = await openFile('etc/my.cnf');
      ok(document.languageId !== 'mha', `my.cnf is ${document.languageId}`);
      equal(vscode.languages.getDiagnostics(document.uri).length, 0);
    });

    it('has nothing serious to say about a good file', async () => {
      const document = await openText(CLEAN);
      await vscode.commands.executeCommand('vscode.executeDocumentSymbolProvider', document.uri);
      deepEqual(serious(vscode.languages.getDiagnostics(document.uri)), []);
    });

    it('finds an unknown name where it stands, and mends it', async () => {
      const document = await openText(CLEAN.replace('ping_interval', 'ping_intervall'));
      const [finding] = await diagnostics(document, found => serious(found).length > 0).then(serious);
      equal(
        finding?.range.start.line,
        CLEAN.split('\n').findIndex(line => line.startsWith('ping_interval')),
      );
      await apply((await actions(document, finding.range)).find(action => action.isPreferred));
      equal(document.getText(), CLEAN);
      await diagnostics(document, found => serious(found).length === 0);
    });

    it('finds every explanation of a tutorial file, and mends all at once', async () => {
      const document = await openText(ANNOTATED);
      const found = await diagnostics(document, d => d.length > 0);
      const lines = new Set(found.map(d => d.range.start.line));
      deepEqual(
        ANNOTATED_LINES.filter(line => !lines.has(line)),
        [],
        'lines without a finding',
      );
      const all = new vscode.Range(0, 0, document.lineCount, 0);
      const [fix] = await actions(document, all, 'source.fixAll.mha');
      await apply(fix);
      await diagnostics(document, now => now.every(d => d.severity !== Wrong));
      const meaning = document.getText().replace(/^\s*#.*\n/gm, '');
      ok(!meaning.includes('#'), meaning);
    });

    it('completes parameters of the section, each with its documentation', async () => {
      const document = await openText('[server default]\nping\n\n[server1]\nhostname=a\ncand\n');
      const complete = async (line: number, character: number) => {
        const position = new vscode.Position(line, character);
        return vscode.commands.executeCommand<vscode.CompletionList>(
          'vscode.executeCompletionItemProvider',
          document.uri,
          position,
        );
      };
      const names = (list: vscode.CompletionList) =>
        list.items.map(item => (typeof item.label === 'string' ? item.label : item.label.label));
      ok(names(await complete(1, 4)).includes('ping_interval'));
      const inServer = names(await complete(5, 4));
      ok(inServer.includes('candidate_master'));
      ok(!inServer.includes('hostname'), 'what the section has already is not offered again');
    });

    it('tells by hover what a parameter does, and its value here', async () => {
      const document = await openText(CLEAN);
      const line = CLEAN.split('\n').indexOf('candidate_master=1');
      const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
        'vscode.executeHoverProvider',
        document.uri,
        new vscode.Position(line, 3),
      );
      const text = hovers.flatMap(h => h.contents.map(c => (typeof c === 'string' ? c : c.value))).join('\n');
      ok(/candidate\\?_master/.test(text), text);
    });

    it('answers for a file of 200 servers without delay', async () => {
      const servers = Array.from({ length: 200 }, (_, n) => `[server${n + 1}]\nhostname=db${n + 1}.example.com\n`);
      const document = await openText(`${CLEAN.split('\n[server1]')[0]}\n${servers.join('\n')}`);
      const times: number[] = [];
      for (let n = 0; n < 20; n++) {
        const began = performance.now();
        await vscode.commands.executeCommand('vscode.executeHoverProvider', document.uri, new vscode.Position(7, 3));
        times.push(performance.now() - began);
      }
      const median = times.sort((a, b) => a - b)[10] ?? Infinity;
      // The budget is 10 ms on an idle machine (measured by the benchmark); this finds what is wrong by an order.
      ok(median < 100, `the median is ${median.toFixed(1)} ms`);
    });
  });
}

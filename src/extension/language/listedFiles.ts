import * as vscode from 'vscode';
import type { ClusterFinder } from '../clusters/clusterFinder';
import { LANGUAGE } from './documents';

/** Languages that VS Code or its built-in extensions give to a `.cnf` or `.conf` file for want of a better one. */
const GUESSED = ['plaintext', 'ini', 'properties'];

/** A file that the settings name as an MHA configuration is one, whatever its name. */
export function followList(finder: ClusterFinder): vscode.Disposable {
  let listed = new Set<string>();
  const adopt = (document: vscode.TextDocument): void => {
    if (!document.isClosed && GUESSED.includes(document.languageId) && listed.has(document.uri.toString()))
      void vscode.languages.setTextDocumentLanguage(document, LANGUAGE);
  };
  return vscode.Disposable.from(
    finder.onDidFind(({ listed: uris }) => {
      listed = new Set(uris.map(String));
      vscode.workspace.textDocuments.forEach(adopt);
    }),
    vscode.workspace.onDidOpenTextDocument(adopt),
  );
}

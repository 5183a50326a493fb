import * as vscode from 'vscode';
import type { Section } from '../../config/types';
import { Secret } from '../../config/secret';
import type { Analyses } from './analyses';
import { SELECTOR, toRange } from './documents';
import { foldsOf, pathIn } from './outlineData';
import { parameterOf } from './parameterText';

function symbolOf(section: Section): vscode.DocumentSymbol[] {
  if (!section.nameRange || section.name.trim() === '') return [];
  const hostname = section.properties.findLast(p => p.name === 'hostname' && !p.extended)?.value ?? '';
  const range = toRange(section.range);
  const name = toRange(section.nameRange);
  const symbol = new vscode.DocumentSymbol(section.name, hostname, vscode.SymbolKind.Module, range, name);
  symbol.children = section.properties
    .filter(p => p.name.trim() !== '')
    .map(p => {
      const secret = parameterOf(p.name, p.extended)?.type === 'secret';
      const detail = secret ? String(new Secret(p.value)) : p.value;
      const label = p.extended ? `#@ ${p.name}` : p.name;
      const all = toRange(p.range);
      return new vscode.DocumentSymbol(label, detail, vscode.SymbolKind.Property, all, toRange(p.nameRange));
    });
  return [symbol];
}

async function isFile(path: string): Promise<boolean> {
  try {
    return ((await vscode.workspace.fs.stat(vscode.Uri.file(path))).type & vscode.FileType.File) !== 0;
  } catch {
    return false; // on another machine, or not there
  }
}

/** Outline, folding and links to scripts and files that exist on this machine. */
export function registerOutline(analyses: Analyses): vscode.Disposable {
  const symbols: vscode.DocumentSymbolProvider = {
    provideDocumentSymbols: document => analyses.ofDocument(document).document.sections.flatMap(symbolOf),
  };
  const folds: vscode.FoldingRangeProvider = {
    provideFoldingRanges: document =>
      foldsOf(analyses.ofDocument(document).document).map(f => new vscode.FoldingRange(f.start, f.end)),
  };
  const links: vscode.DocumentLinkProvider = {
    provideDocumentLinks: async document => {
      if (document.uri.scheme !== 'file') return [];
      const paths = analyses
        .ofDocument(document)
        .document.sections.flatMap(s => s.properties.flatMap(p => pathIn(p) ?? []));
      const there = await Promise.all(paths.map(p => isFile(p.path)));
      return paths
        .filter((_, i) => there[i])
        .map(p => new vscode.DocumentLink(toRange(p.range), vscode.Uri.file(p.path)));
    },
  };
  return vscode.Disposable.from(
    vscode.languages.registerDocumentSymbolProvider(SELECTOR, symbols, { label: 'MHA' }),
    vscode.languages.registerFoldingRangeProvider(SELECTOR, folds),
    vscode.languages.registerDocumentLinkProvider(SELECTOR, links),
  );
}

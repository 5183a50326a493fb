import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

function attribute(text: string): string {
  return text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`);
}

/** Where the bundles of the pages are. */
export function webviewFolder(context: vscode.ExtensionContext): vscode.Uri {
  return vscode.Uri.joinPath(context.extensionUri, 'dist/webview');
}

/** What all panels have: the page's bundle and nothing else may be loaded, and our icon. */
export function preparePanel(context: vscode.ExtensionContext, panel: vscode.WebviewPanel): void {
  panel.webview.options = { enableScripts: true, localResourceRoots: [webviewFolder(context)] };
  panel.iconPath = {
    light: vscode.Uri.joinPath(context.extensionUri, 'media/file-light.svg'),
    dark: vscode.Uri.joinPath(context.extensionUri, 'media/file-dark.svg'),
  };
}

/** A page: nothing but its own script and style, no network, nothing inline. `name` is that of its bundle. */
export function webviewPage(
  context: vscode.ExtensionContext,
  webview: vscode.Webview,
  { name, language, title }: { readonly name: string; readonly language: string; readonly title: string },
): string {
  const nonce = randomBytes(16).toString('base64');
  const uri = (file: string) =>
    attribute(webview.asWebviewUri(vscode.Uri.joinPath(webviewFolder(context), file)).toString());
  const policy = `default-src 'none'; style-src ${webview.cspSource}; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html>
<html lang="${attribute(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${attribute(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${attribute(title)}</title>
<link rel="stylesheet" href="${uri(`${name}.css`)}">
</head>
<body>
<main id="${name}"></main>
<script nonce="${nonce}" src="${uri(`${name}.js`)}"></script>
</body>
</html>`;
}

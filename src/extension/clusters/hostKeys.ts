import * as vscode from 'vscode';
import type { HostKeyPolicy, HostKeyQuestion } from '../../engine/ssh/types';

/** One question at a time: a cluster asks for all its hosts at once. */
let last: Promise<unknown> = Promise.resolve();

function ask(question: HostKeyQuestion): Promise<boolean> {
  const answer = last.then(() => put(question));
  last = answer.catch(() => undefined);
  return answer;
}

async function put({ host, port, keyType, fingerprint, file }: HostKeyQuestion): Promise<boolean> {
  const trust = vscode.l10n.t('Trust This Host');
  const detail = [
    `${keyType} ${fingerprint}`,
    file === undefined ? '' : vscode.l10n.t('The key will be remembered in {file}.', { file }),
    vscode.l10n.t('Compare the fingerprint with the one that the administrator of the host gives.'),
  ];
  const text = vscode.l10n.t('The SSH host {host}:{port} is not known yet. Connect to it?', { host, port });
  const options = { modal: true, detail: detail.filter(line => line !== '').join('\n') };
  return (await vscode.window.showWarningMessage(text, options, trust)) === trust;
}

/** For what a user has started: unknown keys are put before them. */
export const ASK: HostKeyPolicy = { kind: 'ask', ask };

/** For what runs by itself: unknown keys are refused, nobody is interrupted. */
export const STRICT: HostKeyPolicy = { kind: 'strict' };

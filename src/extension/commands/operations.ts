import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import * as vscode from 'vscode';
import { errorText } from '../../engine/errors';
import { listJournals, parseJournal } from '../../engine/operations/journal';
import { OPERATION_TEXT, OUTCOME_TEXT } from '../../engine/operations/planWords';
import type { ClusterStore } from '../clusters/clusterStore';
import type { Observer } from '../clusters/observer';
import { workdirOf } from '../operations/localState';
import type { OperationPanels } from '../panels/operationPanel';
import { render } from '../render';
import { mayRun } from '../settings';
import { nodeOf, pickCluster } from './target';

interface Parts {
  readonly store: ClusterStore;
  readonly observer: Observer;
  readonly panels: OperationPanels;
}

/** More than these nobody looks through; their files are in the work directory. */
const MOST = 50;
/** The end of a journal is its last line. Bytes. */
const TAIL = 64 * 1024;

/** "Show Operations…": what was done to a cluster, newest first; on a line of the tree the operation that it names. */
export async function showOperations({ store, observer, panels }: Parts, target: unknown): Promise<void> {
  if (!mayRun()) return;
  const view = await pickCluster(store, target, vscode.l10n.t('Show the operations of which cluster?'), {
    preferEditor: true,
  });
  if (!view) return;
  try {
    const named = nodeOf(target)?.kind === 'operation' ? view.operation?.file : undefined;
    const file = named ?? (await pickJournal(observer, store.get(view.id) ?? view));
    if (file !== undefined) await panels.showJournal(file);
  } catch (error) {
    void vscode.window.showErrorMessage(
      vscode.l10n.t('The journal cannot be read: {text}', { text: errorText(error) }),
    );
  }
}

async function pickJournal(
  observer: Observer,
  view: NonNullable<ReturnType<ClusterStore['get']>>,
): Promise<string | undefined> {
  const { name } = view;
  const config = view.config ?? (await observer.load(view)).cluster;
  const journals = config ? listJournals(workdirOf(config), config.name).slice(0, MOST) : [];
  if (journals.length === 0) {
    const text = vscode.l10n.t('Nothing has been done to {name} yet: there is no journal.', { name });
    void vscode.window.showInformationMessage(text);
    return undefined;
  }
  const items = journals.map(({ file, operation }) => {
    const { startedAt, outcome } = headAndTail(file);
    const when = startedAt === undefined ? '' : new Date(startedAt).toLocaleString(vscode.env.language);
    return { label: render(OPERATION_TEXT[operation]), description: `${when} ${outcome}`.trim(), detail: file, file };
  });
  const placeHolder = vscode.l10n.t('Operations on {name}, newest first', { name });
  return (await vscode.window.showQuickPick(items, { placeHolder, matchOnDescription: true }))?.file;
}

/** When it was begun and how it ended, without reading all of it. */
function headAndTail(file: string): { readonly startedAt?: string; readonly outcome: string } {
  const handle = openSync(file, 'r');
  try {
    const { size } = fstatSync(handle);
    const part = (from: number): string => {
      const buffer = Buffer.alloc(Math.min(TAIL, size - from));
      return buffer.toString('utf8', 0, readSync(handle, buffer, 0, buffer.length, from));
    };
    const begin = parseJournal(part(0))[0];
    const end = parseJournal(part(Math.max(0, size - TAIL))).at(-1);
    return {
      ...(begin && { startedAt: begin.at }),
      outcome: end?.type === 'end' ? render(OUTCOME_TEXT[end.outcome]) : vscode.l10n.t('running, or interrupted'),
    };
  } finally {
    closeSync(handle);
  }
}

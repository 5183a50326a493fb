import fs from 'node:fs/promises';
import { parseDocument } from '../../config/document';
import { blockers } from '../../config/resolve';
import type { MhaDocument, Resolution } from '../../config/types';
import { msg } from '../../l10n/message';
import { item } from './checkContext';
import type { CheckItem } from './types';

/** What the caller loaded; the documents, where it still has them, are compared with the files at the end. */
export type LoadedConfiguration = Resolution & {
  readonly name: string;
  readonly file?: string;
  readonly application?: MhaDocument;
  readonly global?: MhaDocument;
};

/** Errors and warnings of the files, with their lines. */
export function configItems(loaded: LoadedConfiguration): CheckItem[] {
  const blocking = new Set(blockers(loaded));
  return loaded.findings
    .filter(finding => blocking.has(finding) || finding.severity === 'error' || finding.severity === 'warning')
    .map(finding =>
      item(
        finding.code,
        blocking.has(finding) || finding.severity === 'error' ? 'failed' : 'warning',
        finding.message,
        {
          detail: `${finding.file}:${finding.range.start.line + 1}`,
        },
      ),
    );
}

/** Why the servers are not even asked; undefined: the configuration can be acted on. */
export function configBlocked(loaded: LoadedConfiguration): CheckItem | undefined {
  if (!loaded.cluster)
    return item('config-rejected', 'failed', msg('The configuration cannot be used: the servers were not asked'));
  if (blockers(loaded).length > 0)
    return item(
      'config-ambiguous',
      'failed',
      msg('The configuration means something else than its author meant: the servers were not asked'),
    );
  return undefined;
}

interface Stamp {
  readonly file: string;
  readonly text: string | undefined;
}

/** The text as the configuration reader decodes it. */
async function read(file: string): Promise<Stamp> {
  const bytes = await fs.readFile(file).catch(() => undefined);
  return { file, text: bytes && parseDocument(bytes, file).text };
}

const documents = (loaded: LoadedConfiguration) => [loaded.application, loaded.global].filter(d => d !== undefined);

/** The files as they are when the check begins: their text as loaded, where the caller still has it. */
export async function stampFiles(loaded: LoadedConfiguration): Promise<readonly Stamp[]> {
  const known = documents(loaded).map(({ file, text }) => ({ file, text }));
  const files = [loaded.cluster?.file ?? loaded.file, loaded.cluster?.globalFile].filter(f => f !== undefined);
  const others = files.filter(file => !known.some(stamp => stamp.file === file));
  return [...known, ...(await Promise.all(others.map(read)))];
}

/** Files that are not what they were: the check still speaks of what it was given. */
export async function changedItems(before: readonly Stamp[]): Promise<CheckItem[]> {
  const now = await Promise.all(before.map(stamp => read(stamp.file)));
  return before
    .filter((stamp, index) => stamp.text !== now[index]?.text)
    .map(({ file }) =>
      item('config-changed', 'warning', msg('{file} has changed since it was read: check again', { file })),
    );
}

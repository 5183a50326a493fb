import { applyEdits, ConfigEditError } from '../config/edits';
import type { LoadedCluster } from '../config/load';
import type { TextEdit } from '../config/types';
import { ConfigWriteError, writeConfigFile } from '../config/writeFile';
import { msg } from '../l10n/message';
import type { Terminal } from './terminal';
import { printable } from './terminal';

/**
 * Writes the certain fixes of a file, those that editors apply to all its findings at once; what has several possible answers
 * is left to people. Says on standard error what was done. False: the file could not be written.
 */
export async function fixFile({ application, findings }: LoadedCluster, terminal: Terminal): Promise<boolean> {
  if (!application) return true;
  const { file, text, encoding } = application;
  const edits = new Map<string, TextEdit>();
  const done: string[] = [];
  for (const finding of findings) {
    const [fix] = finding.fixes;
    if (finding.file !== file || !fix?.forAll) continue;
    const wider = new Map([...edits, ...fix.edits.map(edit => [JSON.stringify(edit), edit] as const)]);
    if (!fits(text, [...wider.values()])) continue;
    for (const [key, edit] of wider) edits.set(key, edit);
    done.push(`${file}:${finding.range.start.line + 1}: ${printable(terminal.text(fix.title))} [${finding.code}]\n`);
  }
  const fixed = applyEdits(text, [...edits.values()]);
  if (fixed === text) return true;
  try {
    const { backup } = await writeConfigFile(file, fixed, { encoding, previous: text });
    terminal.err(`${done.join('')}${terminal.text(msg('The file as it was: {backup}', { backup }))}\n`);
    return true;
  } catch (error) {
    if (!(error instanceof ConfigWriteError)) throw error;
    terminal.err(`${terminal.text(msg('{file} was not written ({code})', { file, code: error.code }))}\n`);
    return false;
  }
}

/** Fixes that overlap are for the next time. */
function fits(text: string, edits: readonly TextEdit[]): boolean {
  try {
    applyEdits(text, edits);
    return true;
  } catch (error) {
    if (error instanceof ConfigEditError) return false;
    throw error;
  }
}

import { parseDocument } from '../../../src/config/document';
import { applyEdits } from '../../../src/config/edits';
import { resolve } from '../../../src/config/resolve';
import { format } from '../../../src/l10n/message';
import type { ConfigFinding, Resolution } from '../../../src/config/types';

export interface Options {
  readonly global?: string | undefined;
  readonly script?: string | undefined;
}

export function resolveText(text: string | Uint8Array, { global, script }: Options = {}): Resolution {
  return resolve({
    application: parseDocument(text, 'app1.cnf'),
    ...(global === undefined ? {} : { global: parseDocument(global, 'global.cnf') }),
    ...(script === undefined ? {} : { script: { command: 'load', stdout: script } }),
    loginUser: 'login',
  });
}

/** `line code`, with `!` for what MHA rejects and `?` for what forbids acting. */
export function brief(finding: ConfigFinding): string {
  const file = finding.file === 'app1.cnf' ? '' : `${finding.file}:`;
  const flags = `${finding.rejectedByMha ? '!' : ''}${finding.blocksAction ? '?' : ''}`;
  return `${file}${finding.range.start.line + 1} ${finding.code}${flags}`;
}

/** What everybody gets told about the small files of these tests. */
const USUAL = ['few-servers', 'no-candidate', 'clear-text-password', 'weak-password'];

export function briefly(resolution: Resolution, hidden: readonly string[] = USUAL): string[] {
  return resolution.findings.filter(f => !hidden.includes(f.code)).map(brief);
}

/** The text after the fix whose title holds the words. */
export function mend(text: string, title: string, code?: string): string {
  const fixes = resolveText(text)
    .findings.filter(f => code === undefined || f.code === code)
    .flatMap(f => f.fixes);
  const fix = fixes.find(f => format(f.title).includes(title));
  if (!fix) throw new Error(`no fix "${title}" among: ${fixes.map(f => format(f.title)).join('; ')}`);
  return applyEdits(text, fix.edits);
}

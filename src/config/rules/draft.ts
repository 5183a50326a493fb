import type { Message } from '../../l10n/message';
import { FINDING_CODES } from '../findingCodes';
import type { FindingCode } from '../findingCodes';
import { soundsSecret } from '../secret';
import type { ConfigFinding, Fix, Range, Severity } from '../types';

/** A finding as its rule states it; what is left out comes from the table of codes. */
export interface Draft {
  readonly code: FindingCode;
  readonly file: string;
  readonly range: Range;
  readonly message: Message;
  readonly fixes?: readonly Fix[];
  readonly severity?: Severity;
  readonly rejectedByMha?: boolean;
  readonly blocksAction?: boolean;
}

export type Add = (draft: Draft) => void;

export function toFinding(draft: Draft): ConfigFinding {
  const kind = FINDING_CODES[draft.code];
  return {
    code: draft.code,
    severity: draft.severity ?? kind.severity,
    file: draft.file,
    range: draft.range,
    message: draft.message,
    fixes: draft.fixes ?? [],
    rejectedByMha: draft.rejectedByMha ?? kind.rejectedByMha,
    blocksAction: draft.blocksAction ?? kind.blocksAction,
  };
}

/** By file in the order of `files`, then position, then weight. */
export function sortFindings(findings: readonly ConfigFinding[], files: readonly string[]): ConfigFinding[] {
  const rank = { error: 0, warning: 1, information: 2, hint: 3 };
  return [...findings].sort(
    (a, b) =>
      files.indexOf(a.file) - files.indexOf(b.file) ||
      a.range.start.line - b.range.start.line ||
      a.range.start.character - b.range.start.character ||
      rank[a.severity] - rank[b.severity],
  );
}

/** A name for a message. Of `password se=cret`, which is a name to MHA, only the word that says what the rest is. */
export function shownName(name: string): string {
  const word = /^[^\s:]*/.exec(name)?.[0] ?? '';
  return shown(soundsSecret(name) && word !== name ? `${word} …` : name);
}

/** A value or line for a message: short, on one line. */
export function shown(text: string): string {
  // eslint-disable-next-line no-control-regex
  const line = text.slice(0, 80).replace(/[\u0000-\u001f\u007f]/g, ' ');
  return text.length > 80 ? `${line}…` : line;
}

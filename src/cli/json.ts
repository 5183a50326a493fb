import type { ConfigFinding, Severity } from '../config/types';
import type { Message } from '../l10n/message';

export type Render = (message: Message) => string;

/** A finding of a configuration file for other programs: lines and columns count from 1, columns in UTF-16 units. */
export interface FindingJson {
  readonly code: string;
  readonly severity: Severity;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly message: string;
  /** MHA 0.58 refuses the file because of this. */
  readonly rejectedByMha: boolean;
  /** Nothing acts on a file that means something else than it plainly says. */
  readonly blocksAction: boolean;
  readonly fixes: readonly string[];
}

export function findingJson(finding: ConfigFinding, render: Render): FindingJson {
  const { start, end } = finding.range;
  return {
    code: finding.code,
    severity: finding.severity,
    file: finding.file,
    line: start.line + 1,
    column: start.character + 1,
    endLine: end.line + 1,
    endColumn: end.character + 1,
    message: render(finding.message),
    rejectedByMha: finding.rejectedByMha,
    blocksAction: finding.blocksAction,
    fixes: finding.fixes.map(f => render(f.title)),
  };
}

/** Plain data with every message rendered and every configuration finding in its JSON form. */
export function toJson(value: unknown, render: Render): unknown {
  if (Array.isArray(value)) return value.map(v => toJson(v, render));
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (isMessage(value)) return render(value);
  if (isConfigFinding(value)) return findingJson(value, render);
  // Secrets, dates: they know themselves how they look.
  if ('toJSON' in value) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, toJson(v, render)]));
}

export function jsonText(value: unknown, render: Render): string {
  return `${JSON.stringify(toJson(value, render), undefined, 2)}\n`;
}

function isMessage(value: object): value is Message {
  return (
    'text' in value &&
    typeof value.text === 'string' &&
    'args' in value &&
    typeof value.args === 'object' &&
    Object.keys(value).length === 2
  );
}

function isConfigFinding(value: object): value is ConfigFinding {
  return 'code' in value && 'range' in value && 'fixes' in value && 'rejectedByMha' in value;
}

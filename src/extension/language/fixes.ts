import type { ConfigFinding, Fix, Position, TextEdit } from '../../config/types';

function compare(a: Position, b: Position): number {
  return a.line - b.line || a.character - b.character;
}

function overlaps(a: TextEdit, b: TextEdit): boolean {
  return compare(a.range.start, b.range.end) < 0 && compare(b.range.start, a.range.end) < 0;
}

function same(a: TextEdit, b: TextEdit): boolean {
  return (
    compare(a.range.start, b.range.start) === 0 && compare(a.range.end, b.range.end) === 0 && a.newText === b.newText
  );
}

/** The fix of a finding that may be applied together with those of other findings. */
export function fixForAll(finding: ConfigFinding): Fix | undefined {
  return finding.fixes.find(f => f.forAll === true);
}

/** A second fix of a finding that mends others along with it. */
export function wholeFileFix(finding: ConfigFinding): Fix | undefined {
  const own = finding.fixes[0]?.edits ?? [];
  return finding.fixes
    .slice(1)
    .find(f => f.edits.length > own.length && own.every(e => f.edits.some(other => same(e, other))));
}

/**
 * The edits of all those fixes together, in the order of the text. A fix that would touch what another one changes is left
 * out as a whole: it is found again afterwards.
 */
export function combineFixes(findings: readonly ConfigFinding[]): TextEdit[] {
  const accepted: TextEdit[] = [];
  for (const finding of findings) {
    const edits = (fixForAll(finding)?.edits ?? []).filter(e => !accepted.some(a => same(a, e)));
    if (!edits.some(e => accepted.some(a => overlaps(a, e)))) accepted.push(...edits);
  }
  return accepted.sort((a, b) => compare(a.range.start, b.range.start));
}

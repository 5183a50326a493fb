import type { ClusterConfig, ConfigFinding, Range, Severity } from '../../config/types';
import type { Finding } from '../../engine/topology/types';
import type { Text } from '../text';
import { findingPlace } from './findingPlace';

/** A diagnostic as data. */
export interface DiagnosticData {
  readonly file: string;
  readonly range: Range;
  readonly severity: Severity;
  readonly code: string;
  readonly message: Text;
  /** What it was found in: the text, or the servers. */
  readonly about: 'configuration' | 'servers';
}

export function configDiagnostics(findings: readonly ConfigFinding[]): DiagnosticData[] {
  return findings.map(({ file, range, severity, code, message }) => ({
    file,
    range,
    severity,
    code,
    message,
    about: 'configuration',
  }));
}

/**
 * Findings about servers at the lines that they concern. `config` is what the text means now, so that edits move them. What
 * is merely worth knowing about a server, and in no relation to a parameter, is not a problem of the file.
 */
export function clusterDiagnostics(findings: readonly Finding[], config: ClusterConfig): DiagnosticData[] {
  const problems = findings.filter(
    f => f.severity === 'error' || f.severity === 'warning' || f.parameter !== undefined,
  );
  return problems.map(finding => ({
    ...findingPlace(finding, config),
    severity: finding.severity,
    code: finding.code,
    message: finding.message,
    about: 'servers',
  }));
}

/** By file; what several clusters say about one line of their global file is said once. */
export function byFile(diagnostics: readonly DiagnosticData[]): Map<string, DiagnosticData[]> {
  const result = new Map<string, DiagnosticData[]>();
  const seen = new Set<string>();
  for (const d of diagnostics) {
    const key = JSON.stringify([d.file, d.range, d.code, d.message]);
    if (seen.has(key)) continue;
    seen.add(key);
    const list = result.get(d.file);
    if (list) list.push(d);
    else result.set(d.file, [d]);
  }
  return result;
}

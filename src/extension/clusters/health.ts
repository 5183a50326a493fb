import type { Severity } from '../../config/types';
import type { Verdict } from '../../engine/checks/types';
import type { ClusterView } from './clusterView';

export type Health = 'unknown' | 'ok' | 'warning' | 'failed';

/** From best to worst; `unknown` hides nothing that is known to be bad, and is not as good as `ok`. */
const ORDER: readonly Health[] = ['ok', 'unknown', 'warning', 'failed'];

export function worse(a: Health, b: Health): Health {
  return ORDER.indexOf(a) >= ORDER.indexOf(b) ? a : b;
}

/** Of nothing: unknown. */
export function worstOf(healths: readonly Health[]): Health {
  return healths.length === 0 ? 'unknown' : healths.reduce(worse);
}

export function healthOfSeverity(severity: Severity): Health {
  if (severity === 'error') return 'failed';
  return severity === 'warning' ? 'warning' : 'ok';
}

export function healthOfVerdict(verdict: Verdict): Health {
  return verdict;
}

/** What is known now: the worst finding of the last look at the servers; a file that cannot be used is a warning. */
export function clusterHealth(view: ClusterView): Health {
  if (view.blockers.length > 0 || view.failure) return 'warning';
  if (!view.snapshot) return 'unknown';
  return worstOf(['ok', ...view.findings.map(f => healthOfSeverity(f.severity))]);
}

/** The cluster that needs attention first; the earlier one among equals. */
export function worstCluster(views: readonly ClusterView[]): ClusterView | undefined {
  let worst: ClusterView | undefined;
  for (const view of views)
    if (!worst || ORDER.indexOf(clusterHealth(view)) > ORDER.indexOf(clusterHealth(worst))) worst = view;
  return worst;
}

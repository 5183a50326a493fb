import type { Severity } from '../../config/types';
import type { Verdict } from '../../engine/checks/types';
import type { ClusterView } from './clusterView';
import { localHealth } from './monitoringModel';

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

/**
 * What is known now: the worst finding of the last look at the servers, and what monitoring and operations say; a file that
 * cannot be used is a warning.
 */
export function clusterHealth(view: ClusterView): Health {
  const local = localHealth(view);
  if (view.blockers.length > 0 || view.failure) return worse('warning', local);
  if (!view.snapshot) return worse('unknown', local);
  return worstOf([local, ...view.findings.map(f => healthOfSeverity(f.severity))]);
}

/** The cluster that needs attention first; the earlier one among equals. */
export function worstCluster(views: readonly ClusterView[]): ClusterView | undefined {
  let worst: ClusterView | undefined;
  for (const view of views)
    if (!worst || ORDER.indexOf(clusterHealth(view)) > ORDER.indexOf(clusterHealth(worst))) worst = view;
  return worst;
}

import type { ManagerStatus } from '../../engine/monitor/statusFile';
import { OPERATION_TEXT, OUTCOME_TEXT } from '../../engine/operations/planWords';
import { msg } from '../../l10n/message';
import type { ClusterView, OperationSummary } from '../clusters/clusterView';
import type { Health } from '../clusters/health';
import { managerPid, monitoringState, remarks } from '../clusters/monitoringModel';
import type { Text } from '../text';
import type { TreeNode } from './treeNode';

/** Whether a manager looks after the cluster, and what it says. */
export function monitoringNode(view: ClusterView, status: ManagerStatus): TreeNode {
  const pid = managerPid(status);
  const { health, text } = monitoringState(status);
  const by = pid === undefined ? [] : [msg('process {pid}', { pid })];
  const words = remarks(status);
  const master = status.kind === 'unreadable' ? undefined : status.line?.master;
  const title = msg('Monitoring');
  return {
    id: `${view.id}#monitoring`,
    kind: 'monitoring',
    cluster: view.id,
    label: title,
    description: [text, ...words, ...by],
    tooltip: [title, text, ...words, ...by, ...(pid !== undefined && master !== undefined ? [master] : [])],
    spoken: [title, text, ...words, ...by],
    icon: pid === undefined ? 'eye-closed' : 'eye',
    health: health === 'unknown' ? 'none' : health,
    context: `monitoring ${pid === undefined ? 'unmonitored' : 'monitored'}`,
    children: [],
  };
}

const HEALTH: Readonly<Record<NonNullable<OperationSummary['outcome']>, Health>> = {
  succeeded: 'ok',
  partial: 'warning',
  failed: 'failed',
  refused: 'warning',
  cancelled: 'warning',
};

/** The newest operation: running, or how it ended. */
export function operationNode(
  view: ClusterView,
  { operation, outcome, running, startedAt, message }: OperationSummary,
  time: (iso: string) => string,
): TreeNode {
  const title = OPERATION_TEXT[operation];
  const state: Text = running ? msg('running') : outcome ? OUTCOME_TEXT[outcome] : msg('interrupted');
  const words = [state, time(startedAt)];
  return {
    id: `${view.id}#operation`,
    kind: 'operation',
    cluster: view.id,
    label: title,
    description: words,
    tooltip: [title, ...words, ...(message ? [message] : [])],
    spoken: [title, ...words],
    icon: running ? 'sync~spin' : 'history',
    health: running ? 'none' : outcome ? HEALTH[outcome] : 'failed',
    context: 'operation',
    children: [],
  };
}

import type { ClusterConfig, ConfigFinding } from '../../config/types';
import type { ReplicationReport, SshReport } from '../../engine/checks/types';
import type { ManagerStatus } from '../../engine/monitor/statusFile';
import type { Outcome } from '../../engine/operations/journal';
import type { OperationKind } from '../../engine/operations/plan';
import type { Finding, Snapshot } from '../../engine/topology/types';
import type { Message } from '../../l10n/message';

/** The newest operation on a cluster, by its journal. */
export interface OperationSummary {
  /** The journal. */
  readonly file: string;
  readonly operation: OperationKind;
  /** ISO 8601. */
  readonly startedAt: string;
  /** The process that writes or wrote it. */
  readonly pid: number;
  readonly running: boolean;
  /** Absent: it runs, or its process is gone without an end. */
  readonly outcome?: Outcome;
  readonly message?: Message;
}

/** Everything the editor knows about one cluster: what tree, status bar and diagnostics show. Plain data. */
export interface ClusterView {
  /** The URI of the application file. */
  readonly id: string;
  readonly name: string;
  /** Path of the application file. */
  readonly file: string;
  /** Absent until the file was read, or if MHA would reject it. */
  readonly config?: ClusterConfig;
  /** Findings of the files that forbid acting on them. */
  readonly blockers: readonly ConfigFinding[];
  readonly snapshot?: Snapshot;
  /** What was found in `snapshot`. */
  readonly findings: readonly Finding[];
  readonly replicationReport?: ReplicationReport;
  readonly sshReport?: SshReport;
  /** What the manager's status file and its process say. */
  readonly monitoring?: ManagerStatus;
  readonly operation?: OperationSummary;
  /** Why the last look at the servers gave no snapshot. */
  readonly failure?: Message;
}

export function emptyView(id: string, name: string, file: string): ClusterView {
  return { id, name, file, blockers: [], findings: [] };
}

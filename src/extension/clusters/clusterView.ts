import type { ClusterConfig, ConfigFinding } from '../../config/types';
import type { ReplicationReport, SshReport } from '../../engine/checks/types';
import type { Finding, Snapshot } from '../../engine/topology/types';
import type { Message } from '../../l10n/message';

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
  /** Why the last look at the servers gave no snapshot. */
  readonly failure?: Message;
}

export function emptyView(id: string, name: string, file: string): ClusterView {
  return { id, name, file, blockers: [], findings: [] };
}

import type { Message } from '../../l10n/message';
import type { ConfigFinding } from '../../config/types';
import type { Finding, Snapshot } from '../topology/types';
import type { SshFailure } from '../ssh/types';

export type Verdict = 'ok' | 'warning' | 'failed';

/** One thing that was verified. */
export interface CheckItem {
  /** Stable kebab-case name of the check, or the code of the finding that it comes from. */
  readonly code: string;
  readonly verdict: Verdict;
  /** Id of the server concerned; absent: the cluster. */
  readonly server?: string;
  readonly message: Message;
  /** What the server, a program or a hook said. Never translated, never a secret. */
  readonly detail?: string;
  readonly tookMs?: number;
}

interface ReportBase {
  readonly cluster: string;
  readonly file: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly tookMs: number;
  /** The worst of its items. */
  readonly verdict: Verdict;
}

/** A host of the SSH check: the manager is `manager`, others are server ids. */
export interface SshPair {
  readonly from: string;
  readonly to: string;
  readonly result: 'ok' | 'failed' | 'skipped';
  readonly failure?: SshFailure;
  readonly tookMs: number;
}

export interface SshReport extends ReportBase {
  readonly kind: 'ssh';
  /** Ids of the hosts, in configuration order. */
  readonly hosts: readonly { readonly id: string; readonly label: string }[];
  readonly pairs: readonly SshPair[];
}

export interface ReplicationReport extends ReportBase {
  readonly kind: 'replication';
  readonly items: readonly CheckItem[];
  readonly configFindings: readonly ConfigFinding[];
  readonly findings: readonly Finding[];
  /** Absent if the configuration was rejected. */
  readonly snapshot?: Snapshot;
}

export type Report = SshReport | ReplicationReport;

/** Told while a check runs, for progress bars and terminal lines. */
export interface CheckProgress {
  readonly message: Message;
  /** 0..1 */
  readonly done: number;
}

import type { Message } from '../../l10n/message';
import type { Severity } from '../../config/types';
import type { Address, ConnectFailure, ServerState } from '../mysql/types';

/**
 * `alive`: answered and was read. `refusing`: answered with an error (1040, 1045 …): not dead. `hung`: accepts, does not
 * answer: not dead. `dead`: its port refuses. `unreachable`: silence, no route, unknown name: nothing is known.
 */
export type ServerStatus = 'alive' | 'refusing' | 'hung' | 'dead' | 'unreachable';

export interface ServerSnapshot {
  /** The section's id, or `host:port` of a server that is not in the configuration. */
  readonly id: string;
  /** `hostname` of the configuration. */
  readonly name: string;
  /** Where it was connected to. */
  readonly address: Address;
  readonly configured: boolean;
  readonly status: ServerStatus;
  /** Always there unless alive. */
  readonly failure?: ConnectFailure;
  /** Always there if alive. */
  readonly state?: ServerState;
  /** Milliseconds from connect to state. */
  readonly tookMs: number;
}

/** `replica` replicates from `source` by `channel`. Both are ids of servers in the snapshot. */
export interface ReplicationEdge {
  readonly source: string;
  readonly replica: string;
  readonly channel: string;
}

/** What the servers of one cluster were at one time. */
export interface Snapshot {
  readonly cluster: string;
  /** ISO 8601. */
  readonly takenAt: string;
  /** The configured ones in configuration order, then discovered ones. */
  readonly servers: readonly ServerSnapshot[];
  readonly edges: readonly ReplicationEdge[];
  /** Id of the current master; absent if there is none or it is ambiguous (a finding says why). May be dead. */
  readonly master?: string;
  /** MHA's GTID failover mode: 0 position, 1 GTID with auto-position, 2 GTID servers failing over by position. */
  readonly gtidMode: 0 | 1 | 2;
}

/** A named judgement about a snapshot. */
export interface Finding {
  /** Stable kebab-case name, e.g. `dead-master`; documented in docs/findings.md. */
  readonly code: string;
  readonly severity: Severity;
  /** Id of the server concerned; absent: the cluster. */
  readonly server?: string;
  readonly message: Message;
  /** The parameter of the configuration that it concerns or contradicts, for a diagnostic at its line. */
  readonly parameter?: string;
}

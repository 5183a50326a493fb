import type { FailoverCondition } from '../../config/parameters';
import type { ClusterConfig } from '../../config/types';
import type { LoadedConfiguration } from '../checks/configItems';
import type { EngineOptions } from '../options';
import type { Snapshot } from '../topology/types';

/** What somebody said about the master when it was in doubt. Plain data, for the log and the journal. */
export interface Evidence {
  /** `manager`: our own pings. `replica`: its receiver. `script`: the secondary check. `route`: a replica's host, by SSH. */
  readonly from: 'manager' | 'replica' | 'script' | 'route';
  /** Id of the server that said it. */
  readonly server?: string;
  /** `dead`: refuses, or its connection broke. `silent`: no answer at all. `hung`: accepts, does not answer. */
  readonly says: 'dead' | 'silent' | 'hung' | 'alive' | 'unknown';
  /** `ECONNREFUSED`, an error number, an exit code. */
  readonly code?: string;
  readonly text: string;
  /** ISO 8601. */
  readonly at: string;
}

/** Why a failover starts: death, or a condition that `#@ failover_on` names. */
export type DeathCause = 'dead' | FailoverCondition;

/** A master that was declared dead, and why. */
export interface DeadMaster {
  /** Server id of the configuration. */
  readonly id: string;
  readonly cause: DeathCause;
  /** `unknown`: the check had not ended when the decision fell. */
  readonly sshReachable: boolean | 'unknown';
  readonly evidence: readonly Evidence[];
  /** ISO 8601. */
  readonly detectedAt: string;
  /** Milliseconds from the first failure to the decision. */
  readonly decidedAfterMs: number;
}

/** Options of masterha_manager that concern the failover; all optional there. */
export interface FailoverOptions {
  readonly interactive: boolean;
  readonly skipSaveMasterBinlog: boolean;
  readonly skipChangeMaster: boolean;
  readonly skipDisableReadOnly: boolean;
  readonly waitUntilGtidInSync: boolean;
  readonly ignoreBinlogServerError: boolean;
  readonly removeDeadMasterConf: boolean;
  /** Minutes; default 480. */
  readonly lastFailoverMinute: number;
  readonly ignoreLastFailover: boolean;
  /** `--manager_workdir`; absent: the configuration's. */
  readonly workdir?: string;
  readonly newMaster?: { readonly host: string; readonly port: number };
}

/** What a failover is told besides who died. */
export interface FailoverInput {
  /** Read again when the master was declared dead; the last good one if it could not be. */
  readonly configuration: LoadedConfiguration;
  readonly failover: FailoverOptions;
}

/** A failover that was begun and has not come to its end: what it changed on the replicas is still so. */
export interface UnfinishedFailover {
  /** Server id of the configuration. */
  readonly deadMaster: string;
  /** When its first try began, ISO 8601. */
  readonly since: string;
  /** Of its last try. */
  readonly journal: string;
  /** The dead master answers again: nothing is brought to an end by itself. */
  readonly answers: boolean;
}

/** Whether there is one in a work directory, given what the servers say. Throws the file system's error. */
export type FindUnfinished = (
  workdir: string,
  cluster: ClusterConfig,
  snapshot: Snapshot,
) => UnfinishedFailover | undefined;

export interface FailoverOutcome {
  /** MHA's: 0 done, 10 done but replicas are left behind, 1 failed. */
  readonly exitCode: 0 | 1 | 10;
  /** Server id. */
  readonly newMaster?: string;
  /** It came back during the decision: nothing was changed, monitoring goes on. */
  readonly masterAlive?: boolean;
}

/** The failover itself, given by the caller: this room decides, `operations` acts. Rejects only when cancelled. */
export type RunFailover = (death: DeadMaster, options: EngineOptions & FailoverInput) => Promise<FailoverOutcome>;

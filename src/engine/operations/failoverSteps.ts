import { msg } from '../../l10n/message';
import { removeDeadSection, enableEvents, resetNewMaster, semiSyncSource } from './cleanUp';
import { confirmElection } from './confirmElection';
import { openDeadHost, saveBinlog, shutDown } from './deadMaster';
import { releaseAddress } from './failoverHooks';
import type { FailoverStepKind } from './failoverPlan';
import type { FailoverRun } from './failoverRun';
import type { Step } from './plan';
import { handAddress, makeWritable } from './promote';
import { lookAtOldMaster } from './oldMaster';
import { lockReplicas, releaseLocks, startApplier, startReceiver, stopApplier, stopReceiver } from './receivers';
import { recover } from './recover';
import { repoint, startRepointed } from './repoint';
import type { StepResult } from './runPlan';

type Executor = (run: FailoverRun, step: Step<FailoverStepKind>, signal: AbortSignal) => Promise<StepResult>;

const EXECUTORS: Readonly<Record<FailoverStepKind, Executor>> = {
  lock: lockReplicas,
  'start-applier': startApplier,
  'stop-receiver': stopReceiver,
  'open-dead-host': openDeadHost,
  elect: confirmElection,
  'save-binlog': saveBinlog,
  'release-address': async run => {
    const result = await releaseAddress(run);
    run.ipReleased = true;
    return result;
  },
  'shut-down': shutDown,
  recover,
  'take-address': handAddress,
  'make-writable': makeWritable,
  repoint,
  'start-replica': startRepointed,
  'reset-new-master': resetNewMaster,
  'enable-events': enableEvents,
  'semi-sync': semiSyncSource,
  'old-master': lookAtOldMaster,
  'remove-section': removeDeadSection,
  // Sent at the end, whatever came of it: see failover.ts.
  report: () => Promise.resolve({ message: msg('It is sent when everything else is done') }),
};

/** Does a step of a failover. Rejects with StepError, MysqlError or the signal's reason. */
export function executeStep(run: FailoverRun, step: Step<FailoverStepKind>, signal: AbortSignal): Promise<StepResult> {
  return EXECUTORS[step.kind](run, step, signal);
}

const UNDO: Partial<Record<FailoverStepKind, (run: FailoverRun, step: Step<FailoverStepKind>) => Promise<void>>> = {
  lock: releaseLocks,
  'start-applier': stopApplier,
  'stop-receiver': startReceiver,
};

export async function undoStep(run: FailoverRun, step: Step<FailoverStepKind>): Promise<void> {
  await UNDO[step.kind]?.(run, step);
}

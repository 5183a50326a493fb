import { msg } from '../../l10n/message';
import type { TransactionRange } from '../binlog/grouper';
import type { FailoverRun } from './failoverRun';
import type { ReplicaFacts } from './failoverFacts';
import { StepError } from './runPlan';

export interface ApplyHooks {
  readonly signal: AbortSignal;
  readonly beforeCommit?: (range: TransactionRange) => Promise<void>;
}

export function applyTransactions(
  _run: FailoverRun,
  _step: string,
  _replica: ReplicaFacts,
  _ranges: readonly TransactionRange[],
  _hooks: ApplyHooks,
): Promise<void> {
  throw new StepError('apply', msg('not yet'));
}

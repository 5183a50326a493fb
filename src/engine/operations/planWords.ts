import { msg, type Message } from '../../l10n/message';
import type { FailoverMode } from './failoverFacts';
import type { ExpectedLoss } from './failoverPlan';
import type { Outcome } from './journal';
import type { OperationKind, Phase } from './plan';

/** The words of plans and journals that all faces share. */

export const OPERATION_TEXT: Readonly<Record<OperationKind, Message>> = {
  failover: msg('Failover'),
  switch: msg('Switch'),
  rejoin: msg('Rejoin'),
  purge: msg('Purge'),
};

export const PHASE_TEXT: Readonly<Record<Phase, Message>> = {
  check: msg('Check'),
  fence: msg('Fence the old master'),
  recover: msg('Recover transactions'),
  promote: msg('Promote the new master'),
  repoint: msg('Repoint the replicas'),
  cleanup: msg('Clean up'),
};

export const MODE_TEXT: Readonly<Record<FailoverMode, Message>> = {
  gtid: msg('by GTID'),
  mariadbGtid: msg('by MariaDB GTID'),
  position: msg('by binary log position'),
};

export const OUTCOME_TEXT: Readonly<Record<Outcome, Message>> = {
  succeeded: msg('succeeded'),
  partial: msg('done, but something is left to do'),
  failed: msg('failed'),
  refused: msg('refused: nothing was changed'),
  cancelled: msg('cancelled'),
};

function amount({ transactions, bytes }: ExpectedLoss): Message | undefined {
  if (transactions === undefined) return bytes === undefined ? undefined : msg('{bytes} bytes', { bytes });
  if (bytes === undefined)
    return transactions === 1 ? msg('1 transaction') : msg('{transactions} transactions', { transactions });
  return transactions === 1
    ? msg('1 transaction, {bytes} bytes', { bytes })
    : msg('{transactions} transactions, {bytes} bytes', { transactions, bytes });
}

const isNothing = ({ transactions, bytes }: ExpectedLoss): boolean => (transactions ?? bytes) === 0;

/** What would be lost, in a sentence. */
export function lossText(loss: ExpectedLoss): Message {
  const what = amount(loss);
  if (what && isNothing(loss)) return msg('Nothing (the replicas have received everything that is known of)');
  if (loss.recoverable === true && what)
    return msg("Nothing ({amount} that no replica has received can be read from the dead master's disk)", {
      amount: what,
    });
  if (what) return msg('Not received by any replica yet: {amount}', { amount: what });
  if (loss.recoverable === false)
    return msg("Not known (the dead master's binary log cannot be read: what no replica has received would be lost)");
  return msg('Not known');
}

/** How bad that is: `unknown` is no reassurance. */
export function lossRisk(loss: ExpectedLoss): 'none' | 'unknown' | 'some' {
  if (loss.recoverable === true || (amount(loss) && isNothing(loss))) return 'none';
  return amount(loss) ? 'some' : 'unknown';
}

import { format } from '../../l10n/message';
import type { Log } from '../log';
import { formOf } from './failoverFacts';
import { MODE_TEXT } from './planWords';
import type { PreparedFailover } from './prepareFailover';

/** What was found, who is to become master and why, and why it may not be: before anything is changed. */
export function announce(log: Log, { facts, plan, refusals }: PreparedFailover): void {
  const { cluster, snapshot, dead, leftOut } = facts;
  log.log('info', `GTID failover mode = ${snapshot.gtidMode} (${format(MODE_TEXT[facts.mode])})`);
  log.log('info', 'Dead Servers:');
  log.log('info', `  ${formOf(cluster, dead.id)}`);
  for (const { id, reason } of leftOut) log.log('info', `  ${formOf(cluster, id)}: ${format(reason)}`);
  for (const { id, chosen, reasons } of plan.election.candidates)
    log.log(
      'info',
      `  ${formOf(cluster, id)}: ${chosen ? 'new master: ' : ''}${reasons.map(r => format(r)).join('; ')}`,
    );
  for (const { message } of refusals) log.log('error', format(message));
}

import { format } from '../../l10n/message';
import type { Log } from '../log';
import type { LogPosition } from '../mysql/types';
import { formOf, type FailoverFacts, type FailoverMode } from './failoverFacts';
import type { FailoverPlan, FailoverStepKind } from './failoverPlan';
import type { Step } from './plan';
import { MODE_TEXT } from './planWords';
import type { PreparedFailover } from './prepareFailover';

/** What was found, who is to become master and why, and why it may not be: before anything is changed. */
export function announce(log: Log, { facts, plan, refusals }: PreparedFailover): void {
  const { cluster, snapshot, dead, leftOut, replicas } = facts;
  log.log('info', `GTID failover mode = ${snapshot.gtidMode} (${format(MODE_TEXT[facts.mode])})`);
  log.log('info', 'Dead Servers:');
  if (!refusals.some(({ code }) => code === 'master-alive')) log.log('info', `  ${formOf(cluster, dead.id)}`);
  for (const { id, reason } of leftOut) log.log('info', `  ${formOf(cluster, id)}: ${format(reason)}`);
  log.log('info', 'Alive Servers:');
  for (const { id } of replicas) log.log('info', `  ${formOf(cluster, id)}`);
  log.log('info', 'Alive Slaves:');
  for (const { id, chosen, reasons } of plan.election.candidates)
    log.log(
      'info',
      `  ${formOf(cluster, id)}: ${chosen ? 'new master: ' : ''}${reasons.map(r => format(r)).join('; ')}`,
    );
  for (const { message } of refusals) log.log('error', format(message));
  if (!dead.values.master_ip_failover_script)
    log.log('warning', 'master_ip_failover_script is not set. Skipping invalidating dead master IP address.');
  if (!dead.values.shutdown_script && dead.extended.fence === 'none')
    log.log('warning', 'shutdown_script is not set. Skipping explicit shutting down of the dead master.');
  if (refusals.length === 0) log.log('info', '** Phase 1: Configuration Check Phase completed.');
}

/** MHA's headings, which users' monitoring looks for, by the step that they stand before. */
const HEADINGS: Partial<Record<FailoverStepKind, (mode: FailoverMode) => readonly string[]>> = {
  'stop-receiver': () => ['* Phase 2: Dead Master Shutdown Phase..'],
  elect: () => ['* Phase 3: Master Recovery Phase..', '* Phase 3.1: Getting Latest Slaves Phase..'],
  'save-binlog': () => ["* Phase 3.2: Saving Dead Master's Binlog Phase.."],
  recover: mode =>
    mode === 'position'
      ? ['* Phase 3.4: New Master Diff Log Generation Phase..', '* Phase 3.5: Master Log Apply Phase..']
      : ['* Phase 3.3: New Master Recovery Phase..'],
  repoint: () => ['* Phase 4: Slaves Recovery Phase..'],
  'reset-new-master': () => ['* Phase 5: New master cleanup phase..'],
};

/** The headings of the steps that begin. */
export function announceSteps(log: Log, steps: readonly Step<FailoverStepKind>[], mode: FailoverMode): void {
  for (const kind of new Set(steps.map(step => step.kind)))
    for (const line of HEADINGS[kind]?.(mode) ?? []) log.log('info', line);
}

/** The new master, and the cluster before and after, as MHA draws it. */
export function announceNewMaster(
  log: Log,
  { cluster, dead, replicas, mode }: FailoverFacts,
  plan: FailoverPlan,
): void {
  if (mode === 'position') log.log('info', '* Phase 3.3: Determining New Master Phase..');
  const [next, others] = [formOf(cluster, plan.newMaster ?? ''), replicas.filter(r => r.id !== plan.newMaster)];
  log.log('info', `New master is ${next}`);
  log.log('info', 'Starting master failover..');
  const below = (ids: readonly { readonly id: string }[]) =>
    ids.map(({ id }) => `\n +--${formOf(cluster, id)}`).join('');
  const from = `From:\n${formOf(cluster, dead.id)} (current master)${below(replicas)}`;
  log.log('info', `\n${from}\n\nTo:\n${next} (new master)${below(others)}`);
}

/** Where replicas begin at the new master, for whoever has to attach one by hand. */
export function announceCoordinates(
  log: Log,
  { cluster }: FailoverFacts,
  newMaster: string,
  { mode, at }: { readonly mode: FailoverMode; readonly at: LogPosition },
): void {
  const values = cluster.servers.find(server => server.id === newMaster)?.values;
  const place = {
    position: `MASTER_LOG_FILE='${at.file}', MASTER_LOG_POS=${at.position}`,
    gtid: 'MASTER_AUTO_POSITION=1',
    mariadbGtid: 'MASTER_USE_GTID=slave_pos',
  }[mode];
  const host = values?.hostname ?? newMaster;
  const to = values?.ip && values.ip !== host ? `${host} or ${values.ip}` : host;
  log.log(
    'info',
    `All other slaves should start replication from here. Statement should be: CHANGE MASTER TO MASTER_HOST='${to}', MASTER_PORT=${values?.port}, ${place}, MASTER_USER='${values?.repl_user ?? ''}', MASTER_PASSWORD='xxx';`,
  );
}

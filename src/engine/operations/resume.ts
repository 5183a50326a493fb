import type { LogPosition } from '../mysql/types';
import type { Resumed } from './failoverFacts';
import type { FailoverPlan } from './failoverPlan';
import { listJournals, readJournal, type JournalLine } from './journal';

/** What the last failover of a cluster, which did not come to its end, leaves to the next one. */
export interface Unfinished extends Resumed {
  readonly journal: string;
  /** The new master was level. */
  readonly prepared?: PreparedFact;
  /** The part of the dead master's log that was copied. */
  readonly saved?: SavedFact;
  /** By server: the transactions of the dead master that were applied to it directly. */
  readonly applied: ReadonlyMap<string, AppliedFact>;
}

/** The new master has everything: where replicas go on there, and where it had come in the dead master's log (position mode). */
export interface PreparedFact {
  readonly coordinates: LogPosition;
  readonly levelAt?: LogPosition;
}

/** A copy of the dead master's log from a place on. */
export interface SavedFact {
  readonly file: string;
  readonly from: LogPosition;
}

/** Written before a transaction is committed on a server: where it ends in the dead master's log, and the server's own log then. */
export interface AppliedFact {
  /** Where the replica's own applier had come: as long as it is there, this applies. */
  readonly base: LogPosition;
  readonly from: LogPosition;
  readonly next: LogPosition;
  readonly own?: LogPosition;
}

/** The newest failover of this dead master, if it was interrupted or failed after the new master had been prepared. */
export function resumedOf(workdir: string, app: string, deadMaster: string): Unfinished | undefined {
  const [newest] = listJournals(workdir, app).filter(j => j.operation === 'failover');
  return newest && unfinishedOf(newest.file, readJournal(newest.file), deadMaster);
}

/** Pure part of `resumedOf`. */
export function unfinishedOf(file: string, lines: readonly JournalLine[], deadMaster: string): Unfinished | undefined {
  const end = lines.find(line => line.type === 'end');
  if (end?.type === 'end' && end.outcome !== 'failed') return undefined;
  const plan = lines.flatMap(line => (line.type === 'plan' ? [line.plan as FailoverPlan] : [])).at(-1);
  if (plan?.dead !== deadMaster || plan.newMaster === undefined) return undefined;
  // Of whomever: the elected one may have been given up for another.
  const began = lines.some(line => line.type === 'step' && line.step.startsWith('recover:'));
  if (!began) return undefined;
  const fact = <T>(name: string, line: JournalLine): T | undefined =>
    line.type === 'fact' && line.name === name ? (line.value as T) : undefined;
  const prepared = lines.flatMap(line => fact<PreparedFact>('prepared', line) ?? []).at(-1);
  const saved = lines.flatMap(line => fact<SavedFact>('saved', line) ?? []).at(-1);
  const applied = new Map<string, AppliedFact>();
  for (const line of lines) {
    const value = fact<AppliedFact>('applied', line);
    if (value && line.type === 'fact' && line.server !== undefined) applied.set(line.server, value);
  }
  return {
    journal: file,
    newMaster: plan.newMaster,
    ...(prepared && { prepared }),
    ...(saved && { saved }),
    applied,
  };
}

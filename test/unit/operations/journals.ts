import type { FailoverPlan } from '../../../src/engine/operations/failoverPlan';
import type { JournalEntry, JournalLine, StepState } from '../../../src/engine/operations/journal';
import type { Phase, Step } from '../../../src/engine/operations/plan';
import { msg } from '../../../src/l10n/message';

/** Journals made by hand: two replicas, server2 becomes master in place of server1. */

export const STARTED = Date.parse('2026-01-02T03:04:05.000Z');

function step(id: string, phase: Phase, stage: number, more: Partial<Step> = {}): Step<never> {
  const kind = id.split(':')[0] as never;
  return { id, kind, phase, stage, title: msg('Do {what}', { what: id }), does: [`STATEMENT OF ${id}`], vital: true, ...more } as Step<never>; // prettier-ignore
}

export const STEPS = [
  step('lock', 'check', 1),
  step('stop-receiver:server2', 'fence', 3),
  step('stop-receiver:server3', 'fence', 3, { vital: false }),
  step('elect', 'recover', 4),
  step('recover:server2', 'recover', 7, { pointOfNoReturn: true }),
  step('make-writable:server2', 'promote', 9),
  step('repoint:server3', 'repoint', 10, { vital: false }),
];

export function planOf(change: Partial<FailoverPlan> = {}): FailoverPlan {
  return {
    operation: 'failover',
    cluster: 'app1',
    dead: 'server1',
    newMaster: 'server2',
    mode: 'gtid',
    election: {
      newMaster: 'server2',
      latest: ['server2', 'server3'],
      candidates: [
        { id: 'server3', chosen: false, eligible: true, latest: true, reasons: [msg('second')] },
        { id: 'server2', chosen: true, eligible: true, latest: true, reasons: [msg('first'), msg('fit')] },
      ],
    },
    expectedLoss: { recoverable: 'unknown' },
    leftOut: [],
    steps: STEPS,
    ...change,
  };
}

export const BEGIN: Extract<JournalEntry, { type: 'begin' }> = {
  type: 'begin',
  version: 1,
  operation: 'failover',
  cluster: 'app1',
  file: '/etc/mha/app1.cnf',
  pid: 4711,
  host: 'manager',
  command: 'mha failover',
};

/** Lines, 10 ms apart. */
export function journal(...entries: readonly JournalEntry[]): JournalLine[] {
  return entries.map((entry, i) => ({ at: new Date(STARTED + i * 10).toISOString(), ...entry }));
}

export const did = (id: string, state: StepState = 'done', more: object = {}): JournalEntry => ({
  type: 'step',
  step: id,
  state,
  ...(state === 'started' ? {} : { tookMs: 8 }),
  ...more,
});

export const both = (id: string): JournalEntry[] => [did(id, 'started'), did(id)];

export const STATEMENT: JournalEntry = {
  type: 'statement',
  step: 'make-writable:server2',
  server: 'server2',
  text: 'SET GLOBAL read_only=0',
  tookMs: 0.4,
};

export const COMPLETE: readonly JournalEntry[] = [
  BEGIN,
  { type: 'plan', plan: planOf() },
  ...both('lock'),
  did('stop-receiver:server2', 'started'),
  did('stop-receiver:server3', 'started'),
  did('stop-receiver:server2'),
  did('stop-receiver:server3'),
  ...both('elect'),
  ...both('recover:server2'),
  did('make-writable:server2', 'started'),
  STATEMENT,
  did('make-writable:server2'),
  ...both('repoint:server3'),
  { type: 'end', outcome: 'succeeded', exitCode: 0, message: msg('all is well'), left: [] },
];

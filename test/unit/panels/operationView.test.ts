import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import type { PreparedFailover } from '../../../src/engine/operations/prepareFailover';
import { failoverFacts } from '../../../src/engine/operations/failoverFacts';
import type { JournalEntry } from '../../../src/engine/operations/journal';
import { storyOf } from '../../../src/engine/operations/journalStory';
import { lossRisk, lossText } from '../../../src/engine/operations/planWords';
import { operationMarkdown } from '../../../src/extension/panels/operationMarkdown';
import { operationViewSchema, type OperationView } from '../../../src/extension/panels/operationProtocol';
import { planView, serverNamesOf, storyView } from '../../../src/extension/panels/operationView';
import { format, msg } from '../../../src/l10n/message';
import { BEGIN, both, COMPLETE, did, journal, planOf } from '../operations/journals';
import { clusterOf, replicaOf, snapshotOf } from '../topology/snapshots';

const config = clusterOf(3);
const wording = {
  language: 'en',
  translate: (m: Parameters<typeof format>[0]) => format(m),
  nameOf: serverNamesOf(config),
};
const FILE = '/var/mha/app1.20260102030405.failover.journal';

function viewOf(entries: readonly JournalEntry[], alive: boolean): OperationView {
  const story = storyOf(journal(...entries), { alive });
  if (!story) throw new Error('no story');
  const view = storyView({ story, journal: FILE, alive }, wording);
  expect(v.parse(operationViewSchema, JSON.parse(JSON.stringify(view)))).toEqual(view);
  return view;
}

const steps = (view: OperationView) => view.phases.flatMap(phase => phase.steps);
const actions = (view: OperationView) => view.actions.map(({ action }) => action);

function prepared(change: Partial<PreparedFailover> = {}, master: Parameters<typeof snapshotOf>[1][0] = 'dead') {
  const snapshot = snapshotOf(config, [master, replicaOf(2, 1, {}, { receiver: 'connecting' }), replicaOf(3, 1)]);
  const facts = failoverFacts(config, snapshot, 'server1');
  return {
    facts,
    plan: planOf({ expectedLoss: { recoverable: true, transactions: 2, bytes: 400 } }),
    refusals: [],
    outdated: false,
    ...change,
  };
}

describe('an operation that runs', () => {
  const running = COMPLETE.slice(0, 5);

  it('says so in one line, counts, and can be cancelled before the point of no return', () => {
    const view = viewOf(running, true);
    expect(view.verdict).toMatchObject({ level: 'running', headline: 'Failing over from db1 to db2' });
    expect(view.verdict.detail).toBe('Do stop-receiver:server2');
    expect(view.verdict.counts).toEqual(['1 of 7 steps']);
    expect(view.runningSince).toBe(Date.parse('2026-01-02T03:04:05.000Z'));
    expect(actions(view)).toEqual(['cancel', 'journal', 'copy']);
    expect(steps(view).map(s => s.sign)).toEqual([
      'ok',
      'running',
      'waiting',
      'waiting',
      'waiting',
      'waiting',
      'waiting',
    ]);
    expect(view.phases.map(p => p.sign)).toEqual(['ok', 'running', 'waiting', 'waiting', 'waiting']);
    expect(actions(viewOf([...running, did('recover:server2', 'started')], true))).toEqual(['journal', 'copy']);
  });

  it('is interrupted when its process is gone', () => {
    const view = viewOf(running, false);
    expect(view.verdict).toMatchObject({ level: 'failed', headline: 'Interrupted: its process is gone' });
    expect(view.verdict.detail).toMatch(/had not been touched/);
    expect(view.runningSince).toBeUndefined();
    expect(actions(view)).toEqual(['planAgain', 'journal', 'copy']);
    expect(viewOf([...running, ...both('recover:server2')], false).verdict.detail).toMatch(/half way/);
  });
});

describe('an operation that has ended', () => {
  it('says in one line how, how long it took, and when the new master could be written to', () => {
    const view = viewOf(COMPLETE, false);
    expect(view.verdict).toEqual({
      level: 'ok',
      headline: 'db2 is the new master',
      detail: 'all is well',
      counts: ['took 170 ms', 'new master writable after 128 ms'],
    });
    expect(actions(view)).toEqual(['journal', 'copy']);
    expect(view.lists.map(list => list.title)).toEqual(['New master']);
    expect(view.lists[0]?.entries.map(e => [e.level, e.server, e.text])).toEqual([
      ['ok', 'db2', 'first; fit'],
      ['info', 'db3', 'second'],
    ]);
  });

  it('places each step on the time line, and marks where there was no return any more', () => {
    const view = viewOf(COMPLETE, false);
    const bars = steps(view).map(s => s.bar);
    expect(bars.every(bar => bar && bar.left >= 0 && bar.left + bar.width <= 100)).toBe(true);
    expect(bars.map(bar => bar?.left)).toEqual([...bars.map(bar => bar?.left)].sort((a, b) => (a ?? 0) - (b ?? 0)));
    expect(
      steps(view)
        .filter(s => s.pointOfNoReturn)
        .map(s => s.id),
    ).toEqual(['recover:server2']);
    expect(steps(view).find(s => s.id === 'make-writable:server2')?.details).toEqual([
      { server: 'db2', text: 'SET GLOBAL read_only=0', took: 'under 1 ms' },
    ]);
  });

  it('puts what is left to do first', () => {
    const end: JournalEntry = {
      type: 'end',
      outcome: 'partial',
      exitCode: 10,
      message: msg('nearly'),
      left: [msg('mend db3')],
    };
    const view = viewOf(
      [...COMPLETE.slice(0, -2), did('repoint:server3', 'failed', { message: msg('no') }), end],
      false,
    );
    expect(view.verdict).toMatchObject({
      level: 'warning',
      headline: 'db2 is the new master; something is left to do',
    });
    expect(view.lists[0]).toMatchObject({ title: 'Left to do', entries: [{ level: 'warning', text: 'mend db3' }] });
    // Not vital: it did not end the operation.
    expect(steps(view).at(-1)).toMatchObject({ sign: 'warning', result: 'no' });
    expect(actions(view)).toContain('planAgain');
  });

  it('tells a failure that was taken back from one behind the point of no return', () => {
    const end: JournalEntry = { type: 'end', outcome: 'failed', exitCode: 1, message: msg('no'), left: [] };
    const early = [BEGIN, { type: 'plan', plan: planOf() } as const, ...both('lock'), did('elect', 'started'), did('elect', 'failed'), did('lock', 'undone'), end]; // prettier-ignore
    expect(viewOf(early, false).verdict.headline).toMatch(/was taken back/);
    expect(viewOf([...COMPLETE.slice(0, -1), end], false).verdict.headline).toMatch(/behind the point of no return/);
    const cancelled = { ...end, outcome: 'cancelled' as const };
    expect(viewOf([...early.slice(0, -1), cancelled], false).verdict.headline).toBe('Failover: cancelled');
  });
});

describe('the plan of a failover', () => {
  it('offers to begin when nothing forbids it', () => {
    const view = planView(prepared(), '/etc/mha/app1.cnf', wording);
    expect(v.parse(operationViewSchema, JSON.parse(JSON.stringify(view)))).toEqual(view);
    expect(view.verdict).toMatchObject({ level: 'ok', headline: 'db2 would become the master in place of db1' });
    expect(actions(view)).toEqual(['start', 'planAgain', 'copy']);
    expect(view.lists.map(list => list.title)).toEqual(['New master', 'Expected loss']);
    expect(view.lists[1]?.entries[0]?.text).toMatch(/^Nothing \(2 transactions, 400 bytes/);
    expect(steps(view).every(s => s.sign === 'waiting' && s.details.length === 1)).toBe(true);
    expect(JSON.stringify(view)).not.toContain('secret');
  });

  it('names what forbids it first, and does not offer it', () => {
    const refusals = [{ code: 'server-dead', server: 'server3', message: msg('server3 must be alive') }];
    const view = planView(prepared({ refusals }), '/etc/mha/app1.cnf', wording);
    expect(view.verdict).toMatchObject({ level: 'failed', detail: 'server3 must be alive' });
    expect(view.lists[0]).toMatchObject({ title: 'What forbids it', entries: [{ server: 'db3' }] });
    expect(actions(view)).toEqual(['planAgain', 'copy']);
  });

  it('shows what would be done if a living master died, and does not offer it', () => {
    const refusals = [{ code: 'master-alive', message: msg('it is alive') }];
    const view = planView(prepared({ refusals }, replicaOf(1, 0)), '/etc/mha/app1.cnf', wording);
    expect(view.lists.map(list => list.title)).not.toContain('What forbids it');
    expect(view.verdict).toMatchObject({ level: 'info', headline: 'db1 answers: there is nothing to fail over from' });
    expect(actions(view)).not.toContain('start');
  });
});

describe('the expected loss', () => {
  it.each([
    [{ recoverable: true, transactions: 0, bytes: 0 }, 'none', /^Nothing \(the replicas/],
    [{ recoverable: true, transactions: 1, bytes: 9 }, 'none', /^Nothing \(1 transaction, 9 bytes/],
    [{ recoverable: 'unknown', transactions: 3 }, 'some', /^Not received by any replica yet: 3 transactions$/],
    [{ recoverable: 'unknown', bytes: 0 }, 'none', /^Nothing/],
    [{ recoverable: false }, 'unknown', /^Not known \(/],
    [{ recoverable: 'unknown' }, 'unknown', /^Not known$/],
  ] as const)('%j', (loss, risk, text) => {
    expect(lossRisk(loss)).toBe(risk);
    expect(format(lossText(loss))).toMatch(text);
  });
});

describe('an operation as Markdown', () => {
  it('has the outcome, the steps with their statements, and no markup of others', () => {
    const entries = COMPLETE.map(e => (e.type === 'end' ? { ...e, message: msg('all *is* well') } : e));
    const text = operationMarkdown(viewOf(entries, false));
    expect(text).toMatch(/^# app1: Failover\n\n✅ \*\*db2 is the new master\*\* all \\\*is\\\* well\n/);
    expect(text).toContain(
      '- ✅ Do make-writable:server2 (8 ms)\n  - **db2** `SET GLOBAL read\\_only=0`'.replace('\\_', '_'),
    );
    expect(text).toContain('- --- point of no return ---\n- ✅ Do recover:server2');
    expect(text.endsWith('\n')).toBe(true);
  });
});

describe('names of servers', () => {
  it('have the port where the host name is not enough', () => {
    const names = serverNamesOf(clusterOf(2, { sections: { server2: ['hostname=db1', 'port=3307'] } }));
    expect([names('server1'), names('server2'), names('elsewhere:1')]).toEqual(['db1:3306', 'db1:3307', 'elsewhere:1']);
  });
});

import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../../src/engine/operations/journal';
import { storyOf, type Story } from '../../../src/engine/operations/journalStory';
import { msg } from '../../../src/l10n/message';
import { BEGIN, COMPLETE, did, journal, planOf, STATEMENT, STEPS } from './journals';

function story(entries: readonly JournalEntry[], alive = true): Story {
  const told = storyOf(journal(...entries), { alive });
  if (!told) throw new Error('no story');
  return told;
}

const states = ({ phases }: Story) =>
  Object.fromEntries(phases.flatMap(phase => phase.steps.map(({ step, state }) => [step.id, state])));

describe('the story of a journal', () => {
  it('needs a beginning', () => {
    expect(storyOf([], { alive: true })).toBeUndefined();
    expect(storyOf(journal(STATEMENT), { alive: true })).toBeUndefined();
  });

  it('begins with a plan of which nothing is done', () => {
    const told = story([BEGIN, { type: 'plan', plan: planOf() }]);
    expect(new Set(Object.values(states(told)))).toEqual(new Set(['waiting']));
    expect(told.phases.map(({ phase }) => phase)).toEqual(['check', 'fence', 'recover', 'promote', 'repoint']);
    expect(told).toMatchObject({ cluster: 'app1', pid: 4711, committed: false });
  });

  it('tells of each step what came of it, with its statements', () => {
    const told = story(COMPLETE, false);
    expect(new Set(Object.values(states(told)))).toEqual(new Set(['done']));
    const step = told.phases.find(({ phase }) => phase === 'promote')?.steps[0];
    expect(step).toMatchObject({ tookMs: 8, statements: [{ server: 'server2', text: 'SET GLOBAL read_only=0' }] });
    expect(told.end).toMatchObject({ outcome: 'succeeded', left: [] });
    expect(told.committed).toBe(true);
  });

  it('knows what runs now from what was cut off', () => {
    const entries = COMPLETE.slice(0, 5);
    expect(states(story(entries, true))['stop-receiver:server2']).toBe('running');
    expect(states(story(entries, false))['stop-receiver:server2']).toBe('interrupted');
    const end: JournalEntry = { type: 'end', outcome: 'failed', exitCode: 1, message: msg('no'), left: [] };
    expect(states(story([...entries, end], true))['stop-receiver:server2']).toBe('interrupted');
  });

  it('is past the point of no return from the start of its step on', () => {
    const until = COMPLETE.findIndex(e => e.type === 'step' && e.step === 'recover:server2');
    expect(story(COMPLETE.slice(0, until)).committed).toBe(false);
    expect(story(COMPLETE.slice(0, until + 1)).committed).toBe(true);
  });

  it('goes on with a plan that was made anew, and keeps what was begun by the one before', () => {
    const anew = planOf({ newMaster: 'server3', steps: STEPS.filter(s => !/server2$|server3$/.test(s.id)) });
    const told = story([
      BEGIN,
      { type: 'plan', plan: planOf() },
      did('stop-receiver:server2', 'started'),
      did('stop-receiver:server2'),
      { type: 'plan', plan: anew },
    ]);
    expect(states(told)).toEqual({ lock: 'waiting', 'stop-receiver:server2': 'done', elect: 'waiting' });
  });

  it('takes a failure, and what was taken back after it', () => {
    const why = msg('no reason');
    const told = story([
      BEGIN,
      { type: 'plan', plan: planOf() },
      did('lock', 'started'),
      did('lock'),
      did('elect', 'started'),
      did('elect', 'failed', { message: why }),
      did('lock', 'undone'),
    ]);
    expect(states(told)).toMatchObject({ lock: 'undone', elect: 'failed', 'recover:server2': 'waiting' });
    expect(told.phases.flatMap(p => p.steps).find(s => s.step.id === 'elect')?.message).toEqual(why);
  });
});

import { describe, expect, it } from 'vitest';
import { format, msg } from '../../../src/l10n/message';
import type { Journal, JournalEntry } from '../../../src/engine/operations/journal';
import type { Plan, Step } from '../../../src/engine/operations/plan';
import { runPlan, StepError, type PlanResult } from '../../../src/engine/operations/runPlan';

type Draft = Partial<Step> & { readonly id: string; readonly stage: number };

const stepOf = (draft: Draft): Step => ({
  kind: draft.id,
  phase: 'check',
  title: msg('{text}', { text: draft.id }),
  does: [],
  vital: true,
  ...draft,
});

const planOf = (...drafts: readonly Draft[]): Plan => ({
  operation: 'failover',
  cluster: 'c',
  steps: drafts.map(stepOf),
});

interface Script {
  readonly fails?: readonly string[];
  readonly undoFails?: readonly string[];
  readonly skips?: readonly string[];
  readonly does?: Readonly<Record<string, (signal: AbortSignal) => void | Promise<void>>>;
  readonly signal?: AbortSignal;
}

/** Runs a plan whose steps do what the script says; `events` is what happened, in order. */
async function run(
  plan: Plan | (() => Plan),
  script: Script = {},
): Promise<PlanResult<string> & { events: string[]; lines: string[] }> {
  const events: string[] = [];
  const entries: JournalEntry[] = [];
  const journal: Journal = {
    file: '',
    failure: undefined,
    write: entry => void entries.push(entry),
    close: () => undefined,
  };
  const result = await runPlan({
    plan: typeof plan === 'function' ? plan : () => plan,
    journal,
    ...(script.signal && { signal: script.signal }),
    onStage: steps => void events.push(`stage ${steps.map(s => s.id).join('+')}`),
    execute: async ({ id }, signal) => {
      events.push(id);
      await script.does?.[id]?.(signal);
      if (script.fails?.includes(id)) throw new StepError('test', msg('{text}', { text: `${id} failed` }));
      return script.skips?.includes(id) ? { skipped: true } : undefined;
    },
    undo: ({ id }) => {
      events.push(`undo ${id}`);
      return script.undoFails?.includes(id) ? Promise.reject(new Error('no')) : Promise.resolve();
    },
  });
  const lines = entries.map(e => (e.type === 'step' ? `${e.step} ${e.state}` : e.type));
  return { ...result, events, lines };
}

const undo = ['x'];
const ABC = planOf(
  { id: 'a', stage: 1, undo },
  { id: 'b', stage: 2, undo },
  { id: 'b2', stage: 2 },
  { id: 'c', stage: 3, pointOfNoReturn: true },
  { id: 'd', stage: 4, undo },
);

describe('a plan', () => {
  it('runs stage by stage, and is in the journal before and after each step', async () => {
    const result = await run(ABC, { skips: ['d'] });
    expect(result).toMatchObject({ ok: true, failures: [], committed: true, undoFailed: false, cancelled: false });
    expect(result.events).toEqual(['stage a', 'a', 'stage b+b2', 'b', 'b2', 'stage c', 'c', 'stage d', 'd']);
    expect(result.lines).toEqual([
      'a started',
      'a done',
      'b started',
      'b2 started',
      'b done',
      'b2 done',
      'c started',
      'c done',
      'd started',
      'd skipped',
    ]);
  });

  it('takes back what was done, last first, if a vital step fails before the point of no return', async () => {
    const result = await run(ABC, { fails: ['b2'] });
    expect(result).toMatchObject({ ok: false, committed: false, undoFailed: false, cancelled: false });
    expect(result.events.slice(-2)).toEqual(['undo b', 'undo a']);
    expect(result.lines.slice(-2)).toEqual(['b undone', 'a undone']);
    expect(result.failures.map(f => format(f.why))).toEqual(['b2 failed']);
  });

  it('takes back a step that failed: it may have been done in part', async () => {
    expect((await run(ABC, { fails: ['a'] })).events).toEqual(['stage a', 'a', 'undo a']);
  });

  it('takes the rest back when one cannot be taken back, and says so', async () => {
    const result = await run(ABC, { fails: ['b2'], undoFails: ['b'] });
    expect(result).toMatchObject({ ok: false, undoFailed: true });
    expect(result.events.slice(-2)).toEqual(['undo b', 'undo a']);
    expect(result.lines.slice(-2)).toEqual(['b failed', 'a undone']);
  });

  it('takes nothing back from the point of no return on, and stops where it is', async () => {
    const result = await run(ABC, { fails: ['c'] });
    expect(result).toMatchObject({ ok: false, committed: true, undoFailed: true });
    expect(result.events.at(-1)).toBe('c');
  });

  it('waits for the other steps of a stage before it takes anything back', async () => {
    const slow = async (): Promise<void> => {
      await new Promise(resolve => setImmediate(resolve));
    };
    const result = await run(ABC, { fails: ['b'], does: { b2: slow } });
    expect(result.lines.indexOf('b2 done')).toBeLessThan(result.lines.indexOf('b undone'));
  });

  it('goes on when a step fails that is not vital, and tells of it', async () => {
    const result = await run(planOf({ id: 'a', stage: 1, vital: false }, { id: 'b', stage: 2 }), { fails: ['a'] });
    expect(result).toMatchObject({ ok: true, failures: [{ step: { id: 'a' } }] });
    expect(result.lines).toEqual(['a started', 'a failed', 'b started', 'b done']);
  });

  it('keeps what an error that is none of ours says', async () => {
    const result = await run(planOf({ id: 'a', stage: 1 }), {
      does: {
        a: () => {
          throw new TypeError('oops');
        },
      },
    });
    expect(result.failures.map(f => format(f.why))).toEqual(['oops']);
  });

  it('may be replaced under way: the next stage is the new one, done stages are not done again', async () => {
    let plan = ABC;
    const other = planOf({ id: 'a2', stage: 1 }, { id: 'x', stage: 3 }, { id: 'y', stage: 5 });
    const result = await run(() => plan, { does: { b: () => void (plan = other) } });
    expect(result.events.filter(e => !e.startsWith('stage'))).toEqual(['a', 'b', 'b2', 'x', 'y']);
  });
});

describe('a plan that is cancelled', () => {
  it('before it begins does nothing', async () => {
    const result = await run(ABC, { signal: AbortSignal.abort() });
    expect(result).toMatchObject({ ok: false, cancelled: true, committed: false, events: [] });
  });

  it('before the point of no return takes back what was done', async () => {
    const controller = new AbortController();
    const result = await run(ABC, { signal: controller.signal, does: { b: () => void controller.abort() } });
    expect(result).toMatchObject({ ok: false, cancelled: true, committed: false, undoFailed: false });
    expect(result.events.slice(-2)).toEqual(['undo b', 'undo a']);
  });

  it('after the point of no return goes on, and its steps do not see the signal', async () => {
    const controller = new AbortController();
    const seen: boolean[] = [];
    const result = await run(ABC, {
      signal: controller.signal,
      does: {
        c: signal => {
          controller.abort();
          seen.push(signal.aborted);
        },
        d: signal => void seen.push(signal.aborted),
      },
    });
    expect(result).toMatchObject({ ok: true, cancelled: false, committed: true });
    expect(seen).toEqual([false, false]);
  });

  it('is not called cancelled when it failed after the point of no return', async () => {
    const controller = new AbortController();
    const result = await run(ABC, {
      signal: controller.signal,
      fails: ['d'],
      does: { c: () => void controller.abort() },
    });
    expect(result).toMatchObject({ ok: false, cancelled: false, committed: true });
  });
});

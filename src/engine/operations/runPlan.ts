import { msg, type Message } from '../../l10n/message';
import { EngineError, errorText } from '../errors';
import type { Journal } from './journal';
import type { Plan, Step } from './plan';

/** A step that did not succeed, with what to tell. */
export class StepError extends EngineError {
  constructor(
    code: string,
    readonly why: Message,
    options?: ErrorOptions,
  ) {
    super(code, why.text, options);
  }
}

/** What was to say about any error. */
export function whyOf(error: unknown): Message {
  return error instanceof StepError ? error.why : msg('{text}', { text: errorText(error) });
}

/** What a step's executor may tell of its success. `skipped`: there was nothing to do. */
export type StepResult = { readonly message?: Message; readonly skipped?: true } | undefined;

export interface PlanRun<Kind extends string> {
  /** Asked before each stage: a step may have replaced the plan by another with the same numbering of stages. */
  readonly plan: () => Plan<Kind>;
  /** Does a step. `signal` is aborted when the operation is cancelled; it is not when there is no return any more. */
  readonly execute: (step: Step<Kind>, signal: AbortSignal) => Promise<StepResult>;
  /** Takes a step back. */
  readonly undo: (step: Step<Kind>) => Promise<void>;
  readonly journal: Journal;
  /** Told of each step that fails, at once. */
  readonly onFailure?: (failure: StepFailure<Kind>) => void;
  /** Told before the first step of a stage. */
  readonly onStage?: (steps: readonly Step<Kind>[]) => void;
  readonly signal?: AbortSignal;
}

export interface StepFailure<Kind extends string> {
  readonly step: Step<Kind>;
  readonly why: Message;
}

export interface PlanResult<Kind extends string> {
  /** All vital steps succeeded. */
  readonly ok: boolean;
  /** The steps that failed, vital or not. */
  readonly failures: readonly StepFailure<Kind>[];
  /** Whether the point of no return was passed. */
  readonly committed: boolean;
  /** Not ok, and not all of what had been done could be taken back. */
  readonly undoFailed: boolean;
  readonly cancelled: boolean;
}

/**
 * Runs a plan, stage by stage, the steps of a stage at the same time. Each step is in the journal before and after it is
 * done. Before the point of no return a failure of a vital step, or the signal, takes back what was done, last first; after it
 * the signal counts no more, and a failure ends the run where it is. Never rejects for what a step does.
 */
export async function runPlan<Kind extends string>(run: PlanRun<Kind>): Promise<PlanResult<Kind>> {
  const { journal } = run;
  const done: Step<Kind>[] = [];
  const failures: StepFailure<Kind>[] = [];
  let committed = false;
  const never = new AbortController().signal;

  const perform = async (step: Step<Kind>): Promise<boolean> => {
    const start = performance.now();
    const took = () => Math.round(performance.now() - start);
    journal.write({ type: 'step', step: step.id, state: 'started' });
    try {
      const result = await run.execute(step, committed ? never : (run.signal ?? never));
      const state = result?.skipped ? 'skipped' : 'done';
      journal.write({
        type: 'step',
        step: step.id,
        state,
        ...(result?.message && { message: result.message }),
        tookMs: took(),
      });
      done.push(step);
      return true;
    } catch (error) {
      const why = whyOf(error);
      journal.write({ type: 'step', step: step.id, state: 'failed', message: why, tookMs: took() });
      failures.push({ step, why });
      run.onFailure?.({ step, why });
      // It may have been done in part.
      done.push(step);
      return false;
    }
  };

  for (let last = 0; ;) {
    const steps = nextStage(run.plan(), last);
    last = steps[0]?.stage ?? last;
    if (steps.length === 0) break;
    const cancelled: boolean = !committed && run.signal?.aborted === true;
    committed ||= !cancelled && steps.some(step => step.pointOfNoReturn);
    let failed = cancelled;
    if (!cancelled) {
      run.onStage?.(steps);
      const results = await Promise.all(steps.map(perform));
      failed = steps.some((step, i) => step.vital && !results[i]) || (!committed && run.signal?.aborted === true);
    }
    if (!failed) continue;
    const undoFailed = committed || !(await undoAll(run, done.reverse()));
    return { ok: false, failures, committed, undoFailed, cancelled: !committed && run.signal?.aborted === true };
  }
  return { ok: true, failures, committed, undoFailed: false, cancelled: false };
}

/** The steps of the first stage behind `last`. */
function nextStage<Kind extends string>({ steps }: Plan<Kind>, last: number): Step<Kind>[] {
  const next = Math.min(...steps.filter(step => step.stage > last).map(step => step.stage));
  return steps.filter(step => step.stage === next);
}

async function undoAll<Kind extends string>(run: PlanRun<Kind>, done: readonly Step<Kind>[]): Promise<boolean> {
  let all = true;
  for (const step of done) {
    if (!step.undo) continue;
    try {
      await run.undo(step);
      run.journal.write({ type: 'step', step: step.id, state: 'undone' });
    } catch (error) {
      all = false;
      run.journal.write({ type: 'step', step: step.id, state: 'failed', message: whyOf(error) });
    }
  }
  return all;
}

import type { Message } from '../../l10n/message';
import type { JournalLine, Outcome } from './journal';
import type { OperationKind, Phase, Plan, Step } from './plan';

/** `interrupted`: the process that was at it is gone. */
export type ToldState = 'waiting' | 'running' | 'done' | 'skipped' | 'failed' | 'undone' | 'interrupted';

export interface ToldStatement {
  readonly server: string;
  readonly text: string;
  readonly tookMs: number;
  readonly error?: string;
}

/** A step of the plan, and what became of it. */
export interface ToldStep {
  readonly step: Step;
  readonly state: ToldState;
  /** ISO 8601. */
  readonly startedAt?: string;
  readonly tookMs?: number;
  /** What came of it, or why it failed. */
  readonly message?: Message;
  readonly statements: readonly ToldStatement[];
}

export interface ToldPhase {
  readonly phase: Phase;
  readonly steps: readonly ToldStep[];
}

/** What a journal tells, so far. */
export interface Story {
  readonly operation: OperationKind;
  readonly cluster: string;
  /** The configuration file. */
  readonly file: string;
  readonly pid: number;
  readonly host: string;
  readonly command: string;
  /** ISO 8601, as all times here. */
  readonly startedAt: string;
  /** The last sign of life. */
  readonly lastAt: string;
  /** The newest one. */
  readonly plan?: Plan;
  /** In the order of the plan; only those with steps. */
  readonly phases: readonly ToldPhase[];
  /** A step behind which there is no return was begun. */
  readonly committed: boolean;
  readonly end?: {
    readonly at: string;
    readonly outcome: Outcome;
    readonly exitCode: number;
    readonly message: Message;
    readonly left: readonly Message[];
  };
}

interface Draft {
  state: ToldState;
  startedAt?: string;
  tookMs?: number;
  message?: Message;
  statements: ToldStatement[];
}

/** Of the phases, in the order of the steps that are first in each. */
const PHASES: readonly Phase[] = ['check', 'fence', 'recover', 'promote', 'repoint', 'cleanup'];

/**
 * The story of a journal's lines. Pure. Undefined: it has no beginning. `alive`: whether the process that writes it lives;
 * without it, what was running when there is no end counts as interrupted. When the plan was made anew under way, its steps count, and those of
 * the one before that were begun.
 */
export function storyOf(lines: readonly JournalLine[], { alive }: { readonly alive: boolean }): Story | undefined {
  const begin = lines.find(line => line.type === 'begin');
  if (begin?.type !== 'begin') return undefined;
  const drafts = new Map<string, Draft>();
  const draftOf = (step: string): Draft => {
    const known = drafts.get(step) ?? { state: 'waiting' as const, statements: [] };
    drafts.set(step, known);
    return known;
  };
  const steps = new Map<string, Step>();
  let plan: Plan | undefined;
  let end: Story['end'];
  for (const line of lines) {
    if (line.type === 'plan') {
      ({ plan } = line);
      for (const step of plan.steps) steps.set(step.id, step);
    } else if (line.type === 'step') note(draftOf(line.step), line);
    else if (line.type === 'statement')
      draftOf(line.step).statements.push({
        server: line.server,
        text: line.text,
        tookMs: line.tookMs,
        ...(line.error !== undefined && { error: line.error }),
      });
    else if (line.type === 'end') {
      const { at, outcome, exitCode, message, left } = line;
      end = { at, outcome, exitCode, message, left };
    }
  }
  const planned = new Set(plan?.steps.map(step => step.id));
  const shown = [...steps.values()].filter(({ id }) => planned.has(id) || drafts.has(id));
  const told = shown.map((step): ToldStep => {
    const draft = drafts.get(step.id) ?? { state: 'waiting' as const, statements: [] };
    const cut = draft.state === 'running' && (end !== undefined || !alive);
    return { ...draft, step, state: cut ? 'interrupted' : draft.state };
  });
  const { operation, cluster, file, pid, host, command } = begin;
  return {
    operation,
    cluster,
    file,
    pid,
    host,
    command,
    startedAt: begin.at,
    lastAt: lines.at(-1)?.at ?? begin.at,
    ...(plan && { plan }),
    phases: PHASES.map(phase => ({ phase, steps: inOrder(told.filter(t => t.step.phase === phase)) })).filter(
      ({ steps: own }) => own.length > 0,
    ),
    committed: told.some(t => t.step.pointOfNoReturn && t.state !== 'waiting'),
    ...(end && { end }),
  };
}

const inOrder = (steps: readonly ToldStep[]): ToldStep[] => [...steps].sort((a, b) => a.step.stage - b.step.stage);

function note(draft: Draft, line: Extract<JournalLine, { type: 'step' }>): void {
  draft.state = line.state === 'started' ? 'running' : line.state;
  if (line.state === 'started') draft.startedAt = line.at;
  if (line.tookMs !== undefined) draft.tookMs = line.tookMs;
  if (line.message) draft.message = line.message;
}

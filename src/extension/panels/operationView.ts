import type { ClusterConfig } from '../../config/types';
import type { PreparedFailover } from '../../engine/operations/prepareFailover';
import type { FailoverPlan } from '../../engine/operations/failoverPlan';
import type { Story, ToldPhase, ToldStep } from '../../engine/operations/journalStory';
import type { Phase, Step } from '../../engine/operations/plan';
import {
  lossRisk,
  lossText,
  MODE_TEXT,
  OPERATION_TEXT,
  OUTCOME_TEXT,
  PHASE_TEXT,
} from '../../engine/operations/planWords';
import { msg, type Message } from '../../l10n/message';
import type {
  ListBlock,
  ListEntry,
  OperationAction,
  OperationView,
  PhaseView,
  Sign,
  StepView,
} from './operationProtocol';
import { duration, labels, type Wording } from './reportWords';

export interface OperationWording extends Wording {
  /** What people call a server, by its id. */
  readonly nameOf: (id: string) => string;
}

/** Servers that share a host name are told apart by their ports. */
export function serverNamesOf(config: ClusterConfig | undefined): (id: string) => string {
  const servers = config?.servers ?? [];
  const hostOf = ({ id, values }: (typeof servers)[number]) => values.hostname ?? id;
  const names = new Map(
    servers.map(server => {
      const shared = servers.some(other => other !== server && hostOf(other) === hostOf(server));
      return [server.id, shared ? `${hostOf(server)}:${server.values.port}` : hostOf(server)] as const;
    }),
  );
  return id => names.get(id) ?? id;
}

/** A step with ten thousand statements is still to be looked at. */
const MOST_DETAILS = 200;

const STATES: Readonly<Record<ToldStep['state'], readonly [sign: Sign, text: Message]>> = {
  waiting: ['waiting', msg('Not begun')],
  running: ['running', msg('Running')],
  done: ['ok', msg('Done')],
  skipped: ['skipped', msg('Nothing to do')],
  failed: ['failed', msg('Failed')],
  undone: ['undone', msg('Taken back')],
  interrupted: ['failed', msg('Interrupted')],
};

const ACTIONS: Readonly<Record<OperationAction, Message>> = {
  start: msg('Fail Over…'),
  planAgain: msg('Plan Again'),
  ignoreLast: msg('Ignore Last Failover'),
  cancel: msg('Cancel'),
  journal: msg('Open Journal'),
  copy: msg('Copy as Markdown'),
};

function timeOfDay(iso: string, { language }: OperationWording): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : date.toLocaleTimeString(language);
}

function common(wording: OperationWording): Pick<OperationView, 'language' | 'labels'> {
  const { translate } = wording;
  const { levels, advice } = labels(wording);
  return {
    language: wording.language,
    labels: {
      steps: translate(msg('Steps')),
      pointOfNoReturn: translate(msg('point of no return')),
      running: translate(msg('running')),
      levels,
      advice,
    },
  };
}

const buttons = (actions: readonly OperationAction[], { translate }: OperationWording): OperationView['actions'] =>
  actions.map(action => ({ action, label: translate(ACTIONS[action]) }));

function list(title: Message, entries: readonly ListEntry[], { translate }: OperationWording): ListBlock[] {
  return entries.length === 0 ? [] : [{ type: 'list', title: translate(title), entries: [...entries] }];
}

/** Who was elected and why the others were not. */
function electionLists({ election, leftOut }: FailoverPlan, wording: OperationWording): ListBlock[] {
  const { translate, nameOf } = wording;
  const entries = election.candidates.map(({ id, chosen, eligible, reasons }): ListEntry => {
    const words = reasons.map(translate).join('; ');
    return { level: chosen ? 'ok' : eligible ? 'info' : 'skipped', server: nameOf(id), text: words };
  });
  const chosenFirst = [...entries].sort((a, b) => Number(b.level === 'ok') - Number(a.level === 'ok'));
  return [
    ...list(msg('New master'), chosenFirst, wording),
    ...list(
      msg('Not taking part'),
      leftOut.map(({ id, reason }) => ({ level: 'warning', server: nameOf(id), text: translate(reason) })),
      wording,
    ),
  ];
}

const RISK_LEVEL = { none: 'ok', some: 'failed', unknown: 'warning' } as const;

/** Refusals that a person may overrule: it was not long ago, or it failed. */
const LAST_FAILOVER = new Set(['tooEarly', 'failed']);

/** A failover before it is begun: what would be done, and what forbids it. */
export function planView(prepared: PreparedFailover, file: string, wording: OperationWording): OperationView {
  const { facts, plan, resumed } = prepared;
  // The headline says it, and it is no obstacle to showing what would be done.
  const refusals = prepared.refusals.filter(({ code }) => code !== 'master-alive');
  const { translate, nameOf } = wording;
  const dead = nameOf(plan.dead);
  const status = facts.snapshot.servers.find(server => server.id === plan.dead)?.status;
  const answers = status === 'alive' || status === 'refusing';
  const possible = !answers && refusals.length === 0 && plan.newMaster !== undefined;
  const risk = lossRisk(plan.expectedLoss);
  return {
    ...common(wording),
    kind: 'plan',
    file,
    cluster: plan.cluster,
    title: translate(msg('Failover: the plan')),
    facts: [
      translate(answers ? msg('{server} is alive', { server: dead }) : msg('{server} is dead', { server: dead })),
      translate(MODE_TEXT[plan.mode]),
      translate(msg('as of {time}', { time: timeOfDay(facts.snapshot.takenAt, wording) })),
    ],
    verdict: planVerdict(prepared, { possible, answers }, wording),
    lists: [
      ...list(
        msg('What forbids it'),
        refusals.map(({ server, message }) => ({
          level: 'failed',
          text: translate(message),
          ...(server !== undefined && { server: nameOf(server) }),
        })),
        wording,
      ),
      ...list(
        msg('Goes on with an earlier one'),
        resumed ? [{ level: 'info', text: translate(msg('It did not come to its end: {file}', { file: resumed.journal })) }] : [], // prettier-ignore
        wording,
      ),
      ...electionLists(plan, wording),
      ...(plan.newMaster === undefined
        ? []
        : list(
            msg('Expected loss'),
            [{ level: RISK_LEVEL[risk], text: translate(lossText(plan.expectedLoss)) }],
            wording,
          )),
    ],
    phases: phasesOf(
      groups(plan.steps).map(({ phase, steps }) => ({ phase, steps: steps.map(untold) })),
      undefined,
      wording,
    ),
    actions: buttons(
      [
        ...(possible ? (['start'] as const) : []),
        ...(refusals.some(({ code }) => LAST_FAILOVER.has(code)) ? (['ignoreLast'] as const) : []),
        'planAgain',
        'copy',
      ],
      wording,
    ),
  };
}

function planVerdict(
  { plan, refusals }: PreparedFailover,
  { possible, answers }: { possible: boolean; answers: boolean },
  { translate, nameOf }: OperationWording,
): OperationView['verdict'] {
  const counts = plan.steps.length === 0 ? [] : [translate(msg('{count} steps', { count: plan.steps.length }))];
  const dead = nameOf(plan.dead);
  if (plan.newMaster === undefined || (refusals.length > 0 && !answers))
    return {
      level: 'failed',
      headline: translate(msg('A failover is not possible now')),
      detail: refusals[0] ? translate(refusals[0].message) : '',
      counts: [],
    };
  const server = nameOf(plan.newMaster);
  if (answers)
    return {
      level: 'info',
      headline: translate(msg('{dead} answers: there is nothing to fail over from', { dead })),
      detail: translate(msg('If it died now, {server} would become the master.', { server })),
      counts,
    };
  return {
    level: possible && lossRisk(plan.expectedLoss) === 'none' ? 'ok' : 'warning',
    headline: translate(msg('{server} would become the master in place of {dead}', { server, dead })),
    detail: translate(msg('Nothing has been changed. You will be asked once before anything is.')),
    counts,
  };
}

const untold = (step: Step): ToldStep => ({ step, state: 'waiting', statements: [] });

function groups(steps: readonly Step[]): { phase: Phase; steps: Step[] }[] {
  return (Object.keys(PHASE_TEXT) as Phase[])
    .map(phase => ({ phase, steps: steps.filter(step => step.phase === phase) }))
    .filter(group => group.steps.length > 0);
}

interface Span {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
}

export interface StoryInput {
  readonly story: Story;
  /** The journal's file. */
  readonly journal: string;
  /** The process that writes it lives. */
  readonly alive: boolean;
}

/** An operation that was begun, as its journal tells it so far. */
export function storyView({ story, journal, alive }: StoryInput, wording: OperationWording): OperationView {
  const { translate } = wording;
  const { end, operation, cluster, startedAt } = story;
  const running = !end && alive;
  const span = { from: Date.parse(startedAt), to: Date.parse(end?.at ?? story.lastAt) };
  const plan = operation === 'failover' ? (story.plan as FailoverPlan | undefined) : undefined;
  const actions: OperationAction[] = [
    // A manager would end with its failover, and nobody would monitor any more.
    ...(running && !story.committed && story.command !== 'masterha_manager' ? (['cancel'] as const) : []),
    ...(!running && end?.outcome !== 'succeeded' ? (['planAgain'] as const) : []),
    'journal',
    'copy',
  ];
  return {
    ...common(wording),
    kind: 'run',
    file: story.file,
    journal,
    cluster,
    title: translate(OPERATION_TEXT[operation]),
    facts: [
      ...(plan ? [translate(msg('{server} is dead', { server: wording.nameOf(plan.dead) })), translate(MODE_TEXT[plan.mode])] : []), // prettier-ignore
      translate(msg('started {time}', { time: timeOfDay(startedAt, wording) })),
      translate(msg('{command}, process {pid}', { command: story.command, pid: story.pid })),
    ],
    verdict: storyVerdict(story, { running, span, plan }, wording),
    ...(running && { runningSince: span.from }),
    lists: [
      ...list(
        msg('Left to do'),
        (end?.left ?? []).map(left => ({ level: 'warning', text: translate(left) })),
        wording,
      ),
      ...(plan ? electionLists(plan, wording) : []),
    ],
    phases: phasesOf(story.phases, span, wording),
    actions: buttons(actions, wording),
  };
}

function storyVerdict(
  story: Story,
  { running, span, plan }: { running: boolean; span: Span; plan: FailoverPlan | undefined },
  wording: OperationWording,
): OperationView['verdict'] {
  const { translate, nameOf } = wording;
  const { end } = story;
  const steps = story.phases.flatMap(phase => phase.steps);
  const over = steps.filter(({ state }) => state !== 'waiting' && state !== 'running');
  const progress = translate(msg('{done} of {all} steps', { done: over.length, all: steps.length }));
  const writable = steps.find(({ step, state }) => step.kind === 'make-writable' && state === 'done');
  const since = writable?.startedAt && Date.parse(writable.startedAt) + (writable.tookMs ?? 0) - span.from;
  const counts = [
    ...(end ? [translate(msg('took {time}', { time: duration(span.to - span.from) }))] : [progress]),
    ...(since !== undefined && since !== '' ? [translate(msg('new master writable after {time}', { time: duration(since) }))] : []), // prettier-ignore
  ];
  const server = plan?.newMaster === undefined ? undefined : nameOf(plan.newMaster);
  if (running) {
    const now = steps.filter(({ state }) => state === 'running').map(({ step }) => translate(step.title));
    return {
      level: 'running',
      headline: translate(
        plan && server !== undefined
          ? msg('Failing over from {dead} to {server}', { dead: nameOf(plan.dead), server })
          : msg('{operation} is running', { operation: OPERATION_TEXT[story.operation] }),
      ),
      detail: now.join(' · '),
      counts,
    };
  }
  if (!end)
    return {
      level: 'failed',
      headline: translate(msg('Interrupted: its process is gone')),
      detail: translate(
        story.committed
          ? msg('Servers may be half way. Run it again: it goes on from what the servers are now.')
          : msg('The new master had not been touched. Run it again: it begins with what the servers are now.'),
      ),
      counts,
    };
  return {
    level: end.outcome === 'succeeded' ? 'ok' : end.outcome === 'partial' ? 'warning' : 'failed',
    headline: translate(outcomeText(story, server)),
    detail: translate(end.message),
    counts,
  };
}

function outcomeText({ end, operation, committed }: Story, server: string | undefined): Message {
  const outcome = end?.outcome ?? 'failed';
  if (operation === 'failover' && server !== undefined) {
    if (outcome === 'succeeded') return msg('{server} is the new master', { server });
    if (outcome === 'partial') return msg('{server} is the new master; something is left to do', { server });
    if (outcome === 'failed')
      return committed
        ? msg('The failover failed behind the point of no return')
        : msg('The failover failed; what had been done was taken back');
  }
  return msg('{operation}: {outcome}', { operation: OPERATION_TEXT[operation], outcome: OUTCOME_TEXT[outcome] });
}

function phasesOf(phases: readonly ToldPhase[], span: Span | undefined, wording: OperationWording): PhaseView[] {
  const all = phases.flatMap(phase => phase.steps);
  const first = Math.min(...all.filter(({ step }) => step.pointOfNoReturn).map(({ step }) => step.stage));
  let marked = false;
  return phases.map(({ phase, steps }) => {
    const views = steps.map(told => {
      const isPoint = !marked && told.step.stage >= first;
      marked ||= isPoint;
      return stepView(told, isPoint, span, wording);
    });
    const times = steps.flatMap(({ startedAt, tookMs }) =>
      startedAt === undefined ? [] : [[Date.parse(startedAt), Date.parse(startedAt) + (tookMs ?? 0)] as const],
    );
    const took = Math.max(...times.map(([, to]) => to)) - Math.min(...times.map(([from]) => from));
    const over = steps.every(({ state }) => state !== 'running' && state !== 'waiting');
    return {
      id: phase,
      title: wording.translate(PHASE_TEXT[phase]),
      sign: phaseSign(steps),
      ...(times.length > 0 && over && { took: wording.translate(duration(took)) }),
      steps: views,
    };
  });
}

function phaseSign(steps: readonly ToldStep[]): Sign {
  const has = (state: ToldStep['state']) => steps.some(step => step.state === state);
  if (has('failed') || has('interrupted')) return 'failed';
  if (has('running')) return 'running';
  if (has('waiting')) return steps.some(({ state }) => state !== 'waiting') ? 'running' : 'waiting';
  if (has('undone')) return 'undone';
  return has('done') ? 'ok' : 'skipped';
}

function stepView(
  { step, state, startedAt, tookMs, message, statements }: ToldStep,
  pointOfNoReturn: boolean,
  span: Span | undefined,
  { translate, nameOf }: OperationWording,
): StepView {
  const [sign, text] = STATES[state];
  const details: StepView['details'] =
    statements.length === 0
      ? step.does.map(line => ({ text: line }))
      : statements.slice(-MOST_DETAILS).map(statement => ({
          server: nameOf(statement.server),
          text: statement.text,
          took: translate(duration(statement.tookMs)),
          ...(statement.error !== undefined && { error: statement.error }),
        }));
  return {
    id: step.id,
    // What is not vital and failed is left to do; it did not end the operation.
    sign: state === 'failed' && !step.vital ? 'warning' : sign,
    title: translate(step.title),
    state: translate(text),
    ...(message && { result: translate(message) }),
    ...(tookMs !== undefined && { took: translate(duration(tookMs)) }),
    ...(span && startedAt !== undefined && { bar: barOf(Date.parse(startedAt), tookMs, span) }),
    details,
    pointOfNoReturn,
  };
}

function barOf(start: number, tookMs: number | undefined, { from, to }: Span): { left: number; width: number } {
  const whole = Math.max(1, to - from);
  const left = Math.min(100, Math.max(0, ((start - from) / whole) * 100));
  const width = tookMs === undefined ? 100 - left : Math.min(100 - left, (tookMs / whole) * 100);
  return { left: round(left), width: round(Math.max(0, width)) };
}

const round = (value: number): number => Math.round(value * 10) / 10;

import type { OperationAction, OperationView, PhaseView, StepView } from '../../extension/panels/operationProtocol';
import { h } from '../dom';
import { icon } from '../icons';
import { entry, verdict } from '../parts';
import { badge, button, progressRing } from '../toolkit';

export interface Rendered {
  readonly elements: readonly HTMLElement[];
  /** Something is being prepared: no button works. */
  setBusy(busy: boolean): void;
  /** Brings the clock up to date. */
  tick(): void;
}

/** `12.3 s`, `4:05`: the clock of what runs. */
export function elapsed(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
}

/** The page of an operation, as elements. `folds`: what was open or closed before. */
export function renderOperation(
  view: OperationView,
  folds: ReadonlyMap<string, boolean>,
  act: (action: OperationAction) => void,
): Rendered {
  const buttons = view.actions.map(({ action, label }) => {
    const element = button({ label, primary: action === 'start', onClick: () => act(action) });
    element.id = action;
    return element;
  });
  const ring = progressRing(view.labels.running);
  ring.hidden = view.runningSince === undefined;
  const clock = h('span', { class: 'clock number' });
  const tick = (): void => {
    if (view.runningSince !== undefined) clock.textContent = elapsed(Date.now() - view.runningSince);
  };
  tick();
  const header = h(
    'header',
    {},
    h(
      'div',
      { class: 'title' },
      h('h1', {}, h('span', {}, view.cluster), ' ', h('span', { class: 'what' }, view.title)),
      h('p', { class: 'facts' }, ...view.facts.map(fact => h('span', {}, fact))),
    ),
    h('div', { class: 'actions' }, view.runningSince !== undefined && clock, ring, ...buttons),
  );
  return {
    elements: [
      header,
      verdict(view.verdict),
      ...view.lists.map((list, index) => {
        const id = `list${index}`;
        return h(
          'section',
          { 'aria-labelledby': id },
          h('h2', { id }, list.title, list.entries.length > 1 && badge(String(list.entries.length))),
          h('ul', {}, ...list.entries.map(item => entry(item, view.labels, () => undefined))),
        );
      }),
      ...(view.phases.length > 0 ? [steps(view, folds)] : []),
    ],
    setBusy: busy => {
      for (const element of buttons) element.disabled = busy;
      ring.hidden = !busy && view.runningSince === undefined;
    },
    tick,
  };
}

function steps(view: OperationView, folds: ReadonlyMap<string, boolean>): HTMLElement {
  return h(
    'section',
    { 'aria-labelledby': 'steps', class: view.kind },
    h('h2', { id: 'steps' }, view.labels.steps),
    ...view.phases.map(phase => phaseBlock(phase, view, folds)),
  );
}

function phaseBlock(phase: PhaseView, view: OperationView, folds: ReadonlyMap<string, boolean>): HTMLElement {
  const id = `phase-${phase.id}`;
  return h(
    'div',
    { class: 'phase', role: 'group', 'aria-labelledby': id },
    h(
      'h3',
      { id },
      view.kind === 'run' && icon(phase.sign),
      h('span', {}, phase.title),
      phase.took !== undefined && h('span', { class: 'number' }, phase.took),
    ),
    ...phase.steps.flatMap(step => [
      ...(step.pointOfNoReturn ? [h('p', { class: 'point' }, h('span', {}, view.labels.pointOfNoReturn))] : []),
      stepBlock(step, view, folds.get(step.id)),
    ]),
  );
}

function stepBlock(step: StepView, view: OperationView, open: boolean | undefined): HTMLElement {
  const line = [
    icon(step.sign, step.state),
    h(
      'span',
      { class: 'words' },
      h('span', { class: step.sign === 'waiting' && view.kind === 'run' && 'dim' }, step.title),
      step.result !== undefined && h('span', { class: `result ${step.sign}` }, step.result),
    ),
    view.kind === 'run' && track(step),
    view.kind === 'run' && h('span', { class: 'took number' }, step.took ?? ''),
  ];
  if (step.details.length === 0) return h('div', { class: 'step' }, ...line);
  const details = h(
    'details',
    { class: 'step' },
    h('summary', { id: `step-${step.id}` }, ...line),
    h('ul', { class: 'statements' }, ...step.details.map(statement)),
  );
  details.dataset['id'] = step.id;
  details.open = open ?? false;
  return details;
}

function statement({ server, text, took, error }: StepView['details'][number]): HTMLElement {
  return h(
    'li',
    {},
    server !== undefined && h('b', {}, server),
    h('code', {}, text, error !== undefined && h('span', { class: 'error' }, error)),
    took !== undefined && h('span', { class: 'number' }, took),
  );
}

/** Where in the whole a step was done; says nothing that the words do not. */
function track({ bar, sign }: StepView): HTMLElement {
  const element = h('span', { class: 'track', 'aria-hidden': 'true' });
  if (!bar) return element;
  const filled = h('i', { class: sign });
  // By the object model, which the page's policy allows; attributes for styles it does not.
  filled.style.left = `${Math.min(bar.left, 99)}%`;
  filled.style.width = `${bar.width}%`;
  element.append(filled);
  return element;
}

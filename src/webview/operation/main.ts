import * as v from 'valibot';
import {
  toOperationPageSchema,
  type OperationView,
  type ToOperationPanel,
} from '../../extension/panels/operationProtocol';
import { h } from '../dom';
import { registerWidgets } from '../toolkit';
import { renderOperation, type Rendered } from './render';
import '../page.css';
import './operation.css';

interface Host {
  postMessage(message: ToOperationPanel): void;
  setState(state: { view: OperationView }): void;
}

declare function acquireVsCodeApi(): Host;

const host = acquireVsCodeApi();
const root = document.getElementById('operation') ?? document.body.appendChild(h('main'));
let rendered: Rendered | undefined;
let ticking: number | undefined;

/** What a person has opened or closed stays so when the page is drawn anew; `data-id` names it. */
function folds(): Map<string, boolean> {
  const found = new Map<string, boolean>();
  for (const element of root.querySelectorAll<HTMLDetailsElement>('details[data-id]'))
    found.set(element.dataset['id'] ?? '', element.open);
  return found;
}

function show(view: OperationView): void {
  document.documentElement.lang = view.language;
  document.title = `${view.cluster}: ${view.title}`;
  const focused = document.activeElement?.closest('[id]')?.id;
  rendered = renderOperation(view, folds(), action => host.postMessage({ type: 'act', action }));
  root.replaceChildren(...rendered.elements);
  if (focused) document.getElementById(focused)?.focus();
  host.setState({ view });
  window.clearInterval(ticking);
  if (view.runningSince !== undefined) ticking = window.setInterval(() => rendered?.tick(), 100);
}

registerWidgets();
window.addEventListener('message', (event: MessageEvent<unknown>) => {
  const parsed = v.safeParse(toOperationPageSchema, event.data);
  if (!parsed.success) return;
  if (parsed.output.type === 'show') show(parsed.output.view);
  else rendered?.setBusy(parsed.output.busy);
});
host.postMessage({ type: 'ready' });

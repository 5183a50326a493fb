import * as v from 'valibot';
import { toPageSchema, type PageState, type ReportView, type ToPanel } from '../../extension/panels/reportProtocol';
import { h } from '../dom';
import { registerWidgets } from '../toolkit';
import { renderReport, type Rendered } from './render';
import '../page.css';
import './report.css';

interface Host {
  postMessage(message: ToPanel): void;
  setState(state: PageState): void;
}

declare function acquireVsCodeApi(): Host;

const host = acquireVsCodeApi();
const root = document.getElementById('report') ?? document.body.appendChild(h('main'));
let rendered: Rendered | undefined;

function show(view: ReportView): void {
  document.documentElement.lang = view.language;
  document.title = `${view.cluster}: ${view.title}`;
  const focused = document.activeElement?.id;
  rendered = renderReport(view, message => host.postMessage(message));
  root.replaceChildren(...rendered.elements);
  // The same button as before stays under the fingers of who pressed it.
  if (focused) document.getElementById(focused)?.focus();
  host.setState({ view });
}

registerWidgets();
window.addEventListener('message', (event: MessageEvent<unknown>) => {
  const parsed = v.safeParse(toPageSchema, event.data);
  if (!parsed.success) return;
  if (parsed.output.type === 'show') show(parsed.output.view);
  else rendered?.setBusy(parsed.output.busy);
});
host.postMessage({ type: 'ready' });

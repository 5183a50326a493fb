import type { Block, BlockOf, MatrixCell, ReportView, ToPanel } from '../../extension/panels/reportProtocol';
import { h } from '../dom';
import { icon } from '../icons';
import { entry, verdict, type OpenLink } from '../parts';
import { badge, button, progressRing } from '../toolkit';

type Send = (message: ToPanel) => void;
type Labels = ReportView['labels'];

export interface Rendered {
  readonly elements: readonly HTMLElement[];
  /** While the check runs again. */
  setBusy(busy: boolean): void;
}

function header(view: ReportView, send: Send): { element: HTMLElement; setBusy: (busy: boolean) => void } {
  const again = button({ label: view.labels.runAgain, primary: true, onClick: () => send({ type: 'runAgain' }) });
  again.id = 'runAgain';
  const copy = button({ label: view.labels.copy, onClick: () => send({ type: 'copy' }) });
  copy.id = 'copy';
  const ring = progressRing(view.labels.runAgain);
  ring.hidden = true;
  const element = h(
    'header',
    {},
    h(
      'div',
      { class: 'title' },
      h('h1', {}, h('span', {}, view.cluster), ' ', h('span', { class: 'what' }, view.title)),
      h('p', { class: 'facts' }, ...view.facts.map(fact => h('span', {}, fact))),
    ),
    h('div', { class: 'actions' }, ring, copy, again),
  );
  return {
    element,
    setBusy: busy => {
      again.disabled = busy;
      ring.hidden = !busy;
    },
  };
}

function groups(block: BlockOf<'groups'>, labels: Labels, open: OpenLink): HTMLElement[] {
  return block.groups.map(group =>
    h(
      'details',
      {},
      h('summary', {}, h('b', {}, group.title), ' ', h('span', { class: 'dim' }, group.summary)),
      h('ul', {}, ...group.entries.map(item => entry(item, labels, open))),
    ),
  );
}

function topology(block: BlockOf<'topology'>, labels: Labels): HTMLElement {
  const rows = block.rows.map(row =>
    h(
      'tr',
      {},
      h(
        'th',
        { scope: 'row' },
        h(
          'span',
          { class: `server depth${Math.min(row.depth, 6)}` },
          icon(row.level, labels.levels[row.level]),
          h('span', {}, row.name),
          row.badge !== undefined && badge(row.badge),
          ...row.notes.map(note => h('span', { class: 'note' }, note)),
        ),
      ),
      h('td', {}, row.state),
      h('td', { class: 'number' }, row.lag),
      ...[row.access, row.version, row.address].map(text => h('td', { class: 'dim' }, text)),
    ),
  );
  return table(
    block.title,
    h('tr', {}, ...block.columns.map((text, at) => h('th', { scope: 'col', class: at === 2 && 'number' }, text))),
    rows,
  );
}

function table(name: string, head: HTMLElement, rows: readonly HTMLElement[], kind?: string): HTMLElement {
  return h(
    'div',
    // Wider than the panel: it scrolls by itself, with the keyboard, too.
    { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': name },
    h('table', { class: kind, 'aria-label': name }, h('thead', {}, head), h('tbody', {}, ...rows)),
  );
}

function reasonId(index: number): string {
  return `reason${index}`;
}

function matrixCell(cell: MatrixCell | null): HTMLElement {
  if (!cell) return h('td', { class: 'none' }, h('span', { 'aria-hidden': 'true' }, '·'));
  const content = [icon(cell.level), h('span', { 'aria-hidden': 'true' }, cell.text)];
  const { reason } = cell;
  if (reason === undefined)
    return h('td', { class: cell.level, title: cell.label }, ...content, h('span', { class: 'heard' }, cell.label));
  const jump = h('button', { type: 'button', class: 'cell', title: cell.label, 'aria-label': cell.label }, ...content);
  jump.addEventListener('click', () => {
    const target = document.getElementById(reasonId(reason));
    target?.scrollIntoView({ block: 'center' });
    target?.focus();
  });
  return h('td', { class: cell.level }, jump);
}

function matrix(block: BlockOf<'matrix'>): HTMLElement[] {
  const head = h(
    'tr',
    {},
    h('th', { scope: 'col', class: 'corner' }, block.corner),
    ...block.columns.map(text => h('th', { scope: 'col' }, text)),
  );
  const rows = block.rows.map(row => h('tr', {}, h('th', { scope: 'row' }, row.label), ...row.cells.map(matrixCell)));
  return [
    table(block.title, head, rows, 'matrix'),
    ...(block.note === undefined ? [] : [h('p', { class: 'dim' }, block.note)]),
  ];
}

function content(block: Block, labels: Labels, open: OpenLink): HTMLElement[] {
  switch (block.type) {
    case 'list':
      return [h('ul', {}, ...block.entries.map(item => entry(item, labels, open)))];
    case 'reasons':
      return [h('ul', {}, ...block.entries.map((item, at) => entry(item, labels, open, reasonId(at))))];
    case 'groups':
      return groups(block, labels, open);
    case 'topology':
      return [topology(block, labels)];
    case 'matrix':
      return matrix(block);
  }
}

function section(block: Block, index: number, labels: Labels, open: OpenLink): HTMLElement {
  const id = `section${index}`;
  const count = block.type === 'list' || block.type === 'reasons' ? block.entries.length : 0;
  return h(
    'section',
    { 'aria-labelledby': id },
    h('h2', { id }, block.title, count > 1 && ' ', count > 1 && badge(String(count))),
    ...content(block, labels, open),
  );
}

/** The page of a report, as elements. */
export function renderReport(view: ReportView, send: Send): Rendered {
  const top = header(view, send);
  const open: OpenLink = ({ file, line }) => send({ type: 'open', file, line });
  const sections = view.blocks.map((block, index) => section(block, index, view.labels, open));
  return { elements: [top.element, verdict(view.verdict), ...sections], setBusy: top.setBusy };
}

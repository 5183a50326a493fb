import type { Block, BlockOf, Entry, MatrixCell, ReportView, ToPanel } from '../../extension/panels/reportProtocol';
import { h } from '../dom';
import { icon } from '../icons';
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

function verdict(view: ReportView): HTMLElement {
  const { level, headline, detail, counts } = view.verdict;
  return h(
    'div',
    { class: `verdict ${level}`, role: 'status' },
    icon(level, undefined, 26),
    h(
      'div',
      {},
      h('p', { class: 'headline' }, headline),
      h('p', {}, detail),
      h('p', { class: 'facts' }, ...counts.map(count => h('span', {}, count))),
    ),
  );
}

/** The text with the server's name in bold: where it stands, else in front. */
function named({ server, text }: Entry): (Node | string)[] {
  if (server === undefined) return [text];
  const at = text.indexOf(server);
  if (at < 0) return [h('b', { class: 'before' }, server), ' ', text];
  return [text.slice(0, at), h('b', {}, server), text.slice(at + server.length)];
}

function entry(item: Entry, labels: Labels, send: Send, id?: string): HTMLElement {
  const { link } = item;
  const open = link && h('button', { type: 'button', class: 'link' }, link.label);
  if (link) open?.addEventListener('click', () => send({ type: 'open', file: link.file, line: link.line }));
  return h(
    'li',
    { class: 'entry', id, ...(id ? { tabindex: -1 } : {}) },
    icon(item.level, labels.levels[item.level]),
    h(
      'div',
      { class: 'words' },
      h('p', {}, ...named(item)),
      item.detail !== undefined && h('p', { class: 'detail' }, item.detail),
      item.advice !== undefined && h('p', { class: 'advice' }, `${labels.advice}: ${item.advice}`),
    ),
    h('div', { class: 'aside' }, open, item.took !== undefined && h('span', { class: 'number' }, item.took)),
  );
}

function groups(block: BlockOf<'groups'>, labels: Labels, send: Send): HTMLElement[] {
  return block.groups.map(group =>
    h(
      'details',
      {},
      h('summary', {}, h('b', {}, group.title), ' ', h('span', { class: 'dim' }, group.summary)),
      h('ul', {}, ...group.entries.map(item => entry(item, labels, send))),
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

function content(block: Block, labels: Labels, send: Send): HTMLElement[] {
  switch (block.type) {
    case 'list':
      return [h('ul', {}, ...block.entries.map(item => entry(item, labels, send)))];
    case 'reasons':
      return [h('ul', {}, ...block.entries.map((item, at) => entry(item, labels, send, reasonId(at))))];
    case 'groups':
      return groups(block, labels, send);
    case 'topology':
      return [topology(block, labels)];
    case 'matrix':
      return matrix(block);
  }
}

function section(block: Block, index: number, labels: Labels, send: Send): HTMLElement {
  const id = `section${index}`;
  const count = block.type === 'list' || block.type === 'reasons' ? block.entries.length : 0;
  return h(
    'section',
    { 'aria-labelledby': id },
    h('h2', { id }, block.title, count > 1 && ' ', count > 1 && badge(String(count))),
    ...content(block, labels, send),
  );
}

/** The page of a report, as elements. */
export function renderReport(view: ReportView, send: Send): Rendered {
  const top = header(view, send);
  const sections = view.blocks.map((block, index) => section(block, index, view.labels, send));
  return { elements: [top.element, verdict(view), ...sections], setBusy: top.setBusy };
}

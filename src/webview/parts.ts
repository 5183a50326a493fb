import type { Sign } from '../extension/panels/operationProtocol';
import type { Entry, Link, ReportView } from '../extension/panels/reportProtocol';
import { h } from './dom';
import { icon } from './icons';

/** What the pages have in common. */

export type OpenLink = (link: Link) => void;

export type EntryLabels = Pick<ReportView['labels'], 'levels' | 'advice'>;

export interface Verdict {
  readonly level: Sign;
  readonly headline: string;
  readonly detail: string;
  readonly counts: readonly string[];
}

/** The answer, in a box of its own, read out when it changes. */
export function verdict({ level, headline, detail, counts }: Verdict): HTMLElement {
  return h(
    'div',
    { class: `verdict ${level}`, role: 'status' },
    icon(level, undefined, 26),
    h(
      'div',
      {},
      h('p', { class: 'headline' }, headline),
      detail !== '' && h('p', {}, detail),
      counts.length > 0 && h('p', { class: 'facts' }, ...counts.map(count => h('span', {}, count))),
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

/** A line of a list: sign, words, what goes with them. */
export function entry(item: Entry, labels: EntryLabels, onOpen: OpenLink, id?: string): HTMLElement {
  const { link } = item;
  const open = link && h('button', { type: 'button', class: 'link' }, link.label);
  if (link) open?.addEventListener('click', () => onOpen(link));
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

import type { Sign } from '../extension/panels/operationProtocol';
import { svg } from './dom';

/** Shapes differ as much as colours do, so that they can be told apart without any. */
const SHAPES: Readonly<Record<Sign, () => readonly SVGElement[]>> = {
  ok: () => [svg('path', { class: 'stroke', d: 'M3 8.6 L6.6 12.2 L13.2 4.4' })],
  failed: () => [
    svg('circle', { class: 'fill', cx: 8, cy: 8, r: 7 }),
    svg('path', { class: 'cut', d: 'M5.2 5.2 L10.8 10.8 M10.8 5.2 L5.2 10.8' }),
  ],
  warning: () => [
    svg('path', { class: 'fill', d: 'M8 1.2 L15.4 14.6 H0.6 Z' }),
    svg('path', { class: 'cut', d: 'M8 6 V10 M8 12.2 V12.4' }),
  ],
  info: () => [
    svg('circle', { class: 'stroke', cx: 8, cy: 8, r: 6.4 }),
    svg('path', { class: 'stroke', d: 'M8 7.4 V11.4 M8 4.6 V4.8' }),
  ],
  skipped: () => [svg('path', { class: 'stroke', d: 'M4 8 H12' })],
  running: () => [
    svg('circle', { class: 'stroke', cx: 8, cy: 8, r: 6.4 }),
    svg('path', { class: 'fill', d: 'M8 1.6 A6.4 6.4 0 0 1 8 14.4 Z' }),
  ],
  waiting: () => [svg('circle', { class: 'stroke', cx: 8, cy: 8, r: 6.4 })],
  undone: () => [
    svg('path', { class: 'stroke', d: 'M5.6 2.4 L2.4 5.6 L5.6 8.8 M2.4 5.6 H9.6 A4 4 0 0 1 9.6 13.6 H6' }),
  ],
};

/** The sign of a level. `label` is read out; without it the icon is decoration beside text that says the same. */
export function icon(level: Sign, label?: string, size = 14): SVGElement {
  const attributes = label ? { role: 'img', 'aria-label': label } : { 'aria-hidden': 'true' };
  return svg(
    'svg',
    { class: `icon ${level}`, viewBox: '0 0 16 16', width: size, height: size, ...attributes },
    ...(label ? [svg('title', {}, label)] : []),
    ...SHAPES[level](),
  );
}

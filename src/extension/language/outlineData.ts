import type { MhaDocument, Property, Range } from '../../config/types';
import { parameterOf } from './parameterText';

/** First and last line of every section that has something below its header; comments above the next header stay with that. */
export function foldsOf(document: MhaDocument): { readonly start: number; readonly end: number }[] {
  const lines = document.text.split(/\r\n|\r|\n/);
  return document.sections.flatMap(section => {
    if (!section.nameRange) return [];
    const start = section.range.start.line;
    let end = section.range.end.line;
    while (end > start && /^\s*(?:$|[;#](?!@))/.test(lines[end] ?? '')) end--;
    return end > start ? [{ start, end }] : [];
  });
}

/** The absolute path that a value begins with, where it is a file of the machine that the manager runs on. */
export function pathIn(property: Property): { readonly path: string; readonly range: Range } | undefined {
  const type = parameterOf(property.name, property.extended)?.type;
  if ((type !== 'path' && type !== 'command') || property.name === 'master_pid_file') return undefined;
  const match = /^["']?(\/[^\s"']+)/.exec(property.value);
  if (!match?.[1]) return undefined;
  const { start } = property.valueRange;
  const from = start.character + match[0].length - match[1].length;
  return {
    path: match[1],
    range: {
      start: { line: start.line, character: from },
      end: { line: start.line, character: from + match[1].length },
    },
  };
}

import type { Sign } from './operationProtocol';
import type { Block, Entry, ReportView } from './reportProtocol';

/** As characters, because what is pasted into a ticket has no icons. */
export const SIGNS: Readonly<Record<Sign, string>> = {
  failed: '❌',
  warning: '⚠️',
  info: 'ℹ️',
  ok: '✅',
  skipped: '➖',
  running: '⏳',
  waiting: '⬜',
  undone: '↩️',
};

/** Text of others (server names, error messages) must not turn into markup, links or table cells. */
export function escape(text: string): string {
  return text.replace(/[\\`*_{}[\]<>|~#]/g, '\\$&').replace(/\s*\n\s*/g, ' ');
}

/** A code span that holds whatever the text contains. */
export function code(text: string): string {
  const line = text.replace(/\s*\n\s*/g, ' ').trim();
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(run => run[0].length));
  const fence = '`'.repeat(longest + 1);
  return longest === 0 ? `${fence}${line}${fence}` : `${fence} ${line} ${fence}`;
}

export function entryLine(entry: Entry): string {
  const parts = [SIGNS[entry.level]];
  if (entry.server !== undefined && !entry.text.includes(entry.server)) parts.push(`**${escape(entry.server)}**`);
  parts.push(escape(entry.text));
  if (entry.link) parts.push(`(${code(entry.link.label)})`);
  if (entry.took !== undefined) parts.push(`(${escape(entry.took)})`);
  const below = [
    ...(entry.detail === undefined ? [] : [code(entry.detail)]),
    ...(entry.advice === undefined ? [] : [escape(entry.advice)]),
  ];
  return [`- ${parts.join(' ')}`, ...below.map(text => `  - ${text}`)].join('\n');
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  // Texts come in escaped; an empty cell is legal.
  return [row(columns), row(columns.map(() => '---')), ...rows.map(row)].join('\n');
}

function body(block: Block): string {
  switch (block.type) {
    case 'list':
    case 'reasons':
      return block.entries.map(entryLine).join('\n');
    case 'groups':
      return block.groups
        .map(group => `### ${escape(group.title)}\n\n${group.entries.map(entryLine).join('\n')}`)
        .join('\n\n');
    case 'topology':
      return table(
        block.columns.map(escape),
        block.rows.map(row => [
          `${'&nbsp;&nbsp;'.repeat(row.depth)}${SIGNS[row.level]} **${escape(row.name)}** ${escape([row.badge, ...row.notes].filter(Boolean).join(', '))}`.trimEnd(),
          ...[row.state, row.lag, row.access, row.version, row.address].map(escape),
        ]),
      );
    case 'matrix': {
      const rows = block.rows.map(row => [
        `**${escape(row.label)}**`,
        ...row.cells.map(cell => (cell ? `${SIGNS[cell.level]} ${escape(cell.text)}` : '–')),
      ]);
      const lines = table([block.corner, ...block.columns].map(escape), rows);
      return block.note === undefined ? lines : `${lines}\n\n${escape(block.note)}`;
    }
  }
}

/** The whole report as Markdown, for a ticket or a chat; ends with a newline. */
export function reportMarkdown(view: ReportView): string {
  const { verdict } = view;
  return `${[
    `# ${escape(view.cluster)}: ${escape(view.title)}`,
    `${SIGNS[verdict.level]} **${escape(verdict.headline)}** ${escape(verdict.detail)}`,
    [...verdict.counts, ...view.facts].map(escape).join(' · '),
    code(view.file),
    ...view.blocks.map(block => `## ${escape(block.title)}\n\n${body(block)}`),
  ].join('\n\n')}\n`;
}

import type { OperationView, StepView } from './operationProtocol';
import { code, entryLine, escape, SIGNS } from './reportMarkdown';

function stepLines(step: StepView, pointOfNoReturn: string): string[] {
  const took = step.took === undefined ? '' : ` (${escape(step.took)})`;
  const result = step.result === undefined ? '' : `: ${escape(step.result)}`;
  return [
    ...(step.pointOfNoReturn ? [`- --- ${escape(pointOfNoReturn)} ---`] : []),
    `- ${SIGNS[step.sign]} ${escape(step.title)}${result}${took}`,
    ...step.details.map(({ server, text, error }) => {
      const what = server === undefined ? code(text) : `**${escape(server)}** ${code(text)}`;
      return `  - ${what}${error === undefined ? '' : ` ${SIGNS.failed} ${code(error)}`}`;
    }),
  ];
}

/** An operation as Markdown, for a ticket or a chat; ends with a newline. */
export function operationMarkdown(view: OperationView): string {
  const { verdict, labels } = view;
  const headline = [`${SIGNS[verdict.level]} **${escape(verdict.headline)}**`, escape(verdict.detail)];
  return `${[
    `# ${escape(view.cluster)}: ${escape(view.title)}`,
    headline.filter(part => part !== '').join(' '),
    [...verdict.counts, ...view.facts].map(escape).join(' · '),
    code(view.journal ?? view.file),
    ...view.lists.map(list => `## ${escape(list.title)}\n\n${list.entries.map(entryLine).join('\n')}`),
    ...(view.phases.length > 0 ? [`## ${escape(labels.steps)}`] : []),
    ...view.phases.map(
      phase =>
        `### ${SIGNS[phase.sign]} ${escape(phase.title)}\n\n${phase.steps.flatMap(step => stepLines(step, labels.pointOfNoReturn)).join('\n')}`,
    ),
  ].join('\n\n')}\n`;
}

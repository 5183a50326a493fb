import type { ClusterConfig } from '../config/types';
import type { PreparedFailover } from '../engine/operations/prepareFailover';
import { lossRisk, lossText, MODE_TEXT, PHASE_TEXT } from '../engine/operations/planWords';
import type { Phase, Step } from '../engine/operations/plan';
import { msg } from '../l10n/message';
import type { Terminal } from './terminal';
import { printable } from './terminal';
import { hostForm } from './topologyText';

const PHASES: readonly Phase[] = ['check', 'fence', 'recover', 'promote', 'repoint', 'cleanup'];

/** A living master is no obstacle to showing what would be done if it died. */
export function obstacles({ refusals }: PreparedFailover): PreparedFailover['refusals'] {
  return refusals.filter(({ code }) => code !== 'master-alive');
}

/** A failover before it is done: who died, who takes its place and why, what may be lost, each step, what forbids it. */
export function preparedText(prepared: PreparedFailover, terminal: Terminal): string {
  const { facts, plan, resumed } = prepared;
  const { cluster, dead, snapshot } = facts;
  const form = formIn(prepared);
  const text = terminal.text.bind(terminal);
  const server = form(dead.id);
  const isAlive = snapshot.servers.find(s => s.id === dead.id)?.status === 'alive';
  const head = isAlive
    ? msg('{cluster}: {server} is alive. If it died now:', { cluster: cluster.name, server })
    : msg('{cluster}: failover from {server}, {mode}', { cluster: cluster.name, server, mode: MODE_TEXT[facts.mode] });
  const lines = [text(head)];
  const section = (title: string, body: readonly string[]): void => {
    if (body.length > 0) lines.push('', title, ...body);
  };
  if (resumed)
    lines.push(
      text(msg('It goes on with the failover that did not come to its end: {file}', { file: resumed.journal })),
    );
  section(text(msg('New master')), electionLines(prepared, terminal));
  section(
    text(msg('Not taking part')),
    plan.leftOut.map(({ id, reason }) => `  ${form(id)}: ${printable(text(reason))}`),
  );
  const style = { none: 'ok', some: 'error', unknown: 'warning' } as const;
  section(text(msg('Expected loss')), [
    `  ${terminal.style(style[lossRisk(plan.expectedLoss)], text(lossText(plan.expectedLoss)))}`,
  ]);
  section(text(msg('Steps')), stepLines(plan.steps, terminal));
  section(
    text(msg('What forbids it')),
    obstacles(prepared).map(({ message, code }) => `  ${terminal.style('error', printable(text(message)))} [${code}]`),
  );
  return `${lines.join('\n')}\n`;
}

/** MHA's print form of a server, by its id. */
function formIn({ facts }: PreparedFailover): (id: string) => string {
  return id => {
    const server = facts.snapshot.servers.find(s => s.id === id);
    return server ? hostForm(server) : id;
  };
}

function electionLines(prepared: PreparedFailover, terminal: Terminal): string[] {
  const { plan } = prepared;
  const form = formIn(prepared);
  return plan.election.candidates.map(({ id, chosen, reasons }) => {
    const why = reasons.map(reason => printable(terminal.text(reason))).join('; ');
    const line = `${form(id)}: ${why}`;
    return chosen ? `  ${terminal.style('ok', `* ${line}`)}` : `    ${line}`;
  });
}

/** By phase, in the order in which they run; a line marks where there is no return any more. */
function stepLines(steps: readonly Step[], terminal: Terminal): string[] {
  const first = Math.min(...steps.filter(step => step.pointOfNoReturn).map(step => step.stage));
  let marked = !Number.isFinite(first);
  return PHASES.flatMap(phase => {
    const own = steps.filter(step => step.phase === phase);
    if (own.length === 0) return [];
    return [
      `  ${terminal.text(PHASE_TEXT[phase])}`,
      ...own.flatMap(step => {
        const mark = !marked && step.stage >= first;
        marked ||= mark;
        return [
          ...(mark ? [terminal.style('warning', `  -- ${terminal.text(msg('point of no return'))} --`)] : []),
          `    ${printable(terminal.text(step.title))}`,
          ...step.does.map(line => `        ${terminal.style('faint', printable(line))}`),
        ];
      }),
    ];
  });
}

/** The same for programs: the plan and what forbids it. The configuration, which has the accounts, is left out. */
export function preparedJson(file: string, cluster: ClusterConfig, prepared: PreparedFailover) {
  const { facts, plan, resumed } = prepared;
  return {
    file,
    cluster: cluster.name,
    masterStatus: facts.snapshot.servers.find(s => s.id === facts.dead.id)?.status,
    plan,
    refusals: obstacles(prepared),
    ...(resumed && { resumed: resumed.journal }),
  };
}

import type { JournalLine } from '../engine/operations/journal';
import { OPERATION_TEXT, OUTCOME_TEXT } from '../engine/operations/planWords';
import type { Evidence } from '../engine/monitor/types';
import type { FailoverPlan } from '../engine/operations/failoverPlan';
import type { Step } from '../engine/operations/plan';
import { msg, type Message } from '../l10n/message';
import type { Style, Terminal } from './terminal';
import { columnsOf, printable } from './terminal';

const STATES = {
  started: msg('begun'),
  done: msg('done'),
  skipped: msg('skipped'),
  failed: msg('FAILED'),
  undone: msg('undone'),
} as const;

const STYLES: Readonly<Record<keyof typeof STATES, Style>> = {
  started: 'faint',
  done: 'ok',
  skipped: 'faint',
  failed: 'error',
  undone: 'warning',
};

export interface JournalTextOptions {
  /** Every statement and every line of the log, too. */
  readonly verbose: boolean;
}

/** Tells a journal line by line, in the order in which things happened; give it each line once. */
export class JournalTeller {
  readonly #terminal: Terminal;
  readonly #options: JournalTextOptions;
  readonly #steps = new Map<string, Step>();
  #newMaster: string | undefined;

  constructor(terminal: Terminal, options: JournalTextOptions) {
    this.#terminal = terminal;
    this.#options = options;
  }

  /** Lines of text, each with its newline. */
  tell(line: JournalLine): string {
    return this.#texts(line)
      .map(text => `${this.#terminal.style('faint', timeOfDay(line.at))}  ${text}\n`)
      .join('');
  }

  #texts(line: JournalLine): string[] {
    const { verbose } = this.#options;
    switch (line.type) {
      case 'begin': {
        const { operation, cluster, pid, host, command } = line;
        const what = msg('{operation} of {cluster}, {date}', { operation: OPERATION_TEXT[operation], cluster, date: line.at.slice(0, 10) }); // prettier-ignore
        return [this.#text(what), this.#text(msg('{command}, process {pid} on {host}', { command, pid, host }))];
      }
      case 'plan': {
        for (const step of line.plan.steps) this.#steps.set(step.id, step);
        const { dead, newMaster } = line.plan as FailoverPlan;
        const isNews = this.#newMaster !== (newMaster ?? '');
        this.#newMaster = newMaster ?? '';
        if (line.plan.operation !== 'failover' || !isNews) return [];
        return newMaster === undefined
          ? [this.#text(msg('[{dead}] is dead', { dead }))]
          : [this.#text(msg('[{dead}] is dead; new master: [{newMaster}]', { dead, newMaster }))];
      }
      case 'step': {
        if (line.state === 'started' && !verbose) return [];
        const title = this.#steps.get(line.step)?.title ?? msg('{step}', { step: line.step });
        const took = line.tookMs === undefined ? '' : ` (${(line.tookMs / 1000).toFixed(2)} s)`;
        const what = line.message ? `: ${this.#text(line.message)}` : '';
        return [`${this.#mark(line.state)} ${this.#text(title)}${what}${took}`];
      }
      case 'statement': {
        const error = line.error === undefined ? '' : `: ${line.error}`;
        if (!verbose && line.error === undefined) return [];
        return [`        [${line.server}] ${printable(`${line.text}${error}`)} (${line.tookMs} ms)`];
      }
      case 'fact':
        if (line.name === 'evidence') return [this.#evidence(line.value as Evidence)];
        return verbose ? [`        ${line.name} ${printable(JSON.stringify(line.value))}`] : [];
      case 'log':
        return verbose || line.level === 'error' ? [`        ${printable(line.text)}`] : [];
      case 'end': {
        const style = line.outcome === 'succeeded' ? 'ok' : line.outcome === 'partial' ? 'warning' : 'error';
        const outcome = this.#terminal.style(style, this.#terminal.text(OUTCOME_TEXT[line.outcome]));
        return [
          `${outcome}: ${this.#text(line.message)}`,
          ...line.left.map(left => this.#text(msg('Left to do: {what}', { what: left }))),
        ];
      }
    }
  }

  #evidence({ from, server, says, text }: Evidence): string {
    return printable(`        ${server ?? from}: ${says} (${text})`);
  }

  #text(message: Message): string {
    return printable(this.#terminal.text(message));
  }

  #mark(state: keyof typeof STATES): string {
    const word = this.#terminal.text(STATES[state]);
    return this.#terminal.style(STYLES[state], word + ' '.repeat(Math.max(0, 7 - columnsOf(word))));
  }
}

/** `04:12:07.123`, local time. */
function timeOfDay(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  return `${date.toTimeString().slice(0, 8)}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

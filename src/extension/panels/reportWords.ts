import type { Severity } from '../../config/types';
import type { Report } from '../../engine/checks/types';
import { msg, type Message } from '../../l10n/message';
import type { Level, ReportView } from './reportProtocol';

/** How a report is put into words: in which language, by which translations. */
export interface Wording {
  /** BCP 47, for the page's `lang` and for numbers and times. */
  readonly language: string;
  readonly translate: (message: Message) => string;
}

export const LEVEL_OF: Readonly<Record<Severity, Level>> = {
  error: 'failed',
  warning: 'warning',
  information: 'info',
  hint: 'info',
};

/** `320 ms`, `1.4 s`, `3 min`. */
export function duration(ms: number): Message {
  if (ms < 1) return msg('under 1 ms');
  if (ms < 1000) return msg('{ms} ms', { ms: Math.round(ms) });
  if (ms < 10_000) return msg('{seconds} s', { seconds: (ms / 1000).toFixed(1) });
  return seconds(ms / 1000);
}

/** `0 s`, `42 s`, `3 min`, `5 h`. */
export function seconds(value: number): Message {
  if (value < 120) return msg('{seconds} s', { seconds: Math.round(value) });
  if (value < 7200) return msg('{minutes} min', { minutes: Math.round(value / 60) });
  return msg('{hours} h', { hours: Math.round(value / 3600) });
}

export function problems(count: number): Message {
  return count === 1 ? msg('1 problem') : msg('{count} problems', { count });
}

export function warnings(count: number): Message {
  return count === 1 ? msg('1 warning') : msg('{count} warnings', { count });
}

export function checksPassed(count: number): Message {
  return count === 1 ? msg('1 check passed') : msg('{count} checks passed', { count });
}

export function servers(count: number): Message {
  return count === 1 ? msg('1 server') : msg('{count} servers', { count });
}

/** The line of a file as one reads it: `app1.cnf:14`. */
export function placeName(file: string, line: number): string {
  return `${baseName(file)}:${line + 1}`;
}

export function baseName(file: string): string {
  return file.split(/[\\/]/).at(-1) || file;
}

/** When it was, in the user's own way of writing it. */
export function when(report: Report, { language }: Wording): string {
  const date = new Date(report.startedAt);
  if (Number.isNaN(date.getTime())) return report.startedAt;
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }).format(date);
}

export function labels({ translate }: Wording): ReportView['labels'] {
  return {
    runAgain: translate(msg('Run Again')),
    copy: translate(msg('Copy as Markdown')),
    advice: translate(msg('What to do')),
    levels: {
      failed: translate(msg('Problem')),
      warning: translate(msg('Warning')),
      info: translate(msg('Note')),
      ok: translate(msg('OK')),
      skipped: translate(msg('Not checked')),
    },
  };
}

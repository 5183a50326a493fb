/** MHA's levels. */
export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

/** One place to write to. Sinks: text in MHA's shape, JSON lines, VS Code's LogOutputChannel. Never given a clear secret. */
export interface Log {
  log(level: LogLevel, text: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Writes what a program printed as it is, whole lines with their newlines; absent: there is no place for such. */
  raw?(lines: string): void;
}

export const nullLog: Log = { log: () => undefined };

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warning', 'error'];

/** `Sun Apr 20 17:17:39 2014`: ctime(3), local time, day padded with a blank. */
export function ctime(date: Date): string {
  const [day, month] = [date.toDateString().slice(0, 3), date.toDateString().slice(4, 7)];
  const time = date.toTimeString().slice(0, 8);
  return `${day} ${month} ${String(date.getDate()).padStart(2, ' ')} ${time} ${date.getFullYear()}`;
}

/** MHA's log lines, `<ctime> - [<level>] <text>`, from `least` upwards. `write` gets whole lines with their newline. */
export function mhaTextLog(write: (line: string) => void, least: LogLevel = 'info'): Log {
  return {
    log: (level, text) => {
      if (LEVELS.indexOf(level) >= LEVELS.indexOf(least)) write(`${ctime(new Date())} - [${level}] ${text}\n`);
    },
    raw: write,
  };
}

/** One JSON object a line: `time` (ISO), `level`, `text` and the fields. */
export function jsonLinesLog(write: (line: string) => void): Log {
  return {
    log: (level, text, fields) =>
      write(`${JSON.stringify({ time: new Date().toISOString(), level, text, ...fields })}\n`),
  };
}

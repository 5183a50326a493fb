/** Codes of a manager's status file (and 2, 3, 32, which only its reader finds out). They are the exit codes, too. */
export const STATUS_NAMES = {
  0: 'PING_OK',
  2: 'NOT_RUNNING',
  3: 'PARTIALLY_RUNNING',
  10: 'INITIALIZING_MONITOR',
  20: 'PING_FAILING',
  21: 'PING_FAILED',
  30: 'RETRYING_MONITOR',
  31: 'CONFIG_ERROR',
  32: 'TIMESTAMP_OLD',
  50: 'FAILOVER_RUNNING',
  51: 'FAILOVER_ERROR',
} as const;

export type StatusCode = keyof typeof STATUS_NAMES;

/** What a manager writes; 2, 3 and 32 never stand in a file. */
const WRITTEN: readonly StatusCode[] = [0, 10, 20, 21, 30, 31, 50, 51];

/** `<manager_workdir>/<app>.master_status.health`, where Perl's MHA has it. */
export function statusFileName(app: string): string {
  return `${app}.master_status.health`;
}

/** The line of a status file: `PID<TAB>CODE:NAME[<TAB>master:HOST[<TAB>key:value …]]`. */
export interface StatusLine {
  readonly pid: number;
  /** `0:PING_OK`; as it stands, known or not. */
  readonly state: string;
  /** The third field as it stands, `master:192.168.0.50`; absent before the first ping. */
  readonly master?: string;
  /** Later fields `key:value`, which MHA's own commands skip. */
  readonly extra: Readonly<Record<string, string>>;
}

/** Reads a status file's text; undefined if it is none: empty, torn, or without a process id. */
export function parseStatusLine(text: string): StatusLine | undefined {
  const line = text.split(/[\r\n]/, 1)[0] ?? '';
  const [pidText, state, master, ...rest] = line.split('\t');
  if (pidText === undefined || !/^[1-9]\d{0,9}$/.test(pidText) || !state) return undefined;
  const extra: Record<string, string> = {};
  for (const field of rest) {
    const colon = field.indexOf(':');
    if (colon > 0) extra[field.slice(0, colon)] = field.slice(colon + 1);
  }
  return { pid: Number(pidText), state, ...(master ? { master } : {}), extra };
}

/** The line that a manager writes, without a newline, as MHA's. Extra fields follow the third, so that old readers skip them. */
export function statusLine(
  pid: number,
  code: StatusCode,
  fields: { readonly master?: string; readonly extra?: Readonly<Record<string, string | undefined>> } = {},
): string {
  const clean = (text: string) => text.replace(/[\t\r\n]+/g, ' ').slice(0, 500);
  const extra = Object.entries(fields.extra ?? {}).flatMap(([key, value]) => (value ? [`${key}:${clean(value)}`] : []));
  const master = fields.master === undefined ? '' : `master:${clean(fields.master)}`;
  const rest = master !== '' || extra.length > 0 ? [master, ...extra] : [];
  return [String(pid), `${code}:${STATUS_NAMES[code]}`, ...rest].join('\t');
}

/** The code of a state such as `20:PING_FAILING`; undefined for a state that no manager writes. */
export function statusCode(state: string): StatusCode | undefined {
  return WRITTEN.find(code => state === `${code}:${STATUS_NAMES[code]}`);
}

/** What the operating system says about the process that a status file names. */
export interface ManagerProcess {
  /** The process exists and is not one that was given the same number later. */
  readonly running: boolean;
  /** Its children and members of its process group, if the process itself is gone. */
  readonly children: readonly number[];
}

/** What a status file and its process mean together. */
export type ManagerStatus =
  | {
      readonly kind: 'status';
      readonly code: StatusCode;
      readonly line?: StatusLine;
      readonly process?: ManagerProcess;
    }
  | { readonly kind: 'stale'; readonly code: 32; readonly line: StatusLine; readonly ageSeconds: number }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'unknown'; readonly line: StatusLine };

export interface StatusFacts {
  /** Absent: there is no status file. */
  readonly text?: string;
  /** Seconds since the file was last touched: a manager does so at every good ping. */
  readonly ageSeconds: number;
  /** Seconds after which a good status is too old. */
  readonly pingLimitSeconds: number;
  readonly process?: ManagerProcess;
}

/**
 * The decision of `masterha_check_status`: no file is 2; a process that is gone is 3 with children left and 2 without;
 * else the file's own state counts, of which only `0:PING_OK` can be too old. Invariant: the code is never 0 for a process
 * that is not there.
 */
export function judgeStatus(facts: StatusFacts): ManagerStatus {
  if (facts.text === undefined) return { kind: 'status', code: 2 };
  const line = parseStatusLine(facts.text);
  if (!line) return { kind: 'unreadable' };
  const { process } = facts;
  if (!process?.running) {
    const code = process && process.children.length > 0 ? 3 : 2;
    return { kind: 'status', code, line, ...(process ? { process } : {}) };
  }
  const code = statusCode(line.state);
  if (code === undefined) return { kind: 'unknown', line };
  if (code === 0 && facts.ageSeconds > facts.pingLimitSeconds)
    return { kind: 'stale', code: 32, line, ageSeconds: facts.ageSeconds };
  return { kind: 'status', code, line, process };
}

/**
 * Seconds after which `0:PING_OK` is too old. MHA's 10 seconds would call every manager with a ping_interval of 10 or more
 * hung; three intervals leave room for two slow pings.
 */
export function defaultPingLimit(pingIntervalSeconds: number): number {
  return Math.max(10, 3 * pingIntervalSeconds);
}

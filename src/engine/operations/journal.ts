import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { errorCode, errorText } from '../errors';
import type { LogLevel } from '../log';
import type { Message } from '../../l10n/message';
import type { OperationKind, Plan } from './plan';

/** How an operation ended. `partial`: what it is for is done, something is left to do. `refused`: nothing was changed. */
export type Outcome = 'succeeded' | 'partial' | 'failed' | 'refused' | 'cancelled';

export type StepState = 'started' | 'done' | 'failed' | 'skipped' | 'undone';

/** One line of a journal. Never a clear secret. */
export type JournalEntry =
  | {
      readonly type: 'begin';
      readonly version: 1;
      readonly operation: OperationKind;
      readonly cluster: string;
      /** The configuration file. */
      readonly file: string;
      readonly pid: number;
      readonly host: string;
      readonly command: string;
    }
  /** Comes again when the plan changed (another new master was elected). */
  | { readonly type: 'plan'; readonly plan: Plan }
  | {
      readonly type: 'step';
      readonly step: string;
      readonly state: StepState;
      /** What came of it, or why it failed. */
      readonly message?: Message;
      readonly tookMs?: number;
    }
  | {
      readonly type: 'statement';
      readonly step: string;
      readonly server: string;
      readonly text: string;
      readonly tookMs: number;
      readonly error?: string;
    }
  /** Something that a later run must know: JSON values. */
  | { readonly type: 'fact'; readonly name: string; readonly server?: string; readonly value: unknown }
  | { readonly type: 'log'; readonly level: LogLevel; readonly text: string }
  | {
      readonly type: 'end';
      readonly outcome: Outcome;
      readonly exitCode: number;
      readonly message: Message;
      /** What is left to do, for a person. */
      readonly left: readonly Message[];
    };

/** A line as it stands in the file: the entry and when it was written (ISO 8601). */
export type JournalLine = JournalEntry & { readonly at: string };

/** Where an operation tells what it does, before and after it does it. */
export interface Journal {
  readonly file: string;
  /** Appends and syncs to the disk: what it says is said before the next thing happens. Never throws. */
  write(entry: JournalEntry): void;
  /** Why a line is missing (a full disk), in the system's words; undefined: none is. */
  readonly failure: string | undefined;
  close(): void;
}

const two = (n: number): string => String(n).padStart(2, '0');

/** `YYYYMMDDhhmmss` in local time, as MHA's work files have it. */
export function timestamp(date: Date): string {
  const day = `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`;
  return `${day}${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`;
}

const nameOf = (app: string, operation: OperationKind, at: string, n: number): string =>
  `${app}.${at}${n === 0 ? '' : `-${n}`}.${operation}.journal`;

/** `APP.<timestamp>.<operation>.journal` in a work directory. */
const NAME = /^(.+)\.(\d{14}(?:-\d+)?)\.(failover|switch|rejoin|purge)\.journal$/;

/** Begins a journal in the work directory; only its owner can read it. Throws the file system's error. */
export function createJournal(dir: string, app: string, operation: OperationKind, now = new Date()): Journal {
  mkdirSync(dir, { recursive: true });
  for (let n = 0; ; n++) {
    const file = path.join(dir, nameOf(app, operation, timestamp(now), n));
    try {
      return openJournal(file);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST' || n >= 99) throw error;
    }
  }
}

function openJournal(file: string): Journal {
  const handle = openSync(file, 'ax', 0o600);
  let open = true;
  let failure: string | undefined;
  return {
    file,
    get failure() {
      return failure;
    },
    write(entry) {
      if (!open) return;
      try {
        writeSync(handle, `${JSON.stringify({ at: new Date().toISOString(), ...entry })}\n`);
        // Progress of a step may be lost with the machine; a decision may not.
        if (entry.type !== 'statement' && entry.type !== 'log') fsyncSync(handle);
      } catch (error) {
        // Half way through, going on without a journal is better than no master.
        failure ??= errorText(error);
      }
    },
    close() {
      if (open) closeSync(handle);
      open = false;
    },
  };
}

/** The lines of a journal's text; a torn last line (the writer was killed, or is writing) is left out. */
export function parseJournal(text: string): JournalLine[] {
  return text.split('\n').flatMap(line => {
    try {
      return line === '' ? [] : [JSON.parse(line) as JournalLine];
    } catch {
      return [];
    }
  });
}

/** Journals of a cluster in its work directory, newest first. */
export function listJournals(dir: string, app: string): { readonly file: string; readonly operation: OperationKind }[] {
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return [];
    throw error;
  }
  return names
    .flatMap(name => {
      const match = NAME.exec(name);
      return match?.[1] === app ? [{ name, at: match[2] ?? '', operation: match[3] as OperationKind }] : [];
    })
    .sort((a, b) => b.at.localeCompare(a.at, 'en', { numeric: true }))
    .map(({ name, operation }) => ({ file: path.join(dir, name), operation }));
}

/** Reads one; throws the file system's error. */
export function readJournal(file: string): JournalLine[] {
  return parseJournal(readFileSync(file, 'utf8'));
}

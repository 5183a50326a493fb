import type { Message, Translations } from '../l10n/message';
import { format } from '../l10n/message';
import { errorCode } from '../engine/errors';

/** The part of a stream that is needed here. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
}

export interface TerminalOptions {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly translations: Translations;
}

export type Style = 'error' | 'warning' | 'ok' | 'faint';

const STYLES: Readonly<Record<Style, string>> = { error: '31;1', warning: '33', ok: '32', faint: '2' };

/**
 * Standard output and error of a command. A closed pipe is no reason to stop: a check's exit code counts even when nobody
 * reads its output. `progress` rewrites one line of a terminal's standard error and writes nothing elsewhere.
 */
export class Terminal {
  readonly #options: TerminalOptions;
  #progressWidth = 0;
  #outClosed = false;
  #errClosed = false;

  constructor(options: TerminalOptions) {
    this.#options = options;
    options.stdout.on('error', error => {
      this.#outClosed = isClosed(error);
    });
    options.stderr.on('error', error => {
      this.#errClosed = isClosed(error);
    });
  }

  get translations(): Translations {
    return this.#options.translations;
  }

  get env(): TerminalOptions['env'] {
    return this.#options.env;
  }

  /** A message in the user's language. */
  text(message: Message): string {
    return format(message, this.translations);
  }

  out(text: string): void {
    this.#clearProgress();
    if (!this.#outClosed) this.#options.stdout.write(text);
  }

  err(text: string): void {
    this.#clearProgress();
    if (!this.#errClosed) this.#options.stderr.write(text);
  }

  /** One line that says what is being done; the next output or `endProgress` takes it away. */
  progress(message: Message, done: number): void {
    const { stderr, env } = this.#options;
    if (!stderr.isTTY || this.#errClosed || env['TERM'] === 'dumb') return;
    const percent = Math.round(Math.min(1, Math.max(0, done)) * 100);
    const line = printable(`${String(percent).padStart(3)}% ${this.text(message)}`, (stderr.columns || 80) - 1);
    stderr.write(`\r\u001b[K${line}`);
    this.#progressWidth = line.length;
  }

  endProgress(): void {
    this.#clearProgress();
  }

  /** Colours for standard output, on a terminal only and never against NO_COLOR. */
  style(style: Style, text: string): string {
    const { stdout, env } = this.#options;
    if (!stdout.isTTY || env['NO_COLOR'] || env['TERM'] === 'dumb') return text;
    return `\u001b[${STYLES[style]}m${text}\u001b[0m`;
  }

  #clearProgress(): void {
    if (this.#progressWidth === 0) return;
    this.#progressWidth = 0;
    if (!this.#errClosed) this.#options.stderr.write('\r\u001b[K');
  }
}

function isClosed(error: unknown): boolean {
  const code = errorCode(error);
  if (code === 'EPIPE' || code === 'EIO' || code === 'EBADF' || code === 'ENOSPC' || code === 'ERR_STREAM_DESTROYED')
    return true;
  throw error;
}

/**
 * Makes text from servers, programs and files safe for a terminal's line: control characters become blanks, and it is cut to
 * `columns` (a wide character counts as two).
 */
export function printable(text: string, columns = Number.POSITIVE_INFINITY): string {
  let width = 0;
  let result = '';
  for (const character of text) {
    const code = character.codePointAt(0)!;
    const shown = code < 0x20 || (code >= 0x7f && code < 0xa0) ? ' ' : character;
    width += columnsOfCode(code);
    if (width > columns) return result;
    result += shown;
  }
  return result;
}

/** The width of a text without control characters. */
export function columnsOf(text: string): number {
  return [...text].reduce((sum, character) => sum + columnsOfCode(character.codePointAt(0)!), 0);
}

function columnsOfCode(code: number): number {
  return code >= 0x1100 && (code < 0x2000 || code >= 0x2e80) ? 2 : 1;
}

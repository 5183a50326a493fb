import { createInterface } from 'node:readline';
import type { Terminal } from './terminal';

/** Asks on standard output; anything that begins with y is yes, the end of the input is no. Rejects when cancelled. */
export async function askYes(question: string, terminal: Terminal, signal: AbortSignal): Promise<boolean> {
  return /^y/i.test(await askLine(question, terminal, signal));
}

/** Several questions may be answered by one piece of input. */
let input: AsyncIterator<string> | undefined;

/** The answer's line, trimmed; '' at the end of the input. Rejects when cancelled. */
export async function askLine(question: string, terminal: Terminal, signal: AbortSignal): Promise<string> {
  terminal.out(question);
  input ??= createInterface({ input: process.stdin, terminal: false })[Symbol.asyncIterator]();
  const lines = input;
  return new Promise<string>((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    lines
      .next()
      .then(({ value, done }) => resolve(done ? '' : String(value).trim()), reject)
      .finally(() => signal.removeEventListener('abort', stop));
  });
}

import { createInterface } from 'node:readline';
import type { Terminal } from './terminal';

/** Asks on standard error and returns the line that comes back; the end of the input is ''. Rejects when cancelled. */
export async function ask(question: string, terminal: Terminal, signal: AbortSignal): Promise<string> {
  terminal.err(question);
  const lines = createInterface({ input: process.stdin, terminal: false });
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve).once('close', () => resolve(''));
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  } finally {
    lines.close();
  }
}

import { createInterface } from 'node:readline';
import type { Terminal } from './terminal';

/** Asks on standard output; anything that begins with y is yes, the end of the input is no. Rejects when cancelled. */
export async function askYes(question: string, terminal: Terminal, signal: AbortSignal): Promise<boolean> {
  terminal.out(question);
  const lines = createInterface({ input: process.stdin, terminal: false });
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve).once('close', () => resolve(''));
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    return /^\s*y/i.test(answer);
  } finally {
    lines.close();
  }
}

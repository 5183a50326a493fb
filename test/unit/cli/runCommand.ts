import type { Command } from '../../../src/cli/command';
import type { Output } from '../../../src/cli/terminal';
import { Terminal } from '../../../src/cli/terminal';
import type { Translations } from '../../../src/l10n/message';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An output that keeps what was written. */
export class Written implements Output {
  text = '';
  #onError: (error: unknown) => void = () => undefined;

  constructor(
    readonly isTTY = false,
    readonly columns = 80,
  ) {}

  write(text: string): void {
    this.text += text;
  }

  on(_event: 'error', listener: (error: unknown) => void): void {
    this.#onError = listener;
  }

  fail(code: string): void {
    this.#onError(Object.assign(new Error(code), { code }));
  }
}

/** Runs a command in this process. */
export async function runCommand(
  command: Command,
  args: readonly string[],
  options: { readonly translations?: Translations; readonly env?: Record<string, string> } = {},
): Promise<Ran> {
  const [stdout, stderr] = [new Written(), new Written()];
  const terminal = new Terminal({
    stdout,
    stderr,
    env: options.env ?? {},
    translations: options.translations ?? {},
  });
  const code = await command.run(args, { terminal, signal: new AbortController().signal });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

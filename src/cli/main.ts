import { setMaxListeners } from 'node:events';
import { stat } from 'node:fs';
import { constants } from 'node:os';
import { msg } from '../l10n/message';
import { checkReplCommand } from './checkRepl';
import { checkSshCommand } from './checkSsh';
import { checkStatusCommand } from './checkStatus';
import type { Command } from './command';
import { confHostCommand } from './confHost';
import { loadTranslations } from './language';
import { masterManagerCommand } from './masterManager';
import { masterMonitorCommand } from './masterMonitor';
import { masterSwitchCommand } from './masterSwitch';
import { mhaCommand, subcommandOf } from './mha';
import { stopCommand } from './stop';
import { secondaryCheckCommand } from './secondaryCheck';
import { Terminal } from './terminal';

const COMMANDS: readonly Command[] = [
  checkSshCommand,
  checkReplCommand,
  checkStatusCommand,
  confHostCommand,
  masterManagerCommand,
  masterMonitorCommand,
  masterSwitchCommand,
  stopCommand,
  secondaryCheckCommand,
  mhaCommand,
];

/** How long an aborted command may take to tidy up before the process ends anyway, in milliseconds. */
const ABORT_GRACE_MS = 2_000;

/** Runs the program `name` with the process's arguments and ends the process with its exit code. */
export function main(name: string): void {
  const command = COMMANDS.find(c => c.name === name);
  if (!command) throw new Error(`no such command: ${name}`);
  roomForLookups();
  // VS Code's program runs us as Node.js by it; hooks are not to inherit that.
  delete process.env['ELECTRON_RUN_AS_NODE'];
  const terminal = new Terminal({
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    // What MHA's own commands print stays English: scripts read it.
    translations: name === 'mha' ? loadTranslations(process.env, __dirname) : {},
  });
  void run(command, terminal).then(code => end(code));
}

/**
 * Names that the name service does not answer for must not keep the others waiting: of Node's four threads only two look up
 * names. Read once, when the first of them is wanted; hooks are not to inherit it.
 */
function roomForLookups(): void {
  const name = 'UV_THREADPOOL_SIZE';
  if (process.env[name]) return;
  process.env[name] = '64';
  stat('/', () => undefined);
  delete process.env[name];
}

async function run(command: Command, terminal: Terminal): Promise<number> {
  const abort = new AbortController();
  // Every connection of a large cluster listens to it: many listeners are no leak.
  setMaxListeners(0, abort.signal);
  let interrupted: number | undefined;
  // Node.js forgets that nohup told it to ignore the signal; the shell's note of what it started is left.
  const isNohup = /(?:^|\/)nohup$/.test(process.env['_'] ?? '');
  const { graceMs = ABORT_GRACE_MS } = (command === mhaCommand && subcommandOf(process.argv.slice(2))) || command;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) {
    process.on(signal, () => {
      if (signal === 'SIGHUP' && isNohup) return;
      const code = command.interruptedExit ?? 128 + constants.signals[signal];
      if (interrupted !== undefined) process.exit(interrupted);
      interrupted = code;
      setTimeout(() => process.exit(code), graceMs).unref();
      abort.abort(new DOMException(signal, 'AbortError'));
    });
  }
  try {
    const code = await command.run(process.argv.slice(2), { terminal, signal: abort.signal });
    return interrupted ?? code;
  } catch (error) {
    terminal.endProgress();
    if (interrupted !== undefined) {
      terminal.err(`${terminal.text(msg('Interrupted.'))}\n`);
      return interrupted;
    }
    const text = error instanceof Error ? error.message : String(error);
    terminal.err(`${command.name}: ${terminal.text(msg('unexpected error: {text}', { text }))}\n`);
    if (process.env['MYSQL_HA_DEBUG'] && error instanceof Error) terminal.err(`${error.stack ?? ''}\n`);
    return 1;
  } finally {
    terminal.endProgress();
  }
}

/** Waits until everything is written, then ends: connections and agents that linger must not keep the process. */
function end(code: number): void {
  process.exitCode = code;
  let open = 2;
  const done = () => {
    if (--open === 0) process.exit(code);
  };
  for (const stream of [process.stdout, process.stderr]) stream.write('', done);
  setTimeout(() => process.exit(code), ABORT_GRACE_MS);
}

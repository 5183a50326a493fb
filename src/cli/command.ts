import { version } from '../../package.json';
import type { Message } from '../l10n/message';
import { msg } from '../l10n/message';
import type { OptionSpec, OptionTable, OptionValues } from './options';
import { parseArguments } from './options';
import type { Terminal } from './terminal';

/** What a command is given besides its arguments. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** Aborted on SIGINT, SIGTERM, SIGHUP and SIGQUIT. */
  readonly signal: AbortSignal;
}

/** A command line program, or a subcommand of one: everything about it that is not done, but said. */
export interface Command {
  /** As typed, e.g. `mha lint`. */
  readonly name: string;
  /** What follows the name in the usage, one line per form. */
  readonly forms: readonly string[];
  readonly summary: Message;
  readonly exitCodes: readonly (readonly [code: string, meaning: Message])[];
  readonly options: OptionTable;
  /** Exit code for a wrong command line. */
  readonly usageExit: number;
  /** Exit code after a signal; absent: 128 + its number, as a shell says it. */
  readonly interruptedExit?: number;
  /** Milliseconds that it may take to tidy up after a signal; default 2,000. */
  readonly graceMs?: number;
  /** Does it, and returns the exit code. */
  readonly run: (args: readonly string[], context: CommandContext) => Promise<number>;
}

interface CommandSpec<T extends OptionTable> extends Omit<Command, 'run' | 'options'> {
  readonly options: T;
  /** Largest number of operands; default none. */
  readonly operands?: number;
  /** Printed before the problems of a wrong command line end the program. */
  readonly onUsageError?: (context: CommandContext) => void;
  readonly action: (input: CommandInput<T>, context: CommandContext) => Promise<number>;
}

export interface CommandInput<T extends OptionTable> {
  readonly options: OptionValues<T & typeof COMMON>;
  readonly operands: readonly string[];
  /** Names of the given options that have no effect here. */
  readonly ignored: readonly string[];
}

const COMMON = {
  help: { type: 'flag', help: msg('show this help and exit') },
  version: { type: 'flag', help: msg('show the version and exit') },
} as const satisfies OptionTable;

/** Options that the monitoring commands of MHA share: an argument list made for one of them fits the others. */
export const MANAGER_OPTIONS = {
  manager_workdir: ignored('string', ['workdir']),
  manager_log: ignored('string', ['log_output']),
  wait_on_monitor_error: ignored('integer'),
  wait_on_failover_error: ignored('integer'),
  last_failover_minute: ignored('integer'),
  ignore_last_failover: ignored('flag'),
  remove_dead_master_conf: ignored('flag', ['remove_orig_master_conf']),
  skip_save_master_binlog: ignored('flag'),
  skip_change_master: ignored('flag'),
  skip_disable_read_only: ignored('flag'),
  wait_until_gtid_in_sync: ignored('integer'),
  ignore_binlog_server_error: ignored('flag'),
  new_master_host: ignored('string'),
  new_master_port: ignored('integer'),
  keep_running: ignored('flag'),
  check_only: ignored('flag'),
  check_repl_health: ignored('flag'),
  monitor_only: ignored('flag'),
  interactive: ignored('integer'),
} as const satisfies OptionTable;

function ignored<T extends OptionSpec['type']>(type: T, aliases: readonly string[] = []) {
  return { type, aliases, ignored: true as const, help: msg('accepted, has no effect here') };
}

/** The version that `--version` of the drop-in commands names: MHA's own, because scripts compare it. */
const MHA_VERSION = '0.58';

/** Makes a command of its description: `--help`, `--version` and wrong command lines are the same for all. */
export function defineCommand<const T extends OptionTable>(spec: CommandSpec<T>): Command {
  const options = { ...spec.options, ...COMMON };
  const command: Command = {
    ...spec,
    options,
    run: async (args, context) => {
      const { terminal } = context;
      const parsed = parseArguments(args, options);
      if (!parsed.ok) return usageError(parsed.problems);
      if (parsed.values.help) {
        terminal.out(usage(command, terminal));
        return 0;
      }
      if (parsed.values.version) {
        terminal.out(versionLine(spec.name));
        return 0;
      }
      const stray = parsed.operands.slice(spec.operands ?? 0);
      if (stray.length > 0) return usageError(stray.map(operand => msg('Unexpected argument: {operand}', { operand })));
      return spec.action({ options: parsed.values, operands: parsed.operands, ignored: parsed.ignored }, context);

      function usageError(problems: readonly Message[]): number {
        for (const problem of problems) terminal.err(`${spec.name}: ${terminal.text(problem)}\n`);
        terminal.err(`${terminal.text(msg('Try "{command} --help".', { command: spec.name }))}\n`);
        spec.onUsageError?.(context);
        return spec.usageExit;
      }
    },
  };
  return command;
}

function versionLine(name: string): string {
  return name.startsWith('mha') ? `mha version ${version}.\n` : `${name} version ${MHA_VERSION}.\n`;
}

/** The text of `--help`. */
export function usage(command: Command, terminal: Pick<Terminal, 'text'>): string {
  const text = (message: Message) => terminal.text(message);
  const shown = Object.entries(command.options).filter(([, spec]) => !spec.ignored);
  const accepted = Object.entries(command.options).filter(([, spec]) => spec.ignored);
  const lines = [
    `${text(msg('Usage:'))}`,
    ...command.forms.map(form => `    ${command.name} ${form}`.trimEnd()),
    '',
    text(command.summary),
    '',
    text(msg('Options:')),
    ...columns(shown.map(([name, spec]) => [optionName(name, spec), text(spec.help)])),
  ];
  if (accepted.length > 0)
    lines.push(
      '',
      text(msg('Accepted for the sake of argument lists shared with masterha_manager, without effect:')),
      ...wrap(accepted.map(([name]) => `--${name}`).join(' ')),
    );
  lines.push(
    '',
    text(msg('Exit codes:')),
    ...columns(command.exitCodes.map(([code, meaning]) => [code, text(meaning)])),
  );
  return `${lines.join('\n')}\n`;
}

/** `--status_dir=DIR, --workdir=DIR` */
function optionName(name: string, spec: OptionSpec): string {
  const value = spec.type === 'flag' ? '' : `=${spec.value ?? (spec.type === 'integer' ? 'N' : 'TEXT')}`;
  return [name, ...(spec.aliases ?? [])].map(n => `${n.length === 1 ? '-' : '--'}${n}${value}`).join(', ');
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.min(32, Math.max(0, ...rows.map(([left]) => left.length)));
  return rows.flatMap(([left, right]) =>
    left.length > width
      ? [`    ${left}`, `    ${' '.repeat(width)}  ${right}`]
      : [`    ${left.padEnd(width)}  ${right}`],
  );
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < 100) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`    ${word}`);
  }
  return lines;
}

import { version } from '../../package.json';
import { msg } from '../l10n/message';
import { checkReplicationCommand, checkSshMeshCommand } from './checkCommand';
import type { Command, CommandContext } from './command';
import { configCommand } from './configCommand';
import { failoverCommand } from './failoverCommand';
import { journalCommand } from './journalCommand';
import { lintCommand } from './lint';
import { nearest } from './options';
import type { Terminal } from './terminal';
import { topologyCommand } from './topologyCommand';

/** The subcommands of `mha`; each names itself in full. */
export const MHA_COMMANDS: readonly Command[] = [
  lintCommand,
  configCommand,
  topologyCommand,
  checkReplicationCommand,
  checkSshMeshCommand,
  failoverCommand,
  journalCommand,
];

/** `mha COMMAND …`: takes the words of the command from the front and hands the rest to it. */
export const mhaCommand: Command = {
  name: 'mha',
  forms: ['COMMAND [options] [FILE...]'],
  summary: msg('Everything about MHA clusters that a terminal needs.'),
  exitCodes: [],
  options: {},
  usageExit: 2,
  run: async (args, context) => {
    const { terminal } = context;
    const [first, ...rest] = args;
    if (first === undefined) {
      terminal.err(overview(terminal));
      return 2;
    }
    if (/^--?(h|help)$/i.test(first)) {
      terminal.out(overview(terminal));
      return 0;
    }
    if (/^--?v(ersion)?$/i.test(first)) {
      terminal.out(`mha version ${version}.\n`);
      return 0;
    }
    if (first === 'help')
      return rest.length === 0 ? mhaCommand.run(['--help'], context) : dispatch([...rest, '--help'], context);
    return dispatch(args, context);
  },
};

const wordsOf = ({ name }: Command): string[] => name.split(' ').slice(1);

/** The subcommand that a command line of `mha` names. */
export function subcommandOf(args: readonly string[]): Command | undefined {
  return MHA_COMMANDS.find(command => wordsOf(command).every((word, i) => args[i] === word));
}

async function dispatch(args: readonly string[], context: CommandContext): Promise<number> {
  const command = subcommandOf(args);
  if (command) return command.run(args.slice(wordsOf(command).length), context);
  const { terminal } = context;
  const [first = '', second = ''] = args;
  const group = MHA_COMMANDS.filter(c => c.name.startsWith(`mha ${first} `));
  if (group.length > 0 && /^(--?h(elp)?)?$/i.test(second)) {
    const text = overview(terminal, group);
    if (second === '') terminal.err(text);
    else terminal.out(text);
    return second === '' ? 2 : 0;
  }
  const written = group.length > 0 ? `${first} ${second}` : first;
  const names = MHA_COMMANDS.map(c => c.name.slice('mha '.length));
  const near = nearest(written, group.length > 0 ? names : [...names, 'check']);
  terminal.err(
    `mha: ${terminal.text(
      near === undefined
        ? msg('Unknown command: {command}', { command: written })
        : msg('Unknown command: {command} (did you mean "mha {near}"?)', { command: written, near }),
    )}\n${terminal.text(msg('Try "{command} --help".', { command: 'mha' }))}\n`,
  );
  return 2;
}

function overview(terminal: Terminal, commands: readonly Command[] = MHA_COMMANDS): string {
  const width = Math.max(...commands.map(c => c.name.length));
  return [
    terminal.text(msg('Usage:')),
    `    mha ${mhaCommand.forms.join('')}`,
    '',
    terminal.text(msg('Commands:')),
    ...commands.map(c => `    ${c.name.padEnd(width)}  ${terminal.text(c.summary)}`),
    '',
    terminal.text(msg('"mha COMMAND --help" says more about each.')),
    '',
  ].join('\n');
}

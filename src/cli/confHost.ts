import { readFile, stat } from 'node:fs/promises';
import { parseDocument } from '../config/document';
import { addSection, applyEdits, ConfigEditError, removeSection } from '../config/edits';
import { EXTENDED_PARAMETERS, PARAMETERS } from '../config/parameters';
import { soundsSecret } from '../config/secret';
import { mergeSections, sectionKind } from '../config/sections';
import type { MhaDocument, TextEdit } from '../config/types';
import { writeConfigFile } from '../config/writeFile';
import { errorText } from '../engine/errors';
import { msg } from '../l10n/message';
import type { CommandContext, CommandInput } from './command';
import { defineCommand, usage } from './command';
import type { OptionTable } from './options';
import { nearest } from './options';

const OPTIONS = {
  command: { type: 'string', value: 'add|delete', help: msg('what to do (remove means delete)') },
  conf: { type: 'string', value: 'FILE', help: msg('configuration file to change') },
  block: {
    type: 'string',
    value: 'NAME',
    help: msg('section: serverX, binlogX, or X for serverX (default: server_HOST)'),
  },
  hostname: { type: 'string', value: 'HOST', help: msg('host to add') },
  params: { type: 'string', value: '"A=1;B=2"', help: msg('further parameters of the new section') },
  dry_run: { type: 'flag', aliases: ['dry-run'], help: msg('only show what would be changed') },
} as const satisfies OptionTable;

type Options = CommandInput<typeof OPTIONS>['options'];

/** Exit codes of MHA's own command: 255 is what Perl's `die` leaves, 2 is ENOENT. */
const DIED = 255;
const NO_FILE = 2;
const NOT_FOUND = 1;

export const confHostCommand = defineCommand({
  name: 'masterha_conf_host',
  forms: [
    '--command=add --conf=FILE --hostname=HOST [--block=NAME] [--params="A=1;B=2"] [--dry-run]',
    '--command=delete --conf=FILE --block=NAME [--dry-run]',
  ],
  summary: msg(
    'Adds a section to a configuration file or deletes one. Comments and order stay, a backup is kept, the change is atomic.',
  ),
  exitCodes: [
    ['0', msg('done')],
    ['1', msg('the section to delete does not exist; unknown command or option')],
    ['2', msg('the configuration file does not exist')],
    [
      '255',
      msg('a mandatory option is missing, the section exists, a parameter is invalid, the file cannot be changed'),
    ],
  ],
  options: OPTIONS,
  usageExit: 1,
  action: async ({ options }, context) => {
    if (options.command === undefined) return died('--command=<add|remove> must be set.');
    if (!['add', 'delete', 'remove'].includes(options.command)) {
      context.terminal.out(usage(confHostCommand, context.terminal));
      return 1;
    }
    const { conf, command } = options;
    if (conf === undefined) return died('--conf=<target_conf_file> must be set.');
    const name = blockName(options);
    if (name === undefined) return died('--block=<block_name> must be set.');
    if (command === 'add' && options.hostname === undefined) return died('--hostname=<new_host_name> must be set.');
    const kind = sectionKind(name);
    if (kind === 'default')
      return died(`"${name}" holds the defaults of all servers, it is not the section of a host.`);
    if (kind === 'invalid' || /[\]\r\n]|^\s|\s$/.test(name)) return died(`Block name "${name}" is invalid.`);

    const file = await stat(conf).catch(() => undefined);
    if (!file?.isFile()) return died(`${conf} does not exist!`, file ? DIED : NO_FILE);
    const document = parseDocument(await readFile(conf), conf);
    const [problem] = document.problems;
    if (problem) {
      const line = soundsSecret(problem.text) ? '' : `: ${problem.text}`;
      return died(`Failed to open ${conf}! ${conf}:${problem.range.start.line + 1}: syntax error${line}`);
    }
    return command === 'add'
      ? add(document, conf, name, options, context, died)
      : remove(document, conf, name, options, context, died);

    function died(text: string, code: number = DIED): number {
      context.terminal.err(`${text}\n`);
      return code;
    }
  },
});

/** MHA's rule: `server` goes before the name unless it is there. Ours beyond it: a binlog section keeps its name. */
function blockName({ block, hostname }: Options): string | undefined {
  if (block === undefined || block === '') return hostname === undefined ? undefined : `server_${hostname}`;
  return block.startsWith('server') || /^binlog\S/.test(block) ? block : `server${block}`;
}

type Died = (text: string, code?: number) => number;

async function add(
  document: MhaDocument,
  conf: string,
  name: string,
  options: Options,
  context: CommandContext,
  died: Died,
): Promise<number> {
  if (mergeSections(document).has(name)) return died(`Entry ${name} already exists on ${conf} .`);
  const values = new Map<string, string>([['hostname', options.hostname ?? '']]);
  for (const pair of (options.params ?? '').split(';').filter(p => p.trim() !== '')) {
    const equals = pair.indexOf('=');
    const key = pair.slice(0, equals === -1 ? undefined : equals).trim();
    if (!Object.hasOwn(PARAMETERS, key)) return died(`Parameter name ${key} is invalid!${hint(key)}`);
    if (equals === -1) return died(`Parameter ${key} has no value!`);
    values.set(key, pair.slice(equals + 1).trim());
  }
  let edits: TextEdit[];
  try {
    edits = addSection(document, name, Object.fromEntries(values));
  } catch (error) {
    // Its text may contain the value, which may be a password.
    if (error instanceof ConfigEditError)
      return died(`The section can not be written so that it is read back as given (${error.code}).`);
    throw error;
  }
  const text = applyEdits(document.text, edits);
  if (options.dry_run) {
    context.terminal.out(`Would write ${name} entry to ${conf} .\n${preview(edits.map(e => e.newText).join(''), '+')}`);
    return 0;
  }
  return save(conf, document, text, `Wrote ${name} entry to ${conf} .`, context, died);
}

function hint(name: string): string {
  if (Object.hasOwn(EXTENDED_PARAMETERS, name)) return ` It is an extended parameter: write a line "#@ ${name}=…".`;
  const near = nearest(name, Object.keys(PARAMETERS));
  return near === undefined ? '' : ` Did you mean ${near}?`;
}

async function remove(
  document: MhaDocument,
  conf: string,
  name: string,
  options: Options,
  context: CommandContext,
  died: Died,
): Promise<number> {
  if (!mergeSections(document).has(name)) {
    context.terminal.out(`Entry ${name} not found from ${conf} .\n`);
    return NOT_FOUND;
  }
  const edits = removeSection(document, name);
  if (options.dry_run) {
    const removed = edits.map(e => textOf(document.text, e)).join('');
    context.terminal.out(`Would delete ${name} entry from ${conf} .\n${preview(removed, '-')}`);
    return 0;
  }
  const text = applyEdits(document.text, edits);
  return save(conf, document, text, `Deleted ${name} entry from ${conf} .`, context, died);
}

async function save(
  conf: string,
  document: MhaDocument,
  text: string,
  done: string,
  { terminal }: CommandContext,
  died: Died,
): Promise<number> {
  try {
    const { backup } = await writeConfigFile(conf, text, { encoding: document.encoding, previous: document.text });
    terminal.out(`${done}\n`);
    terminal.err(`The file as it was: ${backup}\n`);
    return 0;
  } catch (error) {
    return died(`Failed to write ${conf}: ${errorText(error)}`);
  }
}

/** Changed lines with their sign; passwords are not shown. */
function preview(text: string, sign: '+' | '-'): string {
  const lines = text.replace(/(\r\n|\r|\n)$/, '').split(/\r\n|\r|\n/);
  return lines.map(line => `${sign}${line.replace(/^(\s*[#@\s]*(?:repl_)?password\s*=).*/, '$1***')}\n`).join('');
}

function textOf(text: string, edit: TextEdit): string {
  const lines = text.split(/(?<=\r\n|\r(?!\n)|\n)/);
  const offset = (line: number, character: number) =>
    lines.slice(0, line).reduce((sum, l) => sum + l.length, 0) + character;
  const { start, end } = edit.range;
  return text.slice(offset(start.line, start.character), offset(end.line, end.character));
}

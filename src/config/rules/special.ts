import { msg } from '../../l10n/message';
import { plainText } from '../levels';
import type { Model } from '../model';
import type { Parameter, ParameterName } from '../parameters';
import { lineEnding, sectionKind } from '../sections';
import { plainBoolean } from '../typed';
import type { Fix, TextEdit } from '../types';
import { hasForeign, isAscii, withoutForeign } from './characters';
import type { Add } from './draft';
import { shown } from './draft';
import type { PlacedProperty } from './place';
import { inDefaults } from './place';
import { removeLine } from './structure';

/** Characters in a value that do not belong there. True if the value can't be judged further. */
export function checkCharacters(placed: PlacedProperty, parameter: Parameter, add: Add): boolean {
  const { document, property } = placed;
  const { value, valueRange } = property;
  if (isAscii(value)) return false;
  const file = document.file;
  if (document.encoding === 'latin1') {
    add({
      code: 'not-utf8',
      file,
      range: valueRange,
      message: msg('This value is not UTF-8: what a server makes of it depends on the server. Save the file as UTF-8.'),
      severity: 'warning',
      blocksAction: true,
    });
    return false;
  }
  const free = ['secret', 'command', 'string', 'path', 'directory', 'directories'].includes(parameter.type);
  const isForeign = free
    ? /^[\u3000\u00a0\u200b\ufeff\u201c]|[\u3000\u00a0\u200b\ufeff\u201d]$/.test(value)
    : hasForeign(value);
  if (!isForeign) return false;
  const fix = free
    ? endsFix(placed)
    : {
        title: msg('Write ASCII characters'),
        edits: [{ range: valueRange, newText: withoutForeign(value).trim() }],
        forAll: true,
      };
  const message = msg('Full-width or invisible characters in the value of {name}: MHA takes them as they are.', {
    name: property.name,
  });
  add({ code: 'foreign-character', file, range: valueRange, message, fixes: [fix] });
  return true;
}

/** Removes blanks and invisible characters at the ends, makes typographic quotes plain; the rest is not repeated. */
function endsFix({ property }: PlacedProperty): Fix {
  const { value, valueRange } = property;
  const { line, character } = valueRange.start;
  const edits: TextEdit[] = [];
  const head = /^[\u3000\u00a0\u200b\ufeff\u201c]*/.exec(value)?.[0] ?? '';
  const tail =
    head.length === value.length
      ? ''
      : value
          .slice(
            /[^\u3000\u00a0\u200b\ufeff\u201d](?=[\u3000\u00a0\u200b\ufeff\u201d]*$)/.exec(value)?.index ??
              value.length,
          )
          .slice(1);
  const at = (column: number): { line: number; character: number } => ({ line, character: character + column });
  if (head !== '')
    edits.push({ range: { start: at(0), end: at(head.length) }, newText: head.includes('\u201c') ? '"' : '' });
  if (tail !== '')
    edits.push({
      range: { start: at(value.length - tail.length), end: at(value.length) },
      newText: tail.includes('\u201d') ? '"' : '',
    });
  return { title: msg('Write ASCII characters'), edits, forAll: true };
}

/** ` ; ` ends a value, in passwords and commands, too. */
export function checkCut({ document, property }: PlacedProperty, parameter: Parameter, add: Add): boolean {
  const { inlineComment, name, value } = property;
  if (!inlineComment) return false;
  const open = value[0] === '"' || value[0] === "'" ? value.indexOf(value[0], 1) === -1 : false;
  if (parameter.type !== 'secret' && parameter.type !== 'command') return false;
  if (parameter.type === 'command' && !open) return false;
  add({
    code: 'cut-at-semicolon',
    file: document.file,
    range: inlineComment,
    message: msg('MHA takes " ; " and what follows for a comment: {name} ends before it.', { name }),
    ...(open ? { severity: 'error', blocksAction: true } : {}),
  });
  return open;
}

const BINLOG_PARAMETERS: ReadonlySet<string> = new Set([
  ...['hostname', 'ip', 'ssh_host', 'ssh_ip', 'ssh_port', 'ssh_user', 'ssh_options', 'ssh_connection_timeout'],
  ...['master_binlog_dir', 'remote_workdir', 'client_bindir', 'client_libdir', 'log_level', 'port'],
]);

/** Parameters that have no effect where they stand. */
export function checkPlace(model: Model, placed: PlacedProperty, parameter: Parameter, add: Add): void {
  const { document, property, place, section } = placed;
  const { name } = property;
  const file = document.file;
  if (inDefaults(place)) {
    if (parameter.inheritance !== 'local') return;
    const matters =
      ['candidate_master', 'no_master', 'ignore_fail'].includes(name) &&
      plainBoolean(plainText(property.value)) === true;
    add({
      code: 'local-parameter-in-defaults',
      file,
      range: property.range,
      message: msg('{name} counts only in the section of a server: MHA ignores it in [server default].', { name }),
      fixes: [
        ...(place === 'defaults' && parameter.type === 'boolean' ? [toServers(model, placed)] : []),
        { title: msg('Remove the line'), edits: [removeLine(property.range)] },
      ],
      ...(matters ? { severity: 'error', blocksAction: true } : {}),
    });
    return;
  }
  const unused = place === 'binlog' && !BINLOG_PARAMETERS.has(name) && !property.extended;
  if (unused || (name === 'init_conf_load_script' && place !== 'invalid'))
    add({
      code: 'no-effect-here',
      file,
      range: property.range,
      message:
        name === 'init_conf_load_script'
          ? msg('init_conf_load_script counts only in [server default].')
          : msg('{name} has no effect in the section of a binary log server ([{section}]).', {
              name,
              section: shown(section.name),
            }),
      fixes: [{ title: msg('Remove the line'), edits: [removeLine(property.range)] }],
    });
}

function toServers(model: Model, { document, property }: PlacedProperty): Fix {
  const lines = document.sections.filter(s => sectionKind(s.name) === 'server' && s.nameRange);
  const without = lines.filter(s => !model.sections.get(s.name)?.values.has(property.name));
  const first = without.filter((s, i) => without.findIndex(o => o.name === s.name) === i);
  const edits = first.map(({ range }) => {
    const at = { line: range.start.line + 1, character: 0 };
    return { range: { start: at, end: at }, newText: `${property.name}=${property.value}${lineEnding(document.text)}` };
  });
  return {
    title: msg('Move {name} to the section of every server', { name: property.name }),
    edits: [removeLine(property.range), ...edits],
  };
}

/** What is odd about single parameters although their type is right. `text`: as MHA reads it. */
export function checkSpecial(
  { document, property, section }: PlacedProperty,
  name: ParameterName,
  text: string,
  add: Add,
): void {
  const at = { file: document.file, range: property.range };
  const sibling = (other: string): string | undefined =>
    section.properties.findLast(p => p.name === other && !p.extended)?.value;
  switch (name) {
    case 'password':
    case 'repl_password':
      if (text === '') return;
      add({
        code: 'clear-text-password',
        ...at,
        message: msg('{name} is here in clear text. "#@ defaults_file=…" names a protected option file instead.', {
          name,
        }),
      });
      if (text.length < 8 || /^\d+$/.test(text))
        add({
          code: 'weak-password',
          ...at,
          message: msg('{name} is easy to guess: fewer than 8 characters, or digits only.', { name }),
        });
      return;
    case 'ping_interval':
      if (Number(text) > 9)
        add({
          code: 'ping-interval-too-long',
          ...at,
          message: msg(
            'Pings every {seconds} seconds: a dead master is noticed after {total} seconds, and masterha_check_status calls the status too old.',
            {
              seconds: text,
              total: Number(text) * 4,
            },
          ),
        });
      return;
    case 'manager_workdir':
    case 'remote_workdir':
      if (
        /\.(?:log|txt|out|err|cnf|conf)$/i.test(text) ||
        (name === 'manager_workdir' && text !== '' && text === sibling('manager_log'))
      )
        add({
          code: 'workdir-looks-like-file',
          ...at,
          message: msg('{name} is a directory: MHA makes a directory of the name "{path}".', {
            name,
            path: shown(text),
          }),
        });
      return;
    case 'ssh_ip': {
      const connects = sibling('ssh_host') ?? sibling('ip') ?? sibling('hostname');
      if (text === '' || text === connects) return;
      const fixes: Fix[] =
        sibling('ssh_host') === undefined
          ? [
              {
                title: msg('Change to "{name}"', { name: 'ssh_host' }),
                edits: [{ range: property.nameRange, newText: 'ssh_host' }],
              },
            ]
          : [];
      add({
        code: 'ssh-ip-ignored',
        ...at,
        message: msg('MHA accepts ssh_ip and does not use it: it connects to ssh_host, ip or hostname.'),
        fixes,
      });
      return;
    }
    default:
  }
}

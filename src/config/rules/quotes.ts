import { msg } from '../../l10n/message';
import { isTrue, plainText, stripQuotes } from '../levels';
import type { Parameter, ParameterName } from '../parameters';
import { maskPasswords } from '../secret';
import type { Fix, Range } from '../types';
import type { Add } from './draft';
import { shown } from './draft';
import type { Place, PlacedProperty } from './place';
import { hostIsRejected, inDefaults } from './place';

/**
 * What MHA makes of a value that it inherits to the servers: one layer of quotes goes at each level on the way.
 * `script`: there is a level of init_conf_load_script in between.
 */
export function readByMha(
  name: ParameterName,
  inheritance: Parameter['inheritance'],
  place: Place,
  value: string,
  script: boolean,
): string {
  if (name === 'ssh_options') return value.replace(/['"]/g, '');
  const below = inDefaults(place) && inheritance === 'inherited' && name !== 'init_conf_load_script';
  let layers = 1;
  if (place === 'global' && inheritance === 'inherited') layers++;
  if (below) layers += script ? 2 : 1;
  let text = value;
  for (let i = 0; i < layers && isTrue(text); i++) text = stripQuotes(text);
  return text;
}

/** Quotes at the ends of a value. True if there is nothing more to say about it. */
export function checkQuotes(placed: PlacedProperty, parameter: Parameter, script: boolean, add: Add): boolean {
  const { document, property, place } = placed;
  const name = property.name as ParameterName;
  const { value, valueRange } = property;
  if (!value.includes('"') && !value.includes("'")) return false;
  const file = document.file;
  if (name === 'hostname' || name === 'ssh_host') {
    if (!hostIsRejected(placed, value)) return false;
    const fixes = [editFix(valueRange, value, value.replace(/['"]/g, ''))].flat();
    add({
      code: 'quoted-host',
      file,
      range: valueRange,
      message: msg('MHA looks up the name with its quotes, and does not find it.'),
      fixes,
    });
    return true;
  }
  if (parameter.type === 'positiveInteger' || parameter.type === 'pingType') return false;
  const read = readByMha(name, parameter.inheritance, place, value, script);
  const plain = plainText(value);
  const range = valueRange;
  if (name === 'ssh_options') {
    if (!quotesMatter(plain)) return false;
    const message = msg('MHA removes all quotes from ssh_options: an option with a blank in it falls apart.');
    add({ code: 'misread-quotes', file, range, message });
    return true;
  }
  const isCommand = parameter.type === 'command';
  if (read !== plain) {
    add({
      code: 'misread-quotes',
      file,
      range,
      message:
        parameter.type === 'secret'
          ? msg(
              'MHA removes quotes from the ends of {name}, also single ones: it does not read what is written here.',
              { name },
            )
          : msg('MHA removes quotes from the ends of a value, also single ones: it reads "{read}".', {
              read: shown(isCommand ? maskPasswords(read) : read),
            }),
      fixes: isCommand ? escapeFix(valueRange, value) : editFix(valueRange, value, read),
    });
    return true;
  }
  if (isCommand) {
    if (!isUnclosed(read)) return false;
    const message = msg('A quote is not closed: the shell will not run this command.');
    add({ code: 'unbalanced-quotes', file, range, message, severity: 'error', blocksAction: true });
    return true;
  }
  if (value[0] !== '"' && value[0] !== "'") return false;
  if (plain === value)
    add({
      code: 'unbalanced-quotes',
      file,
      range,
      message: msg('The quote at the start has no partner: MHA takes it for a part of the value.'),
      fixes: [
        { title: msg('Remove the quote'), edits: [{ range: { ...range, end: after(range, 1) }, newText: '' }] },
        {
          title: msg('Add the closing quote'),
          edits: [{ range: { start: range.end, end: range.end }, newText: value[0] }],
        },
      ],
    });
  return false;
}

function after({ start }: Range, columns: number): Range['start'] {
  return { line: start.line, character: start.character + columns };
}

/** Deletes what MHA does not read, so that no edit repeats a password; nothing if MHA would strip the rest again. */
function editFix(range: Range, value: string, read: string): Fix[] {
  const at = value.indexOf(read);
  if (at === -1 || read === '' || stripQuotes(read) !== read) return [];
  const title = msg('Remove the quotes that MHA removes');
  const edits = [
    { range: { start: range.start, end: after(range, at) }, newText: '' },
    { range: { start: after(range, at + read.length), end: range.end }, newText: '' },
  ];
  return [{ title, edits: edits.filter(e => e.range.start.character < e.range.end.character) }];
}

/** `… "a b"` at the end of a command becomes `… a\ b`: the same to the shell, and no quote for MHA to take. */
function escapeFix(range: Range, value: string): Fix[] {
  const match = /(?:^|[\s=])("[^"'\\$`]*"|'[^"'\\]*')$/.exec(value);
  const word = match?.[1];
  if (word === undefined || isUnclosed(value.slice(0, -word.length))) return [];
  const inner = word.slice(1, -1);
  if (inner === '') return [];
  const start = after(range, value.length - word.length);
  const newText = inner.replace(/[^\w./:=@%+,-]/g, '\\$&');
  return [{ title: msg('Write it without quotes'), edits: [{ range: { start, end: range.end }, newText }] }];
}

/** Whether the shell would miss a closing quote. */
function isUnclosed(command: string): boolean {
  let quote = '';
  for (let i = 0; i < command.length; i++) {
    const character = command[i] ?? '';
    if (character === '\\' && quote !== "'") i++;
    else if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
  }
  return quote !== '';
}

/** Whether quotes hold blanks together, or are not closed. */
function quotesMatter(options: string): boolean {
  if (isUnclosed(options)) return true;
  return (options.match(/"[^"]*"|'[^']*'/g) ?? []).some(part => /\s/.test(part));
}

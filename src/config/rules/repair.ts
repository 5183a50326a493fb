import { msg } from '../../l10n/message';
import { isBlank, parseDocument, trimBlanks } from '../document';
import { isParameter } from '../model';
import { soundsSecret } from '../secret';
import { lineEnding, linesOf } from '../sections';
import type { Fix, MhaDocument, Range, TextEdit } from '../types';
import { hasForeign, withoutForeign } from './characters';
import type { Draft } from './draft';
import { shown } from './draft';

/**
 * The rejected lines of a file as findings, and the file with those lines read as they are plainly meant (same columns):
 * without that, a mistake in one header would make nonsense of all lines below it.
 */
export function repairDocument(document: MhaDocument): { document: MhaDocument; drafts: readonly Draft[] } {
  const bom = document.text.startsWith('\ufeff');
  if (!bom && document.problems.length === 0) return { document, drafts: [] };
  const lines = [...linesOf(document)];
  const drafts: Draft[] = [];
  const readAs = (row: number, line: string): void => void (lines[row] = line);
  if (bom) {
    drafts.push(byteOrderMark(document));
    readAs(0, ` ${(lines[0] ?? '').slice(1)}`);
  }
  const problems = bom ? parseDocument(` ${document.text.slice(1)}`, document.file).problems : document.problems;
  for (const { range, text } of problems) {
    const row = range.start.line;
    const line = lines[row] ?? '';
    const { draft, repaired } = judge(document, range, line, text);
    drafts.push(draft);
    if (repaired !== undefined) readAs(row, repaired);
  }
  const repaired = parseDocument(lines.join(lineEnding(document.text)), document.file);
  return { document: { ...repaired, encoding: document.encoding }, drafts };
}

function byteOrderMark(document: MhaDocument): Draft {
  const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } };
  return {
    code: 'byte-order-mark',
    file: document.file,
    range,
    message: msg('The file starts with a byte order mark (BOM): MHA takes it for a part of the first line.'),
    fixes: [{ title: msg('Remove the byte order mark'), edits: [{ range, newText: '' }] }],
  };
}

interface Judgement {
  readonly draft: Draft;
  /** The line as it is meant, if one can tell. */
  readonly repaired?: string;
}

function judge(document: MhaDocument, range: Range, line: string, text: string): Judgement {
  return (
    foreignSyntax(document, range, line) ??
    headerWithComment(document, range, line) ??
    almostProperty(document, range, line) ?? {
      draft: {
        code: 'syntax-error',
        file: document.file,
        range,
        message: soundsSecret(text)
          ? msg('Neither a section, a "name=value" line nor a comment: MHA rejects the whole file.')
          : msg('"{text}" is neither a section, a "name=value" line nor a comment: MHA rejects the whole file.', {
              text: shown(text),
            }),
      },
    }
  );
}

/** `［server1］`, `user＝x`: only what stands before the value is looked at. */
function foreignSyntax(document: MhaDocument, range: Range, line: string): Judgement | undefined {
  if (!hasForeign(line)) return undefined;
  const equals = line.search(/[=\uff1d]/);
  const isHeader = withoutForeign(line.slice(0, 8)).trimStart().startsWith('[');
  const end = isHeader || equals === -1 ? range.end.character : equals + 1;
  const head = line.slice(0, end);
  const plain = withoutForeign(head, true);
  const repaired = plain + line.slice(end);
  if (plain === head || parseDocument(repaired, '').problems.length > 0) return undefined;
  const edit = { range: { start: { ...range.start, character: 0 }, end: { ...range.end, character: end } } };
  return {
    draft: {
      code: 'foreign-character',
      file: document.file,
      range,
      message: msg('Full-width or invisible characters: MHA does not understand the line and rejects the whole file.'),
      fixes: [
        { title: msg('Write ASCII characters'), edits: [{ ...edit, newText: withoutForeign(head) }], forAll: true },
      ],
      rejectedByMha: true,
      blocksAction: false,
    },
    repaired,
  };
}

/** `[server1] # master`, `[server1`. */
function headerWithComment(document: MhaDocument, range: Range, line: string): Judgement | undefined {
  const first = range.start.character;
  if (line[first] !== '[') return undefined;
  const close = line.indexOf(']', first);
  const { line: row } = range.start;
  const file = document.file;
  if (close === -1) {
    const name = trimBlanks(line.slice(first + 1));
    if (!/^(?:server|binlog)[\w. -]*$/i.test(name)) return undefined;
    const edit: TextEdit = { range: { start: range.end, end: range.end }, newText: ']' };
    return {
      draft: {
        code: 'syntax-error',
        file,
        range,
        message: msg('The closing bracket of the section header is missing: MHA rejects the whole file.'),
        fixes: [{ title: msg('Add the bracket'), edits: [edit] }],
      },
      repaired: `${line}]`,
    };
  }
  if (close === first + 1) return undefined;
  const at = { line: row, character: close + 1 };
  const end = { line: row, character: line.length };
  return {
    draft: {
      code: 'comment-after-header',
      file,
      range: { start: at, end },
      message: msg('Nothing may follow a section header: MHA rejects the whole file.'),
      fixes: [moveFix(document, row, at.character, line.slice(close + 1), first)],
    },
    repaired: line.slice(0, close + 1),
  };
}

/** `user: root`, `user root`, `no_master`. */
function almostProperty(document: MhaDocument, range: Range, line: string): Judgement | undefined {
  const [, name = '', between = '', value = ''] = /^[ \t]*(\w{1,64})([ \t]*:?[ \t]*)(.*)$/.exec(line) ?? [];
  if (!isParameter(name)) return undefined;
  const start = range.start.character + name.length;
  const flag = value === '';
  const edit: TextEdit = {
    range: {
      start: { line: range.start.line, character: start },
      end: { line: range.start.line, character: start + between.length },
    },
    newText: flag ? '=1' : '=',
  };
  const isFlag = flag && (name === 'no_master' || name === 'candidate_master' || name === 'ignore_fail');
  return {
    draft: {
      code: 'syntax-error',
      file: document.file,
      range,
      message: msg('"{name}" without "=": MHA rejects the whole file.', { name }),
      fixes: flag && !isFlag ? [] : [{ title: msg('Insert "="'), edits: [edit] }],
    },
  };
}

/** Moves what stands from a column on into a comment line of its own above. */
export function moveFix(document: MhaDocument, row: number, column: number, comment: string, indent: number): Fix {
  return {
    title: msg('Move the comment to its own line'),
    edits: moveEdits(document, row, column, comment, indent),
    forAll: true,
  };
}

export function moveEdits(
  document: MhaDocument,
  row: number,
  column: number,
  comment: string,
  indent: number,
): readonly TextEdit[] {
  const line = linesOf(document)[row] ?? '';
  let from = column;
  while (from > 0 && isBlank(line.charCodeAt(from - 1))) from--;
  const text = comment.replace(/^[\s#;\uff03\uff1b]+|^\s*(?:\/\/+|--+|\/\*+)\s*/, '').trim();
  const start = { line: row, character: 0 };
  return [
    { range: { start, end: start }, newText: `${line.slice(0, indent)}# ${text}${lineEnding(document.text)}` },
    {
      range: { start: { line: row, character: from }, end: { line: row, character: line.length } },
      newText: '',
    },
  ];
}

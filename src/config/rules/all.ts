import { msg } from '../../l10n/message';
import { plainText } from '../levels';
import { buildModel, isExtendedParameter, isParameter } from '../model';
import type { Model } from '../model';
import { EXTENDED_PARAMETERS, PARAMETERS } from '../parameters';
import type { Parameter } from '../parameters';
import type { ConfigFinding, MhaDocument } from '../types';
import { checkCluster } from './cluster';
import { checkComments, joinCommentFixes } from './comments';
import type { Add, Draft } from './draft';
import { shown, sortFindings, toFinding } from './draft';
import { checkName } from './names';
import { isEffective, placedProperties } from './place';
import type { PlacedProperty } from './place';
import { checkQuotes, readByMha } from './quotes';
import { repairDocument } from './repair';
import { checkScript } from './script';
import { checkSecondary } from './secondary';
import { checkServers } from './servers';
import { checkCharacters, checkCut, checkPlace, checkSpecial } from './special';
import { checkStructure } from './structure';
import { checkValue } from './values';

/** Of both files together. */
const MOST_FINDINGS = 2000;

/** Everything there is to say about an application file, its global file and its script's output, all at once. */
export function findAll(original: Model): ConfigFinding[] {
  const { application, global } = original.input;
  const { drafts, add, left } = collector();
  const readable = repaired(original, add);
  if (readable) {
    const model = checkComments(readable, add);
    for (const document of [model.input.application, model.input.global]) if (document) checkDocument(document, add);
    checkApplicationName(application, add);
    checkStructure(model, add);
    for (const placed of placedProperties(model)) {
      if (checkName(placed, add) && isEffective(model, placed)) checkProperty(model, placed, add);
    }
    checkServers(model, add);
    checkCluster(model, add);
    checkSecondary(model, add);
    checkScript(model, add);
  }
  if (left() > 0)
    add({
      code: 'too-many-findings',
      file: application.file,
      range: START,
      message: msg('{count} more findings are not listed.', { count: left() }),
    });
  return sortFindings(joinCommentFixes(drafts).map(toFinding), [application.file, ...(global ? [global.file] : [])]);
}

/** From the outside in: what makes the value unreadable hides what could be said about it. */
function checkProperty(model: Model, placed: PlacedProperty, add: Add): void {
  const { name, extended, value } = placed.property;
  if (extended) {
    if (!isExtendedParameter(name)) return;
    const parameter: Parameter = EXTENDED_PARAMETERS[name];
    if (checkCharacters(placed, parameter, add)) return;
    checkValue(placed, parameter, plainText(value), add);
    return;
  }
  if (!isParameter(name)) return;
  const parameter: Parameter = PARAMETERS[name];
  checkPlace(model, placed, parameter, add);
  if (checkCut(placed, parameter, add)) return;
  if (checkCharacters(placed, parameter, add)) return;
  const script = model.input.script !== undefined;
  if (checkQuotes(placed, parameter, script, add)) return;
  const text = readByMha(name, parameter.inheritance, placed.place, value, script);
  checkValue(placed, parameter, text, add);
  checkSpecial(placed, name, text, add);
}

/** `.cnf`: nothing is left when MHA takes the extension off. */
function checkApplicationName({ file }: MhaDocument, add: Add): void {
  if (!/(?:^|[\\/])\.[^.\\/]*$/.test(file)) return;
  add({
    code: 'application-name',
    file,
    range: START,
    message: msg(
      'Nothing is left of the file name without its extension: MHA uses the whole path as the name of the application, and its state files can not be written.',
    ),
  });
}

function checkDocument(document: MhaDocument, add: Add): void {
  for (const { range, text } of document.malformedExtended)
    add({
      code: 'malformed-extended-parameter',
      file: document.file,
      range,
      message: msg('"{text}" is not "#@ name=value".', { text: shown(text) }),
    });
  if (document.encoding === 'latin1')
    add({
      code: 'not-utf8',
      file: document.file,
      range: START,
      message: msg(
        'The file is not UTF-8: its comments are shown wrongly. Nothing of them is lost when it is edited here.',
      ),
    });
}

/**
 * Keeps a bounded number of findings: a file that is no configuration could have one on each of its lines. What forbids
 * acting is never lost as a fact: one of the kind is kept in any case.
 */
function collector(): { drafts: Draft[]; add: Add; left: () => number } {
  const drafts: Draft[] = [];
  let left = 0;
  const seen = { rejected: false, blocked: false };
  const add: Add = draft => {
    const { rejectedByMha, blocksAction } = toFinding(draft);
    const isNews = (rejectedByMha && !seen.rejected) || (blocksAction && !seen.blocked);
    seen.rejected ||= rejectedByMha;
    seen.blocked ||= blocksAction;
    if (drafts.length < MOST_FINDINGS || isNews || draft.code === 'too-many-findings') drafts.push(draft);
    else left++;
  };
  return { drafts, add, left: () => left };
}

const START = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

/** Read as Latin-1 or UTF-8: the byte order mark, or every other byte NUL. */
// eslint-disable-next-line no-control-regex
const UTF_16 = /^(?:\xff\xfe|\xfe\xff|(?:[\x01-\x7f]\0){4}|(?:\0[\x01-\x7f]){4})/;

/** The model of the files with their rejected lines read as they are meant; nothing if a file is not text. */
function repaired(model: Model, add: Add): Model | undefined {
  const { application, global } = model.input;
  const documents = global ? [application, global] : [application];
  for (const { text, file } of documents)
    if (text.includes('\0')) {
      add({
        code: 'binary-file',
        file,
        range: START,
        message: UTF_16.test(text)
          ? msg('The file is saved as UTF-16, which MHA cannot read: save it as UTF-8.')
          : msg('The file holds NUL bytes: it is not a text file.'),
      });
      return undefined;
    }
  const [mine, theirs] = documents.map(repairDocument);
  for (const draft of [...(mine?.drafts ?? []), ...(theirs?.drafts ?? [])]) add(draft);
  if (mine?.document === application && theirs?.document === global) return model;
  return buildModel({
    ...model.input,
    ...(mine && { application: mine.document }),
    ...(theirs && { global: theirs.document }),
  });
}

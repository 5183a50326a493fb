import { msg } from '../../l10n/message';
import { buildModel } from '../model';
import type { Model } from '../model';
import type { ConfigFinding } from '../types';
import type { Add, Draft } from './draft';
import { sortFindings, toFinding } from './draft';
import { checkName } from './names';
import { placedProperties } from './place';
import { repairDocument } from './repair';
import { checkServers } from './servers';
import { checkStructure } from './structure';

/** Everything there is to say about an application file, its global file and its script's output, all at once. */
export function findAll(original: Model): ConfigFinding[] {
  const { application, global } = original.input;
  const drafts: Draft[] = [];
  const add: Add = draft => void drafts.push(draft);
  const model = repaired(original, add);
  if (model) {
    checkStructure(model, add);
    for (const placed of placedProperties(model)) {
      if (!checkName(placed, add)) continue;
    }
    checkServers(model, add);
  }
  return sortFindings(drafts.map(toFinding), [application.file, ...(global ? [global.file] : [])]);
}

/** The model of the files with their rejected lines read as they are meant; nothing if a file is not text. */
function repaired(model: Model, add: Add): Model | undefined {
  const { application, global } = model.input;
  const documents = global ? [application, global] : [application];
  for (const { text, file } of documents)
    if (text.includes('\0')) {
      const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
      add({ code: 'binary-file', file, range, message: msg('The file holds NUL bytes: it is not a text file.') });
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

import { distance } from 'fastest-levenshtein';
import { msg } from '../../l10n/message';
import { isParameter } from '../model';
import type { Model } from '../model';
import { lineEnding, sectionKind } from '../sections';
import type { MergedSection } from '../sections';
import type { Fix, MhaDocument, Property, Range, Section, TextEdit } from '../types';
import { withoutForeign } from './characters';
import type { Add } from './draft';
import { shown } from './draft';

/** Names of sections, and what is written twice. */
export function checkStructure(model: Model, add: Add): void {
  const { application, global } = model.input;
  for (const section of model.sections.values()) {
    checkSectionName(model, section, add);
    checkRuns(application, section, model, add);
  }
  if (!global) return;
  for (const section of model.globalSections.values()) {
    if (section.name === 'server default') checkRuns(global, section, model, add);
    else
      add({
        code: 'global-section-ignored',
        file: global.file,
        range: section.nameRange,
        message: msg('MHA reads only [server default] of the global file: [{section}] has no effect.', {
          section: shown(section.name),
        }),
      });
  }
}

function checkSectionName(model: Model, section: MergedSection, add: Add): void {
  const { name, nameRange } = section;
  const file = model.input.application.file;
  const rename = (to: string): Fix[] => [
    {
      title: msg('Change to "{name}"', { name: `[${to}]` }),
      edits: section.runs.flatMap(run => (run.nameRange ? [{ range: run.nameRange, newText: to }] : [])),
    },
  ];
  if (isMisspeltDefault(section)) {
    add({
      code: 'misspelt-server-default',
      file,
      range: nameRange,
      message: msg('[{section}] is not [server default]: MHA does not take it for the defaults of all servers.', {
        section: shown(name),
      }),
      fixes: rename('server default'),
    });
    return;
  }
  if (sectionKind(name) !== 'invalid') return;
  const first = section.runs[0];
  if (name === '_' && first && !first.nameRange) {
    const property = first.properties.find(p => !p.extended);
    add({
      code: property ? 'property-outside-section' : 'no-effect-here',
      file,
      range: (property ?? first.properties[0])?.range ?? nameRange,
      message: property
        ? msg('A parameter before the first section header: MHA rejects the whole file.')
        : msg('An extended parameter before the first section header has no effect.'),
      fixes: [insertDefaultHeader(model, first)],
      ...(property ? {} : { severity: 'warning' as const }),
    });
    return;
  }
  const meant = meantSection(model, name);
  add({
    code: 'invalid-section',
    file,
    range: nameRange,
    message: msg(
      'MHA rejects the section [{section}]: allowed are [server default], [server…] and [binlog…] without a blank behind "server" or "binlog".',
      { section: shown(name) },
    ),
    fixes: meant === undefined ? [] : rename(meant),
  });
}

function insertDefaultHeader(model: Model, section: Section): Fix {
  const start = { line: section.properties[0]?.nameRange.start.line ?? 0, character: 0 };
  const edits: TextEdit[] = [
    { range: { start, end: start }, newText: `[server default]${lineEnding(model.input.application.text)}` },
  ];
  return { title: msg('Insert [server default]'), edits };
}

/** `[server_default]`, `[Server Default]`, `[default]`, with a full-width blank; not if it describes a server. */
export function isMisspeltDefault(section: MergedSection): boolean {
  if (section.name === 'server default' || section.values.has('hostname')) return false;
  const plain = withoutForeign(section.name)
    .toLowerCase()
    .replace(/[\s_.-]+/g, '');
  return plain === 'default' || (plain.length < 18 && distance(plain, 'serverdefault') <= 2);
}

function meantSection(model: Model, name: string): string | undefined {
  if (name.length > 64) return undefined;
  const plain = withoutForeign(name).trim().toLowerCase().replace(/\s+/g, '');
  const free = (prefix: string): string => {
    let n = 1;
    while (model.sections.has(`${prefix}${n}`)) n++;
    return `${prefix}${n}`;
  };
  if (plain === 'server' || plain === 'binlog') return free(plain);
  const [, word = '', rest = ''] = /^([a-z]+)[_.-]*(\d+)$/.exec(plain) ?? [];
  const near = ['server', 'binlog'].find(prefix => distance(word, prefix) <= 2);
  const meant = near ? `${near}${rest}` : /^(?:server|binlog)\S/.test(plain) ? plain : undefined;
  return meant !== undefined && !model.sections.has(meant) ? meant : undefined;
}

function checkRuns(document: MhaDocument, section: MergedSection, model: Model, add: Add): void {
  const [first, ...again] = section.runs;
  if (!first) return;
  const hosts = new Set(
    section.runs.flatMap(run => run.properties.flatMap(p => (p.name === 'hostname' ? [p.value] : []))),
  );
  const twoServers = again.length > 0 && hosts.size > 1 && sectionKind(section.name) !== 'default';
  for (const run of again) {
    const range = run.nameRange ?? run.range;
    const line = section.nameRange.start.line + 1;
    const name = shown(section.name);
    const free = twoServers ? freeName(model, section.name) : undefined;
    add({
      code: 'duplicate-section',
      file: document.file,
      range,
      message: twoServers
        ? msg('[{section}] is also in line {line}, with another hostname: MHA makes one server of the two.', {
            section: name,
            line,
          })
        : msg('[{section}] is also in line {line}: MHA merges the two, the last value of each parameter counts.', {
            section: name,
            line,
          }),
      fixes:
        free === undefined
          ? []
          : [{ title: msg('Change to "{name}"', { name: `[${free}]` }), edits: [{ range, newText: free }] }],
      ...(twoServers ? { severity: 'error' as const, blocksAction: true } : {}),
    });
  }
  for (const run of twoServers ? section.runs : [undefined])
    checkDuplicates(document, section, run?.properties ?? section.runs.flatMap(r => r.properties), add);
}

function freeName(model: Model, name: string): string {
  const prefix = name.replace(/\d+$/, '');
  let n = 1;
  while (model.sections.has(`${prefix}${n}`)) n++;
  return `${prefix}${n}`;
}

function checkDuplicates(
  document: MhaDocument,
  section: MergedSection,
  properties: readonly Property[],
  add: Add,
): void {
  const last = new Map<string, Property>();
  for (const property of properties.toReversed()) {
    const key = `${property.extended ? '#@' : ''}${property.name}`;
    const later = last.get(key);
    if (!later) last.set(key, property);
    else if (property.extended || isParameter(property.name))
      add({
        code: 'duplicate-parameter',
        file: document.file,
        range: property.range,
        message: msg('"{name}" is written again in line {line} of [{section}]: this line has no effect.', {
          name: property.name,
          line: later.range.start.line + 1,
          section: shown(section.name),
        }),
        fixes: [{ title: msg('Remove the line'), edits: [removeLine(property.range)] }],
      });
  }
}

/** The whole line, with its line break. */
export function removeLine({ start }: Range): TextEdit {
  return {
    range: { start: { line: start.line, character: 0 }, end: { line: start.line + 1, character: 0 } },
    newText: '',
  };
}

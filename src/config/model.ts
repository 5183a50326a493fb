import { readScriptOutput } from './initScript';
import type { ScriptOutput, ScriptProblem } from './initScript';
import { evaluator, plainText, processWide } from './levels';
import type { Cell, Level, Own } from './levels';
import { EXTENDED_PARAMETERS, PARAMETERS } from './parameters';
import type { ExtendedName, ParameterName } from './parameters';
import { mergeSections, sectionKind, serverOrder, sortBytewise } from './sections';
import type { MergedSection } from './sections';
import type { MhaDocument, Origin, Property, Range } from './types';

export interface ResolveInput {
  readonly application: MhaDocument;
  readonly global?: MhaDocument;
  /** Absent: not run. */
  readonly script?: ScriptOutput;
  /** The operating system's user of this process: default of `ssh_user`. */
  readonly loginUser: string;
}

/** One `[serverN]` or `[binlogN]`, evaluated. */
export interface ServerModel {
  readonly id: string;
  readonly kind: 'server' | 'binlog';
  readonly section: MergedSection;
  readonly level: Level;
}

/** The files as MHA evaluates them, with everything still traceable to its line. */
export interface Model {
  readonly input: ResolveInput;
  readonly sections: ReadonlyMap<string, MergedSection>;
  readonly globalSections: ReadonlyMap<string, MergedSection>;
  /** After the global file's, the application's, and the script's turn. */
  readonly global?: Level;
  readonly application: Level;
  readonly defaults: Level;
  readonly scriptProblems: readonly ScriptProblem[];
  /** In MHA's order. */
  readonly servers: readonly ServerModel[];
  readonly binlogServers: readonly ServerModel[];
  readonly sshOptions: Cell;
}

export function isParameter(name: string): name is ParameterName {
  return Object.hasOwn(PARAMETERS, name);
}

export function isExtendedParameter(name: string): name is ExtendedName {
  return Object.hasOwn(EXTENDED_PARAMETERS, name);
}

export function buildModel(input: ResolveInput): Model {
  const { application, global, script, loginUser } = input;
  const sections = mergeSections(application);
  const globalSections: ReadonlyMap<string, MergedSection> = global ? mergeSections(global) : new Map();
  const globalDefaults = globalSections.get('server default');

  const globalLevel = global && evaluator(undefined, loginUser)(own(globalDefaults, global.file, 'global'));
  const applicationLevel = evaluator(
    globalLevel,
    loginUser,
  )(own(sections.get('server default'), application.file, 'application'));
  const output = script && readScriptOutput(script, isParameter);
  const defaults = output
    ? evaluator(applicationLevel, loginUser)({ mha: output.values, extended: new Map() })
    : applicationLevel;

  const evaluate = evaluator(defaults, loginUser);
  const server = (id: string, kind: 'server' | 'binlog'): ServerModel | undefined => {
    const section = sections.get(id);
    return section && { id, kind, section, level: evaluate(own(section, application.file, 'server')) };
  };
  const ids = (kind: 'server' | 'binlog'): string[] => [...sections.keys()].filter(name => sectionKind(name) === kind);
  const servers = serverOrder(ids('server')).flatMap(id => server(id, 'server') ?? []);
  const binlogServers = sortBytewise(ids('binlog')).flatMap(id => server(id, 'binlog') ?? []);

  const levels = new Map([...servers, ...binlogServers].map(s => [s.id, s.level]));
  const parseOrder = sortBytewise([...levels.keys()]).flatMap(id => levels.get(id) ?? []);
  const outer = globalLevel ? [globalLevel, applicationLevel] : [applicationLevel];
  return {
    input,
    sections,
    globalSections,
    ...(globalLevel ? { global: globalLevel } : {}),
    application: applicationLevel,
    defaults,
    scriptProblems: output?.problems ?? [],
    servers,
    binlogServers,
    sshOptions: processWide([...outer, ...(output ? [defaults] : []), ...parseOrder]),
  };
}

function own(section: MergedSection | undefined, file: string, level: 'global' | 'application' | 'server'): Own {
  const mha = new Map<string, Cell>();
  const extended = new Map<string, Cell>();
  if (!section) return { mha, extended };
  const cell = (property: Property, value: string): Cell => {
    const origin: Origin = { level, file, section: section.name, range: property.range };
    return { value, origin, property };
  };
  for (const [name, property] of section.values) mha.set(name, cell(property, property.value));
  for (const [name, property] of section.extended) extended.set(name, cell(property, plainText(property.value)));
  return { mha, extended };
}

/** The command of `init_conf_load_script` after the application file's turn ('': none), and where it is written. */
export function initScriptOf(model: Model): { command: string; at: { file: string; range: Range } } {
  const { value, origin } = model.application.mha.init_conf_load_script;
  const start = { line: 0, character: 0 };
  const at =
    'range' in origin
      ? { file: origin.file, range: origin.range }
      : { file: model.input.application.file, range: { start, end: start } };
  return { command: value ?? '', at };
}

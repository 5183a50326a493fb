import { toTyped } from './typed';
import type { Cell, Cells } from './levels';
import { buildModel, initScriptOf } from './model';
import type { Model, ResolveInput, ServerModel } from './model';
import { EXTENDED_PARAMETERS, PARAMETERS } from './parameters';
import type { ExtendedName, ExtendedValues, Parameter, ParameterName, ParameterValues } from './parameters';
import { findAll } from './rules/all';
import type { ClusterConfig, ConfigFinding, Origin, Range, Resolution, ServerConfig } from './types';

export type { ResolveInput } from './model';

/**
 * What an application file means to MHA 0.58, typed, with the origin of every value, and everything that there is to say
 * about it and its global file. Pure: no file is read, no name is looked up, no program is run.
 */
export function resolve(input: ResolveInput): Resolution {
  const model = buildModel(input);
  const findings = findAll(model);
  return findings.some(f => f.rejectedByMha) ? { findings } : { cluster: clusterOf(model), findings };
}

/** The findings that forbid acting on a cluster: MHA rejects the file, or reads it otherwise than it is plainly meant. */
export function blockers(resolution: Resolution): ConfigFinding[] {
  return resolution.findings.filter(f => f.rejectedByMha || f.blocksAction);
}

/** MHA's name of an application: the file's base name without its last extension (`app1.prod.cnf`: `app1.prod`). */
export function applicationName(file: string): string {
  const base = file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
  const dot = base.lastIndexOf('.');
  const name = dot === -1 ? base : base.slice(0, dot);
  return name === '' ? file : name;
}

/** The command of `init_conf_load_script` that MHA would run ('': none), and the line that has it. */
export function initScript(input: Omit<ResolveInput, 'script'>): {
  readonly command: string;
  readonly at: { readonly file: string; readonly range: Range };
} {
  return initScriptOf(buildModel(input));
}

function clusterOf(model: Model): ClusterConfig {
  const typed = new TypedCells();
  const config = (server: ServerModel): ServerConfig => typed.server(server, model.sshOptions);
  const { application, global } = model.input;
  return {
    name: applicationName(application.file),
    file: application.file,
    ...(global ? { globalFile: global.file } : {}),
    servers: model.servers.map(config),
    binlogServers: model.binlogServers.map(config),
  };
}

const MHA_ENTRIES = Object.entries(PARAMETERS) as [ParameterName, Parameter][];
const EXTENDED_ENTRIES = Object.entries(EXTENDED_PARAMETERS) as [ExtendedName, Parameter][];

/** Servers share the cells that they inherit: each is converted once. */
class TypedCells {
  readonly #known = new Map<Cell, Map<string, unknown>>();

  server({ id, kind, level, section }: ServerModel, sshOptions: Cell): ServerConfig {
    const mha: Cells<ParameterName> = { ...level.mha, ssh_options: sshOptions };
    const values: Partial<Record<ParameterName, unknown>> = {};
    const origins: Partial<Record<ParameterName, Origin>> = {};
    for (const [name, parameter] of MHA_ENTRIES) {
      values[name] = this.#value(name, parameter, mha[name]);
      origins[name] = mha[name].origin;
    }
    const extended: Partial<Record<ExtendedName, unknown>> = {};
    const extendedOrigins: Partial<Record<ExtendedName, Origin>> = {};
    for (const [name, parameter] of EXTENDED_ENTRIES) {
      extended[name] = this.#value(name, parameter, level.extended[name]);
      extendedOrigins[name] = level.extended[name].origin;
    }
    return {
      id,
      kind,
      values: values as ParameterValues,
      origins: origins as Record<ParameterName, Origin>,
      extended: extended as ExtendedValues,
      extendedOrigins: extendedOrigins as Record<ExtendedName, Origin>,
      section: section.runs[0]?.range ?? section.nameRange,
    };
  }

  #value(name: string, parameter: Parameter, cell: Cell): unknown {
    if (cell.origin.level === 'server') return toTyped(parameter, cell.value);
    const byName = this.#known.get(cell) ?? new Map<string, unknown>();
    this.#known.set(cell, byName);
    if (!byName.has(name)) byName.set(name, toTyped(parameter, cell.value));
    return byName.get(name);
  }
}

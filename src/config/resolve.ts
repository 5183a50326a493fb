import { applicationName } from './applicationName';
import { toTyped } from './typed';
import { evaluator } from './levels';
import type { Level } from './levels';
import { buildModel, initScriptOf, isExtendedParameter, isParameter } from './model';
import type { Model, ResolveInput, ServerModel } from './model';
import { EXTENDED_PARAMETERS, PARAMETERS } from './parameters';
import type { ExtendedName, ExtendedValues, ParameterName, ParameterValues } from './parameters';
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

/** The command of `init_conf_load_script` that MHA would run ('': none), and the line that has it. */
export function initScript(input: Omit<ResolveInput, 'script'>): {
  readonly command: string;
  readonly at: { readonly file: string; readonly range: Range };
} {
  return initScriptOf(buildModel(input));
}

function clusterOf(model: Model): ClusterConfig {
  const { application, global } = model.input;
  const base = typedLevel(evaluator(model.defaults, model.input.loginUser)({ mha: new Map(), extended: new Map() }));
  base.values['ssh_options'] = toTyped(PARAMETERS.ssh_options, model.sshOptions.value);
  base.origins['ssh_options'] = model.sshOptions.origin;
  const config = (server: ServerModel): ServerConfig => typedServer(base, server);
  return {
    name: applicationName(application.file),
    file: application.file,
    ...(global ? { globalFile: global.file } : {}),
    servers: model.servers.map(config),
    binlogServers: model.binlogServers.map(config),
  };
}

interface TypedLevel {
  readonly values: Record<string, unknown>;
  readonly origins: Record<string, Origin>;
  readonly extended: Record<string, unknown>;
  readonly extendedOrigins: Record<string, Origin>;
}

/** A level's cells converted; the result is copied for each server, so it is made of objects that copy fast. */
function typedLevel({ mha, extended }: Level): TypedLevel {
  const typed: TypedLevel = { values: {}, origins: {}, extended: {}, extendedOrigins: {} };
  for (const [name, parameter] of Object.entries(PARAMETERS)) {
    const cell = mha[name as ParameterName];
    typed.values[name] = toTyped(parameter, cell.value);
    typed.origins[name] = cell.origin;
  }
  for (const [name, parameter] of Object.entries(EXTENDED_PARAMETERS)) {
    const cell = extended[name as ExtendedName];
    typed.extended[name] = toTyped(parameter, cell.value);
    typed.extendedOrigins[name] = cell.origin;
  }
  return {
    values: { ...typed.values },
    origins: { ...typed.origins },
    extended: { ...typed.extended },
    extendedOrigins: { ...typed.extendedOrigins },
  };
}

/** What all servers inherit, with the section's own lines put over it. */
function typedServer(base: TypedLevel, { id, kind, level, section }: ServerModel): ServerConfig {
  const values = { ...base.values };
  const origins = { ...base.origins };
  const extended = { ...base.extended };
  const extendedOrigins = { ...base.extendedOrigins };
  for (const name of section.values.keys()) {
    if (!isParameter(name) || PARAMETERS[name].inheritance === 'process') continue;
    values[name] = toTyped(PARAMETERS[name], level.mha[name].value);
    origins[name] = level.mha[name].origin;
  }
  for (const name of section.extended.keys()) {
    if (!isExtendedParameter(name)) continue;
    extended[name] = toTyped(EXTENDED_PARAMETERS[name], level.extended[name].value);
    extendedOrigins[name] = level.extended[name].origin;
  }
  return {
    id,
    kind,
    values: values as unknown as ParameterValues,
    origins: origins as Record<ParameterName, Origin>,
    extended: extended as unknown as ExtendedValues,
    extendedOrigins: extendedOrigins as Record<ExtendedName, Origin>,
    section: section.runs[0]?.range ?? section.nameRange,
  };
}

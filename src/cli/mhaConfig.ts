import type { FindingCode } from '../config/findingCodes';
import type { LoadedCluster } from '../config/load';
import { DEFAULT_GLOBAL_FILE } from '../config/load';
import { EXTENDED_PARAMETERS } from '../config/parameters';
import { shownName } from '../config/rules/draft';
import { findProperty, sectionAt, sectionKind } from '../config/sections';
import type { ClusterConfig, ConfigFinding, MhaDocument } from '../config/types';
import type { Log } from '../engine/log';
import { format, plainArgs } from '../l10n/message';
import { loadConfig } from './configOptions';

export interface ReadOptions {
  readonly file: string;
  readonly globalFile: string | undefined;
  readonly signal: AbortSignal;
  readonly log?: Log;
}

/** A configuration as the drop-in commands read it. */
export interface ReadConfig {
  readonly loaded: LoadedCluster;
  readonly cluster?: ClusterConfig;
  /** Why MHA would reject it, in MHA's words, each with its place. Empty if there is a cluster. */
  readonly problems: readonly string[];
}

/** Nothing in such a file means anything. */
export const NO_TEXT: ReadonlySet<string> = new Set<FindingCode>(['binary-file', 'file-too-large']);

/** Reads a configuration with MHA's log lines; what MHA rejects is said in MHA's words (mha-config: errors). */
export async function readForMha({ file, globalFile, signal, log }: ReadOptions): Promise<ReadConfig> {
  const loaded = await loadConfig(file, globalFile === undefined ? {} : { global_conf: globalFile }, {
    runInitScript: true,
    signal,
  });
  const global = globalFile ?? DEFAULT_GLOBAL_FILE;
  if (loaded.application) {
    if (loaded.global) log?.log('info', `Reading default configuration from ${global}..`);
    else log?.log('warning', `Global configuration file ${global} not found. Skipping.`);
    log?.log('info', `Reading application default configuration from ${file}..`);
    log?.log('info', `Reading server configuration from ${file}..`);
  }
  const problems = loaded.findings.filter(f => f.rejectedByMha || NO_TEXT.has(f.code)).map(f => problemLine(f, loaded));
  return loaded.cluster && problems.length === 0 ? { loaded, cluster: loaded.cluster, problems } : { loaded, problems };
}

/** `Parameter name foo is invalid! (app1.cnf:12)` */
export function problemLine(finding: ConfigFinding, loaded: LoadedCluster): string {
  const isGlobal = loaded.global !== undefined && finding.file === loaded.global.file;
  const document = isGlobal ? loaded.global : loaded.application;
  if (finding.code === 'file-missing') return `${finding.file} not found!`;
  if (!document) return format(finding.message);
  return `${mhaErrorText(finding, document, isGlobal)} (${finding.file}:${finding.range.start.line + 1})`;
}

/** MHA's own words for a finding, which scripts may search for; ours where MHA has none or less to say. */
export function mhaErrorText(finding: ConfigFinding, document: MhaDocument, isGlobal: boolean): string {
  const ours = format(finding.message);
  const property = findProperty(document, finding.range.start)?.property;
  const section = sectionAt(document, finding.range.start)?.name ?? '_';
  switch (finding.code) {
    case 'syntax-error':
    case 'comment-after-header':
    case 'byte-order-mark':
      return isGlobal ? `Unable to parse/read configuration file: ${document.file}: ${ours}` : ours;
    case 'unknown-parameter':
      return property ? `Parameter name ${shownName(property.name)} is invalid!${hint(finding, property.name)}` : ours;
    case 'invalid-section':
    case 'misspelt-server-default':
    case 'property-outside-section':
      return sectionKind(section) === 'invalid'
        ? `Block name "${section}" is invalid. Block name must be "server default" or start from "server"(+ non-whitespace characters).`
        : noHostname(section);
    case 'no-server':
      return 'No server is defined in configurations file. Check configurations for details';
    case 'no-hostname':
      return noHostname(section);
    case 'duplicate-server':
      return `have duplicate ip:port! Check configurations. ${ours}`;
  }
  if (property?.name === 'ping_interval' || property?.name === 'ssh_connection_timeout')
    return `Parameter ${property.name} must be positive integer! current value: ${property.value}`;
  if (property?.name === 'ping_type')
    return `Parameter ping_type must be either 'CONNECT' or 'SELECT' or 'INSERT'. Current value: ${property.value}`;
  return ours;
}

/** What MHA's sentence leaves out. */
function hint({ message }: ConfigFinding, name: string): string {
  const { nearest } = plainArgs(message, format);
  if (nearest !== undefined) return ` Did you mean ${nearest}?`;
  return Object.hasOwn(EXTENDED_PARAMETERS, name) ? ` It is an extended parameter: write "#@ ${name}=…".` : '';
}

function noHostname(section: string): string {
  return `Server ${section} does not have hostname! Check configurations and make sure to set hostname parameter.`;
}

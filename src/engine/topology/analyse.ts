import type { ClusterConfig } from '../../config/types';
import { availabilityRules } from './rules/availability';
import { candidateRules } from './rules/candidates';
import { configurationRules } from './rules/configuration';
import { contextOf, type AnalyseOptions, type Rule } from './rules/context';
import { filterRules } from './rules/filters';
import { gtidRules } from './rules/gtids';
import { identityRules } from './rules/identity';
import { masterRules } from './rules/masters';
import { replicationRules } from './rules/replication';
import { semiSyncRules } from './rules/semiSync';
import { settingsRules } from './rules/settings';
import type { Finding, Snapshot } from './types';

/** In the order in which findings of one severity are reported: what is broken first, what could be better last. */
const RULES: readonly Rule[] = [
  ...availabilityRules,
  ...masterRules,
  ...replicationRules,
  ...semiSyncRules,
  ...gtidRules,
  ...candidateRules,
  ...filterRules,
  ...identityRules,
  ...configurationRules,
  ...settingsRules,
];

/** What follows from other findings is said after them. */
const CONSEQUENCES: ReadonlySet<string> = new Set(['no-server-alive', 'no-replica-alive', 'no-candidate']);

const SEVERITIES: readonly Finding['severity'][] = ['error', 'warning', 'information', 'hint'];

/**
 * Everything there is to say about a snapshot, worst first. Pure: the same arguments give the same findings in the same
 * order; every finding names a server of the snapshot or none. The codes are documented in docs/findings.md.
 */
export function analyse(cluster: ClusterConfig, snapshot: Snapshot, options: AnalyseOptions = {}): Finding[] {
  const context = contextOf(cluster, snapshot, options);
  const findings = RULES.flatMap(rule => rule(context));
  const ordered = [false, true].flatMap(last => findings.filter(finding => CONSEQUENCES.has(finding.code) === last));
  return SEVERITIES.flatMap(severity => ordered.filter(finding => finding.severity === severity));
}

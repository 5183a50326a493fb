import { msg } from '../l10n/message';
import { toFinding } from './rules/draft';
import type { ClusterConfig, ConfigFinding } from './types';

/** Applications whose state files MHA gives the same path: same work directory of the first server, same name. */
export function sharedStateFiles(clusters: readonly ClusterConfig[]): ConfigFinding[] {
  const known = new Map<string, ClusterConfig>();
  const findings: ConfigFinding[] = [];
  for (const cluster of clusters) {
    const [first] = cluster.servers;
    if (!first) continue;
    const directory = first.values.manager_workdir.replace(/\/+$/, '');
    const key = `${directory}/${cluster.name}`;
    const other = known.get(key);
    if (!other) known.set(key, cluster);
    else if (other.file !== cluster.file) {
      const origin = first.origins.manager_workdir;
      const isHere = 'file' in origin && origin.file === cluster.file;
      findings.push(
        toFinding({
          code: 'shared-state-files',
          file: cluster.file,
          range: isHere ? origin.range : first.section,
          message: msg("{other} has the same name and manager_workdir: the two overwrite each other's state files.", {
            other: other.file,
          }),
        }),
      );
    }
  }
  return findings;
}

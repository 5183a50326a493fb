import type { Secret } from '../../config/secret';
import type { ClusterConfig, ServerConfig } from '../../config/types';
import type { Passwords } from '../clusters/passwords';
import type { ClusterView } from '../clusters/clusterView';

/** A path that cannot exist: the commands then read no global file, where the settings name none. */
const NO_FILE = '/dev/null/none';

/** Which configuration: the same files for a command as for VS Code. */
export function configurationArguments(file: string, globalFile: string | undefined): string[] {
  return [`--conf=${file}`, `--global_conf=${globalFile ?? NO_FILE}`];
}

/** The dead master as the commands' options name it. */
export function deadMasterArguments({ id, values }: ServerConfig): string[] {
  return [`--dead_master_host=${values.hostname ?? id}`, `--dead_master_port=${values.port}`];
}

/** The passwords that VS Code keeps for a cluster's servers, by server id; undefined: none. */
export async function storedPasswords(
  view: ClusterView,
  { servers }: ClusterConfig,
  passwords: Passwords,
): Promise<ReadonlyMap<string, Secret> | undefined> {
  const found = new Map<string, Secret>();
  for (const { id, values } of servers) {
    const password = await passwords.get(view.id, values.user);
    if (password) found.set(id, password);
  }
  return found.size > 0 ? found : undefined;
}

import type { ClusterConfig } from '../../config/types';
import type { EngineOptions } from '../options';
import { survey } from './survey';
import type { Snapshot } from './types';

/**
 * What the servers of the cluster are now. Bounded: about 4 s for servers that do not answer, 1.5 s more for ones outside
 * the configuration. Changes nothing on any server. Rejects only when cancelled (`options.signal`).
 */
export async function discover(cluster: ClusterConfig, options: EngineOptions): Promise<Snapshot> {
  const taken = await survey(cluster, options);
  await taken[Symbol.asyncDispose]();
  return taken.snapshot;
}

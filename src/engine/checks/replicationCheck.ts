import type { ClusterConfig } from '../../config/types';
import { msg, type Message } from '../../l10n/message';
import { withOwnSignal, type EngineOptions } from '../options';
import { analyse } from '../topology/analyse';
import { contextOf } from '../topology/rules/context';
import { survey } from '../topology/survey';
import type { CheckContext, CheckPart } from './checkContext';
import { changedItems, configBlocked, configItems, stampFiles, type LoadedConfiguration } from './configItems';
import { checkHooks } from './hookStatus';
import { checkBinlogServers, checkHosts } from './hostChecks';
import { Hosts } from './hosts';
import { checkManagerAccount } from './managerAccount';
import { checkManagerFiles } from './managerFiles';
import { checkReplicationAccount } from './replicationAccount';
import { findingItems, topologyItems } from './topologyItems';
import type { CheckItem, ReplicationReport, Verdict } from './types';

export type { LoadedConfiguration } from './configItems';

export interface ReplicationCheckOptions {
  /** Replicas further behind fail the check. Default 30. */
  readonly secondsBehindMaster?: number;
  /** Leave out everything that needs SSH. */
  readonly skipSshCheck?: boolean;
  /** Excuse failed servers that have `ignore_fail`. */
  readonly ignoreFailOnStart?: boolean;
}

/** What is verified once the topology is known, in the order of the report. All parts run at the same time. */
const PARTS: readonly (readonly [CheckPart, () => Message])[] = [
  [checkManagerAccount, () => msg('Checked the privileges of the manager')],
  [checkReplicationAccount, () => msg('Checked the replication account')],
  [checkHosts, () => msg('Checked the hosts')],
  [checkBinlogServers, () => msg('Checked the binlog servers')],
  [checkManagerFiles, () => msg("Checked the manager's directories")],
  [checkHooks, () => msg('Asked the hook scripts')],
];

const worst = (items: readonly CheckItem[]): Verdict =>
  items.some(i => i.verdict === 'failed') ? 'failed' : items.some(i => i.verdict === 'warning') ? 'warning' : 'ok';

async function runParts(context: CheckContext): Promise<CheckItem[]> {
  let done = 0;
  const settled = await Promise.allSettled(
    PARTS.map(async ([part, message]) => {
      const items = await part(context);
      done++;
      context.options.onProgress?.({ message: message(), done: 0.5 + (0.5 * done) / PARTS.length });
      return items;
    }),
  );
  return settled.flatMap(result => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

async function checkServers(cluster: ClusterConfig, given: EngineOptions & ReplicationCheckOptions) {
  const options = withOwnSignal(given);
  // With skip_init_ssh_check, too: MHA leaves such a host out of its SSH check between all hosts, not out of this.
  const hosts = options.skipSshCheck ? undefined : new Hosts([...cluster.servers, ...cluster.binlogServers], options);
  try {
    const taken = await survey(cluster, {
      ...options,
      onProgress: p => options.onProgress?.({ ...p, done: p.done / 2 }),
    });
    try {
      const { snapshot, connections } = taken;
      const lagSeconds = options.secondsBehindMaster ?? 30;
      const topology = contextOf(cluster, snapshot, { lagSeconds });
      const context: CheckContext = {
        cluster,
        options,
        snapshot,
        topology,
        connections,
        ...(hosts && { hosts }),
        ignoreFailOnStart: options.ignoreFailOnStart ?? false,
      };
      const findings = analyse(cluster, snapshot, { lagSeconds });
      const parts = await runParts(context);
      return { snapshot, findings, items: [...topologyItems(context), ...findingItems(findings, context), ...parts] };
    } finally {
      await taken[Symbol.asyncDispose]();
    }
  } finally {
    await hosts?.[Symbol.asyncDispose]();
  }
}

/**
 * Everything that masterha_check_repl verifies, and what it should, without changing or locking anything on a server or a
 * host. All problems, not the first one; what the configuration means decides before any server is asked.
 * `verdict` is `failed` where masterha_check_repl says NOT OK. Rejects only when cancelled.
 */
export async function checkReplication(
  loaded: LoadedConfiguration,
  options: EngineOptions & ReplicationCheckOptions,
): Promise<ReplicationReport> {
  options.signal?.throwIfAborted();
  const start = performance.now();
  const startedAt = new Date().toISOString();
  const report = (items: readonly CheckItem[], more: Pick<ReplicationReport, 'findings' | 'snapshot'>) => ({
    kind: 'replication' as const,
    cluster: loaded.name,
    file: loaded.cluster?.file ?? loaded.file ?? '',
    startedAt,
    tookMs: Math.round(performance.now() - start),
    verdict: worst(items),
    items,
    configFindings: loaded.findings,
    ...more,
  });
  const fromConfig = configItems(loaded);
  const blocked = configBlocked(loaded);
  if (blocked || !loaded.cluster) return report([...fromConfig, ...(blocked ? [blocked] : [])], { findings: [] });
  const files = await stampFiles(loaded);
  const { items, ...found } = await checkServers(loaded.cluster, options);
  return report([...fromConfig, ...items, ...(await changedItems(files))], found);
}

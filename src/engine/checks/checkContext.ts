import type { ClusterConfig, ServerConfig } from '../../config/types';
import type { MysqlServer } from '../mysql/server';
import type { EngineOptions } from '../options';
import type { Context, Node } from '../topology/rules/context';
import type { Snapshot } from '../topology/types';
import type { Message } from '../../l10n/message';
import type { Hosts } from './hosts';
import type { CheckItem, Verdict } from './types';

/** What the parts of the replication check work with. */
export interface CheckContext {
  readonly cluster: ClusterConfig;
  readonly options: EngineOptions;
  readonly snapshot: Snapshot;
  /** The snapshot as the rules see it. */
  readonly topology: Context;
  /** Open connections, by server id. Nothing that is asked through them may change or lock anything. */
  readonly connections: ReadonlyMap<string, MysqlServer>;
  /** Absent: SSH is not checked. */
  readonly hosts?: Hosts;
  readonly ignoreFailOnStart: boolean;
}

/** One part of the check. Rejects only when cancelled. */
export type CheckPart = (context: CheckContext) => Promise<readonly CheckItem[]>;

/** MHA's failover mode 1 works without SSH to the replicas: what it needs elsewhere is only a warning there. */
export const needsSsh = (snapshot: Snapshot): boolean => snapshot.gtidMode !== 1;

export function item(
  code: string,
  verdict: Verdict,
  message: Message,
  more: { readonly server?: string | undefined; readonly detail?: string | undefined; readonly tookMs?: number } = {},
): CheckItem {
  return {
    code,
    verdict,
    ...(more.server !== undefined && { server: more.server }),
    message,
    ...(more.detail && { detail: more.detail }),
    ...(more.tookMs !== undefined && { tookMs: Math.round(more.tookMs) }),
  };
}

/** The section whose scripts apply: the master's, dead or alive. */
export const masterConfig = (context: CheckContext): ServerConfig | undefined => context.topology.master?.config;

export const configuredNodes = (context: CheckContext): readonly Node[] => context.topology.configured;

import { readFileSync } from 'node:fs';
import { loadCluster, type LoadedCluster } from '../../src/config/load';
import type { ClusterConfig } from '../../src/config/types';
import { checkReplication, type ReplicationCheckOptions } from '../../src/engine/checks/replicationCheck';
import type { CheckItem, ReplicationReport } from '../../src/engine/checks/types';
import { nullLog } from '../../src/engine/log';
import type { EngineOptions } from '../../src/engine/options';
import type { Flavour, TestCluster } from '../support/cluster';
import type { ConfigTextOptions } from '../support/clusterConfig';

export const FLAVOURS: readonly Flavour[] = ['mysql56', 'mysql97', 'mariadb1011'];

export async function load(cluster: TestCluster, options?: ConfigTextOptions): Promise<LoadedCluster> {
  return loadCluster({ file: await cluster.writeConfig(undefined, options), runInitScript: false });
}

export async function configOf(cluster: TestCluster, options?: ConfigTextOptions): Promise<ClusterConfig> {
  const { cluster: config, findings } = await load(cluster, options);
  if (!config) throw new Error(JSON.stringify(findings));
  return config;
}

export async function check(
  cluster: TestCluster,
  options: Partial<EngineOptions & ReplicationCheckOptions> & { readonly config?: ConfigTextOptions } = {},
): Promise<ReplicationReport> {
  const { config, ...rest } = options;
  return checkReplication(await load(cluster, config), { log: nullLog, ...rest });
}

/** `verdict code server` of the items that are not ok; with `all`, of all. Settings of the test servers are left out. */
export function bad(report: ReplicationReport, all = false): string[] {
  const usual = new Set(['unsafe-durability', 'hook-undefined']);
  return report.items.filter(item => (all || item.verdict !== 'ok') && !usual.has(item.code)).map(show);
}

export const show = ({ verdict, code, server }: CheckItem): string =>
  [verdict, code, server].filter(part => part !== undefined).join(' ');

/** Everything that a check must leave as it is, of every server that answers. */
export async function fingerprint(cluster: TestCluster): Promise<unknown> {
  return Promise.all(
    cluster.servers.map(async server => {
      const [position] = await server.query(
        cluster.flavour === 'mysql97' ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS',
      );
      const [settings] = await server.query(
        'SELECT @@global.read_only AS ro, @@global.relay_log_purge AS rlp, @@global.wait_timeout AS wt',
      );
      return { position, settings };
    }),
  );
}

export const text = (file: string): string => readFileSync(file, 'utf8');

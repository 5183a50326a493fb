import { parseDocument } from '../../../src/config/document';
import { resolve } from '../../../src/config/resolve';
import type { ClusterConfig } from '../../../src/config/types';
import type { ReplicaChannel, ServerState, ServerVersion } from '../../../src/engine/mysql/types';
import { edgesOf, type Member } from '../../../src/engine/topology/graph';
import { findMaster, gtidModeOf } from '../../../src/engine/topology/master';
import type { ServerStatus, Snapshot } from '../../../src/engine/topology/types';

/** A configuration with servers db1 … dbN; `lines` go to `[server default]`, `sections` to single servers. */
export function clusterOf(
  count: number,
  options: { readonly lines?: readonly string[]; readonly sections?: Readonly<Record<string, readonly string[]>> } = {},
): ClusterConfig {
  const text = [
    '[server default]',
    'user=mha',
    'password=secret',
    'master_binlog_dir=/var/lib/mysql',
    ...(options.lines ?? []),
    ...Array.from({ length: count }, (_, i) => [
      `[server${i + 1}]`,
      `hostname=db${i + 1}`,
      ...(options.sections?.[`server${i + 1}`] ?? []),
    ]).flat(),
  ].join('\n');
  const { cluster, findings } = resolve({ application: parseDocument(text, '/etc/mha/app1.cnf'), loginUser: 'mysql' });
  if (!cluster) throw new Error(findings.map(f => f.message.text).join('\n'));
  return cluster;
}

export const uuid = (n: number): string => `00000000-0000-0000-0000-${String(n).padStart(12, '0')}`;

export function version(text: string): ServerVersion {
  const [major = 0, minor = 0, patch = 0] = text.split('.').map(Number);
  return { flavour: 'mysql', major, minor, patch, text };
}

/** Server n of a healthy GTID cluster. */
export function stateOf(n: number, more: Partial<ServerState> = {}): ServerState {
  return {
    version: version('8.0.36'),
    serverId: n,
    serverUuid: uuid(n),
    hostname: `db${n}`,
    port: 3306,
    readOnly: n > 1,
    superReadOnly: n > 1,
    logBin: true,
    logReplicaUpdates: true,
    binlogFormat: 'ROW',
    binlogRowImage: 'FULL',
    binlogChecksum: 'CRC32',
    binlogEncrypted: false,
    binlogDirectory: '/var/lib/mysql',
    binlogPosition: { file: 'bin.000001', position: 1000 },
    binlogDoDb: [],
    binlogIgnoreDb: [],
    gtidMode: 'ON',
    gtidExecuted: `${uuid(1)}:1-100`,
    gtidPurged: '',
    datadir: '/var/lib/mysql/',
    relayLogPurge: false,
    relayLogRecovery: true,
    parallelWorkers: 0,
    syncBinlog: 1,
    flushLogAtTrxCommit: 1,
    lowerCaseTableNames: 0,
    characterSet: 'utf8mb4',
    maxConnections: 100,
    connections: 5,
    uptimeSeconds: 1000,
    semiSync: {},
    channels: [],
    registeredReplicas: [],
    unread: [],
    ...more,
  };
}

/** A healthy channel that replicates from server n. */
export function channelFrom(n: number, more: Partial<ReplicaChannel> = {}): ReplicaChannel {
  return {
    name: '',
    source: { host: `db${n}`, port: 3306 },
    sourceUser: 'repl',
    sourceServerId: n,
    sourceUuid: uuid(n),
    receiver: 'running',
    applier: 'running',
    received: { file: 'bin.000001', position: 1000 },
    applied: { file: 'bin.000001', position: 1000 },
    secondsBehind: 0,
    autoPosition: true,
    filters: { doDb: [], ignoreDb: [], doTable: [], ignoreTable: [], wildDoTable: [], wildIgnoreTable: [] },
    delaySeconds: 0,
    tls: false,
    ...more,
  };
}

/** Server n, replicating from `source` (0: from nobody). */
export function replicaOf(
  n: number,
  source: number,
  more: Partial<ServerState> = {},
  channel: Partial<ReplicaChannel> = {},
): ServerState {
  return stateOf(n, { channels: source === 0 ? [] : [channelFrom(source, channel)], ...more });
}

export type Entry = ServerState | Exclude<ServerStatus, 'alive'>;

/** The snapshot of a cluster: a state or a status for each configured server, then servers outside by name. */
export function snapshotOf(
  cluster: ClusterConfig,
  entries: readonly Entry[],
  outside: Readonly<Record<string, Entry>> = {},
): Snapshot {
  const rows = [
    ...entries.map((entry, i) => ({ id: cluster.servers[i]?.id ?? '', name: `db${i + 1}`, entry, configured: true })),
    ...Object.entries(outside).map(([name, entry]) => ({ id: `${name}:3306`, name, entry, configured: false })),
  ];
  const servers = rows.map(({ id, name, entry, configured }) => ({
    id,
    name,
    address: { host: name, port: 3306 },
    configured,
    tookMs: 5,
    ...(typeof entry === 'string'
      ? { status: entry, failure: { kind: 'refused' as const, alive: false, text: 'connect ECONNREFUSED' } }
      : { status: 'alive' as const, state: entry }),
  }));
  const members = servers.map((s): Member => {
    const config = cluster.servers.find(c => c.id === s.id);
    const channel = config?.extended.channel;
    return {
      id: s.id,
      configured: s.configured,
      status: s.status,
      addresses: [s.address],
      ...('state' in s && { state: s.state }),
      ...(channel !== undefined && { channel }),
      ...(config?.values.multi_tier_slave && { multiTier: true }),
    };
  });
  const edges = edgesOf(members);
  const master = findMaster(members, edges);
  return {
    cluster: cluster.name,
    takenAt: '2026-01-01T00:00:00.000Z',
    servers,
    edges,
    ...(master !== undefined && { master }),
    gtidMode: gtidModeOf(members, edges, true),
  };
}

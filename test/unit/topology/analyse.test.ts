import { describe, expect, it } from 'vitest';
import type { ClusterConfig } from '../../../src/config/types';
import { analyse } from '../../../src/engine/topology/analyse';
import type { Finding } from '../../../src/engine/topology/types';
import { format } from '../../../src/l10n/message';
import { channelFrom, clusterOf, replicaOf, snapshotOf, stateOf, uuid, version, type Entry } from './snapshots';

interface Case {
  readonly cluster?: ClusterConfig;
  readonly entries: readonly Entry[];
  readonly outside?: Readonly<Record<string, Entry>>;
  /** `severity code server`, all of errors and warnings; information only where asked for. */
  readonly expected: readonly string[];
  readonly information?: boolean;
}

const show = (f: Finding): string => [f.severity, f.code, f.server].filter(part => part).join(' ');

function findings({ cluster, entries, outside, information }: Omit<Case, 'expected'>): string[] {
  const config = cluster ?? clusterOf(entries.length);
  return analyse(config, snapshotOf(config, entries, outside))
    .filter(f => information || f.severity === 'error' || f.severity === 'warning')
    .map(show);
}

const stopped = { receiver: 'stopped', applier: 'stopped' } as const;
const cut = { receiver: 'connecting', receiverError: { errno: 2003, text: 'error connecting' } } as const;
const star = (more: Parameters<typeof replicaOf>[2] = {}, channel: Parameters<typeof replicaOf>[3] = {}): Entry[] => [
  stateOf(1),
  replicaOf(2, 1, more, channel),
  replicaOf(3, 1),
];
const filters = channelFrom(1).filters;
const semi = (more: object) => ({
  source: {
    enabled: true,
    active: true,
    clients: 2,
    waitForReplicas: 1,
    timeoutMs: 10_000,
    waitingSessions: 0,
    ...more,
  },
});

const CASES: Readonly<Record<string, Case>> = {
  'a healthy star': { entries: star(), expected: [], information: true },
  'a healthy star with a dead server that may fail': {
    cluster: clusterOf(3, { sections: { server3: ['ignore_fail=1'] } }),
    entries: [stateOf(1), replicaOf(2, 1), 'dead'],
    expected: ['warning dead-server server3'],
  },
  // availability
  'dead master': {
    entries: ['dead', replicaOf(2, 1, {}, cut), replicaOf(3, 1, {}, cut)],
    expected: ['error dead-master server1'],
  },
  'dead master, replicas still connected': {
    entries: ['unreachable', replicaOf(2, 1), replicaOf(3, 1)],
    expected: ['error manager-cut-off server1'],
  },
  'unreachable master': {
    entries: ['unreachable', replicaOf(2, 1, {}, cut), replicaOf(3, 1, {}, cut)],
    expected: ['error unreachable-master server1'],
  },
  'hung master': { entries: ['hung', replicaOf(2, 1), replicaOf(3, 1)], expected: ['error hung-master server1'] },
  'refusing master': {
    entries: ['refusing', replicaOf(2, 1), replicaOf(3, 1)],
    expected: ['error refusing-master server1'],
  },
  'everything dead': {
    entries: ['dead', 'dead'],
    expected: ['error dead-server server1', 'error dead-server server2', 'error no-server-alive', 'error no-candidate'],
  },
  'dead replica': {
    entries: [stateOf(1), replicaOf(2, 1), 'dead'],
    expected: ['error dead-server server3'],
  },
  'dead middle of a chain': {
    cluster: clusterOf(4, { sections: { server4: ['multi_tier_slave=1'] } }),
    entries: [stateOf(1), replicaOf(2, 1), 'dead', replicaOf(4, 3, {}, cut)],
    expected: ['error dead-intermediate-master server3', 'error receiver-connecting server4'],
  },
  'no replica replicates': {
    entries: [stateOf(1), replicaOf(2, 1, {}, cut), replicaOf(3, 1, {}, stopped)],
    expected: [
      'error no-replica-replicating server1',
      'error receiver-connecting server2',
      'error receiver-stopped server3',
      'error applier-stopped server3',
    ],
  },
  'no replica': {
    entries: [stateOf(1), 'dead'],
    expected: ['error dead-server server2', 'error no-replica-alive', 'error no-candidate'],
  },
  'offline mode': { entries: star({ offlineMode: true }), expected: ['error offline-mode server2'] },
  'connections nearly used up': {
    entries: star({ connections: 90 }),
    expected: ['warning connections-nearly-exhausted server2'],
  },
  'replication status unreadable': {
    entries: [
      stateOf(1),
      replicaOf(2, 0, { unread: [{ what: 'showReplicaStatus', errno: 1227, text: 'Access denied' }] }),
      replicaOf(3, 1),
    ],
    expected: ['error state-incomplete server2'],
  },
  // masters
  'two writable co-masters': {
    entries: [replicaOf(1, 2, { readOnly: false }), replicaOf(2, 1, { readOnly: false }), replicaOf(3, 1)],
    expected: ['error two-writable-masters', 'error several-masters'],
  },
  'all masters read-only': {
    entries: [replicaOf(1, 2, { readOnly: true }), replicaOf(2, 1), replicaOf(3, 1)],
    expected: ['error no-writable-master'],
  },
  'a configured server that is no replica': {
    entries: [stateOf(1), replicaOf(2, 1), replicaOf(3, 0)],
    expected: ['error not-a-replica server3'],
  },
  'a chain without multi_tier_slave': {
    entries: [stateOf(1), replicaOf(2, 1), replicaOf(3, 2)],
    expected: ['error replicates-from-other-master server3'],
  },
  'a chain with multi_tier_slave': {
    cluster: clusterOf(3, { sections: { server3: ['multi_tier_slave=1'] } }),
    entries: [stateOf(1), replicaOf(2, 1), replicaOf(3, 2)],
    expected: [],
  },
  'an old version in the third tier keeps nobody from becoming master': {
    cluster: clusterOf(3, { sections: { server3: ['multi_tier_slave=1'] } }),
    entries: [
      stateOf(1, { version: version('8.4.3') }),
      replicaOf(2, 1, { version: version('8.4.3') }),
      replicaOf(3, 2, { version: version('8.0.40') }),
    ],
    expected: ['warning older-than-source server3'],
  },
  'master outside the configuration': {
    entries: [replicaOf(1, 9, { readOnly: true }), replicaOf(2, 9)],
    outside: { db9: stateOf(9, { readOnly: false }) },
    expected: ['error master-not-configured db9:3306'],
  },
  'master replicates from outside': {
    entries: [replicaOf(1, 9, { readOnly: false }), replicaOf(2, 1)],
    outside: { db9: stateOf(9) },
    expected: ['error master-replicates-from-outside server1', 'warning unconfigured-server db9:3306'],
  },
  'a replica outside the configuration': {
    entries: [stateOf(1), replicaOf(2, 1)],
    outside: { db9: replicaOf(9, 1) },
    expected: ['warning unconfigured-server db9:3306'],
  },
  'a client that reads the binary log': {
    entries: [stateOf(1, { registeredReplicas: [{ serverId: 77, port: 0 }, { serverId: 2, port: 3306 }] }), replicaOf(2, 1)], // prettier-ignore
    expected: ['information unknown-replica server1'],
    information: true,
  },
  'an ambiguous channel': {
    entries: [stateOf(1), stateOf(2, { channels: [channelFrom(8, { name: 'a' }), channelFrom(9, { name: 'b' })] }), replicaOf(3, 1)], // prettier-ignore
    expected: ['error unknown-source server2', 'error ambiguous-channel server2'],
  },
  'a channel that is not there': {
    cluster: clusterOf(3, { lines: ['#@ channel=main'] }),
    entries: [stateOf(1), replicaOf(2, 1, {}, { name: 'main' }), replicaOf(3, 1, {}, { name: 'mian' })],
    expected: ['error not-a-replica server3', 'error channel-missing server3'],
  },
  'read-only master': {
    entries: [stateOf(1, { readOnly: true }), replicaOf(2, 1), replicaOf(3, 1)],
    expected: ['warning read-only-master server1'],
  },
  'writable replica': { entries: star({ readOnly: false }), expected: ['warning writable-replica server2'] },
  'super_read_only off': {
    entries: star({ superReadOnly: false }),
    expected: ['information super-read-only-off server2'],
    information: true,
  },
  // replication
  'receiver failed': {
    entries: star({}, { receiver: 'stopped', receiverError: { errno: 1236, text: 'purged' } }),
    expected: ['error receiver-failed server2'],
  },
  'applier failed': {
    entries: star({}, { applier: 'stopped', applierError: { errno: 1062, text: 'Duplicate entry' } }),
    expected: ['error applier-failed server2'],
  },
  'disk full': {
    entries: star({}, { applier: 'stopped', applierError: { errno: 1021, text: 'Disk full' } }),
    expected: ['error applier-failed server2', 'error disk-full server2'],
  },
  lagging: { entries: star({}, { secondsBehind: 31 }), expected: ['warning lagging server2'] },
  'not lagging yet': { entries: star({}, { secondsBehind: 30 }), expected: [] },
  'delayed candidate': {
    entries: star({}, { secondsBehind: 3600, delaySeconds: 3600 }),
    expected: ['warning delayed-candidate server2'],
  },
  'delayed, and never master': {
    cluster: clusterOf(3, { sections: { server2: ['no_master=1'] } }),
    entries: star({}, { secondsBehind: 3600, delaySeconds: 3600 }),
    expected: ['information delayed-replica server2'],
    information: true,
  },
  'parallel applier in position mode': {
    entries: [
      stateOf(1, { gtidMode: 'OFF' }),
      replicaOf(2, 1, { gtidMode: 'OFF', parallelWorkers: 4, preserveCommitOrder: false }),
      replicaOf(3, 1, { gtidMode: 'OFF', parallelWorkers: 4, preserveCommitOrder: true }),
    ],
    expected: ['warning parallel-applier-gaps server2'],
  },
  // semi-sync
  'locked semi-sync': {
    entries: [stateOf(1, { semiSync: semi({ clients: 0, waitingSessions: 3 }) }), replicaOf(2, 1), replicaOf(3, 1)],
    expected: ['error locked-semi-sync-master server1'],
  },
  'too few semi-sync replicas': {
    entries: [stateOf(1, { semiSync: semi({ clients: 1, waitForReplicas: 2 }) }), replicaOf(2, 1), replicaOf(3, 1)],
    expected: ['warning semi-sync-too-few-replicas server1'],
  },
  'semi-sync fallen back': {
    entries: [stateOf(1, { semiSync: semi({ active: false }) }), replicaOf(2, 1), replicaOf(3, 1)],
    expected: ['warning semi-sync-fallen-back server1'],
  },
  'semi-sync replica that does not acknowledge': {
    entries: [
      stateOf(1, { semiSync: semi({}) }),
      replicaOf(2, 1, { semiSync: { replica: { enabled: true, active: false } } }),
      replicaOf(3, 1, { semiSync: { replica: { enabled: true, active: true } } }),
    ],
    expected: ['warning semi-sync-replica-inactive server2'],
  },
  // GTIDs
  'errant transactions': {
    entries: star({ gtidExecuted: `${uuid(1)}:1-100,${uuid(2)}:1-2` }),
    expected: ['warning errant-gtids server2'],
  },
  'transactions of another source': {
    entries: [
      stateOf(1),
      replicaOf(2, 1, {
        gtidExecuted: `${uuid(1)}:1-100,${uuid(9)}:1-2`,
        channels: [channelFrom(1, { name: 'main' }), channelFrom(9, { name: 'other' })],
      }),
      replicaOf(3, 1),
    ],
    expected: [],
  },
  'what a co-master wrote': {
    entries: [replicaOf(1, 2, { readOnly: false }), replicaOf(2, 1, { gtidExecuted: `${uuid(1)}:1-100,${uuid(2)}:1` })],
    expected: [],
  },
  'purged and missing': {
    entries: star({ gtidPurged: `${uuid(1)}:1-100`, gtidExecuted: `${uuid(1)}:1-100` }).map((entry, i) =>
      i === 2 ? replicaOf(3, 1, { gtidExecuted: `${uuid(1)}:1-50` }) : entry,
    ),
    expected: ['warning purged-transactions-missing server2'],
  },
  // candidates
  'no candidate': {
    cluster: clusterOf(3, { sections: { server2: ['no_master=1'] } }),
    entries: [stateOf(1), replicaOf(2, 1), replicaOf(3, 1, { logBin: false })],
    expected: [
      'error no-candidate',
      'warning log-bin-off server3',
      'information cannot-be-master server2',
      'information cannot-be-master server3',
    ],
    information: true,
  },
  'a candidate that cannot be': {
    cluster: clusterOf(3, { sections: { server2: ['candidate_master=1'] } }),
    entries: star({ logBin: false }),
    expected: ['warning candidate-cannot-be-master server2'],
  },
  'no log_slave_updates': {
    entries: star({ logReplicaUpdates: false }),
    expected: ['warning log-replica-updates-off server2'],
  },
  'a newer replica': {
    entries: star({ version: version('8.4.0') }),
    expected: ['warning newer-version server2', 'information versions-differ'],
    information: true,
  },
  'an older replica': {
    entries: star({ version: version('5.7.44') }),
    expected: ['warning newer-version server3', 'warning older-than-source server2'],
  },
  'master without binary log': {
    entries: [stateOf(1, { logBin: false }), replicaOf(2, 1), replicaOf(3, 1)],
    expected: ['error master-log-bin-off server1'],
  },
  // settings
  'formats differ': { entries: star({ binlogFormat: 'MIXED' }), expected: ['warning binlog-formats-differ'] },
  'row images differ': { entries: star({ binlogRowImage: 'MINIMAL' }), expected: ['warning binlog-row-images-differ'] },
  'table names differ': { entries: star({ lowerCaseTableNames: 1 }), expected: ['warning lower-case-table-names-differ'] }, // prettier-ignore
  'character sets differ': { entries: star({ characterSet: 'latin1' }), expected: ['warning character-sets-differ'] },
  'gtid modes differ': {
    entries: star({ gtidMode: 'ON_PERMISSIVE' }),
    expected: ['warning gtid-modes-differ', 'warning gtid-permissive server2'],
  },
  'relay_log_purge by position': {
    entries: [stateOf(1, { gtidMode: 'OFF' }), replicaOf(2, 1, { gtidMode: 'OFF', relayLogPurge: true }), replicaOf(3, 1, { gtidMode: 'OFF' })], // prettier-ignore
    expected: ['warning relay-log-purge server2'],
  },
  'relay_log_purge with GTIDs': { entries: star({ relayLogPurge: true }), expected: [] },
  'unsafe master': {
    entries: [stateOf(1, { syncBinlog: 0 }), replicaOf(2, 1), replicaOf(3, 1)],
    expected: ['warning unsafe-durability server1'],
  },
  'encrypted log': { entries: star({ binlogEncrypted: true }), expected: ['warning binlog-encrypted server2'] },
  // filters
  'only the last replica has a filter': {
    entries: [stateOf(1), replicaOf(2, 1), replicaOf(3, 1, {}, { filters: { ...filters, ignoreDb: ['mysql'] } })],
    expected: ['error replication-filters-differ'],
  },
  'only the first replica has a filter': {
    entries: star({}, { filters: { ...filters, wildDoTable: ['a.%'] } }),
    expected: ['error replication-filters-differ'],
  },
  'a filter in the third tier': {
    cluster: clusterOf(3, { sections: { server3: ['multi_tier_slave=1'] } }),
    entries: [
      stateOf(1),
      replicaOf(2, 1),
      replicaOf(3, 2, { binlogDoDb: ['a'] }, { filters: { ...filters, doDb: ['b'] } }),
    ],
    expected: [],
  },
  'filters are not to be compared': {
    cluster: clusterOf(3, { lines: ['check_repl_filter=0'] }),
    entries: star({}, { filters: { ...filters, doDb: ['a'] } }),
    expected: ['information replication-filters-differ'],
    information: true,
  },
  'binlog filters differ': { entries: star({ binlogDoDb: ['a'] }), expected: ['error binlog-filters-differ'] },
  'filters contradict': {
    entries: [
      stateOf(1, { binlogDoDb: ['a'] }),
      ...[2, 3].map(n => replicaOf(n, 1, { binlogDoDb: ['a'] }, { filters: { ...filters, doDb: ['b'] } })),
    ],
    expected: ['error filters-contradict'],
  },
  // identity
  'one server twice': {
    entries: [stateOf(1), replicaOf(2, 1), replicaOf(2, 1)],
    expected: ['error same-server server3'],
  },
  'duplicate server ids': {
    entries: [stateOf(1), replicaOf(2, 1), replicaOf(3, 1, { serverId: 2 })],
    expected: ['error duplicate-server-id server3'],
  },
  'duplicate UUIDs': {
    entries: [stateOf(1), replicaOf(2, 1), replicaOf(3, 1, { serverUuid: uuid(2) })],
    expected: ['error duplicate-server-uuid server3'],
  },
  'one SSH target for several containers': {
    cluster: clusterOf(3, { sections: { server2: ['ssh_host=docker'], server3: ['ssh_host=docker'] } }),
    entries: star(),
    expected: ['warning shared-ssh-target server3'],
  },
  // configuration
  'another binlog directory': {
    entries: [stateOf(1, { binlogDirectory: '/data/binlog' }), replicaOf(2, 1), replicaOf(3, 1)],
    expected: ['warning binlog-dir-mismatch server1'],
  },
  'another replication user': {
    cluster: clusterOf(3, { lines: ['repl_user=repl'] }),
    entries: star({}, { sourceUser: 'root' }),
    expected: ['warning repl-user-mismatch server2'],
  },
  'several replication users': {
    entries: star({}, { sourceUser: 'root' }),
    expected: ['warning repl-users-differ'],
  },
};

describe('analyse', () => {
  it.each(Object.entries(CASES))('%s', (_name, { expected, ...given }) => {
    expect(findings(given)).toEqual(expected);
  });

  it('names only servers of the snapshot, leaves no placeholder open, and gives the same twice', () => {
    for (const { cluster, entries, outside } of Object.values(CASES)) {
      const config = cluster ?? clusterOf(entries.length);
      const snapshot = snapshotOf(config, entries, outside);
      const ids = new Set(snapshot.servers.map(s => s.id));
      const found = analyse(config, snapshot);
      expect(analyse(config, snapshot)).toEqual(found);
      for (const finding of found) {
        expect(finding.server === undefined || ids.has(finding.server)).toBe(true);
        expect(format(finding.message)).not.toMatch(/\{\w+\}/);
      }
    }
  });

  it('shows the error number and text of a failed applier', () => {
    const entries = star({}, { applier: 'stopped', applierError: { errno: 1062, text: "Duplicate entry '1'" } });
    const [first] = analyse(clusterOf(3), snapshotOf(clusterOf(3), entries));
    expect(first && format(first.message)).toBe("db2:3306 stopped applying: 1062: Duplicate entry '1'");
  });

  it('says that all replicas are lost when the master is dead as well', () => {
    const snapshot = { ...snapshotOf(clusterOf(2), ['dead', 'dead']), master: 'server1' };
    expect(analyse(clusterOf(2), snapshot).map(show)).toContain('error dead-master-and-replicas server1');
  });
});

describe('a refused account', () => {
  it('is named with the lines that set it, and without the password', () => {
    const cluster = clusterOf(2);
    const taken = snapshotOf(cluster, [stateOf(1), replicaOf(2, 1)]);
    const failure = { kind: 'accessDenied', alive: true, errno: 1045, text: 'Access denied' } as const;
    const servers = taken.servers.map(server => {
      const { state, ...rest } = server;
      return server.id === 'server2'
        ? { ...rest, status: 'refusing' as const, failure }
        : { ...rest, ...(state && { state }) };
    });
    const found = analyse(cluster, { ...taken, servers, edges: [] }).find(f => f.code === 'access-denied');
    expect(found && format(found.message)).toMatch(
      /error 1045 \(Access denied\); see user \/etc\/mha\/app1\.cnf:2, password \/etc\/mha\/app1\.cnf:3$/,
    );
  });
});

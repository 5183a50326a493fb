import type { ConfigFinding } from '../../../src/config/types';
import type { CheckItem, ReplicationReport, SshPair, SshReport } from '../../../src/engine/checks/types';
import type { ReplicaChannel, ServerState } from '../../../src/engine/mysql/types';
import type { Finding, ServerSnapshot, Snapshot } from '../../../src/engine/topology/types';
import { msg } from '../../../src/l10n/message';

export const FILE = '/etc/mha/app1.cnf';

const NO_FILTERS = { doDb: [], ignoreDb: [], doTable: [], ignoreTable: [], wildDoTable: [], wildIgnoreTable: [] };

export function channel(port: number, changes: Partial<ReplicaChannel> = {}): ReplicaChannel {
  return {
    name: '',
    source: { host: '10.0.0.11', port },
    sourceUser: 'repl',
    receiver: 'running',
    applier: 'running',
    secondsBehind: 0,
    autoPosition: true,
    filters: NO_FILTERS,
    delaySeconds: 0,
    tls: false,
    ...changes,
  };
}

export function state(changes: Partial<ServerState> = {}): ServerState {
  return {
    version: { flavour: 'mysql', major: 8, minor: 0, patch: 36, text: '8.0.36' },
    serverId: 1,
    hostname: 'db',
    port: 3306,
    readOnly: true,
    logBin: true,
    logReplicaUpdates: true,
    binlogEncrypted: false,
    binlogDoDb: [],
    binlogIgnoreDb: [],
    datadir: '/var/lib/mysql/',
    relayLogPurge: false,
    parallelWorkers: 0,
    lowerCaseTableNames: 0,
    characterSet: 'utf8mb4',
    maxConnections: 151,
    connections: 3,
    uptimeSeconds: 4000,
    semiSync: {},
    channels: [],
    registeredReplicas: [],
    unread: [],
    ...changes,
  };
}

export function server(number: number, changes: Partial<ServerSnapshot> = {}): ServerSnapshot {
  return {
    id: `server${number}`,
    name: `db${number}`,
    address: { host: `10.0.0.1${number}`, port: 3306 },
    configured: true,
    status: 'alive',
    state: number === 1 ? state({ readOnly: false }) : state({ channels: [channel(3306)] }),
    tookMs: 12,
    ...changes,
  };
}

export function snapshot(changes: Partial<Snapshot> = {}): Snapshot {
  return {
    cluster: 'app1',
    takenAt: '2026-03-01T04:12:07.000Z',
    servers: [server(1), server(2), server(3)],
    edges: [
      { source: 'server1', replica: 'server2', channel: '' },
      { source: 'server1', replica: 'server3', channel: '' },
    ],
    master: 'server1',
    gtidMode: 1,
    ...changes,
  };
}

export const PASSED: readonly CheckItem[] = [
  { code: 'configuration', verdict: 'ok', message: msg('MHA accepts the configuration'), tookMs: 2 },
  { code: 'hook-status', verdict: 'ok', message: msg('master_ip_failover_script answers status'), tookMs: 61 },
  ...['server1', 'server2', 'server3'].flatMap((id): CheckItem[] => [
    { code: 'connect', verdict: 'ok', server: id, message: msg('Can log in as {user}', { user: 'mha' }), tookMs: 14 },
    { code: 'log-bin', verdict: 'ok', server: id, message: msg('Writes a binary log') },
  ]),
];

export function replicationReport(changes: Partial<ReplicationReport> = {}): ReplicationReport {
  return {
    kind: 'replication',
    cluster: 'app1',
    file: FILE,
    startedAt: '2026-03-01T04:12:07.000Z',
    tookMs: 214,
    verdict: 'ok',
    items: PASSED,
    configFindings: [],
    findings: [],
    snapshot: snapshot(),
    ...changes,
  };
}

export const PASSWORD_FINDING: ConfigFinding = {
  code: 'clear-text-password',
  severity: 'information',
  file: FILE,
  range: { start: { line: 4, character: 0 }, end: { line: 4, character: 12 } },
  message: msg('The password stands in the file in clear text'),
  fixes: [],
  rejectedByMha: false,
  blocksAction: false,
};

export const COMMENT_FINDING: ConfigFinding = {
  ...PASSWORD_FINDING,
  code: 'comment-in-value',
  severity: 'error',
  range: { start: { line: 13, character: 0 }, end: { line: 13, character: 30 } },
  message: msg('The comment is part of the value of {name}', { name: 'ping_interval' }),
  rejectedByMha: true,
  blocksAction: true,
};

export const ERRANT: Finding = {
  code: 'errant-gtids',
  severity: 'warning',
  server: 'server3',
  message: msg('{count} transactions that the master does not have', { count: 3 }),
};

/** One replica stopped by an error, the other with errant transactions. */
export function brokenReport(): ReplicationReport {
  const stopped = channel(3306, {
    applier: 'stopped',
    secondsBehind: 340,
    applierError: { errno: 1062, text: "Duplicate entry '7' for key 'PRIMARY'" },
  });
  const servers = [server(1), server(2, { state: state({ channels: [stopped] }) }), server(3)];
  return replicationReport({
    verdict: 'failed',
    items: [
      ...PASSED,
      {
        code: 'replication-stopped',
        verdict: 'failed',
        server: 'server2',
        message: msg('The applier is stopped by error {errno}', { errno: 1062 }),
        detail: "Duplicate entry '7' for key 'PRIMARY'",
      },
      { code: 'errant-gtids', verdict: 'warning', server: 'server3', message: ERRANT.message },
    ],
    configFindings: [PASSWORD_FINDING],
    findings: [ERRANT],
    snapshot: snapshot({ servers }),
  });
}

export function rejectedReport(): ReplicationReport {
  const { snapshot: _none, ...report } = replicationReport({
    verdict: 'failed',
    items: [{ code: 'comment-in-value', verdict: 'failed', message: COMMENT_FINDING.message }],
    configFindings: [COMMENT_FINDING],
    tookMs: 0.4,
  });
  return report;
}

function pair(from: string, to: string, changes: Partial<SshPair> = {}): SshPair {
  return { from, to, result: 'ok', tookMs: 84, ...changes };
}

/** The manager to every host and every host to every other. */
export function pairsOf(ids: readonly string[]): SshPair[] {
  return [
    ...ids.map(to => pair('manager', to)),
    ...ids.flatMap(from => ids.filter(to => to !== from).map(to => pair(from, to))),
  ];
}

export function sshReport(changes: Partial<SshReport> = {}): SshReport {
  return {
    kind: 'ssh',
    cluster: 'app1',
    file: FILE,
    startedAt: '2026-03-01T04:12:07.000Z',
    tookMs: 480,
    verdict: 'ok',
    hosts: [1, 2, 3].map(n => ({ id: `server${n}`, label: `db${n}` })),
    pairs: pairsOf(['server1', 'server2', 'server3']),
    ...changes,
  };
}

/** db3 cannot log in to db1, shows another host key to db2, and the way from db2 to db3 was not tried. */
export function brokenSshReport(): SshReport {
  const failures: Readonly<Record<string, Partial<SshPair>>> = {
    'server3>server1': {
      result: 'failed',
      failure: { kind: 'authentication', text: 'All configured authentication methods failed' },
    },
    'server2>server3': {
      result: 'failed',
      failure: { kind: 'hostKeyChanged', text: 'SHA256:Fz2 instead of SHA256:9aB' },
    },
    'server1>server3': { result: 'skipped' },
  };
  const pairs = sshReport().pairs.map(p => ({ ...p, ...failures[`${p.from}>${p.to}`] }));
  return sshReport({ verdict: 'failed', pairs });
}

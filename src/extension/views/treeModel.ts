import type { ConfigFinding, Range, Severity } from '../../config/types';
import type { Report, Verdict } from '../../engine/checks/types';
import type { Finding, ServerSnapshot, Snapshot } from '../../engine/topology/types';
import { msg } from '../../l10n/message';
import type { ClusterView } from '../clusters/clusterView';
import type { Health } from '../clusters/health';
import { clusterHealth, healthOfSeverity, healthOfVerdict, worstOf } from '../clusters/health';
import { managerPid } from '../clusters/monitoringModel';
import { findingPlace } from '../language/findingPlace';
import type { Text } from '../text';
import { monitoringNode, operationNode } from './localNodes';
import { isRunning, replicationText, roleOf, roleText, serverTooltip, statusText, versionText } from './serverText';
import { deadMasterOf } from '../noticesModel';
import type { TreeNode } from './treeNode';

const TOP: Range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

const HEALTH_ICON: Readonly<Record<Health, string>> = {
  ok: 'pass',
  warning: 'warning',
  failed: 'error',
  unknown: 'circle-outline',
};

export function healthIcon(health: Health): string {
  return HEALTH_ICON[health];
}

export function healthText(health: Health): Text {
  switch (health) {
    case 'ok':
      return msg('healthy');
    case 'warning':
      return msg('warnings');
    case 'failed':
      return msg('problems');
    case 'unknown':
      return msg('not checked yet');
  }
}

export function verdictText(verdict: Verdict): Text {
  switch (verdict) {
    case 'ok':
      return msg('passed');
    case 'warning':
      return msg('passed with warnings');
    case 'failed':
      return msg('failed');
  }
}

function severityIcon(severity: Severity): string {
  return severity === 'error' ? 'error' : severity === 'warning' ? 'warning' : 'info';
}

/** What deserves a line of its own; the rest is in the tooltip and in the report. */
function isProblem({ severity }: Finding): boolean {
  return severity === 'error' || severity === 'warning';
}

function present(...texts: readonly (Text | undefined)[]): Text[] {
  return texts.filter(t => t !== undefined);
}

/** The tree of all clusters. */
export function treeOf(views: readonly ClusterView[], options: { readonly time: (iso: string) => string }): TreeNode[] {
  return views.map(v => clusterNode(v, options.time));
}

function clusterNode(view: ClusterView, time: (iso: string) => string): TreeNode {
  const health = clusterHealth(view);
  const alive = view.snapshot?.servers.filter(s => s.status === 'alive').length ?? 0;
  const total = view.snapshot?.servers.length ?? view.config?.servers.length ?? 0;
  const state = view.blockers.length > 0 ? msg('configuration cannot be used') : (view.failure ?? healthText(health));
  const servers = view.snapshot ? msg('{alive} of {total} servers alive', { alive, total }) : undefined;
  const reports = [view.replicationReport, view.sshReport].filter(r => r !== undefined);
  const pid = managerPid(view.monitoring);
  const monitored = pid === undefined ? undefined : msg('monitored');
  return {
    id: view.id,
    kind: 'cluster',
    cluster: view.id,
    label: view.name,
    description: present(state, view.snapshot && alive < total ? servers : undefined, monitored),
    tooltip: present(view.file, state, servers),
    spoken: present(msg('Cluster {name}', { name: view.name }), state, servers, monitored),
    icon: healthIcon(health),
    health,
    context: [
      'cluster',
      ...(reports.length > 0 ? ['reported'] : []),
      ...(deadMasterOf(view) === undefined ? [] : ['dead']),
      ...(view.monitoring ? [pid === undefined ? 'unmonitored' : 'monitored'] : []),
    ].join(' '),
    target: { file: view.file, range: TOP },
    children: [
      ...view.blockers.map((f, i) => blockerNode(view, f, i)),
      ...clusterFindings(view).map((f, i) => findingNode(view, f, i)),
      ...(view.snapshot ? serverNodes(view, view.snapshot) : []),
      ...(view.monitoring ? [monitoringNode(view, view.monitoring)] : []),
      ...(view.operation ? [operationNode(view, view.operation, time)] : []),
      ...reports.map(r => checkNode(view, r, time)),
    ],
  };
}

function clusterFindings(view: ClusterView): Finding[] {
  const known = new Set(view.snapshot?.servers.map(s => s.id));
  return view.findings.filter(f => isProblem(f) && (f.server === undefined || !known.has(f.server)));
}

function blockerNode(view: ClusterView, finding: ConfigFinding, index: number): TreeNode {
  return {
    id: `${view.id}#config/${index}`,
    kind: 'finding',
    cluster: view.id,
    label: finding.message,
    description: [msg('line {line}', { line: finding.range.start.line + 1 })],
    tooltip: [finding.message, `${finding.file}:${finding.range.start.line + 1}`],
    spoken: [msg('Problem in the configuration'), finding.message],
    icon: severityIcon(finding.severity),
    health: healthOfSeverity(finding.severity),
    context: 'finding',
    target: { file: finding.file, range: finding.range },
    children: [],
  };
}

function findingNode(view: ClusterView, finding: Finding, index: number): TreeNode {
  const place = view.config ? findingPlace(finding, view.config) : undefined;
  return {
    id: `${view.id}#finding/${finding.server ?? ''}/${finding.code}/${index}`,
    kind: 'finding',
    cluster: view.id,
    ...(finding.server === undefined ? {} : { server: finding.server }),
    label: finding.message,
    description: [],
    tooltip: [finding.message, finding.code],
    spoken: [severityText(finding.severity), finding.message],
    icon: severityIcon(finding.severity),
    health: healthOfSeverity(finding.severity),
    context: 'finding',
    ...(place ? { target: place } : {}),
    children: [],
  };
}

function severityText(severity: Severity): Text {
  return severity === 'error' ? msg('Error') : severity === 'warning' ? msg('Warning') : msg('Information');
}

/**
 * The servers, each replica below its source. A replica of several sources stands below the first; in a ring (co-masters)
 * the master, else the first server, is the root.
 */
function serverNodes(view: ClusterView, snapshot: Snapshot): TreeNode[] {
  const ids = snapshot.servers.map(s => s.id);
  const byId = new Map(snapshot.servers.map(s => [s.id, s]));
  const placed = new Set<string>();
  const build = (id: string): TreeNode | undefined => {
    const server = byId.get(id);
    if (!server || placed.has(id)) return undefined;
    placed.add(id);
    const replicas = ids.filter(r => snapshot.edges.some(e => e.source === id && e.replica === r));
    return serverNode(
      view,
      snapshot,
      server,
      replicas.map(build).filter(n => n !== undefined),
    );
  };
  const hasSource = new Set(snapshot.edges.map(e => e.replica));
  const free = ids.filter(id => !hasSource.has(id));
  const roots = [...(snapshot.master === undefined ? [] : [snapshot.master]), ...free, ...ids];
  return roots.map(build).filter(n => n !== undefined);
}

function serverNode(view: ClusterView, snapshot: Snapshot, server: ServerSnapshot, replicas: TreeNode[]): TreeNode {
  const about = view.findings.filter(f => f.server === server.id);
  const findings = about.filter(isProblem);
  const status = statusText(server);
  const role = roleOf(server, snapshot);
  const replication = replicationText(server.state?.channels ?? []);
  const version = server.state && versionText(server.state.version);
  const health = worstOf([
    server.state ? 'ok' : 'failed',
    ...(server.state?.channels.every(isRunning) === false ? (['warning'] as const) : []),
    ...findings.map(f => healthOfSeverity(f.severity)),
  ]);
  const configured = view.config?.servers.find(s => s.id === server.id);
  const name = byName(snapshot, server.id);
  const source = snapshot.edges.find(e => e.replica === server.id)?.source;
  return {
    id: `${view.id}#server/${server.id}`,
    kind: 'server',
    cluster: view.id,
    server: server.id,
    label: name,
    description: present(
      roleText(role),
      status ?? replication,
      version,
      server.configured ? undefined : msg('not configured'),
    ),
    tooltip: [...present(roleText(role)), ...serverTooltip(server), ...about.map(f => f.message)],
    spoken: present(
      name,
      roleText(role),
      source === undefined ? undefined : msg('below {source}', { source: byName(snapshot, source) }),
      status ?? replication,
      version,
      findings.length === 0 ? undefined : msg('findings: {count}', { count: findings.length }),
    ),
    icon: serverIcon(server, role),
    health,
    context: configured ? 'server' : 'discovered',
    ...(configured ? { target: { file: view.file, range: configured.section } } : {}),
    children: [...findings.map((f, i) => findingNode(view, f, i)), ...replicas],
  };
}

function byName(snapshot: Snapshot, id: string): string {
  const server = snapshot.servers.find(s => s.id === id);
  if (!server) return id;
  const sameName = snapshot.servers.some(s => s.id !== id && s.name === server.name);
  return sameName ? `${server.name}:${server.address.port}` : server.name;
}

function serverIcon(server: ServerSnapshot, role: string): string {
  switch (server.status) {
    case 'alive':
      return role === 'master' ? 'database' : role === 'replica' ? 'server' : 'server-environment';
    case 'dead':
      return 'debug-disconnect';
    case 'hung':
      return 'watch';
    case 'refusing':
      return 'lock';
    case 'unreachable':
      return 'question';
  }
}

function checkNode(view: ClusterView, report: Report, time: (iso: string) => string): TreeNode {
  const title = report.kind === 'ssh' ? msg('SSH check') : msg('Replication check');
  const health = healthOfVerdict(report.verdict);
  return {
    id: `${view.id}#check/${report.kind}`,
    kind: 'check',
    cluster: view.id,
    label: title,
    description: [verdictText(report.verdict), time(report.startedAt)],
    tooltip: [title, verdictText(report.verdict), time(report.startedAt)],
    spoken: [title, verdictText(report.verdict), time(report.startedAt)],
    icon: healthIcon(health),
    health,
    context: `check reported ${report.kind}`,
    children: [],
  };
}

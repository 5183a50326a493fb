import type { ClusterConfig, ServerConfig } from '../config/types';
import { connectFailureMessage } from '../engine/mysql/failureMessage';
import type { ServerState } from '../engine/mysql/types';
import type { ServerSnapshot, Snapshot } from '../engine/topology/types';
import type { Message } from '../l10n/message';
import { format, msg } from '../l10n/message';
import { printable } from './terminal';
import { STATUS_NOTES, THREAD_WORDS } from './words';

/** MHA's print form of a server, `db1(192.168.0.11:3306)`. */
export function hostForm(server: ServerSnapshot): string {
  return `${server.name}(${server.address.host}:${server.address.port})`;
}

/** One server of the tree with what hangs below it. */
interface Node {
  readonly server: ServerSnapshot;
  readonly children: readonly Node[];
}

/**
 * Who replicates from whom, as MHA's log shows it: the master at the left, ` +--` before its replicas, one level deeper for
 * theirs. Servers outside every tree stand alone; of a ring each server appears once.
 */
export function treeText(
  snapshot: Snapshot,
  note: (server: ServerSnapshot) => string | undefined = () => undefined,
): string {
  const lines: string[] = [];
  const print = ({ server, children }: Node, depth: number): void => {
    const indent = depth === 0 ? '' : `${'   '.repeat(depth - 1)} +--`;
    lines.push([`${indent}${hostForm(server)}`, note(server) ?? ''].filter(part => part !== '').join(' '));
    for (const child of children) print(child, depth + 1);
  };
  for (const root of forest(snapshot)) print(root, 0);
  return lines.map(line => `${line}\n`).join('');
}

/** The master first, then the other servers that nobody in the snapshot feeds, then what is left of rings. */
function forest(snapshot: Snapshot): Node[] {
  const byId = new Map(snapshot.servers.map(s => [s.id, s]));
  const fed = new Set(snapshot.edges.map(e => e.replica));
  const seen = new Set<string>();
  const grow = (server: ServerSnapshot): Node => {
    seen.add(server.id);
    const children: Node[] = [];
    for (const { source, replica } of snapshot.edges) {
      const child = byId.get(replica);
      if (source === server.id && child && !seen.has(replica)) children.push(grow(child));
    }
    return { server, children };
  };
  const master = snapshot.master === undefined ? undefined : byId.get(snapshot.master);
  const roots = master ? [grow(master)] : [];
  for (const onlyUnfed of [true, false])
    for (const server of snapshot.servers)
      if (!seen.has(server.id) && !(onlyUnfed && fed.has(server.id))) roots.push(grow(server));
  return roots;
}

/** `(current master)`, `(dead)` and the label of the configuration, as in MHA's tree. */
export function treeNote(
  cluster: ClusterConfig,
  snapshot: Snapshot,
  render: (message: Message) => string = format,
): (server: ServerSnapshot) => string {
  const labels = new Map(cluster.servers.map(s => [s.id, s.values.node_label]));
  return server => {
    const notes = [
      server.id === snapshot.master ? render(msg('(current master)')) : '',
      server.status === 'alive' || (server.id === snapshot.master && server.status === 'dead')
        ? ''
        : render(STATUS_NOTES[server.status]),
      labels.get(server.id) ? `(${labels.get(server.id)})` : '',
    ];
    return notes.filter(n => n !== '').join(' ');
  };
}

/**
 * What stands behind a server where people read the tree: its role, version, lag or what is wrong with it.
 */
export function serverNote(
  cluster: ClusterConfig,
  snapshot: Snapshot,
  server: ServerSnapshot,
  render: (message: Message) => string,
): string {
  const notes = [treeNote(cluster, snapshot, render)(server)];
  const { state } = server;
  if (state) {
    notes.push(`${state.version.flavour === 'mariadb' ? 'MariaDB' : 'MySQL'} ${versionNumber(state)}`);
    notes.push(render(state.readOnly ? msg('read-only') : msg('writable')));
    for (const { receiver, applier, secondsBehind } of state.channels) {
      if (receiver !== 'running' || applier !== 'running')
        notes.push(
          render(
            msg('receiver {receiver}, applier {applier}', {
              receiver: THREAD_WORDS[receiver],
              applier: THREAD_WORDS[applier],
            }),
          ),
        );
      else if (secondsBehind !== undefined) notes.push(render(msg('{seconds} s behind', { seconds: secondsBehind })));
    }
  } else if (server.failure) notes.push(printable(render(connectFailureMessage(server.failure))));
  return notes.filter(n => n !== '').join(', ');
}

function versionNumber({ version }: ServerState): string {
  return `${version.major}.${version.minor}.${version.patch}`;
}

/** What MHA logs about the servers that it found; monitoring scripts search for these lines. */
export function topologyLog(cluster: ClusterConfig, snapshot: Snapshot): string[] {
  const configs = new Map(cluster.servers.map(s => [s.id, s]));
  const isUnmanaged = (server: ServerSnapshot) =>
    !server.configured || (configs.get(server.id)?.values.multi_tier_slave === true && isThirdTier(server, snapshot));
  const managed = snapshot.servers.filter(s => !isUnmanaged(s));
  const alive = managed.filter(s => s.status === 'alive');
  const replicas = alive.filter(s => s.id !== snapshot.master && s.state !== undefined && s.state.channels.length > 0);
  const failed = replicas.filter(isFailed);
  const oldest = oldestVersion(replicas);
  const describe = (server: ServerSnapshot) => replicaLines(server, configs.get(server.id), snapshot, oldest);
  const lines = [
    `GTID failover mode = ${snapshot.gtidMode}`,
    'Dead Servers:',
    ...managed.filter(s => s.status !== 'alive').map(s => `  ${hostForm(s)}`),
    'Alive Servers:',
    ...alive.map(s => `  ${hostForm(s)}`),
    'Alive Slaves:',
    ...replicas.filter(s => !isFailed(s)).flatMap(describe),
  ];
  if (failed.length > 0) lines.push('Failed Slaves:', ...failed.flatMap(describe));
  const unmanaged = snapshot.servers.filter(isUnmanaged);
  if (unmanaged.length > 0)
    lines.push('Unmanaged Servers:', ...unmanaged.flatMap(s => (s.state ? describe(s) : [`  ${hostForm(s)}`])));
  const master = snapshot.servers.find(s => s.id === snapshot.master);
  if (master?.status === 'alive') lines.push(`Current Alive Master: ${hostForm(master)}`);
  return lines;
}

/** Replicates from servers of the snapshot, but not from the master: MHA leaves those with multi_tier_slave=1 alone. */
function isThirdTier(server: ServerSnapshot, snapshot: Snapshot): boolean {
  const sources = snapshot.edges.filter(e => e.replica === server.id).map(e => e.source);
  return server.id !== snapshot.master && sources.length > 0 && !sources.some(s => s === snapshot.master);
}

/** MHA calls a replica failed when its applier stopped with an error. */
function isFailed(server: ServerSnapshot): boolean {
  return server.state?.channels.some(c => c.applier === 'stopped' && c.applierError !== undefined) ?? false;
}

function replicaLines(
  server: ServerSnapshot,
  config: ServerConfig | undefined,
  snapshot: Snapshot,
  oldest: string | undefined,
): string[] {
  const { state } = server;
  if (!state) return [];
  const mark = majorVersion(state) === oldest ? ' (oldest major version between slaves)' : '';
  const lines = [
    `  ${hostForm(server)}  Version=${state.version.text}${mark} log-bin:${state.logBin ? 'enabled' : 'disabled'}`,
  ];
  if (hasGtids(state)) lines.push('    GTID ON');
  for (const channel of state.channels)
    lines.push(`    Replicating from ${sourceForm(server, channel.name, snapshot)}`);
  if (config?.values.candidate_master) lines.push('    Primary candidate for the new Master (candidate_master is set)');
  if (config?.values.no_master) lines.push('    Not candidate for the new Master (no_master is set)');
  return lines;
}

function sourceForm(server: ServerSnapshot, channel: string, snapshot: Snapshot): string {
  const edge = snapshot.edges.find(e => e.replica === server.id && e.channel === channel);
  const source = snapshot.servers.find(s => s.id === edge?.source);
  if (source) return hostForm(source);
  const address = server.state?.channels.find(c => c.name === channel)?.source;
  return address ? `${address.host}(${address.host}:${address.port})` : 'unknown';
}

function hasGtids(state: ServerState): boolean {
  return state.version.flavour === 'mysql' && state.gtidMode === 'ON';
}

function majorVersion({ version }: ServerState): string {
  return `${version.major}.${version.minor}`;
}

function oldestVersion(servers: readonly ServerSnapshot[]): string | undefined {
  const versions = servers.flatMap(s => (s.state ? [s.state] : []));
  const [oldest] = versions.sort((a, b) => a.version.major - b.version.major || a.version.minor - b.version.minor);
  return oldest && majorVersion(oldest);
}

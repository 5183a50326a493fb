import type { ServerSnapshot, ServerStatus, Snapshot } from '../../engine/topology/types';
import { msg, type Message } from '../../l10n/message';
import type { BlockOf, Level, TopologyRow } from './reportProtocol';
import { seconds, type Wording } from './reportWords';

const STATUS: Readonly<Record<Exclude<ServerStatus, 'alive'>, Message>> = {
  refusing: msg('refuses connections'),
  hung: msg('does not answer'),
  dead: msg('dead'),
  unreachable: msg('unreachable'),
};

function stateOf(server: ServerSnapshot, isMaster: boolean): Message {
  if (server.failure?.kind === 'accessDenied') return msg('access denied');
  if (server.failure?.kind === 'tooManyConnections') return msg('too many connections');
  if (server.status !== 'alive') return STATUS[server.status];
  const channels = server.state?.channels ?? [];
  if (channels.length === 0) return isMaster ? msg('running') : msg('not replicating');
  if (channels.some(channel => channel.applier === 'stopped' && channel.receiver === 'stopped')) return msg('stopped');
  if (channels.some(channel => channel.applier === 'stopped')) return msg('applier stopped');
  if (channels.some(channel => channel.receiver === 'stopped')) return msg('receiver stopped');
  if (channels.some(channel => channel.receiver === 'connecting')) return msg('connecting to its master');
  return msg('replicating');
}

function lagOf(server: ServerSnapshot): Message | undefined {
  const lags = server.state?.channels.flatMap(channel => channel.secondsBehind ?? []) ?? [];
  return lags.length === 0 ? undefined : seconds(Math.max(...lags));
}

function accessOf(server: ServerSnapshot): Message | undefined {
  if (!server.state) return undefined;
  return server.state.readOnly ? msg('read-only') : msg('writable');
}

/** Depth-first below each server that replicates from nobody; what a circle of masters leaves over comes last. */
function inTreeOrder(snapshot: Snapshot): readonly { readonly server: ServerSnapshot; readonly depth: number }[] {
  const byId = new Map(snapshot.servers.map(server => [server.id, server]));
  const order: { server: ServerSnapshot; depth: number }[] = [];
  const placed = new Set<string>();
  const place = (id: string, depth: number): void => {
    const server = byId.get(id);
    if (!server || placed.has(id)) return;
    placed.add(id);
    order.push({ server, depth });
    for (const edge of snapshot.edges) if (edge.source === id) place(edge.replica, depth + 1);
  };
  if (snapshot.master !== undefined) place(snapshot.master, 0);
  const replicas = new Set(snapshot.edges.map(edge => edge.replica));
  for (const server of snapshot.servers) if (!replicas.has(server.id)) place(server.id, 0);
  for (const server of snapshot.servers) place(server.id, 0);
  return order;
}

/** What to call each server: its name, with the port where several have the same name. */
export function serverNames(snapshot: Snapshot | undefined): ReadonlyMap<string, string> {
  const servers = snapshot?.servers ?? [];
  const shared = (server: ServerSnapshot) => servers.some(other => other !== server && other.name === server.name);
  return new Map(servers.map(s => [s.id, shared(s) ? `${s.name}:${s.address.port}` : s.name]));
}

const WORST_FIRST: readonly Level[] = ['failed', 'warning', 'info', 'ok'];

/** The servers as a tree; the level of each is the worst of what the report says about it. */
export function topologyBlock(
  snapshot: Snapshot,
  said: readonly { readonly level: Level; readonly server: string | undefined }[],
  { translate }: Wording,
): BlockOf<'topology'> {
  const levelOf = (server: ServerSnapshot): Level => {
    const own = said.filter(draft => draft.server === server.id).map(draft => draft.level);
    const worst = WORST_FIRST.find(level => own.includes(level)) ?? 'ok';
    if (worst === 'failed' || server.status !== 'alive') return 'failed';
    const waiting = server.state?.channels.some(c => c.receiver !== 'running' || c.applier !== 'running');
    return waiting || worst === 'warning' ? 'warning' : 'ok';
  };
  const names = serverNames(snapshot);
  const sourcesOf = (id: string) =>
    [...new Set(snapshot.edges.filter(edge => edge.replica === id).map(edge => names.get(edge.source)))].join(', ');
  const rows = inTreeOrder(snapshot).map(({ server, depth }): TopologyRow => {
    const master = server.id === snapshot.master;
    const lag = lagOf(server);
    const access = accessOf(server);
    const sources = sourcesOf(server.id);
    return {
      depth,
      level: levelOf(server),
      name: names.get(server.id) ?? server.name,
      ...(master ? { badge: translate(msg('master')) } : {}),
      notes: [
        ...(sources ? [translate(msg('replica of {master}', { master: sources }))] : []),
        ...(server.configured ? [] : [translate(msg('not in the file'))]),
      ],
      state: translate(stateOf(server, master)),
      lag: lag ? translate(lag) : '',
      access: access ? translate(access) : '',
      version: server.state?.version.text ?? '',
      address: `${server.address.host}:${server.address.port}`,
    };
  });
  return {
    type: 'topology',
    title: translate(msg('Servers')),
    columns: [msg('Server'), msg('State'), msg('Lag'), msg('Access'), msg('Version'), msg('Address')].map(translate),
    rows,
  };
}

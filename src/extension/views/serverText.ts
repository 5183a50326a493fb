import type { ReplicaChannel, ServerVersion } from '../../engine/mysql/types';
import type { ServerSnapshot, Snapshot } from '../../engine/topology/types';
import { msg } from '../../l10n/message';
import type { Text } from '../text';

export type Role = 'master' | 'replica' | 'standalone' | 'unknown';

export function roleOf(server: ServerSnapshot, snapshot: Snapshot): Role {
  if (snapshot.master === server.id) return 'master';
  if (snapshot.edges.some(e => e.replica === server.id) || (server.state?.channels.length ?? 0) > 0) return 'replica';
  return server.state ? 'standalone' : 'unknown';
}

export function roleText(role: Role): Text | undefined {
  switch (role) {
    case 'master':
      return msg('master');
    case 'replica':
      return msg('replica');
    case 'standalone':
      return msg('not replicating');
    case 'unknown':
      return undefined;
  }
}

export function versionText(version: ServerVersion): string {
  const number = `${version.major}.${version.minor}.${version.patch}`;
  return `${version.flavour === 'mariadb' ? 'MariaDB' : 'MySQL'} ${number}`;
}

/** Why a server was not read. Undefined if it was. */
export function statusText(server: ServerSnapshot): Text | undefined {
  const { failure } = server;
  switch (server.status) {
    case 'alive':
      return undefined;
    case 'dead':
      return msg('dead: nobody listens');
    case 'hung':
      return msg('hung: accepts connections, does not answer');
    case 'unreachable':
      return failure?.kind === 'unknownHost' ? msg('unreachable: unknown host name') : msg('unreachable: no answer');
    case 'refusing':
      switch (failure?.kind) {
        case 'accessDenied':
          return msg('access denied');
        case 'tooManyConnections':
          return msg('too many connections');
        case 'hostBlocked':
          return msg('this host is blocked');
        case 'tls':
          return msg('TLS failed');
        default:
          return failure?.errno === undefined
            ? msg('answers with an error')
            : msg('error {errno}', { errno: failure.errno });
      }
  }
}

export function isRunning(channel: ReplicaChannel): boolean {
  return channel.receiver === 'running' && channel.applier === 'running';
}

/** The worst thing to say about a replica's channels: stopped, connecting, or how far it is behind. */
export function replicationText(channels: readonly ReplicaChannel[]): Text | undefined {
  if (channels.length === 0) return undefined;
  const failed = channels.find(c => c.applierError ?? c.receiverError);
  const error = failed?.applierError ?? failed?.receiverError;
  if (channels.some(c => c.receiver === 'stopped' || c.applier === 'stopped'))
    return error ? msg('stopped by error {errno}', { errno: error.errno }) : msg('replication stopped');
  if (channels.some(c => c.receiver === 'connecting'))
    return error ? msg('connecting (error {errno})', { errno: error.errno }) : msg('connecting');
  const lags = channels.map(c => c.secondsBehind).filter(s => s !== undefined);
  return lags.length === 0 ? undefined : msg('{seconds} s behind', { seconds: Math.max(...lags) });
}

function channelLine(channel: ReplicaChannel): Text[] {
  const source = `${channel.source.host}:${channel.source.port}`;
  const lines: Text[] = [
    channel.name === ''
      ? msg('Replicates from {source}', { source })
      : msg('Replicates from {source} by channel {channel}', { source, channel: channel.name }),
  ];
  const state = replicationText([channel]);
  if (state) lines.push(state);
  for (const error of [channel.receiverError, channel.applierError])
    if (error) lines.push(`${error.errno}: ${error.text}`);
  if (channel.delaySeconds > 0) lines.push(msg('Delayed on purpose by {seconds} s', { seconds: channel.delaySeconds }));
  return lines;
}

/** Everything worth knowing at a glance, a line each. */
export function serverTooltip(server: ServerSnapshot): Text[] {
  const { state } = server;
  const lines: Text[] = [`${server.address.host}:${server.address.port}`];
  if (!server.configured) lines.push(msg('Not in the configuration: found by replication'));
  if (!state) {
    const status = statusText(server);
    return [...lines, ...(status ? [status] : []), ...(server.failure ? [server.failure.text] : [])];
  }
  lines.push(msg('{version}, server id {id}', { version: versionText(state.version), id: state.serverId }));
  lines.push(state.readOnly ? msg('Read only') : msg('Writable'));
  for (const channel of state.channels) lines.push(...channelLine(channel));
  if (state.gtidMode) lines.push(msg('GTID mode {mode}', { mode: state.gtidMode }));
  if (!state.logBin) lines.push(msg('No binary log'));
  if (state.semiSync.source?.active)
    lines.push(msg('Semi-synchronous replicas: {count}', { count: state.semiSync.source.clients }));
  if (state.semiSync.replica?.active) lines.push(msg('Semi-synchronous replica'));
  return lines;
}

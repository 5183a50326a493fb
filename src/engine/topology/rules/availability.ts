import type { Origin } from '../../../config/types';
import { msg, type Message } from '../../../l10n/message';
import { connectFailureMessage } from '../../mysql/failureMessage';
import type { Finding } from '../types';
import { isAlive, label, type Context, type Node, type Rule } from './context';

const connected = (context: Context, master: Node) =>
  context.replicas.filter(r => r.source === master.id && r.channel.receiver === 'running');

/** Where the line of a parameter is, for a person who has to change it. */
function placeOf(origin: Origin | undefined): string | undefined {
  return origin && 'file' in origin ? `${origin.file}:${origin.range.start.line + 1}` : undefined;
}

const reason = ({ snapshot: { failure, status }, config }: Node): Message | string => {
  if (!failure) return status;
  const why = connectFailureMessage(failure);
  if (failure.kind !== 'accessDenied') return why;
  const places = (['user', 'password'] as const).flatMap(name => {
    const place = placeOf(config?.origins[name]);
    return place === undefined ? [] : [`${name} ${place}`];
  });
  return places.length === 0 ? why : msg('{why}; see {places}', { why, places: places.join(', ') });
};

/** The master does not answer: what the replicas say decides whether it, or the way to it, is gone. */
const masterGone: Rule = context => {
  const { master } = context;
  if (!master || (master.snapshot.status !== 'dead' && master.snapshot.status !== 'unreachable')) return [];
  const server = master.id;
  const still = connected(context, master);
  const living = context.replicas.filter(r => r.id !== master.id);
  const args = { server: label(master), reason: reason(master) };
  if (still.length > 0)
    return [
      {
        code: 'manager-cut-off',
        severity: 'error',
        server,
        message: msg(
          'Master {server} cannot be reached from here ({reason}), but {count} replicas are still connected to it: probably this machine is cut off and the master is not dead',
          { ...args, count: still.length },
        ),
      },
    ];
  if (living.length === 0)
    return [
      {
        code: master.snapshot.status === 'dead' ? 'dead-master-and-replicas' : 'unreachable-master-and-replicas',
        severity: 'error',
        server,
        message: msg('Neither master {server} ({reason}) nor any of its replicas answers', args),
      },
    ];
  if (master.snapshot.status === 'dead')
    return [
      {
        code: 'dead-master',
        severity: 'error',
        server,
        message: msg('Master {server} is dead ({reason}), and no replica is connected to it', args),
      },
    ];
  return [
    {
      code: 'unreachable-master',
      severity: 'error',
      server,
      message: msg('Master {server} cannot be reached ({reason}), and no replica is connected to it', args),
    },
  ];
};

/** Answers badly or not at all, but is not dead. */
const badMaster: Rule = ({ master }) => {
  if (!master) return [];
  const { status, failure } = master.snapshot;
  const args = { server: label(master), reason: reason(master) };
  if (status === 'hung')
    return [
      {
        code: 'hung-master',
        severity: 'error',
        server: master.id,
        message: msg('Master {server} accepts connections but does not answer: {reason}', args),
      },
    ];
  if (status !== 'refusing') return [];
  if (failure?.kind === 'tooManyConnections')
    return [
      {
        code: 'master-too-many-connections',
        severity: 'error',
        server: master.id,
        message: msg('Master {server} has no free connection: {reason}', args),
      },
    ];
  return [
    {
      code: 'refusing-master',
      severity: 'error',
      server: master.id,
      message: msg('Master {server} is alive but refuses this connection: {reason}', args),
    },
  ];
};

function unavailable(node: Node, context: Context): Finding | undefined {
  const { status, failure } = node.snapshot;
  if (isAlive(node) || node === context.master) return undefined;
  const args = { server: label(node), reason: reason(node) };
  const server = node.id;
  const ignored = !node.config || node.config.values.ignore_fail;
  const severity = ignored ? 'warning' : 'error';
  if (node.replicas.length > 0 && (status === 'dead' || status === 'unreachable'))
    return {
      code: 'dead-intermediate-master',
      severity,
      server,
      message: msg('{server}, from which other servers replicate, cannot be reached: {reason}', args),
    };
  switch (status) {
    case 'dead':
      return { code: 'dead-server', severity, server, message: msg('Server {server} is dead: {reason}', args) };
    case 'unreachable':
      return {
        code: 'unreachable-server',
        severity,
        server,
        message: msg('Server {server} cannot be reached: {reason}', args),
      };
    case 'hung':
      return {
        code: 'hung-server',
        severity,
        server,
        message: msg('Server {server} accepts connections but does not answer: {reason}', args),
      };
    default:
      return failure?.kind === 'accessDenied'
        ? {
            code: 'access-denied',
            severity,
            server,
            message: msg('Server {server} refuses the account of the manager: {reason}', args),
            parameter: 'user',
          }
        : {
            code: 'refusing-server',
            severity,
            server,
            message: msg('Server {server} is alive but refuses this connection: {reason}', args),
          };
  }
}

const serversGone: Rule = context =>
  context.nodes.flatMap(node => {
    const finding = unavailable(node, context);
    return finding ? [finding] : [];
  });

const noServerAlive: Rule = ({ configured }) =>
  configured.some(isAlive)
    ? []
    : [
        {
          code: 'no-server-alive',
          severity: 'error',
          message: msg('None of the configured servers can be read: nothing is known about the cluster'),
        },
      ];

const noReplicas: Rule = ({ alive, configured, replicas }) =>
  alive.length === 0 || replicas.some(r => r.config)
    ? []
    : [
        {
          code: 'no-replica-alive',
          severity: 'error',
          message: msg(
            'No living server of the {count} configured ones is a replica: there is nothing to fail over to',
            {
              count: configured.length,
            },
          ),
        },
      ];

const noneReplicating: Rule = ({ master, replicas }) => {
  const below = replicas.filter(r => r !== master);
  const works = below.some(r => r.channel.receiver === 'running' && r.channel.applier === 'running');
  if (!master || !isAlive(master) || below.length === 0 || works) return [];
  return [
    {
      code: 'no-replica-replicating',
      severity: 'error',
      server: master.id,
      message: msg('Master {server} is alive, but none of its {count} replicas replicates', {
        server: label(master),
        count: below.length,
      }),
    },
  ];
};

const offline: Rule = ({ alive }) =>
  alive
    .filter(node => node.state.offlineMode)
    .map(node => ({
      code: 'offline-mode',
      severity: 'error',
      server: node.id,
      message: msg('{server} is in offline mode: applications cannot connect', { server: label(node) }),
    }));

/** From nine tenths on, the next rush keeps the manager out. */
const nearlyFull: Rule = ({ alive }) =>
  alive
    .filter(({ state }) => state.maxConnections > 0 && state.connections >= state.maxConnections * 0.9)
    .map(node => ({
      code: 'connections-nearly-exhausted',
      severity: 'warning',
      server: node.id,
      message: msg('{server} uses {used} of {limit} connections', {
        server: label(node),
        used: node.state.connections,
        limit: node.state.maxConnections,
      }),
    }));

const unread: Rule = ({ alive }) =>
  alive
    .filter(node => node.state.unread.length > 0)
    .map(node => ({
      code: 'state-incomplete',
      severity: node.config && node.state.unread.some(u => u.what === 'showReplicaStatus') ? 'error' : 'warning',
      server: node.id,
      message: msg('{server} did not tell everything: {details}', {
        server: label(node),
        details: node.state.unread.map(u => `${u.what} (${u.text})`).join('; '),
      }),
    }));

export const availabilityRules: readonly Rule[] = [
  masterGone,
  badMaster,
  serversGone,
  noServerAlive,
  noReplicas,
  noneReplicating,
  offline,
  nearlyFull,
  unread,
];

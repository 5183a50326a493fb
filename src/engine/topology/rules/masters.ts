import { msg } from '../../../l10n/message';
import type { Finding } from '../types';
import { isAlive, isReplica, label, labels, type Context, type LiveNode, type Node, type Rule } from './context';

/** Servers that have replicas of their own. */
const sources = (context: Context) => context.nodes.filter(n => n.replicas.length > 0);

/** Writable, or gone: what MHA takes for a possible master. */
const writableOrGone = (node: Node): boolean => !isAlive(node) || !node.state.readOnly;

/** Two servers replicate from each other. */
const inRing = (a: Node, b: Node): boolean => a.replicas.includes(b.id) && b.replicas.includes(a.id);

const twoWritable: Rule = context => {
  const writable = sources(context).filter(n => isAlive(n) && !n.state.readOnly);
  const rings = writable.filter(a => writable.some(b => b !== a && inRing(a, b)));
  if (rings.length < 2) return [];
  return [
    {
      code: 'two-writable-masters',
      severity: 'error',
      message: msg(
        '{servers} replicate from each other and all of them are writable: read_only must be set on all but one',
        {
          servers: labels(rings),
        },
      ),
    },
  ];
};

const noMaster: Rule = context => {
  if (context.master || context.alive.length === 0) return [];
  const all = sources(context);
  const possible = all.filter(writableOrGone);
  if (all.length === 0)
    return [
      {
        code: 'no-master',
        severity: 'error',
        message: msg('No server replicates from a server of this cluster, so none of them is its master'),
      },
    ];
  if (possible.length === 0)
    return [
      {
        code: 'no-writable-master',
        severity: 'error',
        message: msg('Several masters, and all of them are read-only: {servers}', { servers: labels(all) }),
      },
    ];
  return [
    {
      code: 'several-masters',
      severity: 'error',
      message: msg('It is ambiguous who the master is: {servers} are writable or cannot be read', {
        servers: labels(possible),
      }),
    },
  ];
};

const notConfigured: Rule = ({ master }) =>
  !master || master.config
    ? []
    : [
        {
          code: 'master-not-configured',
          severity: 'error',
          server: master.id,
          message: msg('{server}, from which the replicas replicate, is not defined in the configuration file', {
            server: label(master),
          }),
        },
      ];

const outsideSource: Rule = context => {
  const { master } = context;
  const source = master?.source === undefined ? undefined : context.node(master.source);
  if (!master?.config || !source || source.config) return [];
  return [
    {
      code: 'master-replicates-from-outside',
      severity: 'error',
      server: master.id,
      message: msg('Master {server} itself replicates from {source}, which is not in the configuration', {
        server: label(master),
        source: label(source),
      }),
    },
  ];
};

/** Without the privilege for it nothing is known about its replication. */
const statusWasRead = (node: LiveNode): boolean => !node.state.unread.some(u => u.what === 'showReplicaStatus');

/** A living configured server that replicates from nobody and is not the master. */
const notAReplica: Rule = context =>
  context.configured.filter(isAlive).flatMap((node): Finding[] => {
    if (node === context.master || node.isReplica || !statusWasRead(node)) return [];
    if (!context.master && node.replicas.length > 0) return [];
    return [
      {
        code: 'not-a-replica',
        severity: 'error',
        server: node.id,
        message: msg('{server} is alive, but does not work as a replica', { server: label(node) }),
      },
    ];
  });

/** Replicates, but not from the master: allowed for `multi_tier_slave`, and part of a ring of co-masters. */
const otherMaster: Rule = context => {
  const { master } = context;
  if (!master) return [];
  return context.configured.filter(isReplica).flatMap((node): Finding[] => {
    const source = node.source === undefined ? undefined : context.node(node.source);
    if (node === master || !source || source === master || node.config?.values.multi_tier_slave) return [];
    return [
      {
        code: 'replicates-from-other-master',
        severity: 'error',
        server: node.id,
        message: msg('Replica {server} replicates from {source}, but the master is {master}', {
          server: label(node),
          source: label(source),
          master: label(master),
        }),
        parameter: 'multi_tier_slave',
      },
    ];
  });
};

/** Set up as a replica, but its source is not among the servers seen (limits of discovery). */
const unknownSource: Rule = context =>
  context.configured.filter(isReplica).flatMap((node): Finding[] =>
    node.source !== undefined
      ? []
      : [
          {
            code: 'unknown-source',
            severity: 'error',
            server: node.id,
            message: msg('Replica {server} replicates from {source}, which is not a server of this cluster', {
              server: label(node),
              source: `${node.channel.source.host}:${node.channel.source.port}`,
            }),
          },
        ],
  );

const unconfigured: Rule = context => {
  const found = context.nodes
    .filter(n => !n.config && n !== context.master && isAlive(n))
    .map((node): Finding => ({
      code: 'unconfigured-server',
      severity: 'warning',
      server: node.id,
      message: msg('{server} belongs to the topology, but is not in the configuration: a failover leaves it behind', {
        server: label(node),
      }),
    }));
  const unread = context.configured.filter(isAlive).flatMap(node =>
    node.state.registeredReplicas
      .filter(r => !context.alive.some(n => n.state.serverId === r.serverId))
      .filter(
        r =>
          !context.nodes.some(n => r.host && n.snapshot.address.host === r.host && n.snapshot.address.port === r.port),
      )
      .map((r): Finding => ({
        code: 'unknown-replica',
        severity: 'information',
        server: node.id,
        message: msg(
          'A client that is not in the configuration reads the binary log of {server}: server id {id}, {address}',
          {
            server: label(node),
            id: r.serverId,
            address: r.host ? `${r.host}:${r.port}` : '-',
          },
        ),
      })),
  );
  return [...found, ...unread];
};

const channels: Rule = context =>
  context.configured.filter(isAlive).flatMap((node): Finding[] => {
    const all = node.state.channels;
    const wanted = node.config?.extended.channel;
    const server = node.id;
    const names = all.map(c => c.name || "''").join(', ');
    if (wanted !== undefined && all.length > 0 && !all.some(c => c.name === wanted))
      return [
        {
          code: 'channel-missing',
          severity: 'error',
          server,
          message: msg('{server} has no replication channel {channel}; it has {names}', {
            server: label(node),
            channel: wanted,
            names,
          }),
          parameter: 'channel',
        },
      ];
    if (all.length < 2) return [];
    const own = context.snapshot.edges.filter(e => e.replica === node.id);
    if (own.length === 1)
      return [
        {
          code: 'multi-source',
          severity: 'information',
          server,
          message: msg('{server} replicates by several channels ({names}); the one of this cluster is {channel}', {
            server: label(node),
            names,
            channel: own[0]?.channel || "''",
          }),
        },
      ];
    return [
      {
        code: 'ambiguous-channel',
        severity: 'error',
        server,
        message: msg(
          '{server} replicates by several channels ({names}): name the one of this cluster in a line `#@ channel=NAME`',
          { server: label(node), names },
        ),
        parameter: 'channel',
      },
    ];
  });

const readOnlyMaster: Rule = ({ master }) =>
  master && isAlive(master) && master.state.readOnly
    ? [
        {
          code: 'read-only-master',
          severity: 'warning',
          server: master.id,
          message: msg('Master {server} is read-only: applications cannot write', { server: label(master) }),
        },
      ]
    : [];

const writableReplica: Rule = context =>
  context.replicas
    .filter(node => node !== context.master && context.master)
    .flatMap((node): Finding[] => {
      if (!node.state.readOnly)
        return [
          {
            code: 'writable-replica',
            severity: 'warning',
            server: node.id,
            message: msg('Replica {server} is writable: read_only is off', { server: label(node) }),
          },
        ];
      if (node.state.superReadOnly !== false) return [];
      return [
        {
          code: 'super-read-only-off',
          severity: 'information',
          server: node.id,
          message: msg('Replica {server} is read-only, but not for administrators: super_read_only is off', {
            server: label(node),
          }),
        },
      ];
    });

export const masterRules: readonly Rule[] = [
  twoWritable,
  noMaster,
  notConfigured,
  outsideSource,
  notAReplica,
  otherMaster,
  unknownSource,
  unconfigured,
  channels,
  readOnlyMaster,
  writableReplica,
];

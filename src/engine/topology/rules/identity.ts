import { msg } from '../../../l10n/message';
import { identityOf } from '../graph';
import type { Finding } from '../types';
import { isAlive, label, labels, type LiveNode, type Rule } from './context';

/** Groups of at least two nodes with the same key; nodes without one are left out. */
export function groupsOf<T>(items: readonly T[], key: (item: T) => string | number | undefined): T[][] {
  const groups = new Map<string | number, T[]>();
  for (const item of items) {
    const name = key(item);
    if (name !== undefined) groups.set(name, [...(groups.get(name) ?? []), item]);
  }
  return [...groups.values()].filter(group => group.length > 1);
}

/** One of each server: the others are the same under another address. */
function distinct(nodes: readonly LiveNode[]): LiveNode[] {
  const seen = new Set<string>();
  return nodes.filter(node => {
    const identity = identityOf(node.state);
    return !seen.has(identity) && seen.add(identity);
  });
}

const sameServer: Rule = ({ configured }) =>
  groupsOf(configured.filter(isAlive), n => identityOf(n.state)).map(group => ({
    code: 'same-server',
    severity: 'error',
    server: group[1]?.id ?? '',
    message: msg('{servers} are one and the same server under several addresses', { servers: labels(group) }),
    parameter: 'hostname',
  }));

const serverIds: Rule = ({ alive }) => {
  const zero = alive
    .filter(n => n.state.serverId === 0)
    .map((n): Finding => ({
      code: 'server-id-zero',
      severity: 'error',
      server: n.id,
      message: msg('{server} has server_id 0 and can neither replicate nor be replicated', { server: label(n) }),
    }));
  const twice = groupsOf(distinct(alive), n => n.state.serverId || undefined).map((group): Finding => ({
    code: 'duplicate-server-id',
    severity: 'error',
    server: group[1]?.id ?? '',
    message: msg('{servers} have the same server_id {id}: events of one are taken for own ones by the other', {
      servers: labels(group),
      id: group[0]?.state.serverId ?? 0,
    }),
  }));
  return [...zero, ...twice];
};

const serverUuids: Rule = ({ alive }) =>
  groupsOf(distinct(alive), n => n.state.serverUuid).map(group => ({
    code: 'duplicate-server-uuid',
    severity: 'error',
    server: group[1]?.id ?? '',
    message: msg('{servers} have the same server_uuid {uuid}: auto.cnf was copied with the data directory', {
      servers: labels(group),
      uuid: group[0]?.state.serverUuid ?? '',
    }),
  }));

/** Servers in containers or behind forwarded ports: SSH to their common address reaches one machine only. */
const sharedSsh: Rule = ({ configured }) =>
  groupsOf(
    configured.filter(isAlive),
    n => n.config && `${n.config.values.ssh_host || n.snapshot.address.host}:${n.config.values.ssh_port}`,
  )
    .filter(group => new Set(group.map(n => n.state.hostname)).size > 1)
    .map(group => ({
      code: 'shared-ssh-target',
      severity: 'warning',
      server: group[1]?.id ?? '',
      message: msg(
        'SSH for {servers} leads to one machine, but they run on different ones ({hosts}): binary logs and relay logs will not be found there',
        { servers: labels(group), hosts: [...new Set(group.map(n => n.state.hostname))].join(', ') },
      ),
      parameter: 'ssh_port',
    }));

const sharedHost: Rule = ({ configured }) =>
  groupsOf(configured.filter(isAlive), n => n.state.hostname).map(group => ({
    code: 'shared-host',
    severity: 'information',
    message: msg('{servers} run on one host, {host}: when it fails they all fail', {
      servers: labels(group),
      host: group[0]?.state.hostname ?? '',
    }),
  }));

export const identityRules: readonly Rule[] = [sameServer, serverIds, serverUuids, sharedSsh, sharedHost];

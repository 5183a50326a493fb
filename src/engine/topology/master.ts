import type { Member } from './graph';
import type { ReplicationEdge } from './types';

const GONE = new Set(['dead', 'unreachable']);

/** Ids reachable upwards from `id`, itself included only if it is part of a ring. */
function ancestors(id: string, edges: readonly ReplicationEdge[]): Set<string> {
  const seen = new Set<string>();
  const queue = [id];
  for (let at = queue.pop(); at !== undefined; at = queue.pop())
    for (const edge of edges)
      if (edge.replica === at && !seen.has(edge.source)) {
        seen.add(edge.source);
        queue.push(edge.source);
      }
  return seen;
}

/** Groups of servers at the top: a server without a source, or a ring of co-masters that has none outside of it. */
export function roots(members: readonly Member[], edges: readonly ReplicationEdge[]): Member[][] {
  const above = new Map(members.map(m => [m.id, ancestors(m.id, edges)]));
  const groups: Member[][] = [];
  for (const member of members) {
    const up = above.get(member.id) ?? new Set();
    const isTop = [...up].every(id => above.get(id)?.has(member.id));
    const known = groups.some(group => group.includes(member));
    if (!isTop || known || !edges.some(edge => edge.source === member.id)) continue;
    groups.push(up.has(member.id) ? members.filter(m => up.has(m.id)) : [member]);
  }
  return groups;
}

/** Could be the master, as MHA sees it: dead, or not read-only. */
const eligible = (member: Member): boolean => member.state === undefined || !member.state.readOnly;

/**
 * A dead server with one replica, which is writable and has replicas of its own: the dead one was its passive co-master.
 * (That it replicated itself cannot be seen any more. MHA calls it ambiguous.)
 */
function survivor(top: Member, members: readonly Member[], edges: readonly ReplicationEdge[]): Member | undefined {
  if (top.state || !GONE.has(top.status)) return undefined;
  const below = edges.filter(e => e.source === top.id);
  const only = below.length === 1 ? members.find(m => m.id === below[0]?.replica) : undefined;
  if (!only?.state || only.state.readOnly) return undefined;
  return edges.some(e => e.source === only.id) ? only : undefined;
}

/** The one of several: MHA's rule, except that a dead passive co-master does not make the living one ambiguous. */
function choose(group: readonly Member[], edges: readonly ReplicationEdge[]): Member | undefined {
  if (group.length === 1) return group[0];
  const possible = group.filter(eligible);
  if (possible.length <= 1) return possible[0];
  const ids = new Set(group.map(m => m.id));
  const followed = possible.filter(m => edges.some(e => e.source === m.id && !ids.has(e.replica)));
  const living = possible.filter(m => !GONE.has(m.status));
  if (living.length === 1 && living[0] && followed.every(m => m === living[0])) return living[0];
  return undefined;
}

/**
 * Id of the current master, MHA's rules (the server that the replicas replicate from; of several, the one that is dead or
 * not read-only), applied to the top of the tree, so that writable intermediate masters do not confuse it.
 * Undefined: none, or ambiguous. A source outside the configuration is the master only if no configured server can be.
 */
export function findMaster(members: readonly Member[], edges: readonly ReplicationEdge[]): string | undefined {
  const configured = new Set(members.filter(m => m.configured).map(m => m.id));
  const inside = edges.filter(e => configured.has(e.source) && configured.has(e.replica));
  const feeds = (id: string) => edges.filter(e => e.source === id && configured.has(e.replica)).length;
  const all = roots(members, edges);
  const outside = all.filter(group => group.every(m => !m.configured) && group.some(m => feeds(m.id) > 1));
  const groups =
    outside.length > 0
      ? all
      : roots(
          members.filter(m => m.configured),
          inside,
        );
  const fed = groups.length > 0 ? groups : all.filter(group => group.some(m => feeds(m.id) > 0));
  const multiTier = new Set(members.filter(m => m.multiTier).map(m => m.id));
  const voted = fed.filter(g => g.some(m => edges.some(e => e.source === m.id && !multiTier.has(e.replica))));
  const tops = voted.length > 0 ? voted : fed;
  if (tops.length === 0) return loneServer(members);
  if (tops.length === 1 && tops[0]) {
    const top = choose(tops[0], edges);
    return (top && survivor(top, members, edges)?.id) ?? top?.id;
  }
  return choose(tops.flat(), edges)?.id;
}

/** Nobody replicates from anybody: the only living configured server that is not set up as a replica. */
function loneServer(members: readonly Member[]): string | undefined {
  const candidates = members.filter(m => m.configured && m.state && m.state.channels.length === 0);
  return candidates.length === 1 ? candidates[0]?.id : undefined;
}

/**
 * MHA's failover mode: 0 unless every living server has gtid_mode=ON and every living replica has executed something;
 * then 1 if a replica uses auto-position or `use_gtid_auto_pos` is on, else 2. MariaDB is always 0.
 */
export function gtidModeOf(
  members: readonly Member[],
  edges: readonly ReplicationEdge[],
  useGtidAutoPos: boolean,
): 0 | 1 | 2 {
  const living = members.filter(m => m.configured && m.state);
  const replicas = living.filter(m => edges.some(e => e.replica === m.id));
  if (living.length === 0 || living.some(m => m.state?.gtidMode !== 'ON')) return 0;
  if (replicas.some(m => !m.state?.gtidExecuted)) return 0;
  const auto = replicas.some(m => m.state?.channels.some(c => c.autoPosition));
  return auto || useGtidAutoPos ? 1 : 2;
}

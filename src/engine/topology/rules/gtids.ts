import { msg } from '../../../l10n/message';
import { errantGtids, purgedAndMissing } from '../errant';
import type { Finding } from '../types';
import { promotable } from './candidates';
import { isAlive, isReplica, label, type LiveNode, type Rule } from './context';

/** A set of a long-lived cluster can be kilobytes: messages show its beginning. */
const short = (set: string): string => (set.length > 200 ? `${set.slice(0, 200)}…` : set);

const errant: Rule = context => {
  const { master } = context;
  if (!master || !isAlive(master)) return [];
  return context.replicas.flatMap((node): Finding[] => {
    // What a co-master writes comes back to the master, and is only late.
    if (node === master || master.source === node.id) return [];
    const others = node.state.channels.filter(channel => channel !== node.channel);
    const set = errantGtids(node.state, master.state, others);
    if (!set) return [];
    return [
      {
        code: 'errant-gtids',
        severity: 'warning',
        server: node.id,
        message: msg('{server} has transactions that the master does not have: {set}', {
          server: label(node),
          set: short(set),
        }),
      },
    ];
  });
};

/** After a promotion the other replicas ask the new master for everything that they lack, its own errant ones included. */
const purged: Rule = context => {
  if (context.snapshot.gtidMode !== 1) return [];
  const candidates = promotable(context).filter((node): node is LiveNode => isAlive(node));
  return candidates.flatMap(candidate =>
    context.replicas
      .filter(node => node.id !== candidate.id && node !== context.master && isReplica(node))
      .flatMap((node): Finding[] => {
        const set = purgedAndMissing(candidate.state, node.state);
        if (!set) return [];
        return [
          {
            code: 'purged-transactions-missing',
            severity: 'warning',
            server: candidate.id,
            message: msg(
              '{replica} could not replicate from {server}: it lacks {set}, which {server} no longer has in its binary logs',
              { server: label(candidate), replica: label(node), set: short(set) },
            ),
          },
        ];
      }),
  );
};

export const gtidRules: readonly Rule[] = [errant, purged];

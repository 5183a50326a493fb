import { msg } from '../../../l10n/message';
import type { ReplicationFilters } from '../../mysql/types';
import type { Finding } from '../types';
import { isUnmanaged } from './candidates';
import { labels, type Context, type LiveNode, type Rule } from './context';

const NAMES: readonly (readonly [keyof ReplicationFilters, string])[] = [
  ['doDb', 'replicate_do_db'],
  ['ignoreDb', 'replicate_ignore_db'],
  ['doTable', 'replicate_do_table'],
  ['ignoreTable', 'replicate_ignore_table'],
  ['wildDoTable', 'replicate_wild_do_table'],
  ['wildIgnoreTable', 'replicate_wild_ignore_table'],
];

const key = (list: readonly string[]): string => [...new Set(list)].sort().join(',');

/** Lists grouped by what is in them; an empty list is a value like any other, wherever it stands. */
function groups(nodes: readonly LiveNode[], list: (node: LiveNode) => readonly string[]) {
  const found = new Map<string, LiveNode[]>();
  for (const node of nodes) found.set(key(list(node)), [...(found.get(key(list(node))) ?? []), node]);
  return found;
}

const describe = (found: ReadonlyMap<string, readonly LiveNode[]>): string =>
  [...found].map(([text, nodes]) => `${text || '-'}: ${labels(nodes)}`).join('; ');

/** MHA refuses different filters unless check_repl_filter=0 (of the first server in order). */
const severity = (context: Context): Finding['severity'] =>
  context.cluster.servers[0]?.values.check_repl_filter === false ? 'information' : 'error';

const finding = (context: Context, code: string, message: Finding['message']): Finding => ({
  code,
  severity: severity(context),
  message,
  parameter: 'check_repl_filter',
});

/** MHA compares neither strangers nor the third tier. */
const isManaged = (node: LiveNode, context: Context): boolean =>
  node.config !== undefined && !isUnmanaged(node, context);

const replicate: Rule = context => {
  const replicas = context.replicas.filter(node => isManaged(node, context));
  return NAMES.flatMap(([name, variable]): Finding[] => {
    const found = groups(replicas, node => node.channel?.filters[name] ?? []);
    if (found.size < 2) return [];
    return [
      finding(
        context,
        'replication-filters-differ',
        msg('{variable} differs between replicas ({details})', { variable, details: describe(found) }),
      ),
    ];
  });
};

const binlog: Rule = context => {
  const logging = context.alive.filter(node => isManaged(node, context) && node.state.logBin);
  return (['binlogDoDb', 'binlogIgnoreDb'] as const).flatMap((name): Finding[] => {
    const found = groups(logging, node => node.state[name]);
    if (found.size < 2) return [];
    const variable = name === 'binlogDoDb' ? 'binlog_do_db' : 'binlog_ignore_db';
    return [
      finding(
        context,
        'binlog-filters-differ',
        msg('{variable} differs between servers ({details})', { variable, details: describe(found) }),
      ),
    ];
  });
};

/** Both set and different: what one lets through the other drops, or the reverse after a failover. */
const against: Rule = context =>
  (
    [
      ['binlogDoDb', 'doDb', 'binlog_do_db', 'replicate_do_db'],
      ['binlogIgnoreDb', 'ignoreDb', 'binlog_ignore_db', 'replicate_ignore_db'],
    ] as const
  ).flatMap(([written, applied, binlogName, replicateName]): Finding[] => {
    const logging = context.alive.filter(node => isManaged(node, context) && node.state.logBin);
    const others = logging.map(node => key(node.state[written]));
    const bad = context.replicas.filter(node => {
      if (!isManaged(node, context)) return false;
      const own = key(node.channel.filters[applied]);
      return own !== '' && others.some(list => list !== '' && list !== own);
    });
    if (bad.length === 0) return [];
    return [
      finding(
        context,
        'filters-contradict',
        msg('{binlog} and {replicate} differ for {servers}', {
          binlog: binlogName,
          replicate: replicateName,
          servers: labels(bad),
        }),
      ),
    ];
  });

export const filterRules: readonly Rule[] = [replicate, binlog, against];

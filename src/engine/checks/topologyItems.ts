import { msg } from '../../l10n/message';
import type { Finding } from '../topology/types';
import { isAlive, label, type Context, type Node } from '../topology/rules/context';
import { isUnmanaged } from '../topology/rules/candidates';
import { item, type CheckContext } from './checkContext';
import type { CheckItem, Verdict } from './types';

/** A check fails because of these, though a look at the topology only warns: masterha_check_repl fails, too. */
const FAILS = new Set(['lagging', 'lag-unknown']);

/** What `ignore_fail` excuses, if the caller says so (`--ignore_fail_on_start`). */
const IGNORABLE = new Set([
  'dead-server',
  'dead-intermediate-master',
  'unreachable-server',
  'hung-server',
  'refusing-server',
  'access-denied',
  'receiver-failed',
  'receiver-connecting',
  'receiver-stopped',
  'applier-failed',
  'applier-stopped',
  'lagging',
  'lag-unknown',
]);

function verdictOf(finding: Finding, context: CheckContext): Verdict {
  const node = finding.server === undefined ? undefined : context.topology.node(finding.server);
  if (IGNORABLE.has(finding.code)) {
    if (!node?.config || isUnmanaged(node, context.topology)) return 'warning';
    return node.config.values.ignore_fail && context.ignoreFailOnStart ? 'warning' : 'failed';
  }
  if (finding.severity === 'error' || FAILS.has(finding.code)) return 'failed';
  return 'warning';
}

/** Errors and warnings; what is merely worth knowing is in the report's findings. */
export function findingItems(findings: readonly Finding[], context: CheckContext): CheckItem[] {
  return findings
    .filter(finding => finding.severity === 'error' || finding.severity === 'warning')
    .map(finding => item(finding.code, verdictOf(finding, context), finding.message, { server: finding.server }));
}

function healthy(node: Node, topology: Context): CheckItem[] {
  const { channel } = node;
  if (node === topology.master || !channel) return [];
  if (channel.receiver !== 'running' || channel.applier !== 'running' || channel.secondsBehind === undefined) return [];
  if (channel.secondsBehind > topology.lagSeconds + channel.delaySeconds) return [];
  return [
    item(
      'replication-running',
      'ok',
      msg('{server} replicates, {seconds} s behind', { server: label(node), seconds: channel.secondsBehind }),
      { server: node.id },
    ),
  ];
}

/** What is well: servers that answer, the master, the failover mode, replicas that keep up. */
export function topologyItems({ topology, snapshot }: CheckContext): CheckItem[] {
  const { master } = topology;
  const alive = topology.configured.filter(isAlive).map(
    node =>
    item('server-alive', 'ok', msg('{server} is alive, version {version}', { server: label(node), version: node.state.version.text }), { server: node.id, tookMs: node.snapshot.tookMs }), // prettier-ignore
  );
  const living = topology.configured.filter(isAlive);
  const empty = living.every(node => node.state.gtidMode === 'ON')
    ? living.find(node => node !== master && !node.state.gtidExecuted)
    : undefined;
  const modes = {
    0: empty
      ? msg(
          'Failover works by binary log position (GTID failover mode 0): no transaction with a GTID has been executed on {server} yet',
          { server: label(empty) },
        )
      : msg('Failover works by binary log position (GTID failover mode 0)'),
    1: msg('Failover works by GTID (GTID failover mode 1)'),
    2: msg('All servers have GTIDs, but failover works by binary log position (GTID failover mode 2)'),
  };
  return [
    ...alive,
    ...(master && isAlive(master)
      ? [item('master', 'ok', msg('{server} is the master', { server: label(master) }), { server: master.id })]
      : []),
    ...(alive.length > 0 ? [item('failover-mode', 'ok', modes[snapshot.gtidMode])] : []),
    ...topology.configured.flatMap(node => healthy(node, topology)),
  ];
}

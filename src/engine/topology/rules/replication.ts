import { msg } from '../../../l10n/message';
import type { ReplicationError } from '../../mysql/types';
import type { Finding } from '../types';
import { isCandidate, isNoMaster, label, type Node, type ReplicaNode, type Rule } from './context';

/** Disk full, table full, error on write, relay log write failure; 3 and 28 are the server's own and the system's number. */
const DISK_ERRORS = new Set([3, 28, 1021, 1026, 1114, 1594, 1595]);

const says = (error: ReplicationError): string => `${error.errno}: ${error.text}`;

/** A replica's failure is worth a warning only where the configuration says that it may fail. */
const severityOf = (node: Node) => (node.config && !node.config.values.ignore_fail ? 'error' : 'warning');

function receiver(node: ReplicaNode): Finding | undefined {
  const { receiver: state, receiverError, source } = node.channel;
  const args = { server: label(node), source: `${source.host}:${source.port}` };
  const common = { severity: severityOf(node), server: node.id } as const;
  if (state === 'running') return undefined;
  if (receiverError)
    return {
      code: state === 'stopped' ? 'receiver-failed' : 'receiver-connecting',
      ...common,
      message:
        state === 'stopped'
          ? msg('{server} no longer receives from {source}: {error}', { ...args, error: says(receiverError) })
          : msg('{server} cannot connect to {source}: {error}', { ...args, error: says(receiverError) }),
    };
  return state === 'stopped'
    ? {
        code: 'receiver-stopped',
        ...common,
        message: msg('{server} does not receive from {source}: its IO thread is stopped', args),
      }
    : { code: 'receiver-connecting', ...common, message: msg('{server} is not connected to {source}', args) };
}

function applier(node: ReplicaNode): Finding | undefined {
  const { applier: state, applierError } = node.channel;
  const server = label(node);
  const common = { severity: severityOf(node), server: node.id } as const;
  if (applierError)
    return {
      code: 'applier-failed',
      ...common,
      message: msg('{server} stopped applying: {error}', { server, error: says(applierError) }),
    };
  if (state === 'running') return undefined;
  return {
    code: 'applier-stopped',
    ...common,
    message: msg('{server} does not apply: its SQL thread is stopped', { server }),
  };
}

const threads: Rule = ({ replicas, master }) =>
  replicas.flatMap(node => {
    // A dead master is the one thing to say; that nobody is connected to it goes without saying.
    const gone = master && node.source === master.id && !master.state;
    const quiet = gone && node.channel.receiver === 'connecting';
    return [quiet ? undefined : receiver(node), applier(node)].filter(f => f !== undefined);
  });

const lag: Rule = ({ replicas, lagSeconds }) =>
  replicas.flatMap((node): Finding[] => {
    const { secondsBehind, delaySeconds, receiver: io, applier: sql } = node.channel;
    if (io !== 'running' || sql !== 'running') return [];
    if (secondsBehind === undefined)
      return [
        {
          code: 'lag-unknown',
          severity: 'warning',
          server: node.id,
          message: msg('{server} does not know how far it is behind', { server: label(node) }),
        },
      ];
    if (secondsBehind <= lagSeconds + delaySeconds) return [];
    return [
      {
        code: 'lagging',
        severity: 'warning',
        server: node.id,
        message: msg('{server} is {seconds} s behind (limit {limit} s)', {
          server: label(node),
          seconds: secondsBehind,
          limit: lagSeconds + delaySeconds,
        }),
      },
    ];
  });

const delayed: Rule = ({ replicas }) =>
  replicas
    .filter(node => node.channel.delaySeconds > 0)
    .map((node): Finding => {
      const args = { server: label(node), seconds: node.channel.delaySeconds };
      if (isNoMaster(node))
        return {
          code: 'delayed-replica',
          severity: 'information',
          server: node.id,
          message: msg('{server} applies with a delay of {seconds} s on purpose', args),
        };
      return {
        code: 'delayed-candidate',
        severity: 'warning',
        server: node.id,
        message: msg(
          '{server} applies with a delay of {seconds} s and may still become master: set no_master=1 for it',
          args,
        ),
        parameter: isCandidate(node) ? 'candidate_master' : 'no_master',
      };
    });

const diskFull: Rule = ({ replicas }) =>
  replicas
    .filter(({ channel }) => [channel.receiverError, channel.applierError].some(e => e && DISK_ERRORS.has(e.errno)))
    .map(node => ({
      code: 'disk-full',
      severity: 'error',
      server: node.id,
      message: msg('{server} cannot write: its disk or a table is full', { server: label(node) }),
    }));

/** Positions are low-water marks while workers commit out of order: a failover by position would apply events twice. */
const applierGaps: Rule = ({ snapshot, replicas }) =>
  snapshot.gtidMode === 1
    ? []
    : replicas
        .filter(
          ({ state }) => state.version.flavour === 'mysql' && state.parallelWorkers > 1 && !state.preserveCommitOrder,
        )
        .map(node => ({
          code: 'parallel-applier-gaps',
          severity: 'warning',
          server: node.id,
          message: msg(
            '{server} applies with {workers} workers without keeping the commit order: its positions may have gaps',
            { server: label(node), workers: node.state.parallelWorkers },
          ),
        }));

export const replicationRules: readonly Rule[] = [threads, lag, delayed, diskFull, applierGaps];

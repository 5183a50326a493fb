import { msg, type Message } from '../../../l10n/message';
import type { ServerVersion } from '../../mysql/types';
import type { Finding } from '../types';
import { isAlive, isCandidate, isNoMaster, isReplica, label, type Context, type Node, type Rule } from './context';

/** MHA's major version is x.y; flavours are not compared. */
export function compareMajor(a: ServerVersion, b: ServerVersion): number {
  return a.major - b.major || a.minor - b.minor;
}

const short = (version: ServerVersion): string => `${version.major}.${version.minor}`;

/** MHA's "oldest major version between slaves". */
export function oldestMajor(context: Context): ServerVersion | undefined {
  return context.replicas
    .filter(node => node.config && !isUnmanaged(node, context))
    .map(node => node.state.version)
    .sort(compareMajor)[0];
}

export interface Reason {
  readonly code: 'unavailable' | 'not-a-replica' | 'no-master' | 'log-bin-off' | 'newer-version';
  readonly message: Message;
}

/** Why MHA would never elect a server; undefined: it can become master. The present master is not asked. */
export function cannotBeMaster(node: Node, context: Context): Reason | undefined {
  const server = label(node);
  if (!isAlive(node))
    return { code: 'unavailable', message: msg('{server} cannot become master: it cannot be reached', { server }) };
  if (isNoMaster(node))
    return { code: 'no-master', message: msg('{server} cannot become master: no_master is set', { server }) };
  if (!isReplica(node))
    return { code: 'not-a-replica', message: msg('{server} cannot become master: it is not a replica', { server }) };
  if (!node.state.logBin)
    return {
      code: 'log-bin-off',
      message: msg('{server} cannot become master: its binary log is off', { server }),
    };
  const oldest = oldestMajor(context);
  if (oldest && compareMajor(node.state.version, oldest) > 0)
    return {
      code: 'newer-version',
      message: msg('{server} cannot become master: its version {version} is newer than that of a replica, {oldest}', {
        server,
        version: short(node.state.version),
        oldest: short(oldest),
      }),
    };
  return undefined;
}

/** Servers other than the master that could be elected. */
export function promotable(context: Context): readonly Node[] {
  return context.configured.filter(
    node => node !== context.master && !isUnmanaged(node, context) && !cannotBeMaster(node, context),
  );
}

/** MHA neither checks nor moves a replica below another replica that has `multi_tier_slave` set. */
export function isUnmanaged(node: Node, context: Context): boolean {
  return (
    node.config?.values.multi_tier_slave === true && node.source !== undefined && node.source !== context.master?.id
  );
}

const noCandidate: Rule = context => {
  const others = context.configured.filter(node => node !== context.master);
  if (others.length === 0 || promotable(context).length > 0) return [];
  return [
    {
      code: 'no-candidate',
      severity: 'error',
      message: msg('None of the replicas can become master'),
      parameter: 'no_master',
    },
    ...others.flatMap((node): Finding[] => {
      const reason = cannotBeMaster(node, context);
      return reason
        ? [{ code: 'cannot-be-master', severity: 'information', server: node.id, message: reason.message }]
        : [];
    }),
  ];
};

/** candidate_master on a server that is alive and nevertheless never elected. */
const badCandidate: Rule = context =>
  context.configured
    .filter(node => isCandidate(node) && node !== context.master && isAlive(node))
    .flatMap((node): Finding[] => {
      const reason = cannotBeMaster(node, context);
      if (!reason) return [];
      return [
        {
          code: 'candidate-cannot-be-master',
          severity: 'warning',
          server: node.id,
          message: reason.message,
          parameter: 'candidate_master',
        },
      ];
    });

const logging: Rule = context =>
  context.replicas
    .filter(node => node.config && node !== context.master)
    .flatMap((node): Finding[] => {
      if (!node.state.logBin)
        return isCandidate(node)
          ? [] // said by candidate-cannot-be-master
          : [
              {
                code: 'log-bin-off',
                severity: 'warning',
                server: node.id,
                message: msg('The binary log of {server} is off: it cannot become master', { server: label(node) }),
              },
            ];
      if (node.state.logReplicaUpdates || isNoMaster(node)) return [];
      return [
        {
          code: 'log-replica-updates-off',
          severity: 'warning',
          server: node.id,
          message: msg(
            'log_slave_updates is off at {server}: as master it would not have the transactions that other replicas lack',
            { server: label(node) },
          ),
        },
      ];
    });

const masterLog: Rule = ({ master }) =>
  !master || !isAlive(master) || master.state.logBin
    ? []
    : [
        {
          code: 'master-log-bin-off',
          severity: 'error',
          server: master.id,
          message: msg('The binary log of master {server} is off: nothing can replicate from it', {
            server: label(master),
          }),
        },
      ];

const versions: Rule = context => {
  const oldest = oldestMajor(context);
  const newer = context.replicas
    .filter(node => node.config && node !== context.master && !isCandidate(node) && !isNoMaster(node) && oldest)
    .filter(node => compareMajor(node.state.version, oldest as ServerVersion) > 0)
    .map((node): Finding => ({
      code: 'newer-version',
      severity: 'warning',
      server: node.id,
      message: msg('{server} cannot become master: its version {version} is newer than that of a replica, {oldest}', {
        server: label(node),
        version: short(node.state.version),
        oldest: short(oldest as ServerVersion),
      }),
    }));
  const older = context.replicas.flatMap((node): Finding[] => {
    const source = node.source === undefined ? undefined : context.node(node.source);
    if (!source || !isAlive(source) || source.state.version.flavour !== node.state.version.flavour) return [];
    if (compareMajor(node.state.version, source.state.version) >= 0) return [];
    return [
      {
        code: 'older-than-source',
        severity: 'warning',
        server: node.id,
        message: msg('{server} ({version}) is older than its source {source} ({newer}): this is not supported', {
          server: label(node),
          version: short(node.state.version),
          source: label(source),
          newer: short(source.state.version),
        }),
      },
    ];
  });
  return [...newer, ...older];
};

export const candidateRules: readonly Rule[] = [noCandidate, badCandidate, logging, masterLog, versions];

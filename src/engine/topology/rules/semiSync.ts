import { msg } from '../../../l10n/message';
import type { Finding } from '../types';
import { isAlive, label, type Rule } from './context';

const source: Rule = ({ master }) => {
  const semi = master && isAlive(master) ? master.state.semiSync.source : undefined;
  if (!master || !semi?.enabled) return [];
  const args = {
    server: label(master),
    clients: semi.clients,
    needed: semi.waitForReplicas,
    seconds: Math.round(semi.timeoutMs / 1000),
  };
  const finding = (code: string, severity: Finding['severity'], message: Finding['message']): Finding[] => [
    { code, severity, server: master.id, message },
  ];
  const tooFew = semi.clients < semi.waitForReplicas;
  if (semi.active && tooFew && semi.waitingSessions > 0)
    return finding(
      'locked-semi-sync-master',
      'error',
      msg(
        'Commits on {server} hang: semi-synchronous replication waits for {needed} replicas, {clients} are connected, for up to {seconds} s',
        args,
      ),
    );
  if (!semi.active)
    return finding(
      'semi-sync-fallen-back',
      'warning',
      msg(
        '{server} has fallen back to asynchronous replication: {clients} semi-synchronous replicas, {needed} needed',
        args,
      ),
    );
  if (tooFew)
    return finding(
      'semi-sync-too-few-replicas',
      'warning',
      msg(
        'The next commit on {server} will hang for {seconds} s: {clients} semi-synchronous replicas, {needed} needed',
        args,
      ),
    );
  return [];
};

const replica: Rule = ({ master, replicas }) => {
  const semi = master && isAlive(master) ? master.state.semiSync.source : undefined;
  if (!semi) return [];
  return replicas
    .filter(node => node.source === master?.id && node.channel.receiver === 'running')
    .flatMap((node): Finding[] => {
      const own = node.state.semiSync.replica;
      if (!own) return [];
      const args = { server: label(node) };
      if (semi.enabled && own.enabled && !own.active)
        return [
          {
            code: 'semi-sync-replica-inactive',
            severity: 'warning',
            server: node.id,
            message: msg(
              '{server} has semi-synchronous replication on, but its receiver does not acknowledge: restart its IO thread',
              args,
            ),
          },
        ];
      if (!semi.enabled && own.enabled)
        return [
          {
            code: 'semi-sync-source-off',
            severity: 'information',
            server: node.id,
            message: msg('{server} is ready for semi-synchronous replication, but its master is not', args),
          },
        ];
      return [];
    });
};

export const semiSyncRules: readonly Rule[] = [source, replica];

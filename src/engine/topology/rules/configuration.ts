import path from 'node:path';
import { msg } from '../../../l10n/message';
import type { Finding } from '../types';
import { isNoMaster, label, type Rule } from './context';

const clean = (directory: string): string => path.posix.normalize(directory).replace(/(.)\/+$/, '$1');

/** The directory that MHA would search on the disk of a dead master. */
const binlogDirectory: Rule = context =>
  context.alive
    .filter(node => node.config && node.state.logBin && node.state.binlogDirectory && !isNoMaster(node))
    .flatMap((node): Finding[] => {
      const actual = clean(node.state.binlogDirectory ?? '');
      const listed = node.config?.values.master_binlog_dir ?? [];
      if (listed.some(directory => clean(directory) === actual)) return [];
      return [
        {
          code: 'binlog-dir-mismatch',
          severity: 'warning',
          server: node.id,
          message: msg('{server} writes its binary log to {actual}, but master_binlog_dir is {listed}', {
            server: label(node),
            actual,
            listed: listed.join(','),
          }),
          parameter: 'master_binlog_dir',
        },
      ];
    });

/** A failover makes all replicas use repl_user: if they use another one now, one of the two is wrong. */
const replicationUser: Rule = context =>
  context.replicas
    .filter(node => node !== context.master)
    .flatMap((node): Finding[] => {
      const wanted = node.config?.values.repl_user;
      const used = node.channel.sourceUser;
      if (!wanted || !used || wanted === used) return [];
      return [
        {
          code: 'repl-user-mismatch',
          severity: 'warning',
          server: node.id,
          message: msg('{server} replicates as {used}, but repl_user is {wanted}', {
            server: label(node),
            used,
            wanted,
          }),
          parameter: 'repl_user',
        },
      ];
    });

/** Without repl_user MHA takes each replica's own: they should agree. */
const replicationUsers: Rule = context => {
  const users = new Set(context.replicas.map(node => node.channel.sourceUser).filter(user => user));
  if (users.size < 2 || context.configured.some(node => node.config?.values.repl_user)) return [];
  return [
    {
      code: 'repl-users-differ',
      severity: 'warning',
      message: msg('Replicas replicate as different users ({users}) and repl_user is not set', {
        users: [...users].sort().join(', '),
      }),
      parameter: 'repl_user',
    },
  ];
};

export const configurationRules: readonly Rule[] = [binlogDirectory, replicationUser, replicationUsers];

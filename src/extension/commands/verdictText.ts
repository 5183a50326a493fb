import type { CheckItem, Report, ReplicationReport, SshReport } from '../../engine/checks/types';
import { sshFailureMessage } from '../../engine/ssh/failureMessage';
import { msg } from '../../l10n/message';
import type { Text } from '../text';

/** The result of a check at a glance: a headline, and the first thing that is wrong. */
export interface Verdict {
  readonly headline: Text;
  readonly first?: Text;
}

export function verdictOf(report: Report): Verdict {
  return report.kind === 'ssh' ? sshVerdict(report) : replicationVerdict(report);
}

function replicationVerdict({ cluster, verdict, items, snapshot }: ReplicationReport): Verdict {
  const failed = items.filter(i => i.verdict === 'failed');
  const warnings = items.filter(i => i.verdict === 'warning');
  // A refused account explains everything else.
  const worst = failed.find(i => i.code === 'access-denied') ?? failed[0] ?? warnings[0];
  const first = worst ? { first: worst.message } : {};
  switch (verdict) {
    case 'ok':
      return {
        headline: msg('{cluster}: replication check passed ({servers} servers, {checks} checks)', {
          cluster,
          servers: snapshot?.servers.length ?? 0,
          checks: items.length,
        }),
      };
    case 'warning':
      return {
        headline:
          warnings.length === 1
            ? msg('{cluster}: replication check passed with 1 warning', { cluster })
            : msg('{cluster}: replication check passed with {count} warnings', { cluster, count: warnings.length }),
        ...first,
      };
    case 'failed':
      return {
        headline:
          failed.length === 1
            ? msg('{cluster}: replication check failed (1 problem)', { cluster })
            : msg('{cluster}: replication check failed ({count} problems)', { cluster, count: failed.length }),
        ...first,
      };
  }
}

function sshVerdict({ cluster, hosts, pairs }: SshReport): Verdict {
  const tried = pairs.filter(p => p.result !== 'skipped');
  const failed = tried.filter(p => p.result === 'failed');
  const worst = failed[0];
  if (!worst)
    return {
      headline: msg('{cluster}: SSH check passed ({count} connections)', { cluster, count: tried.length }),
    };
  const label = (id: string): string => hosts.find(h => h.id === id)?.label ?? id;
  return {
    headline: msg('{cluster}: SSH check failed ({failed} of {count} connections)', {
      cluster,
      failed: failed.length,
      count: tried.length,
    }),
    first: msg('{from} to {to}: {reason}', {
      from: label(worst.from),
      to: label(worst.to),
      reason: worst.failure ? sshFailureMessage(worst.failure) : '',
    }),
  };
}

/** What goes into the log: one line for each thing that was verified. `level` is that of the log. */
export function logLines(report: Report): { readonly level: 'info' | 'warning' | 'error'; readonly texts: Text[] }[] {
  if (report.kind === 'replication')
    return report.items.map(item => ({ level: levelOf(item), texts: itemTexts(item) }));
  return report.pairs.map(pair => ({
    level: pair.result === 'failed' ? 'error' : 'info',
    texts: [`${pair.from} -> ${pair.to}: ${pair.result}`, ...(pair.failure ? [sshFailureMessage(pair.failure)] : [])],
  }));
}

function levelOf({ verdict }: CheckItem): 'info' | 'warning' | 'error' {
  return verdict === 'ok' ? 'info' : verdict === 'warning' ? 'warning' : 'error';
}

function itemTexts({ server, message, detail }: CheckItem): Text[] {
  return [...(server === undefined ? [] : [server]), message, ...(detail === undefined ? [] : [detail])];
}

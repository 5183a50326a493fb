import type { ClusterConfig } from '../config/types';
import type { ReplicationReport } from '../engine/checks/types';
import type { Log, LogLevel } from '../engine/log';
import { format } from '../l10n/message';
import type { ReadConfig } from './mhaConfig';
import { mhaPhrase } from './mhaPhrases';
import { printable } from './terminal';
import { topologyLog, treeNote, treeText } from './topologyText';

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warning', 'error'];

/** MHA takes the first server's log_level; others of Log::Dispatch's names mean the nearest of ours. */
export function levelOf({ cluster }: ReadConfig): LogLevel {
  const level = cluster?.servers[0]?.values.log_level;
  return LEVELS.find(l => l === level) ?? (level === 'warn' ? 'warning' : level === 'err' ? 'error' : 'info');
}

/** What MHA says of a configuration that it rejects. */
export function logRejected(problems: readonly string[], log: Log): void {
  const [first = '', ...others] = problems;
  log.log('error', `Error happened on checking configurations. ${first}`);
  for (const problem of others) log.log('error', problem);
  log.log('error', 'Error happened on monitoring servers.');
}

const LEVEL_OF = { ok: 'info', warning: 'warning', failed: 'error' } as const;

/** The report as MHA's log would have it: what was found, the tree, then every single check. */
export function logReport(report: ReplicationReport, cluster: ClusterConfig | undefined, log: Log): void {
  const { snapshot } = report;
  if (snapshot && cluster) {
    for (const line of topologyLog(cluster, snapshot)) log.log('info', line);
    log.log('info', `\n${treeText(snapshot, treeNote(cluster, snapshot))}`);
  }
  for (const item of report.items) {
    const level = LEVEL_OF[item.verdict];
    log.log(level, printable(format(item.message)));
    const detailed = item.verdict !== 'ok' || item.code === 'hook-status';
    for (const line of detailed ? nonEmptyLines(item.detail) : []) log.log(level, `  ${printable(line)}`);
    const phrase = mhaPhrase(item, snapshot);
    if (phrase !== undefined) log.log(level, printable(phrase));
  }
  if (report.verdict !== 'failed') return;
  log.log('error', 'Error happened on checking configurations.');
  log.log('error', 'Error happened on monitoring servers.');
}

function nonEmptyLines(text = ''): string[] {
  return text.split('\n').filter(line => line.trim() !== '');
}

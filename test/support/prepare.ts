import {
  ensureMariadb,
  ensureMysql56,
  ensureMysql97,
  ensureNetworkTools,
  ensurePerlConfigTiny,
  ensureSshd,
} from './servers';

/** What each level of tests needs from the machine. */
const NEEDS = {
  unit: [ensurePerlConfigTiny],
  integration: [ensureMysql56, ensureMysql97, ensureMariadb, ensureSshd, ensurePerlConfigTiny, ensureNetworkTools],
  e2e: [ensureMysql56, ensureSshd],
} as const;

export type Level = keyof typeof NEEDS;

/** Fetches and installs what a level needs; quick when everything is there. */
export async function prepare(level: Level): Promise<void> {
  const results = await Promise.allSettled(NEEDS[level].map(ensure => ensure()));
  const reasons = results.flatMap(result => (result.status === 'rejected' ? [result.reason as Error] : []));
  if (reasons.length === 1) throw reasons[0] as Error;
  if (reasons.length > 1) throw new AggregateError(reasons, reasons.map(reason => reason.message).join('\n'));
}

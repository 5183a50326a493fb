import type { SshReport } from '../engine/checks/types';

/** How many connections from each host were not tried, because the manager does not reach it. */
export function untriedFrom({ pairs }: SshReport): ReadonlyMap<string, number> {
  const unreached = pairs.filter(p => p.from === 'manager' && p.result === 'failed').map(p => p.to);
  const failed = (from: string) => pairs.filter(p => p.from === from && p.result === 'failed').length;
  return new Map(unreached.map(id => [id, failed(id)] as const).filter(([, count]) => count > 0));
}

import { findInBinaryLogs } from '../binlog/find';
import { comparePositions } from '../binlog/position';
import { countTransactions } from '../binlog/transactions';
import { GtidSet } from '../mysql/gtid';
import { deadline } from '../deadline';
import type { EngineOptions } from '../options';
import { openServerHost } from '../ssh/openServerHost';
import type { FailoverFacts } from './failoverFacts';
import type { ExpectedLoss } from './failoverPlan';
import { receivedSet } from './progress';
import { findLogs } from './remoteLogs';

/** Milliseconds for looking at the master's disk. */
const LOOK_MS = 30_000;

/**
 * What only the master has: transactions and bytes of its binary log that no replica has received. A dead one's disk is read
 * over SSH, a living one is compared with. Changes nothing. Rejects only when cancelled.
 */
export async function expectedLoss(facts: FailoverFacts, engine: EngineOptions): Promise<ExpectedLoss> {
  const best = facts.replicas
    .flatMap(({ channel }) => channel.received ?? [])
    .sort(comparePositions)
    .at(-1);
  const living = ofLiving(facts);
  if (living || !best) return living ?? { recoverable: 'unknown' };
  const opened = await openServerHost(facts.dead, engine);
  if (!opened.ok) return { recoverable: false };
  await using host = opened.host;
  const signal = deadline(LOOK_MS, engine.signal);
  try {
    const found = await findLogs(host, facts.dead.values.master_binlog_dir, best.file, signal);
    if (!found.ok) return { recoverable: false };
    const place = await findInBinaryLogs(found.logs, best, signal);
    if (!place.found) return place.reason === 'endsEarlier' ? { bytes: 0, transactions: 0, recoverable: true } : { recoverable: false }; // prettier-ignore
    const { bytes, transactions } = await countTransactions(found.logs, { start: place.start, signal });
    return { bytes, transactions, recoverable: true };
  } catch {
    engine.signal?.throwIfAborted();
    return { recoverable: false };
  }
}

/** The master answers: what it has now is compared with what the replicas have. */
function ofLiving({ snapshot, dead, replicas, mode }: FailoverFacts): ExpectedLoss | undefined {
  const state = snapshot.servers.find(server => server.id === dead.id)?.state;
  if (!state) return undefined;
  const best = replicas
    .flatMap(({ channel }) => channel.received ?? [])
    .sort(comparePositions)
    .at(-1);
  const own = state.binlogPosition;
  const bytes = own && best?.file === own.file ? Math.max(0, own.position - best.position) : undefined;
  const all = replicas.map(receivedSetOf(mode)).reduce((union, set) => union.union(set), GtidSet.empty);
  const transactions =
    mode === 'gtid' ? Number(GtidSet.parse(state.gtidExecuted ?? '').subtract(all).count) : undefined;
  return {
    ...(bytes !== undefined && { bytes }),
    ...(transactions !== undefined && { transactions }),
    recoverable: 'unknown',
  };
}

const receivedSetOf = (mode: FailoverFacts['mode']) => (mode === 'gtid' ? receivedSet : () => GtidSet.empty);

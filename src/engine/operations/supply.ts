import path from 'node:path';
import { msg, type Message } from '../../l10n/message';
import { cutLogs } from '../binlog/cut';
import { findInRelayLogs, type Found } from '../binlog/find';
import { openLocalLog, type LogFile } from '../binlog/logFile';
import { comparePositions, logBase } from '../binlog/position';
import { scanTransactions, type LogStart } from '../binlog/transactions';
import type { TransactionRange } from '../binlog/grouper';
import { errorText } from '../errors';
import type { LogPosition } from '../mysql/types';
import { text } from '../mysql/values';
import { openServerHost } from '../ssh/openServerHost';
import { connectionOf, type FailoverRun } from './failoverRun';
import { hostForm, type ReplicaFacts } from './failoverFacts';
import { timestamp } from './journal';
import { findLogs } from './remoteLogs';
import { StepError } from './runPlan';
import { saveTail } from './saveTail';
import { newWorkFile } from './workFile';

/** Transactions of the dead master from a place on, in order, as far as anybody has them. */
export interface Supply {
  readonly logs: readonly LogFile[];
  readonly start: LogStart;
}

/** Milliseconds that copying relay logs may take. */
const COPY_MS = 600_000;

/**
 * Finds who has the dead master's transactions from `from` on: its own disk first (what was saved, or once more if that
 * begins later), then the relay logs of those replicas that have received the most, with what was saved behind them. Rejects
 * with StepError `no-supply`, which says of each why not. `own`: the relay logs of the one that lacks something may have more
 * than it has applied, as those of a delayed one always do.
 */
export async function supplyFrom(
  run: FailoverRun,
  lacking: ReplicaFacts,
  from: LogPosition,
  own = false,
): Promise<Supply> {
  // Replicas ask at the same time: one copy serves them all.
  const before = busy.get(run);
  const supply = (before ?? Promise.resolve()).then(() =>
    findSupply(run, own || lacking.channel.delaySeconds > 0 ? undefined : lacking, from),
  );
  busy.set(
    run,
    supply.then(
      () => undefined,
      () => undefined,
    ),
  );
  return supply;
}

const busy = new WeakMap<FailoverRun, Promise<void>>();
const fetched = new WeakMap<FailoverRun, Promise<void>>();

/**
 * Position mode: copies what the replicas lack before the first of them is repointed, which throws its relay logs away: others
 * may need them. Once for all; what cannot be had is told where it is needed.
 */
export function fetchForOthers(run: FailoverRun): Promise<void> {
  const known = fetched.get(run) ?? fetchLowest(run);
  fetched.set(run, known);
  return known;
}

async function fetchLowest(run: FailoverRun): Promise<void> {
  const { levelAt, plan, facts } = run;
  if (!levelAt) return;
  const [lowest] = facts.replicas
    .filter(({ id }) => id !== plan.newMaster)
    .flatMap(replica => {
      const { received, applied, delaySeconds } = replica.channel;
      const has = delaySeconds > 0 ? applied : received;
      if (!has || comparePositions(has, levelAt) === 0) return [];
      return [{ replica, place: applied && applied.file === has.file ? applied : has }];
    })
    .sort((a, b) => comparePositions(a.place, b.place));
  if (lowest) await supplyFrom(run, lowest.replica, lowest.place).catch(() => undefined);
}

async function findSupply(run: FailoverRun, lacking: ReplicaFacts | undefined, from: LogPosition): Promise<Supply> {
  const reasons: Message[] = [];
  if (run.tail && comparePositions(run.tail.from, from) > 0 && run.deadHost) {
    const again = await saveTail(run, { config: run.facts.dead, host: run.deadHost }, from);
    if (again.ok) {
      // Somebody may be reading the former one.
      run.formerTails.push(run.tail);
      run.tail = again.tail;
    } else reasons.push(again.why);
  }
  // A disk may have lost what was sent already: then the relay logs of those that received it reach further.
  const best = mostAdvanced(run)[0]?.channel.received;
  const isShort = run.tail && best && comparePositions(run.tail.to, best) < 0;
  const ofTail = async (): Promise<Supply | undefined> => {
    if (!run.tail || comparePositions(run.tail.from, from) > 0) return undefined;
    const found = await findInRelayLogs([run.tail.log], from);
    if (!found.found) reasons.push(notFound(run.tail.file, from, found));
    return found.found ? { logs: [run.tail.log], start: found.start } : undefined;
  };
  const first = isShort ? undefined : await ofTail();
  if (first) return first;
  for (const replica of mostAdvanced(run)) {
    if (replica.id === lacking?.id) continue;
    // Between its end and what was saved there would be a gap.
    const { received } = replica.channel;
    if (!received || (run.tail && !isShort && comparePositions(received, run.tail.from) < 0)) continue;
    const relay = await relayLogsFrom(run, replica, from);
    if (!relay.ok) {
      reasons.push(relay.why);
      continue;
    }
    const logs = [relay.log, ...(run.tail && !isShort ? [run.tail.log] : [])];
    const found = await findInRelayLogs(logs, from);
    if (found.found) return { logs, start: found.start };
    reasons.push(notFound(relay.log.name, from, found));
  }
  const last = isShort ? await ofTail() : undefined;
  if (last) return last;
  throw new StepError(
    'no-supply',
    reasons.reduce(
      (all, reason) => (all ? msg('{first}; {second}', { first: all, second: reason }) : reason),
      undefined as Message | undefined,
    ) ?? msg('Nobody has the transactions from {position} on', { position: shown(from) }),
  );
}

const shown = ({ file, position }: LogPosition): string => `${file}:${position}`;

function notFound(log: string, from: LogPosition, found: Found & { found: false }): Message {
  return msg('{log} does not have the transactions from {position} on ({reason})', {
    log,
    position: shown(from),
    reason: found.reason,
  });
}

/** Those that have received the most come first; the others may still have more than the one that lacks something. */
function mostAdvanced(run: FailoverRun): ReplicaFacts[] {
  const start: LogPosition = { file: '', position: 0 };
  return run.facts.replicas
    .filter(replica => !replica.foreign)
    .sort((a, b) => comparePositions(b.channel.received ?? start, a.channel.received ?? start));
}

type RelayLogs = { readonly ok: true; readonly log: LogFile } | { readonly ok: false; readonly why: Message };

/** Copies a replica's relay logs from a place of the dead master's log on into a file of this machine. */
async function relayLogsFrom(run: FailoverRun, replica: ReplicaFacts, from: LogPosition): Promise<RelayLogs> {
  const server = hostForm(replica.config);
  const known = run.relayLogs.get(replica.id);
  if (known && comparePositions(known.from, from) <= 0) return { ok: true, log: known.log };
  const signal = AbortSignal.timeout(COPY_MS);
  const { signal: _, ...engine } = run.engine;
  const opened = await openServerHost(replica.config, engine);
  if (!opened.ok) return { ok: false, why: msg('{server}: {text}', { server, text: opened.failure.text }) };
  await using host = opened.host;
  try {
    const { directory, base } = await relayLogPlace(run, replica);
    const found = await findLogs(host, [directory], `${base}.0`, signal);
    if (!found.ok) return { ok: false, why: msg('{server} has no relay logs in {directory}', { server, directory }) };
    const place = await findInRelayLogs(found.logs, from, signal);
    if (!place.found) return { ok: false, why: notFound(`${server}:${directory}/${base}`, from, place) };
    const { values } = replica.config;
    const stem = `relay_from_read_to_latest_${values.hostname ?? replica.id}_${values.port}_${timestamp(run.startedAt)}`;
    const file = newWorkFile(run.workdir, stem);
    await cutLogs(found.logs, file, { start: place.start, signal });
    const log = await openLocalLog(file);
    run.relayLogs.set(replica.id, { log, from });
    return { ok: true, log };
  } catch (error) {
    return { ok: false, why: msg('{server}: {text}', { server, text: errorText(error) }) };
  }
}

async function relayLogPlace(run: FailoverRun, replica: ReplicaFacts): Promise<{ directory: string; base: string }> {
  const connection = await connectionOf(run, replica.config);
  const base = logBase(replica.channel.relayLog?.file ?? 'relay.0');
  const variable = connection.dialect.variable('relayLogDirectory');
  const [row = {}] = variable === undefined ? [] : await connection.query(`SELECT @@global.${variable} AS value`);
  const basename = text(row, 'value');
  return { directory: basename ? path.posix.dirname(basename) : replica.state.datadir, base };
}

/** The whole transactions of a supply, in order, and how far it reaches. Rejects with StepError where it cannot be trusted. */
export async function transactionsOf(supply: Supply): Promise<{ ranges: TransactionRange[]; end?: LogPosition }> {
  const ranges: TransactionRange[] = [];
  const { kind, error, position } = await scanTransactions(supply.logs, { start: supply.start }, range => {
    if (range.incident)
      throw new StepError(
        'incident',
        msg('The dead master noted that it had lost events: what comes behind them is not safe to apply'),
      );
    if (range.complete) ranges.push(range);
  });
  if (kind === 'unreadable' && error) throw new StepError('unreadable', msg('{text}', { text: error.message }));
  return { ranges, ...(position && { end: position }) };
}

import { mkdir } from 'node:fs/promises';
import type { ServerConfig } from '../../config/types';
import { format, msg, type Message } from '../../l10n/message';
import { BinlogError } from '../binlog/binlogError';
import { cutLogs, type Cut } from '../binlog/cut';
import { findInBinaryLogs } from '../binlog/find';
import { openLocalLog, type LocalLog, type LogFile } from '../binlog/logFile';
import { comparePositions } from '../binlog/position';
import { listTransactions, type TransactionList } from '../binlog/transactions';
import { errorText } from '../errors';
import type { LogPosition } from '../mysql/types';
import type { Host } from '../ssh/types';
import type { FailoverRun } from './failoverRun';
import { hostForm, type FailoverFacts, type ReplicaFacts } from './failoverFacts';
import { timestamp } from './journal';
import { findLogs } from './remoteLogs';
import { newWorkFile } from './workFile';

/** The part of the dead master's binary log that replicas may lack, in a file of this machine. */
export interface SavedTail {
  readonly file: string;
  readonly log: LocalLog;
  /** Where it begins in the dead master's log; everything behind it that the disk had is there. */
  readonly from: LogPosition;
  /** Where it ends, with a whole event. */
  readonly to: LogPosition;
  /** Whole transactions that no replica had received. */
  readonly transactions: number;
  readonly bytes: number;
  readonly summary: Message;
  /** The last log of the server where it was read, if that ended with a whole event: see isUnchanged. */
  readonly seen?: { readonly server: string; readonly file: string; readonly size: number };
}

export type TailResult =
  { readonly ok: true; readonly tail: SavedTail } | { readonly ok: false; readonly why: Message };

/** Who has binary logs of the dead master: itself, or a binlog server. */
export interface LogSource {
  readonly config: ServerConfig;
  readonly host: Host;
}

/** Bytes that an applier may be behind for its place to be where saving begins: what it lacks it usually applies itself. */
const APPLIER_BYTES = 64 * 1024 * 1024;

/** Milliseconds that copying may take. */
const COPY_MS = 600_000;

/**
 * Where to begin: a place that is not behind the beginning of any transaction that a replica may lack. By GTID only the most
 * advanced replica and the new master count: the others fetch from there. A new master that an earlier run let fetch from
 * another has no place of its own, and gets what any of the others has first; `saved` is where that run began.
 */
export function tailStart(
  facts: FailoverFacts,
  newMaster: string | undefined,
  latest: readonly string[],
  saved?: LogPosition,
): LogPosition | undefined {
  const all = facts.mode === 'position' || facts.replicas.some(({ id, foreign }) => id === newMaster && foreign);
  const concerned = ({ id, foreign }: ReplicaFacts) => !foreign && (all || id === newMaster || id === latest[0]);
  const places = facts.replicas.filter(concerned).flatMap(({ channel: { received, applied } }) => {
    if (!received) return [];
    const near = applied && applied.file === received.file && received.position - applied.position <= APPLIER_BYTES;
    return [near ? applied : received];
  });
  return places.sort(comparePositions)[0] ?? saved;
}

/** Copies it over SSH. `from`: another place to begin than `tailStart`. Never rejects for what host and files do. */
export async function saveTail(run: FailoverRun, { config, host }: LogSource, from?: LogPosition): Promise<TailResult> {
  const { facts, plan, resumed } = run;
  const server = hostForm(config);
  const start = from ?? tailStart(facts, plan.newMaster, plan.election.latest, resumed?.saved?.from);
  if (!start) return failed(msg("No replica has ever received anything: the place in the dead master's binary log is not known")); // prettier-ignore
  const signal = AbortSignal.timeout(COPY_MS);
  try {
    const found = await findLogs(host, config.values.master_binlog_dir, start.file, signal);
    if (!found.ok)
      return failed(
        found.kind === 'missing'
          ? msg('There is no {file} in {directories} (master_binlog_dir) on {server}', {
              file: start.file,
              directories: found.text,
              server,
            })
          : msg('{server}: {text}', { server, text: found.text }),
      );
    const place = await findInBinaryLogs(found.logs, start, signal);
    if (!place.found && place.reason === 'endsEarlier')
      return failed(
        msg(
          'The replicas are ahead of the disk of {server} ({position}): it has lost transactions and must be rebuilt',
          {
            server,
            position: place.last ? `${place.last.file}:${place.last.position}` : '?',
          },
        ),
      );
    if (!place.found)
      return failed(
        msg('{position} is no place in the binary logs of {server}', {
          position: `${start.file}:${start.position}`,
          server,
        }),
      );
    const file = await fileFor(run, config);
    run.log.log('info', `Saving binary logs of ${server} from ${start.file}:${start.position} to ${file} ..`);
    const cut = await cutLogs(found.logs, file, { start: place.start, signal });
    damaged(run, server, cut.end, found.logs);
    const tail = await tailOf(run, file, start);
    const last = found.logs.at(-1);
    const isWhole = cut.end.kind === 'complete' && last !== undefined;
    return { ok: true, tail: isWhole ? { ...tail, seen: { server: config.id, file: last.name, size: last.size } } : tail }; // prettier-ignore
  } catch (error) {
    if (error instanceof BinlogError && error.code === 'encrypted')
      return failed(msg('The binary log of {server} is encrypted: it cannot be read without its server', { server }));
    return failed(msg('{text}', { text: errorText(error) }));
  }
}

/** Whether the logs are as they were when the tail was saved from them. Never rejects for what host and files do. */
export async function isUnchanged({ config, host }: LogSource, { seen }: SavedTail): Promise<boolean> {
  if (seen?.server !== config.id) return false;
  const found = await findLogs(host, config.values.master_binlog_dir, seen.file, AbortSignal.timeout(COPY_MS));
  const last = found.ok ? found.logs.at(-1) : undefined;
  return last?.name === seen.file && last.size === seen.size;
}

/** What an earlier run of the same failover copied, where the host can no longer be reached. */
export async function reopenTail(run: FailoverRun): Promise<SavedTail | undefined> {
  const saved = run.resumed?.saved;
  return saved && tailOf(run, saved.file, saved.from).catch(() => undefined);
}

/**
 * A torn end is what a crash leaves: only its last, unfinished event is gone. Anything else that cannot be read hides
 * transactions behind it.
 */
function damaged(run: FailoverRun, server: string, end: Cut['end'], logs: readonly LogFile[]): void {
  const file = `${logs[end.index]?.name ?? ''}:${end.offset}`;
  if (end.kind === 'complete') return;
  const isTail = (end.kind === 'torn' || end.kind === 'zeros') && end.index === logs.length - 1;
  if (isTail) {
    run.log.log('info', `The last ${end.lostBytes} bytes of the log of ${server} are not a whole event.`);
    return;
  }
  const why = msg('The binary log of {server} is damaged at {file}: what comes behind it could not be read', {
    server,
    file,
  });
  run.log.log('error', `${format(why)}${end.error ? `: ${end.error.message}` : ''}`);
  run.notes.push(why);
  run.left.push(why);
}

const failed = (why: Message): TailResult => ({ ok: false, why });

/** MHA's name; a second one of the same failover gets a number. */
async function fileFor(run: FailoverRun, { id, kind, values }: ServerConfig): Promise<string> {
  const { workdir } = run;
  await mkdir(workdir, { recursive: true });
  const host = values.hostname ?? id;
  const what = kind === 'binlog' ? `saved_binlog_${host}_${id}` : `saved_master_binlog_from_${host}_${values.port}`;
  return newWorkFile(workdir, `${what}_${timestamp(run.startedAt)}`);
}

async function tailOf(run: FailoverRun, file: string, from: LogPosition): Promise<SavedTail> {
  const log = await openLocalLog(file);
  const list = await listTransactions([log]);
  const { transactions, bytes } = unreceived(list, run.facts.replicas);
  run.log.log('info', `Saved ${transactions} transactions (${bytes} bytes) that no slave had received.`);
  return {
    file,
    log,
    from,
    to: list.end.position ?? from,
    transactions,
    bytes,
    summary: msg('{transactions} transactions ({bytes} bytes) that no replica had received', { transactions, bytes }),
  };
}

function unreceived(
  { transactions }: TransactionList,
  replicas: readonly ReplicaFacts[],
): { transactions: number; bytes: number } {
  const received = replicas
    .flatMap(({ channel }) => channel.received ?? [])
    .sort(comparePositions)
    .at(-1);
  const beyond = transactions.filter(t => t.complete && (!received || comparePositions(t.end, received) > 0));
  return { transactions: beyond.length, bytes: beyond.reduce((sum, t) => sum + t.bytes, 0) };
}

import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Secret } from '../../config/secret';
import type { ServerConfig } from '../../config/types';
import { msg } from '../../l10n/message';
import type { MysqlServer } from '../mysql/server';
import { changeSource, readSourceOptions, type SourceOptions } from '../mysql/sourceOptions';
import type { Address, LogPosition, ReplicaChannel } from '../mysql/types';
import { addressOf } from '../topology/connectServer';
import { channelName, execute, readChannel, type FailoverRun } from './failoverRun';
import { hostForm, type FailoverMode, type ReplicaFacts } from './failoverFacts';
import { StepError } from './runPlan';

/** How long threads may take to run after START. MHA waits 10 s, and 600 s in GTID mode without telling why. */
export const START_MS = 10_000;
const POLL_MS = 10;

/** Where a replica goes on. */
export type StartAt =
  | { readonly mode: 'gtid' }
  | { readonly mode: 'mariadbGtid' }
  | { readonly mode: 'position'; readonly at: LogPosition };

export const startAt = (mode: FailoverMode, at?: LogPosition): StartAt => {
  if (mode !== 'position') return { mode };
  if (!at) throw new StepError('no-coordinates', msg("The new master's binary log position is not known"));
  return { mode, at };
};

/** As the replica was told its old source: an address where it had an address, a name where it had a name. */
function addressFor(source: ServerConfig, former: Address): Address {
  const address = addressOf(source);
  return { host: net.isIP(former.host) ? address.host : (source.values.hostname ?? address.host), port: address.port };
}

/**
 * Points a replica, whose threads are stopped, at another source. What is not about the place stays as it is: TLS, public key,
 * retries, delay, filters, and all other channels. `repl_user` and `repl_password` are the new source's, as in MHA; without
 * them the replica's own are kept. Rejects with MysqlError.
 */
export async function pointAt(
  run: FailoverRun,
  step: string,
  { replica, connection, source, start, delay = replica.channel.delaySeconds }: PointAt,
): Promise<void> {
  const { dialect } = connection;
  const channel = channelName(connection, replica);
  const kept = await readSourceOptions(connection, channel ?? '');
  const { repl_user: user, repl_password: password } = source.values;
  const options: SourceOptions = {
    ...addressFor(source, replica.channel.source),
    ...(user && { user }),
    ...(password && { password }),
    // Changing host or port sets these back.
    ...(kept?.heartbeatPeriod !== undefined && { heartbeatPeriod: kept.heartbeatPeriod }),
    ...(dialect.sourceOption('delay') !== undefined && { delay }),
    ...placeOptions(start, replica.channel),
  };
  const shown = password ? { ...options, password: new Secret('xxx') } : options;
  const at = { id: replica.id, connection };
  await execute(run, step, at, changeSource(dialect, options, channel), {
    shown: changeSource(dialect, shown, channel),
    timeoutMs: 30_000,
  });
}

export interface PointAt {
  readonly replica: ReplicaFacts;
  readonly connection: MysqlServer;
  readonly source: ServerConfig;
  readonly start: StartAt;
  /** Seconds; default: as it was. */
  readonly delay?: number;
}

function placeOptions(start: StartAt, { usingGtid, autoPosition }: ReplicaChannel): SourceOptions {
  if (start.mode === 'gtid') return { autoPosition: true };
  if (start.mode === 'mariadbGtid') return { useGtid: usingGtid === 'Current_Pos' ? 'current_pos' : 'slave_pos' };
  const { file: logFile, position: logPosition } = start.at;
  // Neither server takes a position while it is set to find its place by GTID.
  if (usingGtid !== undefined) return { logFile, logPosition, useGtid: 'no' };
  return { logFile, logPosition, ...(autoPosition && { autoPosition: false }) };
}

/**
 * Starts both threads and waits until they run. Rejects with StepError `start` and what the server says of the thread that
 * does not.
 */
export async function startReplica(
  run: FailoverRun,
  step: string,
  replica: ReplicaFacts,
  connection: MysqlServer,
  signal: AbortSignal,
): Promise<void> {
  const statement = connection.dialect.statement('startReplica', [], channelName(connection, replica));
  await execute(run, step, { id: replica.id, connection }, statement, { signal });
  const limit = performance.now() + START_MS;
  for (;;) {
    const { receiver, applier, receiverError, applierError } = await readChannel(connection, replica, { signal });
    if (receiver === 'running' && applier === 'running') return;
    const failed = receiver === 'stopped' || applier === 'stopped';
    if (failed || performance.now() > limit) {
      const error = (applier === 'stopped' ? applierError : undefined) ?? receiverError ?? applierError;
      throw new StepError(
        'start',
        error
          ? msg('Starting slave failed on {server}: error {errno}: {text}', {
              server: hostForm(replica.config),
              errno: error.errno,
              text: error.text,
            })
          : msg('Starting slave failed on {server}: its threads do not run', { server: hostForm(replica.config) }),
      );
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}

/** Stops both threads; a half received transaction may take a while. */
export async function stopReplica(
  run: FailoverRun,
  step: string,
  replica: ReplicaFacts,
  connection: MysqlServer,
): Promise<void> {
  const statement = connection.dialect.statement('stopReplica', [], channelName(connection, replica));
  await execute(run, step, { id: replica.id, connection }, statement, { timeoutMs: 90_000 });
}

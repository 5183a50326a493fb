import type { ServerConfig } from '../../config/types';
import { deadline } from '../deadline';
import { errorText } from '../errors';
import { MysqlError } from '../mysql/mysqlError';
import type { MysqlServer } from '../mysql/server';
import type { EngineOptions } from '../options';
import { addressOf, connectServer } from '../topology/connectServer';
import type { ReplicaOpinion } from './decision';
import { channelOpinion, readChannel, type MasterIdentity } from './opinions';
import { pause } from './pause';

/** MHA's lock of whoever changes replicas: while somebody fails over, switches or purges, nothing is restarted. */
const FAILOVER_LOCK = 'MHA_Master_High_Availability_Failover';

/** Milliseconds for the connection and for each statement. */
const STATEMENT_MS = 2000;
/**
 * Milliseconds in which a restarted receiver has reached a living master, or got an error: neighbours of a host without
 * power take three seconds to miss it. Whoever drops packets gives no error at all.
 */
const RESULT_MS = 4000;
const LOOK_MS = 50;
const START_ATTEMPTS = 2;
/** Milliseconds in which a receiver reaches a living master, usually: the next one is left alone so long. */
const HEADSTART_MS = 1000;

export interface ProbeOptions {
  readonly identity: MasterIdentity;
  readonly engine: EngineOptions;
  /** Milliseconds until a receiver that got no error counts as one that gets no answer; default 4000. */
  readonly resultMs?: number;
}

/** Replicas that were probed, and what came of it; `unprobed`: why the others were not. */
export interface Probed {
  readonly opinions: readonly ReplicaOpinion[];
  readonly unprobed: readonly { readonly server: string; readonly text: string }[];
}

/**
 * Asks the master through receivers that say they are connected, by restarting them: nothing tells a connection to a host
 * without power from one that is idle, until slave_net_timeout (an hour in MySQL 5.6). One after the other, the next only
 * where nobody has reached the master by then; and only the channel from this master. A delayed replica is left alone.
 * Rejects only when cancelled, never with a receiver stopped that it could start.
 */
export async function probeReceivers(
  replicas: readonly ServerConfig[],
  { identity, engine, resultMs = RESULT_MS }: ProbeOptions,
): Promise<Probed> {
  const { log } = engine;
  const startMs = performance.now();
  const opinions: ReplicaOpinion[] = [];
  const unprobed: { server: string; text: string }[] = [];
  const waiting: Promise<void>[] = [];
  let isAlive = false;
  const take = (server: string, said: ReplicaOpinion | string): void => {
    log.log('warning', `  ${server}: ${typeof said === 'string' ? said : said.text}`);
    if (typeof said === 'string') unprobed.push({ server, text: said });
    else opinions.push(said);
    isAlive ||= typeof said !== 'string' && (said.says === 'reconnected' || said.says === 'answered');
  };
  for (const replica of replicas) {
    if (isAlive || performance.now() - startMs > resultMs) break;
    const restarted = await restartReceiver(replica, identity, engine);
    if (typeof restarted === 'string' || 'says' in restarted) {
      take(replica.id, restarted);
      continue;
    }
    const result = resultOf(replica, restarted, { identity, engine, resultMs }).then(said => take(replica.id, said));
    result.catch(() => undefined);
    waiting.push(result);
    await Promise.race([result, pause(HEADSTART_MS, engine.signal)]);
  }
  await Promise.all(waiting);
  return { opinions, unprobed };
}

/** The connection on which it was restarted; why it was not; or what the receiver says meanwhile by itself. */
async function restartReceiver(
  replica: ServerConfig,
  identity: MasterIdentity,
  engine: EngineOptions,
): Promise<MysqlServer | ReplicaOpinion | string> {
  const { signal, log } = engine;
  const connected = await connectServer(replica, { ...engine, timeoutMs: STATEMENT_MS });
  if (!connected.ok) return notProbed(connected.failure.text);
  const { server } = connected;
  let isOurs = false;
  try {
    const found = await readChannel(server, identity, deadline(STATEMENT_MS, signal));
    if (!found) return notProbed('it does not replicate from the master any more');
    if (found.receiver !== 'running') return { server: replica.id, ...channelOpinion(found, undefined) };
    if (found.delaySeconds > 0) return notProbed('it is a delayed replica');
    const [lock] = await server.query('SELECT GET_LOCK(?, 0) AS Value', [FAILOVER_LOCK], { timeoutMs: STATEMENT_MS });
    if (Number(lock?.['Value']) !== 1) return notProbed('somebody else is changing it (failover, switch or purge)');
    signal?.throwIfAborted();
    const { host, port } = addressOf(replica);
    log.log('warning', `Restarting the receiver of ${replica.id}(${host}:${port}): nobody else can tell whether the master lives.`); // prettier-ignore
    const problem = await stopAndStart(replica, server, found.name, engine);
    if (problem !== undefined) return notProbed(problem);
    await server.query('SELECT RELEASE_LOCK(?)', [FAILOVER_LOCK], { timeoutMs: STATEMENT_MS });
    signal?.throwIfAborted();
    isOurs = true;
    return server;
  } catch (error) {
    signal?.throwIfAborted();
    return notProbed(errorText(error));
  } finally {
    if (!isOurs) server.destroy();
  }
}

const notProbed = (why: string): string => `it was not probed: ${why}`;

/** Not to be cancelled: what was stopped is started again, by another connection if need be. Undefined: it was. */
async function stopAndStart(
  replica: ServerConfig,
  server: MysqlServer,
  name: string,
  engine: EngineOptions,
): Promise<string | undefined> {
  const { log, hostKeys, password } = engine;
  const channel = server.dialect.hasChannels ? name : undefined;
  const stop = server.dialect.statement('stopReceiver', [], channel);
  const start = server.dialect.statement('startReceiver', [], channel);
  const bounds = { timeoutMs: STATEMENT_MS };
  let problem: unknown;
  let isStopped = false;
  try {
    await server.query(stop.sql, stop.values, bounds);
    isStopped = true;
    await server.query(start.sql, start.values, bounds);
    return undefined;
  } catch (error) {
    problem = error;
  }
  // Refused: it runs as before. Without an answer it may be stopped now, or in a moment.
  if (!isStopped && problem instanceof MysqlError && problem.kind === 'server') return errorText(problem);
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
    const again = await connectServer(replica, {
      log,
      ...(hostKeys && { hostKeys }),
      ...(password && { password }),
      timeoutMs: STATEMENT_MS,
    });
    if (!again.ok) continue;
    try {
      await again.server.query(start.sql, start.values, bounds);
      return errorText(problem);
    } catch (error) {
      problem = error;
    } finally {
      again.server.destroy();
    }
  }
  log.log('error', `The receiver of ${replica.id} may be stopped now, and could not be started: ${errorText(problem)}. Start it.`); // prettier-ignore
  return errorText(problem);
}

/** What becomes of a receiver that was restarted, or why that is not known. Ends the connection. */
async function resultOf(
  replica: ServerConfig,
  server: MysqlServer,
  { identity, engine, resultMs }: Required<ProbeOptions>,
): Promise<ReplicaOpinion | string> {
  const { signal } = engine;
  const common = { server: replica.id, probed: true } as const;
  const until = performance.now() + resultMs;
  try {
    for (;;) {
      const found = await readChannel(server, identity, deadline(STATEMENT_MS, signal));
      if (!found) return 'it does not replicate from the master any more';
      const { says, code, text } = channelOpinion(found, undefined);
      const isOver = performance.now() >= until;
      if (says === 'connected')
        return { ...common, says: 'reconnected', text: 'its receiver was restarted and reached the master' };
      if (says === 'answered') return { ...common, says, ...(code !== undefined && { code }), text };
      if (says === 'broken' && (code !== undefined || isOver))
        return {
          ...common,
          says,
          ...(code !== undefined && { code }),
          text: `its receiver was restarted and does not reach the master: ${code === undefined ? `no answer within ${resultMs / 1000} seconds` : text}`,
        };
      if (isOver) return `its receiver was restarted and is ${found.receiver}: ${text}`;
      await pause(LOOK_MS, signal);
    }
  } catch (error) {
    signal?.throwIfAborted();
    return `its receiver was restarted, and what came of it is not known: ${errorText(error)}`;
  } finally {
    await server[Symbol.asyncDispose]();
  }
}

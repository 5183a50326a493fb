import type { ServerConfig } from '../../config/types';
import { deadline } from '../deadline';
import { lookUp } from '../lookup';
import type { ConnectResult } from '../mysql/connect';
import { MysqlError } from '../mysql/mysqlError';
import type { MysqlServer } from '../mysql/server';
import type { Address } from '../mysql/types';
import type { EngineOptions } from '../options';
import { addressOf, connectServer } from '../topology/connectServer';
import type { LockState } from './decision';
import { MONITOR_LOCK, takeLock, type FormerSession } from './monitorLock';
import { connectOutcome, queryOutcome, type PingOutcome } from './outcome';

export interface SessionOptions {
  /** Milliseconds; every connect and every statement has that long, as in MHA. */
  readonly intervalMs: number;
  readonly pingType: 'SELECT' | 'CONNECT' | 'INSERT';
  readonly engine: EngineOptions;
}

/** Between two heartbeats that are committed: each is a transaction in the binary log and has a GTID. */
const HEARTBEAT_MS = 15_000;
/** A manager that froze or lost its network gives up the lock when its session ends. */
const LEAST_IDLE_SECONDS = 10;
const LOOKUP_MS = 1000;

/** ER_BAD_DB_ERROR, ER_NO_SUCH_TABLE: the objects of the heartbeat are not there yet. */
const NOT_THERE = new Set([1049, 1146]);

const SELECT = 'SELECT 1 As Value';
/** MHA's own objects and statement, so that both find what the other has made. */
const CREATE = [
  'CREATE DATABASE IF NOT EXISTS infra',
  "CREATE TABLE IF NOT EXISTS infra.chk_masterha (`key` tinyint NOT NULL primary key,`val` int(10) unsigned NOT NULL DEFAULT '0')",
];
const INSERT =
  'INSERT INTO infra.chk_masterha values (1,unix_timestamp()) ON DUPLICATE KEY UPDATE val=unix_timestamp()';

/**
 * The monitor's one connection to the master, with the advisory lock on it. Each look is bounded by the ping interval.
 * In CONNECT mode every look makes another connection, while this one keeps the lock.
 */
export class MasterSession implements Disposable {
  #server: MysqlServer | undefined;
  #lock: LockState = 'none';
  #former: FormerSession | undefined;
  #readOnly = false;
  #address: Address | undefined;
  #wroteAtMs = -Infinity;
  /** The server's id of a connection whose write was not answered. */
  #stuck: number | undefined;
  #failing = false;
  #onLost: () => void = () => undefined;

  constructor(
    private readonly master: ServerConfig,
    private readonly options: SessionOptions,
  ) {}

  /** `held` means: by the session that is open, or by the last one that was. */
  get lock(): LockState {
    return this.#lock;
  }

  get isOpen(): boolean {
    return this.#server?.isOpen ?? false;
  }

  /** Calls it once when the open connection is lost; the latest one only. */
  onLost(listener: () => void): void {
    this.#onLost = listener;
  }

  /**
   * One look: connects if need be, takes the lock (waiting `lockWaitSeconds` for it), and asks. Rejects only when cancelled.
   */
  async ping(lockWaitSeconds = 0): Promise<PingOutcome> {
    const outcome = await this.#look(lockWaitSeconds);
    this.options.engine.signal?.throwIfAborted();
    this.#failing = outcome.kind !== 'ok';
    return outcome;
  }

  /** Whether somebody answers at the master's address now, by a connection of its own; `timeoutMs` for everything. */
  async probe(timeoutMs: number): Promise<PingOutcome> {
    const connected = await this.#connect(timeoutMs);
    if (!connected.ok) return connectOutcome(connected.failure);
    connected.server.destroy();
    return { kind: 'ok', readOnly: false };
  }

  [Symbol.dispose](): void {
    this.#server?.destroy();
  }

  /** Says goodbye, so that the server does not count an aborted client and the lock is free at once. */
  async close(): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    this.#server = undefined;
  }

  async #look(lockWaitSeconds: number): Promise<PingOutcome> {
    let isFresh = false;
    if (!this.isOpen) {
      const failed = await this.#open(lockWaitSeconds);
      if (failed) return failed;
      isFresh = true;
    } else if (this.#lock === 'busy') {
      const failed = await this.#attempt(server => this.#take(server, 0));
      if (failed) return failed;
    }
    const another = this.options.pingType === 'CONNECT' && !isFresh ? await this.#connectOnce() : undefined;
    if (another) return another;
    const failed = await this.#attempt(server => this.#ask(server));
    return failed ?? { kind: 'ok', readOnly: this.#readOnly };
  }

  async #connect(timeoutMs: number): Promise<ConnectResult> {
    const { engine } = this.options;
    const result = await connectServer(this.master, { ...engine, timeoutMs });
    if (result.ok || result.failure.kind !== 'unknownHost' || !this.#address) return result;
    // The name service may have died with the master: its last address is known.
    return connectServer(this.master, { ...engine, timeoutMs, address: this.#address });
  }

  async #open(lockWaitSeconds: number): Promise<PingOutcome | undefined> {
    const connected = await this.#connect(this.options.intervalMs);
    if (!connected.ok) return connectOutcome(connected.failure);
    this.#server?.destroy();
    this.#server = connected.server;
    // One listener for the life of the connection, however many pings go through it.
    void connected.server.lost.then(() => this.#onLost());
    void this.#rememberAddress();
    return this.#attempt(async server => {
      const idle = Math.max(LEAST_IDLE_SECONDS, Math.ceil((2 * this.options.intervalMs) / 1000));
      await this.#query(server, 'SET SESSION wait_timeout = ?', [idle]);
      await this.#take(server, lockWaitSeconds);
      await this.#readWritable(server);
    });
  }

  async #take(server: MysqlServer, waitSeconds: number): Promise<void> {
    const { intervalMs: timeoutMs, engine } = this.options;
    const taken = await takeLock(server, {
      waitSeconds,
      timeoutMs,
      ...(this.#former && { former: this.#former }),
      ...(engine.signal && { signal: engine.signal }),
    });
    // A lock that cannot even be asked for is a connection that failed.
    if (taken === undefined) throw new MysqlError('protocol', 'GET_LOCK', `GET_LOCK('${MONITOR_LOCK}') gave NULL`);
    this.#lock = taken ? 'held' : 'busy';
    this.#former = { connectionId: server.connectionId, atMs: performance.now() };
  }

  async #readWritable(server: MysqlServer): Promise<void> {
    const [row] = await this.#query(server, 'SELECT @@global.read_only AS Value');
    this.#readOnly = Number(row?.['Value']) === 1;
  }

  async #ask(server: MysqlServer): Promise<void> {
    const now = performance.now();
    const isDue = this.#failing || now - this.#wroteAtMs >= HEARTBEAT_MS;
    if (this.options.pingType === 'INSERT' && isDue) {
      if (await this.#isStuck(server))
        throw new MysqlError('timeout', 'TIMEOUT', 'reads are answered, the last write is not');
      await this.#heartbeat(server);
      this.#wroteAtMs = now;
    } else await this.#query(server, SELECT);
    if (this.#readOnly) await this.#readWritable(server);
    if (this.#former) this.#former = { ...this.#former, atMs: performance.now() };
  }

  /** A write that waits for a full disk stays, even when it is killed: there is to be one of them, not one for every ping. */
  async #isStuck(server: MysqlServer): Promise<boolean> {
    if (this.#stuck === undefined) return false;
    const { sql } = server.dialect.statement('processList');
    const rows = await this.#query(server, sql);
    const found = rows.some(row => Number(row['Id']) === this.#stuck && row['Info'] === INSERT);
    if (!found) this.#stuck = undefined;
    return found;
  }

  async #heartbeat(server: MysqlServer): Promise<void> {
    try {
      await this.#query(server, INSERT);
    } catch (error) {
      if (error instanceof MysqlError && error.kind === 'timeout') this.#stuck = server.connectionId;
      if (!(error instanceof MysqlError) || !NOT_THERE.has(error.errno ?? 0)) throw error;
      for (const sql of CREATE) await this.#query(server, sql);
      await this.#query(server, INSERT);
    }
  }

  /** A connection that comes and goes; the reason, if it does not. */
  async #connectOnce(): Promise<PingOutcome | undefined> {
    const connected = await this.#connect(this.options.intervalMs);
    if (!connected.ok) return connectOutcome(connected.failure);
    const { server } = connected;
    try {
      await this.#query(server, SELECT);
      return undefined;
    } catch (error) {
      return queryOutcome(error);
    } finally {
      await server[Symbol.asyncDispose]();
    }
  }

  async #attempt(work: (server: MysqlServer) => Promise<void>): Promise<PingOutcome | undefined> {
    const server = this.#server;
    if (!server) return { kind: 'queryFailed', how: 'lost', code: 'CLOSED', text: 'there is no connection' };
    try {
      await work(server);
      return undefined;
    } catch (error) {
      this.options.engine.signal?.throwIfAborted();
      const outcome = queryOutcome(error);
      if (outcome.kind === 'queryFailed') server.destroy();
      return outcome;
    }
  }

  #query(server: MysqlServer, sql: string, values: readonly unknown[] = []) {
    const { intervalMs: timeoutMs, engine } = this.options;
    return server.query(sql, values, { timeoutMs, ...(engine.signal && { signal: engine.signal }) });
  }

  async #rememberAddress(): Promise<void> {
    const { host, port } = addressOf(this.master);
    const late = deadline(LOOKUP_MS);
    const gaveUp = new Promise<undefined>(done => late.addEventListener('abort', () => done(undefined)));
    const found = await Promise.race([lookUp(host).catch(() => undefined), gaveUp]);
    if (found?.[0]) this.#address = { host: found[0].address, port };
  }
}

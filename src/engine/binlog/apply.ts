import { GtidSet } from '../mysql/gtid';
import { MariadbPosition } from '../mysql/mariadbGtid';
import { MysqlError } from '../mysql/mysqlError';
import type { MysqlServer } from '../mysql/server';
import { number, text } from '../mysql/values';
import { ApplyError, type ApplyErrorCode } from './applyError';
import { ApplySession } from './applySession';
import { BinlogError } from './binlogError';
import type { LogPart, TransactionRange } from './grouper';
import { TransactionApplier } from './transactionApplier';
import { transactionEvents } from './transactions';

export interface ApplyOptions {
  /** `SET sql_log_bin = 0`: nothing of it reaches the server's own binary log. Default false. */
  readonly disableLogBin?: boolean;
  /**
   * `keep` (default): transactions keep their GTIDs. A server without GTIDs refuses them (errno 1781): `ignore` applies
   * them there, as the server's own.
   */
  readonly gtids?: 'keep' | 'ignore';
  /** Milliseconds for one statement. Default 600,000. */
  readonly statementTimeoutMs?: number;
  /** Seconds a DDL waits for readers of its table. Default 60. */
  readonly lockWaitSeconds?: number;
}

export interface ApplyFailure {
  readonly code: ApplyErrorCode;
  /** In English: the server's, or ours. */
  readonly text: string;
  readonly errno?: number;
  /** With `packetTooLarge`: the least max_allowed_packet (global, before the connection is opened). */
  readonly neededBytes?: number;
}

export type ApplyResult =
  /**
   * `split`: MariaDB logged it as several transactions of its own, as it does with what a source logged as one around a
   * CREATE TABLE … SELECT or a sequence. The server has the data, and its GTIDs of that domain are its own from here on.
   */
  | { readonly kind: 'applied'; readonly split?: true }
  /** `executed`: the server has a transaction with this GTID. MariaDB: it is in its own binary log. */
  | { readonly kind: 'skipped'; readonly reason: 'executed' | 'unwanted' }
  /** Rolled back; what does not know transactions (MyISAM, DDL) may have been changed. */
  | { readonly kind: 'failed'; readonly failure: ApplyFailure };

const DEFAULTS = { statementTimeoutMs: 600_000, lockWaitSeconds: 60, disableLogBin: false } as const;

/**
 * Applies transactions of logs to one server, through a connection with the privileges that mysqlbinlog's output needs
 * (SUPER, or BINLOG_ADMIN, SESSION_VARIABLES_ADMIN and REPLICATION_APPLIER; MariaDB: BINLOG REPLAY and BINLOG ADMIN). The
 * connection must do nothing else meanwhile. With `localFiles`, if there may be LOAD DATA in the logs. Dispose it to
 * have the session as it was.
 */
export class Applier implements AsyncDisposable {
  readonly #server: MysqlServer;
  readonly #session: ApplySession;
  readonly #options: ApplyOptions;
  readonly #transactions: TransactionApplier;
  #beforeCommit: (() => Promise<void>) | undefined;
  /** MariaDB: the last number that the server logged, by domain and server. */
  #logged: ReadonlyMap<string, bigint> | undefined;
  #gtidSet = false;
  /** MariaDB: domains whose numbers are no longer those of the source. */
  readonly #split = new Set<number>();

  private constructor(server: MysqlServer, session: ApplySession, options: ApplyOptions) {
    this.#server = server;
    this.#session = session;
    this.#options = options;
    this.#transactions = new TransactionApplier(session, async () => this.#beforeCommit?.());
  }

  /** Rejects with MysqlError. */
  static async open(server: MysqlServer, options: ApplyOptions = {}): Promise<Applier> {
    return new Applier(server, await ApplySession.open(server, { ...DEFAULTS, ...options }), options);
  }

  /**
   * Applies one transaction. `beforeCommit` is called when all but its last statement was run (at once for a statement that
   * commits by itself); if it rejects, the transaction is rolled back. Rejects with what that or reading the log threw;
   * every other failure is a value.
   */
  async apply(range: TransactionRange, beforeCommit?: () => Promise<void>): Promise<ApplyResult> {
    const refused = refusal(range);
    if (refused) return { kind: 'failed', failure: refused };
    this.#beforeCommit = beforeCommit;
    const [part] = range.parts as [LogPart];
    this.#transactions.begin(part.log.name);
    try {
      if (await this.#transactions.describe(part.format)) await this.#automaticGtid();
      if (await this.#takeGtid(range)) {
        await this.#releaseGtid();
        return { kind: 'skipped', reason: 'executed' };
      }
      for await (const batch of transactionEvents(range))
        for (const event of batch) await this.#transactions.apply(event);
      await this.#releaseGtid();
      return (await this.#wasSplit(range)) ? { kind: 'applied', split: true } : { kind: 'applied' };
    } catch (error) {
      await this.#transactions.rollback();
      if (this.#server.isOpen) await this.#releaseGtid().catch(() => this.#server.destroy());
      const failure = failureOf(error);
      if (failure === undefined) throw error;
      return { kind: 'failed', failure };
    } finally {
      this.#beforeCommit = undefined;
    }
  }

  /** Makes the transaction's GTID the session's next. True: the server has it already. */
  async #takeGtid({ gtid }: TransactionRange): Promise<boolean> {
    if (gtid === undefined || this.#options.gtids === 'ignore') return false;
    if (gtid.kind === 'mysql') {
      if (this.#server.version.flavour !== 'mysql') return false;
      await this.#session.run('SET @@session.gtid_next = ?', [gtid.text]);
      this.#gtidSet = true;
      const [row = {}] = await this.#session.run('SELECT GTID_SUBSET(?, @@global.gtid_executed) AS executed', [
        gtid.text,
      ]);
      return number(row, 'executed') === 1;
    }
    if (this.#server.version.flavour !== 'mariadb') return false;
    this.#logged ??= await this.#readLogged();
    const logged = this.#logged.get(`${gtid.domain}-${gtid.server}`);
    if (logged !== undefined && logged >= gtid.sequence) return true;
    // The number is checked against the domain that is set when it is.
    await this.#session.set({ gtid_domain_id: gtid.domain, server_id: gtid.server });
    await this.#session.run('SET @@session.gtid_seq_no = ?', [this.#split.has(gtid.domain) ? 0 : gtid.sequence]);
    this.#gtidSet = true;
    return false;
  }

  /** Whether the server used up more numbers than the transaction had. */
  async #wasSplit({ gtid }: TransactionRange): Promise<boolean> {
    if (gtid?.kind !== 'mariadb' || !this.#gtidSet || this.#split.has(gtid.domain)) return false;
    const [row = {}] = await this.#session.run('SELECT @@session.last_gtid AS last');
    const [last] = MariadbPosition.parse(text(row, 'last') ?? '').gtids;
    if (last?.domain !== gtid.domain || last.sequence <= gtid.sequence) return false;
    this.#split.add(gtid.domain);
    return true;
  }

  /**
   * From the server's own log: gtid_slave_pos is not what was applied. A receiver that starts by file and position sets it
   * to where it starts, while the applier is stopped further behind (seen on 10.11).
   */
  async #readLogged(): Promise<ReadonlyMap<string, bigint>> {
    const [row = {}] = await this.#session.run('SELECT @@global.gtid_binlog_state AS state');
    const entries = (text(row, 'state') ?? '').split(',').filter(entry => entry !== '');
    return new Map(
      entries.flatMap(entry =>
        MariadbPosition.parse(entry).gtids.map(gtid => [`${gtid.domain}-${gtid.server}`, gtid.sequence] as const),
      ),
    );
  }

  async #releaseGtid(): Promise<void> {
    if (this.#gtidSet) await this.#automaticGtid();
  }

  async #automaticGtid(): Promise<void> {
    if (this.#session.gtidMode === undefined) return;
    await this.#session.run("SET @@session.gtid_next = 'AUTOMATIC'");
    this.#gtidSet = false;
  }

  /** The session is as it was. Bounded; where that fails, the connection is ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#gtidSet && this.#server.version.flavour === 'mariadb' && this.#server.isOpen)
      await this.#session.run('SET @@session.gtid_seq_no = 0').catch(() => this.#server.destroy());
    await this.#session.close();
  }
}

function refusal(range: TransactionRange): ApplyFailure | undefined {
  if (range.incident) return { code: 'incident', text: 'the source logged that it may have lost transactions here' };
  if (!range.complete) return { code: 'incomplete', text: 'the log does not have the whole transaction' };
  if (range.unknownType !== undefined)
    return { code: 'unsupported', text: `an event of the unknown type ${range.unknownType}` };
  return undefined;
}

function failureOf(error: unknown): ApplyFailure | undefined {
  if (error instanceof ApplyError) return { code: error.code, text: error.message, ...error.details };
  if (error instanceof BinlogError) return { code: 'unreadable', text: error.message };
  if (!(error instanceof MysqlError)) return undefined;
  if (error.kind !== 'server') return { code: 'connection', text: error.message };
  return { code: 'server', text: error.message, ...(error.errno === undefined ? {} : { errno: error.errno }) };
}

/** One transaction, in a session of its own. See Applier. */
export async function applyTransaction(
  server: MysqlServer,
  range: TransactionRange,
  options: ApplyOptions = {},
): Promise<ApplyResult> {
  await using applier = await Applier.open(server, options);
  return await applier.apply(range);
}

export interface ApplyAllOptions extends ApplyOptions {
  /** Which transactions to apply; the others are skipped. Default: all. See notIn. */
  readonly wanted?: (range: TransactionRange) => boolean;
  /** When all but a transaction's last statement was run. Rejecting rolls it back and ends the work. */
  readonly beforeCommit?: (range: TransactionRange) => Promise<void>;
  /** After each transaction, whatever became of it. */
  readonly afterEach?: (range: TransactionRange, result: ApplyResult) => Promise<void>;
  /** Ends the work between two transactions. */
  readonly signal?: AbortSignal;
}

/** What was applied, and how far it came. */
export interface ApplyReport {
  /** `failed`: at `last`, nothing behind it was tried. `cancelled`: by the signal, after `last`. */
  readonly kind: 'done' | 'failed' | 'cancelled';
  readonly failure?: ApplyFailure;
  readonly applied: number;
  readonly skipped: number;
  /** Of the applied ones: see ApplyResult. */
  readonly split: number;
  /** Of the log, of the applied ones. */
  readonly bytes: number;
  /** The last transaction that was looked at. */
  readonly last?: TransactionRange;
}

/**
 * Applies transactions in order, and stops at the first that fails. Rejects with MysqlError where the session cannot be
 * prepared, and with what the callbacks, `ranges` or reading the logs threw.
 */
export async function applyAll(
  server: MysqlServer,
  ranges: Iterable<TransactionRange> | AsyncIterable<TransactionRange>,
  options: ApplyAllOptions = {},
): Promise<ApplyReport> {
  const { wanted = () => true, beforeCommit, afterEach, signal } = options;
  await using applier = await Applier.open(server, options);
  const counts = { applied: 0, skipped: 0, split: 0, bytes: 0 };
  let last: TransactionRange | undefined;
  const report = (kind: ApplyReport['kind'], failure?: ApplyFailure): ApplyReport => ({
    kind,
    ...(failure ? { failure } : {}),
    ...counts,
    ...(last ? { last } : {}),
  });
  for await (const range of ranges) {
    if (signal?.aborted) return report('cancelled');
    last = range;
    const result: ApplyResult = wanted(range)
      ? await applier.apply(range, beforeCommit && (() => beforeCommit(range)))
      : { kind: 'skipped', reason: 'unwanted' };
    if (result.kind === 'applied') {
      counts.applied++;
      counts.bytes += range.bytes;
      if (result.split) counts.split++;
    } else if (result.kind === 'skipped') counts.skipped++;
    await afterEach?.(range, result);
    if (result.kind === 'failed') return report('failed', result.failure);
  }
  return report('done');
}

/**
 * A filter for applyAll: transactions that a server with this set, or at this position, lacks. Without a GTID: all. Not
 * for MariaDB's replicas by file and position: their gtid_slave_pos may be ahead of what they applied.
 */
export function notIn(executed: GtidSet | MariadbPosition): (range: TransactionRange) => boolean {
  return ({ gtid }) => {
    if (gtid === undefined) return true;
    if (gtid.kind === 'mysql') return !(executed instanceof GtidSet && executed.contains(GtidSet.parse(gtid.text)));
    return !(executed instanceof MariadbPosition && executed.contains(MariadbPosition.parse(gtid.text)));
  };
}

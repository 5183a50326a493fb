import { msg } from '../../l10n/message';
import { applyAll, type ApplyFailure, type ApplyReport } from '../binlog/apply';
import type { TransactionRange } from '../binlog/grouper';
import type { MysqlServer } from '../mysql/server';
import { number } from '../mysql/values';
import { connectionOf, execute, openConnection, type FailoverRun } from './failoverRun';
import { hostForm, type ReplicaFacts } from './failoverFacts';
import { readOnlyOf, readOnlyStatement, superWritable } from './readOnly';
import { StepError } from './runPlan';

export interface ApplyHooks {
  readonly signal: AbortSignal;
  /** When all but a transaction's last statement was run. */
  readonly beforeCommit?: (range: TransactionRange) => Promise<void>;
}

/** A global variable of the server. */
interface Setting {
  readonly name: 'max_allowed_packet' | 'local_infile';
  readonly value: number;
}

/**
 * What lets a server take what it has refused: the greatest packet that there is (bytes; as MHA sets it), and LOAD DATA of a
 * file that was in the log, which MySQL 8 and later refuse unless told otherwise.
 */
const NEEDED: Partial<Record<ApplyFailure['code'], Setting>> = {
  packetTooLarge: { name: 'max_allowed_packet', value: 1_073_741_824 },
  localInfile: { name: 'local_infile', value: 1 },
};

/**
 * Applies transactions to a replica whose applier is stopped, through a connection of its own. The server stays read-only for
 * everybody without SUPER; what was changed for it (super_read_only, max_allowed_packet, local_infile) is set back. Rejects with StepError
 * `apply`, which names the transaction that failed.
 */
export async function applyTransactions(
  run: FailoverRun,
  step: string,
  replica: ReplicaFacts,
  ranges: readonly TransactionRange[],
  hooks: ApplyHooks,
): Promise<void> {
  const at = { id: replica.id, connection: await connectionOf(run, replica.config) };
  const before = await readOnlyOf(at.connection);
  const unlock = before.superReadOnly ? superWritable(at.connection) : undefined;
  if (unlock) await execute(run, step, at, unlock);
  const changed: Setting[] = [];
  let left = ranges;
  try {
    for (;;) {
      const report = await applyOnce(run, replica, left, hooks);
      if (report.kind === 'done') return;
      hooks.signal.throwIfAborted();
      const setting = report.failure && NEEDED[report.failure.code];
      if (!setting || changed.some(({ name }) => name === setting.name)) throw failed(replica, report);
      const [row = {}] = await at.connection.query(`SELECT @@global.${setting.name} AS value`);
      const value = number(row, 'value');
      if (value === undefined || value >= setting.value) throw failed(replica, report);
      changed.push({ name: setting.name, value });
      await set(run, step, at, setting);
      left = left.slice(left.indexOf(report.last as TransactionRange));
    }
  } finally {
    const { connection } = at;
    for (const setting of connection.isOpen ? changed : [])
      await set(run, step, at, setting).catch(() => run.log.log('warning', `${hostForm(replica.config)}: ${setting.name} was not set back.`)); // prettier-ignore
    if (connection.isOpen && unlock) await execute(run, step, at, readOnlyStatement(connection));
  }
}

async function applyOnce(
  run: FailoverRun,
  replica: ReplicaFacts,
  ranges: readonly TransactionRange[],
  { signal, beforeCommit }: ApplyHooks,
): Promise<ApplyReport> {
  await using server = await openConnection(run, replica.config, { localFiles: true });
  return await applyAll(server, ranges, {
    signal,
    // By GTID the others fetch from this server's binary log: MHA ignores the parameter there, too.
    disableLogBin: run.facts.mode === 'position' && replica.config.values.disable_log_bin,
    statementTimeoutMs: replica.config.extended.apply_timeout * 1000,
    ...(beforeCommit && { beforeCommit }),
  });
}

function set(
  run: FailoverRun,
  step: string,
  at: { readonly id: string; readonly connection: MysqlServer },
  { name, value }: Setting,
): Promise<unknown> {
  return execute(run, step, at, { sql: `SET GLOBAL ${name}=?`, values: [value] });
}

function failed(replica: ReplicaFacts, { failure, last }: ApplyReport): StepError {
  const { code, text } = failure as ApplyFailure;
  const place = last ? `${last.start.file}:${last.start.position}` : '?';
  return new StepError(
    'apply',
    msg('{server}: the transaction at {place} of the dead master could not be applied ({code}): {text}', {
      server: hostForm(replica.config),
      place: last?.gtid ? `${place} (${last.gtid.text})` : place,
      code,
      text,
    }),
  );
}

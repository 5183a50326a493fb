import type { ServerConfig } from '../../config/types';
import { format, msg, type Message } from '../../l10n/message';
import type { LocalLog } from '../binlog/logFile';
import type { Log } from '../log';
import type { Statement } from '../mysql/dialect';
import { channelsOf } from '../mysql/replicaStatus';
import type { MysqlServer, QueryOptions, Row } from '../mysql/server';
import { shownStatement } from '../mysql/shownStatement';
import type { LogPosition, ReplicaChannel } from '../mysql/types';
import type { DeathCause } from '../monitor/types';
import type { EngineOptions } from '../options';
import { connectServer } from '../topology/connectServer';
import { connectFailureMessage } from '../mysql/failureMessage';
import type { Host } from '../ssh/types';
import type { FailoverOptions, FailoverPlan } from './failoverPlan';
import { hostForm, type FailoverFacts, type ReplicaFacts } from './failoverFacts';
import type { Journal } from './journal';
import type { AppliedFact, FailoverFactValues, Unfinished } from './resume';
import { StepError } from './runPlan';
import type { SavedTail } from './saveTail';

/** How a replica came out of it; MHA's report has a line for each. */
export type ReplicaOutcome = 'ok' | 'levelled' | 'recovery-failed' | 'start-failed';

/** What the steps of one failover share. */
export interface FailoverRun {
  readonly options: FailoverOptions;
  /** Id of the new master that somebody asked for, or that an earlier run had prepared. */
  readonly wanted?: string;
  readonly workdir: string;
  readonly cause: DeathCause;
  /** SSH to the dead master's host was tried, and does not work. */
  readonly hostGone: boolean;
  /** Its signal is taken away at the point of no return, and before anything is taken back. */
  engine: EngineOptions;
  readonly log: Log;
  readonly journal: Journal;
  /** When the failover began; names its files. */
  readonly startedAt: Date;
  facts: FailoverFacts;
  plan: FailoverPlan;
  /** By server id; opened for the survey, reopened when one is lost. */
  readonly connections: Map<string, MysqlServer>;
  /** The dead master's host, if SSH works; given up when its power is off. */
  deadHost?: Host;
  tail?: SavedTail;
  /** Copies of replicas' relay logs, by server id. */
  readonly relayLogs: Map<string, { readonly log: LocalLog; readonly from: LogPosition }>;
  /** Copies that were made again from an earlier place on. */
  readonly formerTails: SavedTail[];
  /** Where the new master has come in the dead master's log: what the others must have, too (position mode). */
  levelAt?: LogPosition;
  /** Where the others start on the new master (position mode). */
  coordinates?: LogPosition;
  readonly outcomes: Map<string, { readonly outcome: ReplicaOutcome; readonly why?: Message }>;
  /** What is left for a person to do. */
  readonly left: Message[];
  /** What MHA's report has no line for: transactions that were saved or lost. */
  readonly notes: Message[];
  /** An earlier run of the same failover, which this one goes on with. */
  readonly resumed?: Unfinished;
  /** By server: what was applied to it directly, by an earlier run or this one. */
  readonly applied: Map<string, AppliedFact>;
  recovered?: boolean;
  ipReleased?: boolean;
  ipTaken?: boolean;
  shutdown?: 'poweredOff' | 'killedBySsh';
  /** The old master came back and was made read-only. */
  oldMasterHeld?: boolean;
  /** The channel of the new master after its applier was stopped. */
  newMasterChannel?: ReplicaChannel;
  promotionNoted?: boolean;
}

export function replicaOf(run: FailoverRun, id: string): ReplicaFacts {
  const replica = run.facts.replicas.find(r => r.id === id);
  if (!replica) throw new StepError('no-replica', msg('{server} is no replica of this cluster', { server: id }));
  return replica;
}

export function newMasterOf(run: FailoverRun): ReplicaFacts {
  return replicaOf(run, run.plan.newMaster ?? '');
}

/** The open connection to a server, or a new one. Rejects with StepError. */
export async function connectionOf(run: FailoverRun, config: ServerConfig): Promise<MysqlServer> {
  const known = run.connections.get(config.id);
  if (known?.isOpen) return known;
  const server = await openConnection(run, config);
  run.connections.set(config.id, server);
  return server;
}

/** A connection of its own, e.g. for statements that change the session. Rejects with StepError. */
export async function openConnection(
  run: FailoverRun,
  config: ServerConfig,
  more: { readonly localFiles?: boolean } = {},
): Promise<MysqlServer> {
  const result = await connectServer(config, { ...run.engine, ...more });
  if (result.ok) return result.server;
  const why = connectFailureMessage(result.failure);
  throw new StepError('connect', msg('{server}: {reason}', { server: hostForm(config), reason: why }));
}

export interface ExecuteOptions extends QueryOptions {
  /** What to write down instead of the statement: the same with secrets masked. */
  readonly shown?: Statement;
}

/** Notes something that a later run must know, before it is done. */
export function noteFact<Name extends keyof FailoverFactValues>(
  run: FailoverRun,
  name: Name,
  server: string,
  value: FailoverFactValues[Name],
): void {
  run.journal.write({ type: 'fact', name, server, value });
}

/** Goes on without a replica: its steps are taken out of the plan, and a person is told. */
export function leaveOut(run: FailoverRun, id: string, reason: Message): void {
  const { facts, plan } = run;
  const config = facts.cluster.servers.find(server => server.id === id);
  if (!config || !facts.replicas.some(replica => replica.id === id)) return;
  run.facts = {
    ...facts,
    replicas: facts.replicas.filter(replica => replica.id !== id),
    leftOut: [...facts.leftOut, { id, reason, excused: config.values.ignore_fail }],
  };
  run.plan = { ...plan, steps: plan.steps.filter(step => step.server !== id) };
  run.journal.write({ type: 'plan', plan: run.plan });
  const server = hostForm(config);
  run.log.log('warning', `${server} is left out: ${format(reason)}`);
  run.left.push(msg('{server} was lost during the failover: {reason}', { server, reason }));
}

/** Runs a statement that changes something: it is in the journal, with its time and its error. Rejects with MysqlError. */
export async function execute(
  run: FailoverRun,
  step: string,
  server: { readonly id: string; readonly connection: MysqlServer },
  statement: Statement,
  { shown = statement, ...options }: ExecuteOptions = {},
): Promise<Row[]> {
  const start = performance.now();
  const text = shownStatement(shown);
  const note = (error?: string) =>
    run.journal.write({
      type: 'statement',
      step,
      server: server.id,
      text,
      tookMs: Math.round((performance.now() - start) * 10) / 10,
      ...(error !== undefined && { error }),
    });
  try {
    const rows = await server.connection.query(statement.sql, statement.values, options);
    note();
    return rows;
  } catch (error) {
    note(error instanceof Error ? error.message : String(error));
    throw error;
  }
}

/** The channel as it is now. Rejects with MysqlError; with StepError if it is not there any more. */
export async function readChannel(
  connection: MysqlServer,
  replica: ReplicaFacts,
  options: QueryOptions = {},
): Promise<ReplicaChannel> {
  const { dialect } = connection;
  const rows = await connection.query(dialect.statement('showReplicaStatus').sql, [], options);
  const channel = channelsOf(rows, dialect).find(c => c.name === replica.channel.name);
  if (!channel)
    throw new StepError('no-channel', msg('{server} replicates no longer', { server: hostForm(replica.config) }));
  return channel;
}

/** The channel's name where the server has channels: statements for the default one name none on older servers. */
export const channelName = (connection: MysqlServer, { channel }: ReplicaFacts): string | undefined =>
  connection.dialect.hasChannels ? channel.name : undefined;

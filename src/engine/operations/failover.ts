import os from 'node:os';
import type { ClusterConfig, ServerConfig } from '../../config/types';
import { format, msg, type Message } from '../../l10n/message';
import {
  failoverFilesOf,
  judgeLastFailover,
  LAST_FAILOVER_MINUTES,
  markFailover,
  readLastFailover,
  removeMarks,
  type FailoverFiles,
  type LastFailover,
} from '../monitor/failoverFiles';
import type { DeathCause } from '../monitor/types';
import type { EngineOptions } from '../options';
import type { Snapshot } from '../topology/types';
import { survey, type Survey } from '../topology/survey';
import { elect } from './election';
import { expectedLoss } from './expectedLoss';
import { failoverFacts, hostForm, type FailoverFacts, type Refusal } from './failoverFacts';
import { planFailover, type FailoverOptions, type FailoverPlan } from './failoverPlan';
import { reportFacts, sendReport } from './failoverReport';
import type { FailoverRun } from './failoverRun';
import { executeStep, undoStep } from './failoverSteps';
import { announce } from './failoverLog';
import { createJournal, type Outcome } from './journal';
import { oldMasterAnswers } from './oldMaster';
import { releaseLocks } from './receivers';
import { resumedOf, type Unfinished } from './resume';
import { runPlan } from './runPlan';

export interface FailoverRequest {
  readonly cluster: ClusterConfig;
  /** Id of the dead master's section. */
  readonly deadMaster: string;
  readonly options: FailoverOptions;
  /** Why, if the master may well answer: it must then be fenced before another server takes its place. Default: it is dead. */
  readonly cause?: DeathCause;
  /** Shown to a person before anything is changed; false ends the failover. Not asked: it goes on. */
  readonly confirm?: (plan: FailoverPlan) => Promise<boolean>;
  /** The command line, for the journal. */
  readonly command?: string;
}

export interface FailoverResult {
  readonly outcome: Outcome;
  /** MHA's: 0 all recovered; 10 the new master is up, something is left to do; 1 refused or failed. */
  readonly exitCode: 0 | 1 | 10;
  readonly newMaster?: string;
  /** It answers: nothing was changed. */
  readonly masterAlive?: boolean;
  readonly message: Message;
  /** Refusals that nothing was changed for. */
  readonly refusals: readonly Refusal[];
  readonly left: readonly Message[];
  /** Absent where it did not come to one. */
  readonly journal?: string;
}

export interface PreparedFailover {
  readonly facts: FailoverFacts;
  readonly plan: FailoverPlan;
  readonly refusals: readonly Refusal[];
  /** Id of the new master that somebody asked for, or that an earlier run had prepared. */
  readonly wanted?: string;
  /** An earlier run that did not come to its end. */
  readonly resumed?: Unfinished;
}

/**
 * What would be done, what would be lost, and why it might be refused. The master may be alive: then it is what a failover
 * would do if it died now. Changes nothing. Rejects only when cancelled.
 */
export async function prepareFailover(request: FailoverRequest, engine: EngineOptions): Promise<PreparedFailover> {
  const files = failoverFilesOf(workdirOf(request), request.cluster.name);
  const [taken, last] = await Promise.all([
    survey(request.cluster, { ...engine, suspect: request.deadMaster }),
    request.options.ignoreLastFailover ? { failed: false } : readLastFailover(files),
  ]);
  await using _ = taken;
  const ready = prepared(request, taken);
  const loss = await expectedLoss(ready.facts, engine);
  const refusals = [...ready.refusals, ...lastFailoverRefusals(last, files, request, ready.resumed)];
  return { ...ready, refusals, plan: { ...ready.plan, expectedLoss: loss } };
}

function lastFailoverRefusals(
  last: LastFailover,
  files: FailoverFiles,
  { options }: FailoverRequest,
  resumed: Unfinished | undefined,
): Refusal[] {
  const minutes = options.lastFailoverMinute ?? LAST_FAILOVER_MINUTES;
  const verdict = judgeLastFailover(last, files, { now: new Date(), minutes });
  if (verdict.allowed || (resumed && verdict.reason === 'tooEarly')) return [];
  return [{ code: verdict.reason, message: msg('{text}', { text: verdict.text }) }];
}

function prepared(request: FailoverRequest, { snapshot }: Survey): PreparedFailover {
  const { cluster, deadMaster, options } = request;
  const resumed = stillOpen(snapshot, resumedOf(workdirOf(request), cluster.name, deadMaster));
  const facts = failoverFacts(cluster, snapshot, deadMaster, resumed);
  const asked = options.newMaster && serverAt(cluster, options.newMaster);
  const wanted = options.newMaster ? (asked ?? NOBODY) : resumed?.newMaster;
  const election = elect(facts, wanted === undefined ? {} : { wanted });
  const plan = planFailover({ facts, election, options });
  const refusals = [...facts.refusals, ...(facts.replicas.length > 0 && election.refusal ? [election.refusal] : [])];
  return { facts, plan, refusals, ...(wanted !== undefined && { wanted }), ...(resumed && { resumed }) };
}

const UNFENCED: Refusal = {
  code: 'unfenced',
  message: msg('The master still runs: without shutdown_script or "#@ fence=ssh" there could be two masters'),
};

/** Where status, journals and copies are. */
export function workdirOf({ cluster, options }: Pick<FailoverRequest, 'cluster' | 'options'>): string {
  return options.workdir ?? cluster.servers[0]?.values.manager_workdir ?? '/var/tmp';
}

/** No id of a section: a new master that is not in the configuration. */
const NOBODY = '';

function serverAt(cluster: ClusterConfig, { host, port }: { host: string; port: number }): string | undefined {
  const matches = ({ values }: ServerConfig) =>
    values.port === port && (values.hostname === host || values.ip === host);
  return cluster.servers.find(matches)?.id;
}

/**
 * An unfinished failover counts as long as its new master has not been set up to replicate again: somebody who repaired the
 * cluster, or a server that was restarted, has started its receiver.
 */
function stillOpen({ servers, edges }: Snapshot, unfinished: Unfinished | undefined): Unfinished | undefined {
  const server = servers.find(s => s.id === unfinished?.newMaster);
  const receives = edges
    .filter(edge => edge.replica === server?.id)
    .some(edge => server?.state?.channels.find(c => c.name === edge.channel)?.receiver !== 'stopped');
  return server?.state && !receives ? unfinished : undefined;
}

/**
 * Fails over from a dead master. Everything that is changed stands in the journal first. Never rejects for what servers,
 * hosts or scripts do; rejects when cancelled before anything was changed.
 */
export async function failover(request: FailoverRequest, engine: EngineOptions): Promise<FailoverResult> {
  const { cluster, options } = request;
  const { log } = engine;
  const workdir = workdirOf(request);
  log.log('info', 'MHA::MasterFailover version 0.58.');
  log.log('info', 'Starting master failover.');
  log.log('info', '* Phase 1: Configuration Check Phase..');
  const files = failoverFilesOf(workdir, cluster.name);
  if (options.ignoreLastFailover) await removeMarks([files.error, files.complete]);
  const [taken, last] = await Promise.all([
    survey(cluster, { ...engine, suspect: request.deadMaster }),
    readLastFailover(files),
  ]);
  const connections = new Map(taken.connections);
  try {
    const ready = prepared(request, taken);
    const { facts, plan, resumed, wanted } = ready;
    const { cause = 'dead' } = request;
    const alive = cause === 'dead' && answers(facts);
    const unfenced = cause !== 'dead' && !plan.steps.some(step => step.kind === 'shut-down');
    const minutes = options.lastFailoverMinute ?? LAST_FAILOVER_MINUTES;
    const verdict = judgeLastFailover(last, files, { now: new Date(), minutes });
    const refusals: Refusal[] = [
      ...(alive
        ? [{ code: 'master-alive', message: msg('The master {server} is reachable via MySQL! Stop failover.', { server: hostForm(facts.dead) }) }] // prettier-ignore
        : []),
      ...(unfenced ? [UNFENCED] : []),
      ...ready.refusals,
      ...(verdict.allowed || (resumed && verdict.reason === 'tooEarly')
        ? []
        : [{ code: verdict.reason, message: msg('{text}', { text: verdict.text }) }]),
    ];
    announce(log, { ...ready, refusals });
    if (refusals.length > 0) return refused(refusals, alive);
    if (request.confirm && !(await request.confirm(plan)))
      return { ...refused([], false), outcome: 'cancelled', message: msg('Nothing was changed') };
    engine.signal?.throwIfAborted();
    if (verdict.allowed && verdict.outdated) await removeMarks([files.complete]);

    const startedAt = new Date();
    const journal = createJournal(workdir, cluster.name, 'failover', startedAt);
    const run: FailoverRun = {
      options,
      workdir,
      cause,
      engine,
      log,
      journal,
      startedAt,
      facts,
      plan,
      connections,
      outcomes: new Map(),
      left: [],
      notes: [],
      savedFiles: 0,
      relayLogs: new Map(),
      ...(wanted !== undefined && { wanted }),
      ...(resumed && { resumed, ...resumed.prepared }),
    };
    try {
      return await perform(run, request, files);
    } finally {
      await releaseLocks(run);
      await run.deadHost?.[Symbol.asyncDispose]();
      await run.tail?.log[Symbol.asyncDispose]();
      for (const { log: copy } of run.relayLogs.values()) await copy[Symbol.asyncDispose]();
      journal.close();
    }
  } finally {
    await Promise.all([...connections.values()].map(c => c[Symbol.asyncDispose]()));
    await taken[Symbol.asyncDispose]();
  }
}

/** Whatever answers is not dead, however badly it answers; one that accepts and falls silent is a matter of detection. */
function answers({ snapshot, dead }: FailoverFacts): boolean {
  const status = snapshot.servers.find(server => server.id === dead.id)?.status;
  return status === 'alive' || status === 'refusing';
}

function refused(refusals: readonly Refusal[], masterAlive: boolean): FailoverResult {
  return {
    outcome: 'refused',
    exitCode: 1,
    ...(masterAlive && { masterAlive }),
    message: refusals[0]?.message ?? msg('Nothing was changed'),
    refusals,
    left: [],
  };
}

async function perform(
  run: FailoverRun,
  request: FailoverRequest,
  files: ReturnType<typeof failoverFilesOf>,
): Promise<FailoverResult> {
  const { journal, log } = run;
  const { cluster } = request;
  journal.write({
    type: 'begin',
    version: 1,
    operation: 'failover',
    cluster: cluster.name,
    file: cluster.file,
    pid: process.pid,
    host: os.hostname(),
    command: request.command ?? '',
  });
  journal.write({ type: 'plan', plan: run.plan });
  for (const id of run.facts.repointed) run.outcomes.set(id, { outcome: 'ok' });
  const { signal } = run.engine;
  const result = await runPlan({
    plan: () => run.plan,
    execute: (step, s) => executeStep(run, step, s),
    undo: step => undoStep(run, step),
    journal,
    onStage: steps => {
      for (const phase of new Set(steps.map(step => step.phase))) announcePhase(run, phase);
    },
    ...(signal && { signal }),
  });
  for (const { step, why } of result.failures) {
    log.log(step.vital ? 'error' : 'warning', `${step.id}: ${format(why)}`);
    run.left.push(why);
  }
  const activated = result.ok;
  const complete = activated && run.left.length === 0 && run.facts.leftOut.length === 0;
  const outcome: Outcome = !activated
    ? result.cancelled
      ? 'cancelled'
      : 'failed'
    : complete
      ? 'succeeded'
      : 'partial';
  const exitCode = outcome === 'succeeded' ? 0 : outcome === 'partial' ? 10 : 1;
  const changed = result.committed || result.undoFailed;
  const mark = activated ? files.complete : changed ? files.error : undefined;
  if (mark) await markFailover(mark);
  const report = reportFacts(run, result, outcome);
  if (activated || changed) await sendReport(run, report);
  const message = endMessage(run, outcome);
  journal.write({ type: 'end', outcome, exitCode, message, left: run.left });
  log.log(exitCode === 1 ? 'error' : 'info', format(message));
  return {
    outcome,
    exitCode,
    ...(activated && run.plan.newMaster !== undefined && { newMaster: run.plan.newMaster }),
    ...(result.failures.some(f => f.step.kind === 'elect') && !result.committed ? await aliveAgain(run) : {}),
    message,
    refusals: [],
    left: run.left,
    journal: journal.file,
  };
}

async function aliveAgain(run: FailoverRun): Promise<{ masterAlive?: true }> {
  return (await oldMasterAnswers(run)) ? { masterAlive: true } : {};
}

function endMessage(run: FailoverRun, outcome: Outcome): Message {
  const newMaster = run.facts.replicas.find(r => r.id === run.plan.newMaster);
  const to = newMaster ? hostForm(newMaster.config) : '';
  switch (outcome) {
    case 'succeeded':
      return msg('Master failover to {server} completed successfully.', { server: to });
    case 'partial':
      return msg('Master failover to {server} done, but recovery on slave partially failed.', { server: to });
    case 'cancelled':
      return msg('The failover was cancelled; what had been done was taken back');
    default:
      return msg("Got Error so couldn't continue failover from here.");
  }
}

function announcePhase(run: FailoverRun, phase: FailoverPlan['steps'][number]['phase']): void {
  const line = PHASES[phase];
  if (line && run.lastPhase !== phase) run.log.log('info', line);
  run.lastPhase = phase;
}

const PHASES: Partial<Record<FailoverPlan['steps'][number]['phase'], string>> = {
  fence: '* Phase 2: Dead Master Shutdown Phase..',
  recover: '* Phase 3: Master Recovery Phase..',
  repoint: '* Phase 4: Slaves Recovery Phase..',
  cleanup: '* Phase 5: New master cleanup phase..',
};

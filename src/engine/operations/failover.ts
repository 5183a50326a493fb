import os from 'node:os';
import { format, msg, type Message } from '../../l10n/message';
import type { Log } from '../log';
import { markFailover, readLastFailover, removeMarks, type LastFailover } from '../monitor/failoverFiles';
import type { EngineOptions } from '../options';
import { survey } from '../topology/survey';
import type { Snapshot } from '../topology/types';
import { announce, announceSteps } from './failoverLog';
import { hostForm, type Refusal } from './failoverFacts';
import { reportFacts, sendReport } from './failoverReport';
import type { FailoverRun } from './failoverRun';
import { executeStep, undoStep } from './failoverSteps';
import { createJournal, type Outcome } from './journal';
import { oldMasterAnswers } from './oldMaster';
import { filesOf, prepared, workdirOf, type FailoverRequest, type PreparedFailover } from './prepareFailover';
import { releaseLocks } from './receivers';
import { runPlan } from './runPlan';

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
  const files = filesOf(request);
  const [taken, last] = await Promise.all([
    survey(cluster, { ...engine, suspect: request.deadMaster }),
    readLastFailover(files),
  ]);
  const connections = new Map(taken.connections);
  try {
    const ready = await agreed(request, taken.snapshot, last, log);
    if ('outcome' in ready) return ready;
    engine.signal?.throwIfAborted();
    const { facts, plan, resumed, wanted } = ready;
    const { cause = 'dead' } = request;
    if (options.ignoreLastFailover) await removeMarks([files.error, files.complete]);
    else if (ready.outdated) await removeMarks([files.complete]);
    const startedAt = new Date();
    const journal = createJournal(workdir, cluster.name, 'failover', startedAt);
    const run: FailoverRun = {
      options,
      workdir,
      cause,
      hostGone: request.sshReachable === false,
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
      formerTails: [],
      relayLogs: new Map(),
      ...(wanted !== undefined && { wanted }),
      applied: new Map(resumed?.applied),
      ...(resumed && { resumed }),
      ...(resumed?.promoted && { coordinates: resumed.promoted.coordinates }),
      ...(resumed?.promoted?.levelAt && { levelAt: resumed.promoted.levelAt }),
    };
    try {
      return await perform(run, request, files);
    } finally {
      await releaseLocks(run);
      await run.deadHost?.[Symbol.asyncDispose]();
      for (const { log: copy } of [...run.formerTails, ...(run.tail ? [run.tail] : [])])
        await copy[Symbol.asyncDispose]();
      for (const { log: copy } of run.relayLogs.values()) await copy[Symbol.asyncDispose]();
      journal.close();
    }
  } finally {
    await Promise.all([...connections.values()].map(c => c[Symbol.asyncDispose]()));
    await taken[Symbol.asyncDispose]();
  }
}

/** The plan that nothing speaks against and that the person, if there is one, agreed to; or why nothing is done. */
async function agreed(
  request: FailoverRequest,
  snapshot: Snapshot,
  last: LastFailover,
  log: Log,
): Promise<PreparedFailover | FailoverResult> {
  let { options } = request;
  for (;;) {
    const ready = prepared({ ...request, options }, snapshot, last);
    announce(log, ready);
    const alive = ready.refusals.some(({ code }) => code === 'master-alive');
    if (ready.refusals.length > 0) return refused(ready.refusals, alive);
    const answer = request.confirm ? await request.confirm(ready.plan) : 'yes';
    if (answer === 'yes') return ready;
    if (answer === 'no') return { ...refused([], false), outcome: 'cancelled', message: msg('Nothing was changed') };
    options = { ...options, newMaster: answer.newMaster };
  }
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
  files: ReturnType<typeof filesOf>,
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
  for (const value of request.evidence ?? []) journal.write({ type: 'fact', name: 'evidence', value });
  journal.write({ type: 'plan', plan: run.plan });
  for (const { id } of run.facts.repointed) run.outcomes.set(id, { outcome: 'ok' });
  const { signal, ...engine } = run.engine;
  const result = await runPlan({
    plan: () => run.plan,
    execute: (step, s) => executeStep(run, step, s),
    undo: step => {
      run.engine = engine;
      return undoStep(run, step);
    },
    journal,
    onFailure: ({ step, why }) => {
      log.log(step.vital ? 'error' : 'warning', `${step.id}: ${format(why)}`);
      // Cancelled: it is taken back, nothing is left to do.
      if (!(signal?.aborted && run.engine !== engine)) run.left.push(why);
    },
    onStage: steps => {
      // From here on it goes to its end, with the connections that it needs for that.
      if (steps.some(step => step.pointOfNoReturn)) run.engine = engine;
      announceSteps(log, steps, run.facts.mode);
    },
    ...(signal && { signal }),
  });
  const activated = result.ok;
  // Past the point of no return it went on without: a person must know that the record is not whole.
  if (activated && journal.failure !== undefined)
    run.left.push(msg('The journal cannot be written: {text}', { text: journal.failure }));
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
  const marked = mark === undefined ? { ok: true as const } : await markFailover(mark);
  if (!marked.ok) log.log('error', `${mark} could not be written: ${marked.text}`);
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

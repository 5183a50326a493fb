import { msg, type Message } from '../../l10n/message';
import { readServerState } from '../mysql/state';
import { elect } from './election';
import { formOf, hostForm, type ReplicaFacts } from './failoverFacts';
import { announceNewMaster } from './failoverLog';
import { planFailover, type FailoverStepKind } from './failoverPlan';
import { connectionOf, leaveOut, type FailoverRun } from './failoverRun';
import { oldMasterAnswers } from './oldMaster';
import type { Step } from './plan';
import { StepError, whyOf, type StepResult } from './runPlan';

/**
 * Now that nobody receives any more, looks at what everybody has, and elects again: a replica that got more meanwhile may be
 * the better one. The last place where a master that has come back ends the failover with nothing changed.
 */
export async function confirmElection(
  run: FailoverRun,
  _step: Step<FailoverStepKind>,
  signal: AbortSignal,
): Promise<StepResult> {
  const lost: { readonly id: string; readonly reason: Message }[] = [];
  const [back, ...read] = await Promise.all([
    run.cause === 'dead' && oldMasterAnswers(run),
    ...run.facts.replicas.map(async (replica): Promise<ReplicaFacts[]> => {
      try {
        return [await reread(run, replica, signal)];
      } catch (error) {
        signal.throwIfAborted();
        lost.push({ id: replica.id, reason: whyOf(error) });
        return [];
      }
    }),
  ]);
  if (back)
    throw new StepError(
      'master-alive',
      msg('The master {server} answers again: nothing is changed', { server: hostForm(run.facts.dead) }),
    );
  if (run.journal.failure !== undefined)
    throw new StepError('journal', msg('The journal cannot be written: {text}', { text: run.journal.failure }));
  for (const { id, reason } of lost) leaveOut(run, id, reason);
  run.facts = { ...run.facts, replicas: read.flat() };
  const { wanted } = run;
  const election = elect(run.facts, wanted === undefined ? {} : { wanted });
  if (election.newMaster === undefined)
    throw new StepError('no-candidate', election.refusal?.message ?? msg('none may become master'));
  run.plan = planFailover({
    facts: run.facts,
    election,
    options: run.options,
    expectedLoss: run.plan.expectedLoss,
  });
  run.journal.write({ type: 'plan', plan: run.plan });
  announceNewMaster(run.log, run.facts, run.plan);
  return { message: msg('New master is {server}', { server: formOf(run.facts.cluster, election.newMaster) }) };
}

async function reread(run: FailoverRun, replica: ReplicaFacts, signal: AbortSignal): Promise<ReplicaFacts> {
  const connection = await connectionOf(run, replica.config);
  const state = await readServerState(connection, { signal });
  const channel = state.channels.find(c => c.name === replica.channel.name);
  if (!channel && replica.promoted) return { ...replica, state };
  if (!channel) throw new StepError('no-channel', msg('it replicates no longer'));
  return { ...replica, state, channel };
}

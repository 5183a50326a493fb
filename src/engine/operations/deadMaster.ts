import type { ServerConfig } from '../../config/types';
import { format, msg } from '../../l10n/message';
import { comparePositions } from '../binlog/position';
import { fenceSsh } from '../hooks/fenceSsh';
import { sshFailureMessage } from '../ssh/failureMessage';
import { openServerHost } from '../ssh/openServerHost';
import { callShutdown, hookServer } from './failoverHooks';
import type { FailoverStepKind } from './failoverPlan';
import { noteFact, type FailoverRun } from './failoverRun';
import { hostForm } from './failoverFacts';
import type { Step } from './plan';
import { statusOf } from './prepareFailover';
import { StepError, type StepResult } from './runPlan';
import { isUnchanged, reopenTail, saveTail, type SavedTail, type TailResult } from './saveTail';

type FailoverStep = Step<FailoverStepKind>;

/** Logs in on the dead master's host, if that lives: its binary log may hold what nobody else has. */
export async function openDeadHost(run: FailoverRun, _step: FailoverStep, signal: AbortSignal): Promise<StepResult> {
  const { dead } = run.facts;
  if (run.hostGone) return { skipped: true, message: msg('SSH does not work there') };
  const opened = await openServerHost(dead, { ...run.engine, signal });
  if (!opened.ok) {
    run.log.log('warning', `SSH to ${hostForm(dead)} is NOT reachable: ${opened.failure.text}`);
    return { skipped: true, message: sshFailureMessage(opened.failure) };
  }
  run.deadHost = opened.host;
  run.log.log('info', `SSH to ${hostForm(dead)} is reachable.`);
  return undefined;
}

/** Fetches what nobody has received, before anything is done to the host. */
export async function saveBinlog(run: FailoverRun): Promise<StepResult> {
  const { dead, replicas } = run.facts;
  const { promoted } = run.resumed ?? {};
  // By GTID whoever still lacks something fetches it from the new master.
  if (promoted && (run.facts.mode !== 'position' || replicas.every(r => r.id === promoted.newMaster)))
    return { skipped: true };
  // What the new master of an earlier run was made level with is the measure for the others.
  const before = promoted || !run.deadHost ? await reopenTail(run) : undefined;
  const tail = before ?? (await saveAll(run)) ?? (await reopenTail(run));
  if (tail) {
    run.tail = tail;
    if (tail !== before) noteFact(run, 'saved', dead.id, { file: tail.file, from: tail.from });
    return { message: tail.summary };
  }
  if (!run.deadHost && run.facts.cluster.binlogServers.length === 0) {
    run.log.log('warning', "Dead Master is not SSH reachable. Could not save it's binlogs. Transactions that were not sent to the latest slave (Read_Master_Log_Pos to the tail of the dead master's binlog) were lost."); // prettier-ignore
    run.notes.push(msg('{server} was not reachable by SSH: what it had not sent is lost', { server: hostForm(dead) }));
    return { skipped: true, message: msg('SSH does not work there') };
  }
  throw new StepError('save', msg("The dead master's binary log could not be read"));
}

/**
 * From the dead master's disk and from all binlog servers at once; the copy that reaches furthest counts: a disk may have lost
 * what was sent already. Undefined: there is none.
 */
async function saveAll(run: FailoverRun): Promise<SavedTail | undefined> {
  const { dead, cluster } = run.facts;
  const { signal: _, ...engine } = run.engine;
  const fromServer = async (config: ServerConfig): Promise<TailResult> => {
    const opened = await openServerHost(config, engine);
    if (!opened.ok) return { ok: false, why: sshFailureMessage(opened.failure) };
    await using host = opened.host;
    return await saveTail(run, { config, host });
  };
  const sources = [
    ...(run.deadHost ? [{ config: dead, work: saveTail(run, { config: dead, host: run.deadHost }) }] : []),
    ...cluster.binlogServers.map(config => ({ config, work: fromServer(config) })),
  ];
  let best: SavedTail | undefined;
  for (const { config, work } of sources) {
    const result = await work;
    if (!result.ok) {
      run.log.log('error', `Saving binary logs of ${hostForm(config)} failed: ${format(result.why)}`);
      run.notes.push(msg('The binary logs of {server} could not be read: {reason}', { server: hostForm(config), reason: result.why })); // prettier-ignore
    } else if (!best || comparePositions(result.tail.to, best.to) > 0) {
      await best?.log[Symbol.asyncDispose]();
      best = result.tail;
    } else await result.tail.log[Symbol.asyncDispose]();
  }
  return best;
}

/** The user's shutdown_script. Whatever the server wrote between the first reading and its end is read as well. */
export async function shutDown(run: FailoverRun): Promise<StepResult> {
  if (!run.facts.dead.values.shutdown_script) return fence(run);
  run.shutdown = await callShutdown(run);
  if (run.shutdown === 'poweredOff') {
    const host = run.deadHost;
    delete run.deadHost;
    await host?.[Symbol.asyncDispose]();
    return { message: msg('Power is off') };
  }
  await saveAgain(run);
  return { message: msg('mysqld was killed') };
}

/** What the server wrote between the first reading and its end. */
async function saveAgain(run: FailoverRun): Promise<void> {
  if (!run.deadHost || !run.tail) return;
  const source = { config: run.facts.dead, host: run.deadHost };
  if (await isUnchanged(source, run.tail)) return;
  const again = await saveTail(run, source);
  if (!again.ok) return;
  const isFurther = comparePositions(again.tail.to, run.tail.to) >= 0;
  await (isFurther ? run.tail : again.tail).log[Symbol.asyncDispose]();
  if (!isFurther) return;
  run.tail = again.tail;
  noteFact(run, 'saved', run.facts.dead.id, { file: again.tail.file, from: again.tail.from });
}

/** Milliseconds for finding and killing mysqld. */
const FENCE_MS = 10_000;

/**
 * The fencing that is built in (`#@ fence=ssh`). Where it fails the failover goes on only if the master's port refuses. A host
 * that SSH does not reach either is taken for dead, as it is without fencing: who needs more has a shutdown_script that can
 * switch off the power. A master that answers must be killed in any case.
 */
async function fence(run: FailoverRun): Promise<StepResult> {
  const { dead } = run.facts;
  const runs = run.cause !== 'dead' || statusOf(run.facts) === 'hung';
  const { master_pid_file: pidFile, port } = dead.values;
  const { ip } = await hookServer(dead);
  const result = run.deadHost
    ? await fenceSsh(
        run.deadHost,
        { port, addresses: [ip], pidFiles: pidFile ? [pidFile] : [] },
        { timeoutMs: FENCE_MS, log: run.log },
      )
    : undefined;
  if (result?.kind === 'killed') {
    run.shutdown = 'killedBySsh';
    await saveAgain(run);
    return { message: msg('mysqld was killed') };
  }
  if (result?.kind === 'notRunning' && !runs) return { message: msg('mysqld does not run') };
  const why = !result
    ? msg('SSH does not work there')
    : result.kind === 'failed'
      ? msg('{text}', { text: result.text })
      : msg('no mysqld runs on that host, and yet the master answers');
  // Without SSH there is nothing that could be killed: the same as without fencing, as long as nothing answers there.
  if (!runs && (!result || statusOf(run.facts) === 'dead')) {
    run.log.log('warning', `${hostForm(dead)} was not fenced: ${format(why)}`);
    return { skipped: true, message: why };
  }
  throw new StepError('fence', msg('{server} could not be fenced: {reason}', { server: hostForm(dead), reason: why }));
}

import { format, msg } from '../../l10n/message';
import { fenceSsh } from '../hooks/fenceSsh';
import { sshFailureMessage } from '../ssh/failureMessage';
import { openServerHost } from '../ssh/openServerHost';
import { callShutdown, hookServer } from './failoverHooks';
import type { FailoverStepKind } from './failoverPlan';
import type { FailoverRun } from './failoverRun';
import { hostForm } from './failoverFacts';
import type { Step } from './plan';
import { StepError, type StepResult } from './runPlan';
import { reopenTail, saveTail } from './saveTail';

type FailoverStep = Step<FailoverStepKind>;

/** Logs in on the dead master's host, if that lives: its binary log may hold what nobody else has. */
export async function openDeadHost(run: FailoverRun, _step: FailoverStep, signal: AbortSignal): Promise<StepResult> {
  const { dead } = run.facts;
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
  const { dead } = run.facts;
  const before = run.deadHost ? undefined : await reopenTail(run);
  if (before) {
    run.tail = before;
    return { message: before.summary };
  }
  if (!run.deadHost) {
    run.log.log('warning', "Dead Master is not SSH reachable. Could not save it's binlogs. Transactions that were not sent to the latest slave (Read_Master_Log_Pos to the tail of the dead master's binlog) were lost."); // prettier-ignore
    run.notes.push(msg('{server} was not reachable by SSH: what it had not sent is lost', { server: hostForm(dead) }));
    return { skipped: true, message: msg('SSH does not work there') };
  }
  const saved = await saveTail(run);
  if (!saved.ok) {
    run.log.log('error', `Saving the dead master's binary log failed: ${format(saved.why)}`);
    run.notes.push(msg("The dead master's binary log could not be read: {reason}", { reason: saved.why }));
    throw new StepError('save', saved.why);
  }
  run.tail = saved.tail;
  return { message: saved.tail.summary };
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
  const again = await saveTail(run);
  if (!again.ok) return;
  await run.tail.log[Symbol.asyncDispose]();
  run.tail = again.tail;
}

/** Milliseconds for finding and killing mysqld. */
const FENCE_MS = 10_000;

/**
 * The fencing that is built in (`#@ fence=ssh`). Without SSH, or if it fails, the failover goes on only where the master's
 * port refuses: what cannot be reached and cannot be fenced may be alive.
 */
async function fence(run: FailoverRun): Promise<StepResult> {
  const { dead, snapshot } = run.facts;
  const status = snapshot.servers.find(server => server.id === dead.id)?.status;
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
  if (result?.kind === 'notRunning') return { message: msg('mysqld does not run') };
  const why = result ? msg('{text}', { text: result.text }) : msg('SSH does not work there');
  if (status === 'dead') return { skipped: true, message: why };
  throw new StepError('fence', msg('{server} could not be fenced: {reason}', { server: hostForm(dead), reason: why }));
}

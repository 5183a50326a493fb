import { setTimeout as sleep } from 'node:timers/promises';
import { connectServer } from '../topology/connectServer';
import type { FailoverRun } from './failoverRun';
import { execute } from './failoverRun';
import { readOnlyOf, readOnlyStatement } from './readOnly';
import type { FailoverStepKind } from './failoverPlan';
import { hostForm } from './failoverFacts';
import type { Step } from './plan';
import { StepError, whyOf, type StepResult } from './runPlan';
import { format, msg } from '../../l10n/message';

/** As MHA's double check: milliseconds for one connection to the master that is said to be dead. */
const DOUBLE_CHECK_MS = 1000;

/** Milliseconds between two looks at a master that may come back while replicas are repointed. */
const LOOK_EVERY_MS = 1000;

/** Seconds on the server that making it read-only may wait behind locks. */
const LOCK_WAIT_SECONDS = 3;

/** Whether something answers where the dead master was: a server, or one that refuses by an error packet. */
export async function oldMasterAnswers(
  run: Pick<FailoverRun, 'facts' | 'engine'>,
  timeoutMs = DOUBLE_CHECK_MS,
): Promise<boolean> {
  const { signal: _, ...engine } = run.engine;
  const result = await connectServer(run.facts.dead, { ...engine, timeoutMs });
  if (result.ok) result.server.destroy();
  return result.ok || (result.failure.alive && result.failure.kind !== 'silent');
}

/**
 * An old master that is back and takes writes is said at once, and made read-only where that is wanted. Looks as long as
 * replicas are being repointed: that may take minutes, in which nobody else looks.
 */
export async function lookAtOldMaster(run: FailoverRun, step: Step<FailoverStepKind>): Promise<StepResult> {
  if (run.oldMasterHeld) return { skipped: true };
  for (let looked = -Infinity; ;) {
    if (performance.now() - looked >= LOOK_EVERY_MS) {
      looked = performance.now();
      try {
        const result = await lookOnce(run, step);
        if (result) return result;
      } catch (error) {
        // One that is starting, or going down again: the next look may tell.
        if (error instanceof StepError || !isRepointing(run)) throw error;
      }
    }
    if (!isRepointing(run)) return undefined;
    await sleep(LOOK_EVERY_MS / 20);
  }
}

const isRepointing = ({ plan, outcomes }: FailoverRun): boolean =>
  plan.steps.some(({ kind, server }) => kind === 'repoint' && server !== undefined && !outcomes.has(server));

/** Undefined: it is not back. Rejects with StepError when it takes writes. */
async function lookOnce(run: FailoverRun, step: Step<FailoverStepKind>): Promise<StepResult> {
  const { dead } = run.facts;
  const { signal: _, ...engine } = run.engine;
  const result = await connectServer(dead, { ...engine, timeoutMs: DOUBLE_CHECK_MS });
  if (!result.ok) return undefined;
  const { readOnly } = await readOnlyOf(result.server, { timeoutMs: DOUBLE_CHECK_MS }).finally(() =>
    result.server.destroy(),
  );
  if (readOnly) return { message: msg('It is back, and read-only') };
  const fenced = dead.extended.fence_returning_master && (await makeReadOnly(run, step.id));
  const server = hostForm(dead);
  throw new StepError(
    'old-master-back',
    fenced
      ? msg('The old master {server} is back and took writes; it was made read-only. Compare, and rebuild it', { server })
      : msg('The old master {server} is back and takes writes: there are two masters. Make it read-only, compare, and rebuild it', { server }), // prettier-ignore
  );
}

/** Makes the old master, which is back, as read-only as it can be. False if that did not succeed. */
export async function makeReadOnly(run: FailoverRun, step: string): Promise<boolean> {
  const { dead } = run.facts;
  const { signal: _, ...engine } = run.engine;
  const result = await connectServer(dead, { ...engine, timeoutMs: DOUBLE_CHECK_MS });
  // It may be gone again: then nothing needs to be done.
  if (!result.ok) return !result.failure.alive;
  const { server: connection } = result;
  try {
    await connection.query('SET SESSION lock_wait_timeout=?', [LOCK_WAIT_SECONDS]);
    await execute(run, step, { id: dead.id, connection }, readOnlyStatement(connection), {
      timeoutMs: LOCK_WAIT_SECONDS * 1000 + 1000,
    });
    const state = await readOnlyOf(connection);
    run.log.log('warning', `The old master answers again. It was made read-only.`);
    return state.superReadOnly ?? state.readOnly;
  } catch (error) {
    run.log.log('error', `The old master answers again and could not be made read-only: ${format(whyOf(error))}`);
    return false;
  } finally {
    await connection[Symbol.asyncDispose]();
  }
}

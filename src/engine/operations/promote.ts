import { msg } from '../../l10n/message';
import { connectionOf, execute, newMasterOf, type FailoverRun } from './failoverRun';
import { hostForm } from './failoverFacts';
import type { FailoverStepKind } from './failoverPlan';
import { oldMasterAnswers, makeReadOnly } from './oldMaster';
import type { Step } from './plan';
import { readOnlyOf, WRITABLE } from './readOnly';
import { StepError, type StepResult } from './runPlan';

/** Milliseconds for the last look at the old master, in which everybody waits: it was found dead a moment ago. */
const LAST_LOOK_MS = 300;

/** Attempts to make the new master writable: everything waits for it. */
const ATTEMPTS = 3;

/**
 * Makes the new master writable, unless the old one has come back and cannot be made read-only: there are never two writable
 * masters that we made.
 */
export async function makeWritable(run: FailoverRun, step: Step<FailoverStepKind>): Promise<StepResult> {
  const { config } = newMasterOf(run);
  const server = hostForm(config);
  if ((await oldMasterAnswers(run, LAST_LOOK_MS)) && !(await makeReadOnly(run, step.id)))
    throw new StepError(
      'old-master-back',
      msg('The old master answers again and could not be made read-only: {server} stays read-only', { server }),
    );
  let last: unknown;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      const connection = await connectionOf(run, config);
      if (!(await readOnlyOf(connection)).readOnly) return attempt === 0 ? { skipped: true } : undefined;
      run.log.log('info', ` Set read_only=0 on the new master.`);
      await execute(run, step.id, { id: config.id, connection }, WRITABLE);
      if (!(await readOnlyOf(connection)).readOnly) return undefined;
    } catch (error) {
      last = error;
    }
  }
  throw new StepError('read-only', msg('{server} could not be made writable', { server }), { cause: last });
}

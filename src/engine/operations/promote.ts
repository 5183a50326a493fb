import { msg } from '../../l10n/message';
import { comparePositions } from '../binlog/position';
import type { LogPosition } from '../mysql/types';
import { takeAddress } from './failoverHooks';
import { connectionOf, execute, newMasterOf, noteFact, type FailoverRun } from './failoverRun';
import { hostForm } from './failoverFacts';
import type { FailoverStepKind } from './failoverPlan';
import { oldMasterAnswers, makeReadOnly } from './oldMaster';
import type { Step } from './plan';
import { readOnlyOf, readOnlyStatement, WRITABLE } from './readOnly';
import type { PromotedFact } from './resume';
import { StepError, type StepResult } from './runPlan';

type FailoverStep = Step<FailoverStepKind>;

/** Milliseconds for the last look at the old master, in which everybody waits: it was found dead a moment ago. */
const LAST_LOOK_MS = 300;

/** Attempts to make the new master writable: everything waits for it. */
const ATTEMPTS = 3;

/** The user's script: it may let clients write to the new master, so everything that `makeWritable` looks at is looked at before. */
export async function handAddress(run: FailoverRun, step: FailoverStep): Promise<StepResult> {
  await holdOldMaster(run, step.id);
  beginPromotion(run);
  const result = await takeAddress(run);
  run.ipTaken = result?.message === undefined;
  return result;
}

/** Makes the new master writable. There are never two writable masters that we made. */
export async function makeWritable(run: FailoverRun, step: FailoverStep): Promise<StepResult> {
  const { config } = newMasterOf(run);
  const server = hostForm(config);
  try {
    await holdOldMaster(run, step.id);
  } catch (error) {
    // The script may have made it writable already.
    const connection = await connectionOf(run, config);
    await execute(run, step.id, { id: config.id, connection }, readOnlyStatement(connection));
    throw error;
  }
  beginPromotion(run);
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

/** If the old master has come back, it is made read-only; rejects with StepError if that does not succeed. */
async function holdOldMaster(run: FailoverRun, step: string): Promise<void> {
  if (run.oldMasterHeld || !(await oldMasterAnswers(run, LAST_LOOK_MS))) return;
  const server = hostForm(run.facts.dead);
  if (!(await makeReadOnly(run, step)))
    throw new StepError(
      'old-master-back',
      msg('The old master {server} answers again and could not be made read-only: no other master is made', { server }),
    );
  run.oldMasterHeld = true;
  run.left.push(
    msg('The old master {server} came back during the failover and was made read-only: what it took meanwhile is on it alone. Compare, and rebuild it', { server }), // prettier-ignore
  );
}

/** What a later run must know before the first client can write to the new master: see PromotedFact. */
function beginPromotion(run: FailoverRun): void {
  const { coordinates, facts, levelAt } = run;
  const { id, channel, promoted } = newMasterOf(run);
  if (!coordinates || promoted || run.promotionNoted) return;
  run.promotionNoted = true;
  const { received, applied } = run.newMasterChannel ?? channel;
  const best = facts.replicas
    .filter(replica => !replica.foreign)
    .flatMap(replica => replica.channel.received ?? [])
    .sort(comparePositions)
    .at(-1);
  const value: PromotedFact = {
    newMaster: id,
    coordinates,
    ...place('levelAt', levelAt),
    ...place('received', received),
    ...place('applied', applied),
    ...place('best', best),
  };
  noteFact(run, 'promoted', id, value);
}

const place = <K extends string>(name: K, at: LogPosition | undefined): { readonly [P in K]?: LogPosition } =>
  at === undefined ? {} : ({ [name]: at } as { [P in K]: LogPosition });

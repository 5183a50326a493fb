import type { FailoverCondition } from '../../config/parameters';
import type { PingOutcome } from './outcome';

/** What is said of the master between the decisions: `ok`, `failing`, or what it suffers from. */
export type MasterCondition = 'ok' | 'failing' | 'refusing' | 'unknown' | FailoverCondition;

/** MHA decides at the fourth failure in a row. */
export const FAILURES_TO_DECIDE = 4;

export interface DetectionPolicy {
  readonly mode: 'classic' | 'evidence';
  /** Milliseconds from ping to ping. Failures that follow each other more quickly count once. */
  readonly intervalMs: number;
  readonly failoverOn: readonly FailoverCondition[];
}

export interface Detection {
  /** MHA's error count: failed statements and failed connects in a row. */
  readonly failures: number;
  /** When the last failure was counted, in milliseconds of any clock. */
  readonly countedAtMs?: number;
  readonly condition: MasterCondition;
  /** Intervals in a row in which the condition was seen. */
  readonly seen: number;
}

export interface Step {
  readonly detection: Detection;
  /** The first failure since all was well: others are to be asked now. */
  readonly suspect: boolean;
  /** It answers again after failures. */
  readonly recovered: boolean;
  /** `early`: a decision is possible if the others' facts suffice. `counted`: MHA would decide now. */
  readonly decide: 'no' | 'early' | 'counted' | 'condition';
}

export const INITIAL: Detection = { failures: 0, condition: 'ok', seen: 0 };

/** A clock that is read a little early must not cost a whole interval. */
const SLACK = 0.9;

/** ER_DISK_FULL, EE_DISK_FULL, ER_RECORD_FILE_FULL, and the write errors that come of a full disk. */
const CANNOT_WRITE = new Set([3, 20, 1021, 1026, 1030, 1114]);
/** ER_CON_COUNT_ERROR, ER_TOO_MANY_USER_CONNECTIONS, ER_USER_LIMIT_REACHED. */
const TOO_MANY = new Set([1040, 1203, 1226]);
/** ER_OPTION_PREVENTS_STATEMENT (read_only and its like), ER_READ_ONLY_MODE, ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION. */
const READ_ONLY = new Set([1290, 1836, 1792]);

function conditionOf(errno: number | undefined): MasterCondition {
  if (errno === undefined) return 'refusing';
  if (CANNOT_WRITE.has(errno)) return 'disk_full';
  if (TOO_MANY.has(errno)) return 'too_many_connections';
  return READ_ONLY.has(errno) ? 'read_only' : 'refusing';
}

/**
 * Counts as MHA does: a statement or a connect that fails is one, an error that the server sends is none and resets
 * nothing, a good ping resets. Invariant: `decide` is `counted` only after a connect that failed (or, where
 * `failover_on` has `hung`, after a statement without an answer), and never after an answer of the server.
 */
export function step(before: Detection, outcome: PingOutcome, nowMs: number, policy: DetectionPolicy): Step {
  const isNew =
    before.countedAtMs === undefined || nowMs - before.countedAtMs >= policy.intervalMs * SLACK || before.seen === 0;
  const wasFailing = before.failures > 0 || (before.condition !== 'ok' && before.condition !== 'read_only');
  const next = (condition: MasterCondition, failures: number): Detection => {
    const same = condition === before.condition;
    const seen = same ? before.seen + (isNew ? 1 : 0) : 1;
    const countedAtMs = isNew || !same ? nowMs : before.countedAtMs;
    return { failures, condition, seen, ...(countedAtMs !== undefined && { countedAtMs }) };
  };
  const wanted = (detection: Detection): Step['decide'] =>
    policy.failoverOn.some(c => c === detection.condition) && detection.seen >= FAILURES_TO_DECIDE ? 'condition' : 'no';

  switch (outcome.kind) {
    case 'ok': {
      const detection = outcome.readOnly ? { ...next('read_only', 0) } : INITIAL;
      return { detection, suspect: false, recovered: wasFailing, decide: wanted(detection) };
    }
    case 'answered': {
      const detection = next(conditionOf(outcome.errno), before.failures);
      return { detection, suspect: false, recovered: false, decide: wanted(detection) };
    }
    case 'local':
      return { detection: next('unknown', before.failures), suspect: false, recovered: false, decide: 'no' };
    case 'queryFailed':
    case 'connectFailed': {
      const failures = before.failures + (isNew || before.failures === 0 ? 1 : 0);
      const hung = outcome.how === 'hung' || outcome.how === 'silent';
      const detection = next(hung ? 'hung' : 'failing', failures);
      return { detection, suspect: before.failures === 0, recovered: false, decide: whether(failures) };
    }
  }

  function whether(failures: number): Step['decide'] {
    if (outcome.kind === 'queryFailed')
      return outcome.how === 'hung' && failures >= FAILURES_TO_DECIDE && policy.failoverOn.includes('hung')
        ? 'counted'
        : 'no';
    if (failures >= FAILURES_TO_DECIDE) return 'counted';
    return policy.mode === 'evidence' && outcome.kind === 'connectFailed' && outcome.how === 'refused' ? 'early' : 'no';
  }
}

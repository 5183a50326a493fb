import { describe, expect, it } from 'vitest';
import type { DetectionPolicy, Step } from '../../../src/engine/monitor/detection';
import { INITIAL, step } from '../../../src/engine/monitor/detection';
import type { PingOutcome } from '../../../src/engine/monitor/outcome';

const text = 'said';
const OUTCOMES = {
  ok: { kind: 'ok', readOnly: false },
  readOnly: { kind: 'ok', readOnly: true },
  lost: { kind: 'queryFailed', how: 'lost', code: 'ECONNRESET', text },
  slow: { kind: 'queryFailed', how: 'hung', code: 'TIMEOUT', text },
  refused: { kind: 'connectFailed', how: 'refused', code: 'ECONNREFUSED', text },
  silent: { kind: 'connectFailed', how: 'silent', code: 'silent', text },
  unanswered: { kind: 'connectFailed', how: 'unanswered', code: 'ETIMEDOUT', text },
  closed: { kind: 'connectFailed', how: 'closed', code: 'ECONNRESET', text },
  full: { kind: 'answered', errno: 1021, code: 'ER_DISK_FULL', text },
  many: { kind: 'answered', errno: 1040, code: 'ER_CON_COUNT_ERROR', text },
  denied: { kind: 'answered', errno: 1045, code: 'ER_ACCESS_DENIED_ERROR', text },
  locked: { kind: 'answered', errno: 1290, code: 'ER_OPTION_PREVENTS_STATEMENT', text },
  local: { kind: 'local', code: 'EMFILE', text },
} as const satisfies Record<string, PingOutcome>;
type Name = keyof typeof OUTCOMES;

const CLASSIC: DetectionPolicy = { mode: 'classic', intervalMs: 1000, failoverOn: [] };
const EVIDENCE: DetectionPolicy = { ...CLASSIC, mode: 'evidence' };

/** One outcome an interval, or at the given times. */
function run(names: readonly Name[], policy: DetectionPolicy, times: readonly number[] = []): Step[] {
  let detection = INITIAL;
  return names.map((name, i) => {
    const taken = step(detection, OUTCOMES[name], times[i] ?? i * 1000, policy);
    detection = taken.detection;
    return taken;
  });
}

const failures = (steps: readonly Step[]) => steps.map(s => s.detection.failures);
const decisions = (steps: readonly Step[]) => steps.map(s => s.decide);

describe('the count of failures', () => {
  it.each<[what: string, names: Name[], failures: number[], decisions: Step['decide'][]]>([
    ['of a killed server', ['ok', 'lost', 'refused', 'refused', 'refused'], [0, 1, 2, 3, 4], ['no', 'no', 'no', 'no', 'counted']], // prettier-ignore
    ['of a silent host', ['unanswered', 'unanswered', 'unanswered', 'unanswered'], [1, 2, 3, 4], ['no', 'no', 'no', 'counted']], // prettier-ignore
    ['goes on after the fourth', ['closed', 'closed', 'closed', 'closed', 'closed'], [1, 2, 3, 4, 5], ['no', 'no', 'no', 'counted', 'counted']], // prettier-ignore
    ['ends with a good ping', ['refused', 'refused', 'refused', 'ok', 'refused'], [1, 2, 3, 0, 1], ['no', 'no', 'no', 'no', 'no']], // prettier-ignore
    ['is neither raised nor reset by errors of the server', ['refused', 'many', 'denied', 'refused', 'local', 'refused', 'refused'], [1, 1, 1, 2, 2, 3, 4], ['no', 'no', 'no', 'no', 'no', 'no', 'counted']], // prettier-ignore
    ['decides only after a failed connect', ['slow', 'slow', 'slow', 'slow', 'slow', 'silent'], [1, 2, 3, 4, 5, 6], ['no', 'no', 'no', 'no', 'no', 'counted']], // prettier-ignore
    ['stays zero for a server that answers', ['many', 'full', 'denied', 'locked', 'many', 'many'], [0, 0, 0, 0, 0, 0], ['no', 'no', 'no', 'no', 'no', 'no']], // prettier-ignore
  ])('%s', (_what, names, expected, decided) => {
    for (const policy of [CLASSIC, EVIDENCE]) expect(failures(run(names, policy))).toEqual(expected);
    expect(decisions(run(names, CLASSIC))).toEqual(decided);
  });

  it('counts what follows quickly only once an interval', () => {
    const steps = run(['lost', 'refused', 'refused', 'refused', 'refused'], EVIDENCE, [0, 5, 300, 1000, 1100]);
    expect(failures(steps)).toEqual([1, 1, 1, 2, 2]);
  });
});

describe('an early decision', () => {
  it.each<[names: Name[], decisions: Step['decide'][]]>([
    [
      ['ok', 'lost', 'refused', 'refused'],
      ['no', 'no', 'early', 'early'],
    ],
    [
      ['lost', 'unanswered', 'silent', 'closed'],
      ['no', 'no', 'no', 'counted'],
    ],
    [
      ['refused', 'ok', 'refused'],
      ['early', 'no', 'early'],
    ],
    [
      ['refused', 'refused', 'refused', 'refused'],
      ['early', 'early', 'early', 'counted'],
    ],
  ])('%j', (names, expected) => {
    expect(decisions(run(names, EVIDENCE))).toEqual(expected);
    expect(decisions(run(names, CLASSIC))).not.toContain('early');
  });
});

describe('a suspicion', () => {
  it('begins with the first failure and ends with a good ping', () => {
    const steps = run(['ok', 'lost', 'refused', 'ok', 'unanswered', 'many', 'ok'], EVIDENCE);
    expect(steps.map(s => s.suspect)).toEqual([false, true, false, false, true, false, false]);
    expect(steps.map(s => s.recovered)).toEqual([false, false, false, true, false, false, true]);
  });
});

describe('a condition', () => {
  it.each<[name: Name, condition: string]>([
    ['ok', 'ok'],
    ['readOnly', 'read_only'],
    ['lost', 'failing'],
    ['slow', 'hung'],
    ['refused', 'failing'],
    ['silent', 'hung'],
    ['unanswered', 'failing'],
    ['full', 'disk_full'],
    ['many', 'too_many_connections'],
    ['denied', 'refusing'],
    ['locked', 'read_only'],
    ['local', 'unknown'],
  ])('of %s is %s', (name, condition) => {
    expect(run([name], EVIDENCE)[0]?.detection.condition).toBe(condition);
  });

  it.each<[condition: DetectionPolicy['failoverOn'][number], name: Name]>([
    ['disk_full', 'full'],
    ['too_many_connections', 'many'],
    ['read_only', 'locked'],
    ['read_only', 'readOnly'],
  ])('%s that failover_on names is decided after four intervals in a row', (condition, name) => {
    const policy: DetectionPolicy = { ...EVIDENCE, failoverOn: [condition] };
    expect(decisions(run([name, name, name, name], policy))).toEqual(['no', 'no', 'no', 'condition']);
    expect(decisions(run([name, name, name, name], EVIDENCE))).not.toContain('condition');
    expect(decisions(run([name, name, name, 'ok', name, name, name], policy))).not.toContain('condition');
    expect(decisions(run([name, name, name, name], policy, [0, 10, 20, 30]))).not.toContain('condition');
  });

  it('hung is decided after statements without an answer, too, where failover_on names it', () => {
    const policy: DetectionPolicy = { ...EVIDENCE, failoverOn: ['hung'] };
    expect(decisions(run(['slow', 'slow', 'slow', 'slow'], policy))).toEqual(['no', 'no', 'no', 'counted']);
  });
});

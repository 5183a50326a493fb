import { describe, expect, it } from 'vitest';
import type { Question, ReplicaOpinion, RouteOpinion } from '../../../src/engine/monitor/decision';
import { decide, isForProbe } from '../../../src/engine/monitor/decision';
import type { PingOutcome } from '../../../src/engine/monitor/outcome';

const failed = (how: Extract<PingOutcome, { kind: 'connectFailed' }>['how']): PingOutcome => ({
  kind: 'connectFailed',
  how,
  code: how,
  text: how,
});
const REFUSED = failed('refused');
const UNANSWERED = failed('unanswered');
const SILENT = failed('silent');

const replicas = (...says: ReplicaOpinion['says'][]): ReplicaOpinion[] =>
  says.map((each, i) => ({ server: `server${i + 2}`, says: each, text: each }));
const route = (server: number, says: RouteOpinion['says']): RouteOpinion => ({
  via: 'route',
  server: `server${server}`,
  says,
  text: says,
});
const script = (says: RouteOpinion['says']): RouteOpinion => ({ via: 'script', says, text: says });

const BASE: Question = {
  mode: 'evidence',
  decide: 'counted',
  own: REFUSED,
  lock: 'held',
  failoverOn: [],
  hasScript: false,
  replicas: [],
  routes: [],
};

/** `dead`, another cause, or the codes of the doubts. */
function verdict(question: Partial<Question>): string {
  const decision = decide({ ...BASE, ...question });
  return decision.kind === 'dead' ? decision.cause : decision.doubts.map(d => d.code).join(' ');
}

describe('a port that refuses', () => {
  it.each<[what: string, question: Partial<Question>, verdict: string]>([
    ['with every replica cut off', { replicas: replicas('broken', 'broken') }, 'dead'],
    ['with one cut off and one that cannot be asked', { replicas: replicas('broken', 'unknown') }, 'dead'],
    ['with one cut off and one that somebody stopped', { replicas: replicas('broken', 'stopped') }, 'dead'],
    ['with nobody to ask', {}, 'one-opinion'],
    ['with replicas that cannot be asked', { replicas: replicas('unknown', 'unknown') }, 'one-opinion'],
    ['with stopped receivers alone', { replicas: replicas('stopped') }, 'one-opinion'],
    ['with stopped receivers and a host that is refused, too', { replicas: replicas('stopped'), routes: [route(2, 'dead')] }, 'dead'], // prettier-ignore
    ['with one that is still connected', { replicas: replicas('broken', 'connected') }, 'replica-connected'],
    ['with one that receives', { replicas: replicas('broken', 'receiving') }, 'replica-receiving'],
    ['with one that the master answers', { replicas: replicas('broken', 'answered') }, 'replica-answered'],
    ['with a host that reaches it', { replicas: replicas('broken'), routes: [route(2, 'alive')] }, 'route-alive'],
    ['with a host that sees it hang', { replicas: replicas('broken'), routes: [route(2, 'hung')] }, 'route-alive'],
    ['without the lock', { lock: 'busy', replicas: replicas('broken') }, 'lock-busy'],
    ['when nobody could have the lock', { lock: 'none', replicas: replicas('broken') }, 'dead'],
  ])('%s: %#', (_what, question, expected) => {
    for (const how of ['early', 'counted'] as const) expect(verdict({ ...question, decide: how })).toBe(expected);
  });
});

describe('the secondary check', () => {
  const cut = { hasScript: true, replicas: replicas('broken', 'broken') };
  it.each<[says: RouteOpinion['says'] | undefined, verdict: string]>([
    ['dead', 'dead'],
    ['alive', 'script-reachable'],
    ['unknown', 'script-failed'],
    ['pending', 'script-pending'],
    [undefined, 'script-pending'],
  ])('that says %s', (says, expected) => {
    expect(verdict({ ...cut, routes: says ? [script(says)] : [] })).toBe(expected);
  });

  it('is one other opinion, and enough', () => {
    expect(verdict({ hasScript: true, routes: [script('dead')] })).toBe('dead');
    expect(verdict({ hasScript: true, own: UNANSWERED, routes: [script('dead')] })).toBe('dead');
  });

  it('that did not agree lets the count begin anew, as in MHA', () => {
    const restart = (says: RouteOpinion['says']) => decide({ ...BASE, ...cut, routes: [script(says)] });
    expect(restart('alive')).toMatchObject({ kind: 'wait', restart: true });
    expect(restart('unknown')).toMatchObject({ kind: 'wait', restart: true });
    expect(restart('pending')).toMatchObject({ kind: 'wait', restart: false });
  });
});

describe('silence', () => {
  const own = UNANSWERED;
  it.each<[what: string, question: Partial<Question>, verdict: string]>([
    ['with a replica that lost it', { replicas: replicas('broken') }, 'dead'],
    ['with a connection that has not noticed, alone', { replicas: replicas('connected') }, 'replica-connected'],
    ['with such a one whose host is met by silence', { replicas: replicas('connected'), routes: [route(2, 'silent')] }, 'dead'], // prettier-ignore
    ['with such a one whose host reaches it', { replicas: replicas('connected'), routes: [route(2, 'alive')] }, 'replica-connected route-alive'], // prettier-ignore
    ['with such a one whose host tells nothing', { replicas: replicas('connected'), routes: [route(2, 'unknown')] }, 'replica-connected'], // prettier-ignore
    ['with two, of which one host tells nothing', { replicas: replicas('connected', 'connected'), routes: [route(2, 'silent'), route(3, 'unknown')] }, 'replica-connected'], // prettier-ignore
    ['with such a one, and the secondary check', { hasScript: true, replicas: replicas('connected'), routes: [script('dead'), route(2, 'unknown')] }, 'dead'], // prettier-ignore
    ['with a replica that receives', { replicas: replicas('receiving'), routes: [route(2, 'silent')] }, 'replica-receiving'], // prettier-ignore
  ])('%s: %#', (_what, question, expected) => expect(verdict({ ...question, own })).toBe(expected));
});

describe('a master that accepts and does not answer', () => {
  const own = SILENT;
  const seen = { own, replicas: replicas('connected'), routes: [route(2, 'hung')] };
  it.each<[what: string, question: Partial<Question>, verdict: string]>([
    ['is no death', seen, 'hung-only'],
    ['is a cause where failover_on names it', { ...seen, failoverOn: ['hung'] }, 'hung'],
    ['counts as dead in the classic way', { ...seen, mode: 'classic' }, 'dead'],
    ['needs another host that sees it', { ...seen, failoverOn: ['hung'], routes: [] }, 'replica-connected'],
    ['may be the way to it', { ...seen, failoverOn: ['hung'], routes: [route(2, 'alive')] }, 'replica-connected route-alive'], // prettier-ignore
    ['may be that the replicas have given up', { own, failoverOn: ['hung'], replicas: replicas('broken') }, 'hung'],
    ['is not confirmed by nobody', { own, failoverOn: ['hung'] }, 'one-opinion'],
    ['has a port that accepts, says the secondary check', { ...seen, failoverOn: ['hung'], hasScript: true, routes: [route(2, 'hung'), script('alive')] }, 'hung'], // prettier-ignore
    ['is reached by the secondary check, which MHA believes', { ...seen, mode: 'classic', hasScript: true, routes: [route(2, 'hung'), script('alive')] }, 'script-reachable'], // prettier-ignore
    ['is left alone by whoever lacks the lock', { ...seen, failoverOn: ['hung'], lock: 'busy' }, 'lock-busy'],
  ])('%s: %#', (_what, question, expected) => expect(verdict(question)).toBe(expected));
});

describe('a condition that failover_on names', () => {
  const own: PingOutcome = { kind: 'answered', errno: 1040, code: 'ER_CON_COUNT_ERROR', text: '' };
  it('is a cause by itself: the master said so', () => {
    const question = { own, decide: 'condition', condition: 'too_many_connections' } as const;
    expect(verdict(question)).toBe('too_many_connections');
    expect(verdict({ ...question, lock: 'busy' })).toBe('lock-busy');
  });
});

describe('whatever is said', () => {
  const own = [REFUSED, UNANSWERED, SILENT, failed('closed')];
  const opinions: ReplicaOpinion['says'][] = ['broken', 'receiving', 'connected', 'answered', 'stopped', 'unknown'];
  const seen: RouteOpinion['says'][] = ['dead', 'silent', 'hung', 'alive', 'unknown'];

  it('there is no failover against a replica that receives, a host that reaches it, or another holder of the lock', () => {
    for (const mode of ['classic', 'evidence'] as const)
      for (const each of own)
        for (const first of opinions)
          for (const second of opinions)
            for (const says of seen)
              for (const lock of ['held', 'busy', 'none'] as const) {
                const question: Question = {
                  ...BASE,
                  mode,
                  own: each,
                  lock,
                  failoverOn: ['hung'],
                  replicas: replicas(first, second),
                  routes: [route(2, says)],
                };
                const isForbidden =
                  lock === 'busy' ||
                  says === 'alive' ||
                  [first, second].some(o => o === 'receiving' || o === 'answered') ||
                  (each === REFUSED && [first, second].includes('connected'));
                const others = [first, second].includes('broken') || ['dead', 'silent', 'hung'].includes(says);
                if (isForbidden || !others) expect(decide(question).kind, JSON.stringify(question)).toBe('wait');
              }
  });
});

describe('a receiver that was restarted', () => {
  const probed = (server: number, says: ReplicaOpinion['says']): ReplicaOpinion => ({
    server: `server${server}`,
    says,
    probed: true,
    text: says,
  });
  const forProbe = (question: Partial<Question>): boolean => {
    const whole = { ...BASE, ...question };
    return isForProbe(whole, decide(whole));
  };
  const connected = replicas('connected', 'connected');

  it.each<[what: string, question: Partial<Question>, forProbe: boolean]>([
    ['nobody else can tell', { own: UNANSWERED, replicas: connected }, true],
    ['the same in classic mode', { own: UNANSWERED, replicas: connected, mode: 'classic' }, true],
    ['the port refuses, and they are still connected', { replicas: connected }, true],
    ['the count is not full', { decide: 'early', replicas: connected }, false],
    ['one receives', { own: UNANSWERED, replicas: replicas('connected', 'receiving') }, false],
    ['a host reaches the master', { own: UNANSWERED, replicas: connected, routes: [route(2, 'alive')] }, false],
    ['the secondary check runs still', { own: UNANSWERED, replicas: connected, hasScript: true }, false],
    ['the secondary check reaches it', { own: UNANSWERED, replicas: connected, hasScript: true, routes: [script('alive')] }, false], // prettier-ignore
    ['another monitor has the lock', { own: UNANSWERED, replicas: connected, lock: 'busy' }, false],
    ['it is dead', { own: UNANSWERED, replicas: replicas('broken') }, false],
    ['nobody is connected', { own: UNANSWERED, replicas: replicas('stopped', 'unknown') }, false],
    ['a hung master, which is no reason', { own: SILENT, replicas: connected }, false],
  ])('is asked for: %s', (_what, question, expected) => {
    expect(forProbe(question)).toBe(expected);
  });

  it.each<[what: string, replicas: ReplicaOpinion[], verdict: string]>([
    ['in vain, is the second opinion', [probed(2, 'broken'), probed(3, 'broken')], 'dead'],
    ['in vain, outweighs an idle connection', [probed(2, 'broken'), ...replicas('connected')], 'dead'],
    ['in vain, does not outweigh one that receives', [probed(2, 'broken'), ...replicas('receiving')], 'replica-receiving'], // prettier-ignore
    ['and came through, is proof that it lives', [probed(2, 'reconnected'), ...replicas('connected')], 'replica-reconnected replica-connected'], // prettier-ignore
    ['and came through after another in vain', [probed(2, 'broken'), probed(3, 'reconnected')], 'replica-reconnected'],
    ['and got an error of the master', [probed(2, 'answered')], 'replica-answered'],
  ])('%s', (_what, given, expected) => {
    for (const mode of ['classic', 'evidence'] as const)
      for (const own of [UNANSWERED, REFUSED]) expect(verdict({ mode, own, replicas: given })).toBe(expected);
  });
});

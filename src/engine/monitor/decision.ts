import type { FailoverCondition } from '../../config/parameters';
import type { PingOutcome } from './outcome';
import type { DeathCause } from './types';

/** What a replica says of its connection to the master. */
export interface ReplicaOpinion {
  /** Server id. */
  readonly server: string;
  /**
   * `broken`: its receiver tries in vain to connect. `receiving`: something arrived while we looked. `connected`: its
   * receiver runs, which says little where the master's host fell silent. `answered`: the master refuses it with an error.
   * `stopped`: somebody stopped its receiver. `unknown`: the replica could not be asked. `reconnected`: its receiver was
   * restarted and reached the master.
   */
  readonly says: 'broken' | 'receiving' | 'connected' | 'answered' | 'stopped' | 'unknown' | 'reconnected';
  /** Its receiver was restarted to find out. */
  readonly probed?: boolean;
  readonly code?: string;
  readonly text: string;
}

/** What was seen of the master's port from another host. */
export interface RouteOpinion {
  readonly via: 'script' | 'route';
  /** Server id of the host, for `route`. */
  readonly server?: string;
  /** `pending`: the script runs still. */
  readonly says: 'dead' | 'silent' | 'hung' | 'alive' | 'unknown' | 'pending';
  readonly code?: string;
  readonly text: string;
}

export type LockState = 'held' | 'busy' | 'none';

export interface Question {
  readonly mode: 'classic' | 'evidence';
  /** What the step said. */
  readonly decide: 'early' | 'counted' | 'condition';
  /** The last look. */
  readonly own: PingOutcome;
  /** The condition that was seen often enough, for `condition`. */
  readonly condition?: FailoverCondition;
  readonly lock: LockState;
  readonly failoverOn: readonly FailoverCondition[];
  /** A secondary_check_script is configured. */
  readonly hasScript: boolean;
  readonly replicas: readonly ReplicaOpinion[];
  readonly routes: readonly RouteOpinion[];
}

/** Why there is no failover (yet). */
export interface Doubt {
  readonly code:
    | 'lock-busy'
    | 'replica-receiving'
    | 'replica-connected'
    | 'replica-reconnected'
    | 'replica-answered'
    | 'route-alive'
    | 'script-reachable'
    | 'script-failed'
    | 'script-pending'
    | 'hung-only'
    | 'one-opinion';
  /** Id of the server that it is about. */
  readonly server?: string;
  readonly text: string;
}

export type Decision =
  | { readonly kind: 'dead'; readonly cause: DeathCause }
  /** `restart`: MHA begins to count anew. */
  | { readonly kind: 'wait'; readonly doubts: readonly Doubt[]; readonly restart: boolean };

/**
 * Whether the master is dead. Invariants: never on our own opinion alone; never while a replica receives, or may well be
 * receiving and nobody else found the master gone (a restarted receiver finds that, too); never against the secondary check; never while another monitor holds
 * the lock; never, of a master that answers, unless `failover_on` names what it suffers from.
 */
export function decide(question: Question): Decision {
  const doubts: Doubt[] = [];
  if (question.lock === 'busy')
    doubts.push({ code: 'lock-busy', text: "another monitor holds the master's advisory lock: it decides" });
  if (question.decide === 'condition') {
    if (doubts.length > 0 || !question.condition) return wait(doubts);
    return { kind: 'dead', cause: question.condition };
  }
  doubts.push(...contradictions(question));
  const isHung = hung(question.own);
  if (isHung && question.mode === 'evidence' && !question.failoverOn.includes('hung'))
    doubts.push({
      code: 'hung-only',
      text: 'the master accepts connections and does not answer: it is hung, and failover_on does not name that',
    });
  if (doubts.length === 0 && !isConfirmed(question)) doubts.push({ code: 'one-opinion', text: alone(question) });
  if (doubts.length > 0) return wait(doubts);
  return { kind: 'dead', cause: isHung && question.mode === 'evidence' ? 'hung' : 'dead' };
}

/**
 * Whether nothing but replicas that are still connected stands against the master's death: an idle connection to a host
 * without power looks the same. Only a receiver that is restarted can tell.
 */
export function isForProbe(question: Question, decision: Decision): boolean {
  if (question.decide !== 'counted' || decision.kind !== 'wait') return false;
  return decision.doubts.every(({ code }) => code === 'replica-connected');
}

function wait(doubts: readonly Doubt[]): Decision {
  const restart = doubts.some(d => d.code === 'script-reachable' || d.code === 'script-failed');
  return { kind: 'wait', doubts, restart };
}

/** Accepts connections, or keeps one, and does not answer. */
const hung = (own: PingOutcome): boolean =>
  (own.kind === 'connectFailed' && own.how === 'silent') || (own.kind === 'queryFailed' && own.how === 'hung');

const isDeadRoute = (route: RouteOpinion): boolean => route.says === 'dead' || route.says === 'silent';

function contradictions({ mode, own, replicas, routes, hasScript }: Question): Doubt[] {
  const doubts: Doubt[] = [];
  const isHung = hung(own);
  const refused = own.kind === 'connectFailed' && own.how === 'refused';
  const script = routes.find(r => r.via === 'script');
  const isProbedDead = replicas.some(r => r.probed && r.says === 'broken');
  for (const { server, says, text } of replicas) {
    if (says === 'receiving')
      doubts.push({ code: 'replica-receiving', server, text: `${server} receives from the master` });
    if (says === 'answered')
      doubts.push({ code: 'replica-answered', server, text: `the master answers ${server}: ${text}` });
    if (says === 'reconnected') doubts.push({ code: 'replica-reconnected', server, text: `${server}: ${text}` });
    // Of two connections to the same master, that of which we know more counts.
    if (says !== 'connected' || isProbedDead) continue;
    // A port that refuses means that no process is there, and the connections of a process end with it.
    const route = routes.find(r => r.via === 'route' && r.server === server);
    const gone = route !== undefined && (isDeadRoute(route) || (isHung && route.says === 'hung'));
    const byScript = !isHung && script?.says === 'dead' && route?.says !== 'alive';
    if (refused || !(gone || byScript))
      doubts.push({ code: 'replica-connected', server, text: `${server} is still connected to the master` });
  }
  for (const route of routes)
    if (route.via === 'route' && (route.says === 'alive' || (route.says === 'hung' && !isHung)))
      doubts.push({
        code: 'route-alive',
        ...(route.server !== undefined && { server: route.server }),
        text: `the master answers from the host of ${route.server}: ${route.text}`,
      });
  // That a hung master's port accepts is no news: secondary checks look at no more than that. (MHA believes them.)
  const seenHung = isHung && mode === 'evidence' && routes.some(r => r.via === 'route' && r.says === 'hung');
  if (!hasScript || seenHung) return doubts;
  if (script?.says === 'alive') doubts.push({ code: 'script-reachable', text: script.text });
  else if (script === undefined || script.says === 'pending')
    doubts.push({ code: 'script-pending', text: 'the secondary check has not ended yet' });
  else if (!isDeadRoute(script)) doubts.push({ code: 'script-failed', text: script.text });
  return doubts;
}

/** Why nobody's word counted. */
function alone({ replicas, routes }: Question): string {
  const said = [
    ...replicas.map(r => `${r.server}: ${r.text}`),
    ...routes.map(r => `${r.server === undefined ? 'secondary check' : `from the host of ${r.server}`}: ${r.text}`),
  ];
  return `one opinion is not enough, and nobody else could tell (${said.join('; ') || 'there is nobody to ask'})`;
}

/** Somebody else found the master gone as well. */
function isConfirmed({ own, replicas, routes }: Question): boolean {
  if (replicas.some(r => r.says === 'broken')) return true;
  return routes.some(r => isDeadRoute(r) || (hung(own) && r.says === 'hung'));
}

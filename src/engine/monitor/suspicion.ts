import type { ServerConfig } from '../../config/types';
import { deadline } from '../deadline';
import { withOwnSignal, type EngineOptions } from '../options';
import type { ReplicaOpinion, RouteOpinion } from './decision';
import { askReplicas, type AskedReplica, type Received, type MasterIdentity } from './opinions';
import { probeReceivers } from './receiverProbe';
import { askRoute, askScript, askSsh } from './secondRoute';

export interface SuspicionOptions {
  readonly master: ServerConfig;
  /** The other servers of the configuration. */
  readonly others: readonly ServerConfig[];
  readonly identity: MasterIdentity;
  readonly engine: EngineOptions;
}

export interface Opinions {
  readonly replicas: readonly ReplicaOpinion[];
  readonly routes: readonly RouteOpinion[];
}

export interface LookOptions {
  /** The master's port refused: its connections must have ended with it. */
  readonly refused: boolean;
  /** The master accepts and does not answer: only another host can tell that it is not our way to it. */
  readonly hung: boolean;
  /** Milliseconds that the secondary check may still take. */
  readonly scriptMs: number;
}

/** Milliseconds for a route's SSH session and its look, together. */
const ROUTES_MS = 5000;
/** Milliseconds between two restarts of receivers while the manager alone has lost the master. */
const PROBE_REST_MS = 30_000;

/**
 * What the others say of the master, from the first failure until it is well again or declared dead. The secondary check
 * and the SSH check run meanwhile, once.
 */
export class Suspicion implements Disposable {
  readonly #abort = new AbortController();
  readonly #engine: EngineOptions;
  readonly #received: Received = new Map();
  readonly #script: Promise<RouteOpinion> | undefined;
  #sshReachable: boolean | 'unknown' = 'unknown';
  #probedAtMs = -Infinity;
  #prepared: { readonly hung: boolean; readonly opinions: Promise<Opinions> } | undefined;

  constructor(private readonly options: SuspicionOptions) {
    const { engine, master } = options;
    const signals = [this.#abort.signal, ...(engine.signal ? [engine.signal] : [])];
    this.#engine = withOwnSignal({ ...engine, signal: AbortSignal.any(signals) });
    if (master.values.secondary_check_script) {
      this.#script = askScript(master, this.#engine);
      this.#script.catch(() => undefined);
    }
    askSsh(master, this.#engine).then(
      reachable => (this.#sshReachable = reachable),
      () => undefined,
    );
  }

  [Symbol.dispose](): void {
    this.#abort.abort(new DOMException('the suspicion is over', 'AbortError'));
  }

  /** Begins to ask, an interval before the count is full: where there is silence, the others take seconds to tell. */
  prepare(options: LookOptions): void {
    if (this.#prepared) return;
    const opinions = this.look(options);
    opinions.catch(() => undefined);
    this.#prepared = { hung: options.hung, opinions };
  }

  /** What was prepared, if it was asked for the same; else asks now. */
  async lookOnce(options: LookOptions): Promise<Opinions> {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    return prepared?.hung === options.hung ? prepared.opinions : this.look(options);
  }

  /** Asks replicas, and hosts where that is needed. Rejects only when cancelled. */
  async look({ refused, hung, scriptMs }: LookOptions): Promise<Opinions> {
    const script = this.#scriptWithin(scriptMs);
    script.catch(() => undefined);
    // Where there is silence, their hosts are asked meanwhile: a receiver will not notice in time.
    const first = refused ? undefined : await this.#ask(true);
    const early = first && this.#routes(first.filter(a => isNeeded(a, { refused, hung, isConfirmed: false })));
    early?.catch(() => undefined);
    const asked = await this.#ask(false);
    const said = await script;
    const isConfirmed = asked.some(a => a.opinion.says === 'broken') || said?.says === 'dead';
    const routes = await (early ?? this.#routes(asked.filter(a => isNeeded(a, { refused, hung, isConfirmed }))));
    return { replicas: asked.map(a => a.opinion), routes: [...(said ? [said] : []), ...routes] };
  }

  /**
   * Restarts receivers that say they are connected, and puts what that told in the place of what they said. Undefined: a
   * receiver was restarted a moment ago, or none could be. Rejects only when cancelled.
   */
  async probe({ replicas, routes }: Opinions): Promise<Opinions | undefined> {
    if (performance.now() - this.#probedAtMs < PROBE_REST_MS) return undefined;
    const { others, identity } = this.options;
    const connected = replicas.filter(r => r.says === 'connected').map(r => r.server);
    const asked = others.filter(({ id }) => connected.includes(id));
    const { opinions } = await probeReceivers(asked, { identity, engine: this.#engine });
    if (opinions.length === 0) return undefined;
    this.#probedAtMs = performance.now();
    this.#received.clear();
    return { replicas: replicas.map(r => opinions.find(o => o.server === r.server) ?? r), routes };
  }

  /** Begins a new count: what was received before is no sign of life any more. */
  beginAnew(): void {
    this.#received.clear();
  }

  /** Whether the master's host is reached by SSH, if that is known by now. */
  get sshReachable(): boolean | 'unknown' {
    return this.#sshReachable;
  }

  #ask(once: boolean): Promise<readonly AskedReplica[]> {
    const { others, identity } = this.options;
    return askReplicas(others, { engine: this.#engine, identity, received: this.#received, once });
  }

  async #scriptWithin(ms: number): Promise<RouteOpinion | undefined> {
    if (!this.#script) return undefined;
    const pending: RouteOpinion = { via: 'script', says: 'pending', text: 'the secondary check runs' };
    return (await within(this.#script, ms)) ?? pending;
  }

  #routes(asked: readonly AskedReplica[]): Promise<RouteOpinion[]> {
    const signal = deadline(ROUTES_MS, this.#engine.signal);
    return Promise.all(
      asked.map(async ({ opinion, source }) => {
        const { others, identity } = this.options;
        const config = others.find(server => server.id === opinion.server);
        // A replica whose server is down has a host that may still tell.
        const address = source ?? identity.addresses[0];
        if (!config || !address) throw new Error('a replica that was not asked');
        try {
          return await askRoute(config, address, { ...this.#engine, signal });
        } catch (error) {
          if (this.#engine.signal?.aborted) throw error;
          return { via: 'route' as const, server: config.id, says: 'unknown' as const, text: 'SSH took too long' };
        }
      }),
    );
  }
}

/** Whether a replica's host has to tell what the replica itself cannot. */
function isNeeded(
  { opinion }: AskedReplica,
  { refused, hung, isConfirmed }: { refused: boolean; hung: boolean; isConfirmed: boolean },
): boolean {
  if (opinion.says === 'receiving' || opinion.says === 'answered') return false;
  return hung || (opinion.says === 'connected' && !refused) || !isConfirmed;
}

async function within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>(done => (timer = setTimeout(() => done(undefined), ms)));
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

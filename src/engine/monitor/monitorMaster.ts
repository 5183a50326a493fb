import type { FailoverCondition } from '../../config/parameters';
import { maskPasswords } from '../../config/secret';
import type { ServerConfig } from '../../config/types';
import type { Log } from '../log';
import { withOwnSignal, type EngineOptions } from '../options';
import { addressOf } from '../topology/connectServer';
import { decide, isForProbe, type Doubt, type Question } from './decision';
import { FAILURES_TO_DECIDE, INITIAL, step, type Detection, type DetectionPolicy, type Step } from './detection';
import { evidenceOf } from './evidence';
import { MasterSession } from './masterSession';
import type { MasterIdentity } from './opinions';
import { clientErrno, type PingOutcome } from './outcome';
import { pause } from './pause';
import type { StatusFields } from './statusWriter';
import type { StatusCode } from './statusFile';
import { Suspicion, type LookOptions, type Opinions } from './suspicion';
import type { DeadMaster, DeathCause } from './types';

/** Where the monitor shows how it is: the status file. */
export interface StatusSink {
  set(code: StatusCode, fields?: StatusFields): void;
  touch(): void;
}

export interface MonitorOptions {
  readonly master: ServerConfig;
  /** The other servers of the configuration. */
  readonly others: readonly ServerConfig[];
  readonly identity: MasterIdentity;
  readonly status: StatusSink;
  readonly engine: EngineOptions;
  /** Called after every good ping, for what else is to be watched; must not reject. */
  readonly onGoodPing?: () => void;
}

export type MonitorEnd =
  | { readonly kind: 'dead'; readonly death: DeadMaster }
  /** Another monitor has the advisory lock: at the start, or when the master died. */
  | { readonly kind: 'locked' };

/** Milliseconds that the last look before a decision may take. */
const LAST_LOOK_MS = 500;
/** Between two looks at a server that is just ending, in milliseconds, and how many of them. */
const HURRY_MS = 25;
const HURRIES = 20;
/** A script that is killed at its time limit ends within that many seconds more. */
const SCRIPT_SLACK_S = 5;
/** After a connection that broke, its successor is not listened to for that long (ms): something may end them all at once. */
const WAKE_REST_MS = 500;

/**
 * Pings the master until it is dead. In evidence mode the end of the connection is noticed at once, and decided at once where
 * everybody's facts agree; silence takes MHA's count. Rejects only when cancelled.
 */
export async function monitorMaster(given: MonitorOptions): Promise<MonitorEnd> {
  const monitor = new Monitor({ ...given, engine: withOwnSignal(given.engine) });
  try {
    return await monitor.run();
  } finally {
    await monitor[Symbol.asyncDispose]();
  }
}

/** MHA's print form, `db1(192.168.0.11:3306)`. */
export function serverForm(server: ServerConfig): string {
  const { host, port } = addressOf(server);
  return `${server.values.hostname ?? server.id}(${host}:${port})`;
}

const isRefused = (outcome: PingOutcome): boolean => outcome.kind === 'connectFailed' && outcome.how === 'refused';

class Monitor implements AsyncDisposable {
  readonly #policy: DetectionPolicy;
  readonly #session: MasterSession;
  readonly #log: Log;
  readonly #form: string;
  #detection: Detection = INITIAL;
  #suspicion: Suspicion | undefined;
  #pinged = false;
  #hurried = 0;
  #wokenAtMs = -Infinity;
  #firstFailureAtMs = 0;
  readonly #said = new Set<string>();

  constructor(private readonly options: MonitorOptions) {
    const { values, extended } = options.master;
    const intervalMs = values.ping_interval * 1000;
    this.#policy = { mode: extended.detection, intervalMs, failoverOn: extended.failover_on };
    this.#session = new MasterSession(options.master, {
      intervalMs,
      pingType: values.ping_type,
      engine: options.engine,
    });
    this.#log = options.engine.log;
    this.#form = serverForm(options.master);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#suspicion?.[Symbol.dispose]();
    await this.#session.close();
  }

  async run(): Promise<MonitorEnd> {
    const { values } = this.options.master;
    this.#log.log('info', `Set master ping interval ${values.ping_interval} seconds.`);
    const script = values.secondary_check_script;
    if (script) this.#log.log('info', `Set secondary check script: ${maskPasswords(script)}`);
    else
      this.#log.log(
        'warning',
        'secondary_check_script is not defined. The replicas and their hosts are asked instead.',
      );
    this.#log.log('info', `Starting ping health check on ${this.#form}..`);

    for (let lockWaitSeconds = 4 * values.ping_interval; ; lockWaitSeconds = 0) {
      const startMs = performance.now();
      const outcome = await this.#session.ping(lockWaitSeconds);
      if (!this.#pinged && this.#session.lock === 'busy') {
        this.#log.log(
          'error',
          "Target master's advisory lock is already held by someone. Please check whether you monitor the same master from multiple monitoring processes.",
        );
        return { kind: 'locked' };
      }
      const taken = step(this.#detection, outcome, performance.now(), this.#policy);
      const before = this.#detection;
      this.#detection = taken.detection;
      const end = await this.#react(outcome, taken, before);
      if (end) return end;
      if (this.#isToBeRepeated(outcome)) {
        await pause(this.#hurried++ === 0 ? 0 : HURRY_MS, this.options.engine.signal);
        continue;
      }
      this.#hurried = 0;
      await this.#untilNext(startMs + this.#policy.intervalMs - performance.now(), outcome.kind === 'ok');
    }
  }

  /**
   * A connection that broke says nothing yet, nor does one that a dying server's queue accepted: whether anybody listens is
   * asked again at once.
   */
  #isToBeRepeated(outcome: PingOutcome): boolean {
    if (this.#policy.mode === 'classic' || this.#hurried >= HURRIES) return false;
    if (outcome.kind === 'queryFailed') return outcome.how === 'lost';
    return outcome.kind === 'connectFailed' && outcome.how === 'closed';
  }

  /** Waits for the next ping's time; in evidence mode only until the connection breaks. */
  async #untilNext(ms: number, wasGood: boolean): Promise<void> {
    const { signal } = this.options.engine;
    const session = this.#session;
    if (this.#policy.mode === 'classic' || !wasGood) return pause(Math.max(0, ms), signal);
    const now = performance.now();
    if (now - this.#wokenAtMs < WAKE_REST_MS) return pause(Math.max(0, ms), signal);
    if (session.isOpen) await pause(Math.max(0, ms), signal, wake => session.onLost(wake));
    if (!session.isOpen) this.#wokenAtMs = performance.now();
  }

  async #react(outcome: PingOutcome, taken: Step, before: Detection): Promise<MonitorEnd | undefined> {
    switch (outcome.kind) {
      case 'ok':
        this.#onOk(outcome.readOnly, taken);
        break;
      case 'answered':
        this.#onAnswered(outcome, taken.detection);
        break;
      case 'local':
        this.#log.log('warning', `The manager itself cannot connect: ${outcome.code} (${outcome.text})`);
        this.#fail(`the manager itself cannot connect: ${outcome.code}`);
        break;
      default:
        this.#onFailed(outcome, before);
    }
    if (taken.suspect && !this.#suspicion) this.#firstFailureAtMs = performance.now();
    // A connection that was killed is no reason to run the user's script.
    if (taken.detection.failures > 0 && !this.#isToBeRepeated(outcome)) {
      const suspicion = this.#suspect();
      if (taken.detection.failures === FAILURES_TO_DECIDE - 1 && !isRefused(outcome))
        suspicion.prepare(this.#lookOptions('counted', outcome));
    }
    return taken.decide === 'no' ? undefined : this.#decide(taken.decide, outcome);
  }

  #suspect(): Suspicion {
    const { master, others, identity, engine } = this.options;
    return (this.#suspicion ??= new Suspicion({ master, others, identity, engine }));
  }

  #onOk(readOnly: boolean, { recovered }: Step): void {
    const { status, master } = this.options;
    const { hostname = '', ip, port, ping_type } = master.values;
    this.#suspicion?.[Symbol.dispose]();
    this.#suspicion = undefined;
    if (recovered) this.#said.clear();
    if (!this.#pinged) this.#log.log('info', `Ping(${ping_type}) succeeded, waiting until MySQL doesn't respond..`);
    else if (recovered) this.#log.log('info', `Ping(${ping_type}) succeeded again, the master ${this.#form} is alive.`);
    this.#pinged = true;
    const busy = this.#session.lock === 'busy';
    if (busy) {
      const text =
        "the master's advisory lock is held by another session since the connection was lost: no failover without it";
      this.#say('warning', 'lock-busy', text);
    } else this.#said.delete('lock-busy');
    if (readOnly) this.#say('warning', 'read_only', `The master ${this.#form} is read-only: nobody can write.`);
    else this.#said.delete('read_only');
    status.set(0, {
      master: hostname,
      port,
      ip: ip || undefined,
      reason: readOnly ? 'read_only' : undefined,
      lock: busy ? 'busy' : undefined,
    });
    status.touch();
    this.options.onGoodPing?.();
  }

  #onAnswered(outcome: Extract<PingOutcome, { kind: 'answered' }>, { condition }: Detection): void {
    const number = clientErrno(outcome);
    this.#log.log('warning', `Got error on MySQL connect: ${number} (${outcome.text})`);
    this.#log.log('info', `Got MySQL error ${number}, but this is not a MySQL crash. Continue health check..`);
    this.#fail(`the master answers with an error (${condition}): ${outcome.text}`);
  }

  #onFailed(outcome: Exclude<PingOutcome, { kind: 'ok' | 'answered' | 'local' }>, before: Detection): void {
    const { ping_type } = this.options.master.values;
    const { failures, condition } = this.#detection;
    const text = `${clientErrno(outcome)} (${outcome.text})`;
    if (outcome.kind === 'connectFailed') {
      this.#log.log('warning', `Got error on MySQL connect: ${text}`);
      if (failures > before.failures || failures === 1)
        this.#log.log('warning', `Connection failed ${failures} time(s)..`);
    } else if (outcome.how === 'hung')
      this.#log.log(
        'warning',
        `Got timeout on MySQL Ping(${ping_type}) after ${this.#policy.intervalMs / 1000} seconds.`,
      );
    else this.#log.log('warning', `Got error on MySQL ${ping_type.toLowerCase()} ping: ${text}`);
    if (condition === 'hung') this.#fail(`hung: ${outcome.text}`);
    else this.#fail('the master is not reached');
  }

  #fail(reason: string): void {
    const { hostname = '', ip, port } = this.options.master.values;
    this.options.status.set(20, { master: hostname, port, ip: ip || undefined, reason });
  }

  /** Once until it is over: the same doubt every second would hide everything else. */
  #say(level: 'warning' | 'info', key: string, text: string): void {
    if (this.#said.has(key)) return;
    this.#said.add(key);
    this.#log.log(level, text);
  }

  async #decide(kind: Exclude<Step['decide'], 'no'>, outcome: PingOutcome): Promise<MonitorEnd | undefined> {
    const { engine } = this.options;
    if (kind === 'counted') this.#log.log('warning', 'Master is not reachable from health checker!');
    const suspicion = this.#suspect();
    const look = this.#lookOptions(kind, outcome);
    let opinions: Opinions =
      kind === 'condition'
        ? { replicas: [], routes: [] }
        : await (look.refused ? suspicion.look(look) : suspicion.lookOnce(look));
    let question = this.#question(kind, outcome, opinions);
    let decision = decide(question);
    if (isForProbe(question, decision)) {
      const probed = await suspicion.probe(opinions);
      if (!probed) this.#say('warning', 'unprobed', 'No receiver could be restarted to ask the master, or one was a moment ago: as long as replicas are connected, there is no failover.'); // prettier-ignore
      opinions = probed ?? opinions;
      question = this.#question(kind, outcome, opinions);
      decision = decide(question);
    }
    if (decision.kind === 'wait') return this.#wait(kind, decision.doubts, decision.restart);
    const last = kind === 'condition' ? outcome : await this.#session.probe(LAST_LOOK_MS);
    engine.signal?.throwIfAborted();
    if (kind !== 'condition' && (last.kind === 'ok' || last.kind === 'answered')) {
      this.#log.log(
        'warning',
        `The master ${this.#form} came back during the decision: no failover. Continue health check..`,
      );
      return undefined;
    }
    return { kind: 'dead', death: this.#declare(kind, decision.cause, outcome, opinions, suspicion) };
  }

  #lookOptions(kind: Exclude<Step['decide'], 'no'>, outcome: PingOutcome): LookOptions {
    return {
      refused: isRefused(outcome),
      hung: this.#detection.condition === 'hung',
      // An early decision may come with the next ping as well; MHA's waits until the script has ended.
      scriptMs:
        kind === 'early'
          ? this.#policy.intervalMs
          : (this.options.master.extended.hook_timeout + SCRIPT_SLACK_S) * 1000,
    };
  }

  #question(kind: Exclude<Step['decide'], 'no'>, own: PingOutcome, opinions: Opinions): Question {
    const { master } = this.options;
    const { condition } = this.#detection;
    return {
      mode: this.#policy.mode,
      decide: kind,
      own,
      ...(kind === 'condition' && { condition: condition as FailoverCondition }),
      lock: this.#session.lock,
      failoverOn: this.#policy.failoverOn,
      hasScript: !!master.values.secondary_check_script,
      ...opinions,
    };
  }

  /** No failover, and why. A lock that another monitor holds ends the monitoring: that one decides. */
  #wait(kind: Exclude<Step['decide'], 'no'>, doubts: readonly Doubt[], restart: boolean): MonitorEnd | undefined {
    for (const { code, server, text } of doubts)
      this.#say('warning', `${code} ${server ?? ''}`, `No failover: ${text}.`);
    this.#fail(doubts.map(d => `${d.code}: ${d.text}`).join('; '));
    if (doubts.some(d => d.code === 'lock-busy')) return { kind: 'locked' };
    // As in MHA, four more failures until everybody is asked again.
    if (kind === 'counted' || restart) {
      this.#detection = { ...INITIAL, condition: this.#detection.condition };
      this.#suspicion?.beginAnew();
    }
    if (!restart) return undefined;
    this.#log.log(
      'error',
      'Secondary network check script returned errors. Failover should not start so checking server status again. Check network settings for details.',
    );
    this.#suspicion?.[Symbol.dispose]();
    this.#suspicion = undefined;
    return undefined;
  }

  #declare(
    kind: Exclude<Step['decide'], 'no'>,
    cause: DeathCause,
    own: PingOutcome,
    opinions: Opinions,
    suspicion: Suspicion,
  ): DeadMaster {
    const { master } = this.options;
    const decidedAfterMs = Math.round(performance.now() - this.#firstFailureAtMs);
    const evidence = evidenceOf(own, opinions);
    this.options.status.set(21, { reason: cause === 'dead' ? undefined : cause });
    if (kind === 'early') this.#log.log('warning', 'Master is not reachable from health checker!');
    if (cause === 'dead') this.#log.log('warning', `Master ${this.#form} is not reachable!`);
    else this.#log.log('warning', `Master ${this.#form} suffers from ${cause}, which failover_on names!`);
    for (const { from, server, says, text } of evidence)
      this.#log.log('info', `  ${server ?? from}: ${says} (${text})`, { evidence: true });
    // Not waited for: the failover logs in there anyway.
    const { sshReachable } = suspicion;
    if (sshReachable !== 'unknown') this.#log.log('warning', `SSH is ${sshReachable ? '' : 'NOT '}reachable.`);
    else this.#log.log('info', 'The SSH check has not ended yet.');
    const seconds = (decidedAfterMs / 1000).toFixed(2);
    this.#log.log(
      'info',
      `Decided ${seconds} seconds after the first failure (${kind === 'early' ? 'evidence' : `${FAILURES_TO_DECIDE} failures`}).`,
    );
    return {
      id: master.id,
      cause,
      sshReachable,
      evidence,
      detectedAt: new Date().toISOString(),
      decidedAfterMs,
    };
  }
}

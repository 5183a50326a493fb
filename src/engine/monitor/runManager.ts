import type { ClusterConfig, ServerConfig } from '../../config/types';
import { configBlocked } from '../checks/configItems';
import type { LoadedConfiguration, ReplicationCheckOptions } from '../checks/replicationCheck';
import type { ReplicationReport } from '../checks/types';
import { errorText } from '../errors';
import type { Log } from '../log';
import type { EngineOptions } from '../options';
import type { Snapshot } from '../topology/types';
import { monitorMaster, serverForm } from './monitorMaster';
import { pause } from './pause';
import { failoverFilesOf, judgeLastFailover, readLastFailover } from './failoverFiles';
import { ReturningMaster } from './returningMaster';
import { startUp, type Monitored } from './startUp';
import { ManagerRunning, StatusWriter } from './statusWriter';
import type {
  DeadMaster,
  FailoverOptions,
  FailoverOutcome,
  FindUnfinished,
  RunFailover,
  UnfinishedFailover,
} from './types';

export interface ManagerOptions extends ReplicationCheckOptions {
  readonly engine: EngineOptions;
  /** The configuration as it was read for the start. */
  readonly configuration: LoadedConfiguration;
  /** Reads it again: before a failover, and before every new start of the monitoring. Rejects only when cancelled. */
  readonly reread: () => Promise<LoadedConfiguration>;
  /** Directory of the status file; default: the configuration's manager_workdir. */
  readonly workdir?: string;
  /** Goes on monitoring after failovers and after errors. */
  readonly keepRunning: boolean;
  readonly waitOnMonitorErrorSeconds: number;
  readonly waitOnFailoverErrorSeconds: number;
  readonly failoverOptions: FailoverOptions;
  /** Absent: it ends when the master is dead, with exit code 20 (masterha_master_monitor). */
  readonly failover?: RunFailover;
  /** Finds a failover that has not come to its end: it is gone on with before anything is monitored. Absent: nobody looks. */
  readonly findUnfinished?: FindUnfinished;
  readonly onReport: (report: ReplicationReport, cluster: ClusterConfig | undefined) => void;
  /** Asked if the master is dead at the start; absent: goes on. */
  readonly confirmDeadMaster?: () => Promise<boolean>;
  /** Milliseconds of the first pause before a retry with `keepRunning`; doubled up to five minutes. Default 5,000. */
  readonly firstRetryMs?: number;
}

export interface ManagerEnd {
  /** MHA's: 0 failed over, 10 with replicas left behind, 1 any error or signal, 20 dead (without a failover to run). */
  readonly exitCode: 0 | 1 | 10 | 20;
  readonly death?: DeadMaster;
  /** The server that died. */
  readonly master?: ServerConfig;
}

const FIRST_RETRY_MS = 5_000;
const LAST_RETRY_MS = 300_000;

/**
 * The life of a manager: checks, monitors, hands a dead master to the failover, ends with MHA's exit codes; with `keepRunning`
 * it begins again with what the cluster is then. The status file is its own from the first line to the last. Never rejects
 * for what servers, files or the failover do; a cancelled signal is exit code 1.
 */
export async function runManager(options: ManagerOptions): Promise<ManagerEnd> {
  const { engine, configuration } = options;
  const { log, signal } = engine;
  const workdir = options.workdir ?? configuration.cluster?.servers[0]?.values.manager_workdir ?? '/var/tmp';
  let writer: StatusWriter;
  try {
    const begun = await StatusWriter.begin(workdir, configuration.name);
    ({ writer } = begun);
    if (begun.stale)
      log.log(
        'warning',
        `${writer.file} already exists. You might have killed manager with SIGKILL(-9), may run two or more monitoring process for the same application, or use the same working directory. Check for details, and consider setting --workdir separately.`,
      );
  } catch (error) {
    const what = error instanceof ManagerRunning ? 'There is another manager of this application' : 'No status file';
    log.log('error', `${what}: ${errorText(error)}`);
    log.log('info', 'Got exit code 1 (Not master dead).');
    return { exitCode: 1 };
  }
  const manager = new Manager(options, writer);
  try {
    return await manager.run();
  } catch (error) {
    if (!signal?.aborted) log.log('error', `Unexpected error: ${errorText(error)}`);
    else log.log('info', `Got terminate signal${manager.isFailingOver ? ' during failover' : ''}. Exit.`);
    return { exitCode: 1 };
  } finally {
    writer[Symbol.dispose]();
  }
}

type Round = { readonly kind: 'again'; readonly afterMs: number } | { readonly kind: 'end'; readonly end: ManagerEnd };

class Manager {
  isFailingOver = false;
  readonly #log: Log;
  #configuration: LoadedConfiguration;
  #returning: ReturningMaster | undefined;
  #retryMs: number;

  constructor(
    private readonly options: ManagerOptions,
    private readonly status: StatusWriter,
  ) {
    this.#log = options.engine.log;
    this.#configuration = options.configuration;
    this.#retryMs = options.firstRetryMs ?? FIRST_RETRY_MS;
  }

  async run(): Promise<ManagerEnd> {
    for (let first = true; ; first = false) {
      if (!first) this.#configuration = await this.#freshConfiguration();
      const round = await this.#round(first);
      if (round.kind === 'end') return round.end;
      this.status.set(30, {});
      await pause(round.afterMs, this.options.engine.signal);
    }
  }

  /** Checks, then monitors, until the master is dead and dealt with, or nothing can be done. */
  async #round(first: boolean): Promise<Round> {
    const { engine, onReport, skipSshCheck, ignoreFailOnStart, secondsBehindMaster } = this.options;
    this.status.set(10, { master: undefined, ip: undefined, port: undefined, reason: undefined, lock: undefined });
    const started = await startUp(this.#configuration, {
      engine,
      onReport,
      tolerant: !first,
      unfinished: (cluster, snapshot) => this.#unfinished(cluster, snapshot),
      ...(skipSshCheck !== undefined && { skipSshCheck }),
      ...(ignoreFailOnStart !== undefined && { ignoreFailOnStart }),
      ...(secondsBehindMaster !== undefined && { secondsBehindMaster }),
    });
    if (started.kind === 'refused') {
      if (started.unfinished) this.#tellUnfinished(started.unfinished.failover, started.unfinished.master);
      return this.#monitorError(started.reason, 'reported');
    }
    if (started.kind === 'unfinished') return this.#finish(started.failover, started.master, first);
    if (this.options.failover) await this.#tellLastFailover(started.cluster);
    if (!started.masterIsAlive) {
      this.#log.log('warning', 'MySQL master is not currently alive!');
      if (first && this.options.confirmDeadMaster && !(await this.options.confirmDeadMaster()))
        return this.#monitorError('the master is dead');
    }
    for (;;) {
      const end = await this.#monitor(started);
      if (end.kind === 'locked') return this.#monitorError("another monitor holds the master's advisory lock");
      const done = await this.#onDeath(end.death, started.master);
      if (done) return done;
    }
  }

  /** Better known now than when the master is dead: the last failover would forbid the next. */
  async #tellLastFailover({ name, servers }: ClusterConfig): Promise<void> {
    const { workdir, ignoreLastFailover, lastFailoverMinute: minutes } = this.options.failoverOptions;
    if (ignoreLastFailover) return;
    const files = failoverFilesOf(workdir ?? servers[0]?.values.manager_workdir ?? '/var/tmp', name);
    try {
      const verdict = judgeLastFailover(await readLastFailover(files), files, { now: new Date(), minutes });
      if (!verdict.allowed)
        this.#log.log('warning', `If the master died now, there would be no failover (unless --ignore_last_failover is given): ${verdict.text}`); // prettier-ignore
    } catch (error) {
      this.#log.log('warning', `Whether the last failover forbids another one cannot be seen: ${errorText(error)}`);
    }
  }

  #unfinished(cluster: ClusterConfig, snapshot: Snapshot): UnfinishedFailover | undefined {
    const { findUnfinished, workdir } = this.options;
    try {
      return findUnfinished?.(workdir ?? cluster.servers[0]?.values.manager_workdir ?? '/var/tmp', cluster, snapshot);
    } catch (error) {
      this.#log.log('warning', `Whether a failover has not ended cannot be seen: ${errorText(error)}`);
      return undefined;
    }
  }

  /** Its master was declared dead when it began, and does not answer: there is nothing to decide again. */
  async #finish({ since, journal }: UnfinishedFailover, master: ServerConfig, first: boolean): Promise<Round> {
    const form = serverForm(master);
    const { hostname = '', ip, port } = master.values;
    this.status.set(this.status.code, { master: hostname, port, ip: ip || undefined });
    this.#log.log(
      'warning',
      `A failover of ${form} that began at ${since} has not ended: it is brought to its end. Its journal: ${journal}`,
    );
    if (first && this.options.confirmDeadMaster && !(await this.options.confirmDeadMaster()))
      return this.#monitorError('the master is dead');
    const at = new Date().toISOString();
    const text = `a failover of it that began at ${since} has not ended, and it does not answer`;
    const death: DeadMaster = {
      id: master.id,
      cause: 'dead',
      sshReachable: 'unknown',
      evidence: [{ from: 'manager', server: master.id, says: 'dead', text, at }],
      detectedAt: at,
      decidedAfterMs: 0,
    };
    // It came back: what there is now is looked at anew.
    return (await this.#onDeath(death, master)) ?? this.#round(first);
  }

  #tellUnfinished({ since, journal }: UnfinishedFailover, master: ServerConfig): void {
    const { hostname = '', port } = master.values;
    const file = this.#configuration.cluster?.file ?? '';
    const { workdir } = this.options;
    const inDir = workdir === undefined ? '' : ` --manager_workdir=${workdir}`;
    this.#log.log(
      'error',
      `A failover of ${serverForm(master)} that began at ${since} has not ended, and that server answers again. Once it is shut down, this brings the failover to its end: masterha_master_switch --master_state=dead --conf=${file} --dead_master_host=${hostname} --dead_master_port=${port}${inDir} (journal: ${journal})`,
    );
  }

  #monitor({ master, others, identity }: Monitored) {
    const { engine } = this.options;
    // A master that was failed back to is watched by the pings.
    const returning = this.#returning?.id === master.id ? undefined : this.#returning;
    return monitorMaster({
      master,
      others,
      identity,
      status: this.status,
      engine,
      onGoodPing: () => {
        this.#retryMs = this.options.firstRetryMs ?? FIRST_RETRY_MS;
        returning?.look();
      },
    });
  }

  /** Undefined: the master came back, monitoring goes on. */
  async #onDeath(death: DeadMaster, master: ServerConfig): Promise<Round | undefined> {
    const { failover } = this.options;
    this.#log.log(
      'info',
      'Connecting to a master server failed. Reading configuration file again, and trying to connect to all servers to check server status..',
    );
    this.#configuration = await this.#freshConfiguration(death.id);
    this.#log.log('info', 'Master is down!');
    this.#log.log('info', 'Terminating monitoring script.');
    this.#log.log('info', 'Got exit code 20 (Master dead).');
    if (!failover) return { kind: 'end', end: { exitCode: 20, death, master } };
    const outcome = await this.#failOver(failover, death);
    if (outcome.masterAlive) {
      this.#log.log('warning', 'The master came back before anything was changed. Monitoring goes on.');
      // Whatever the two of us see differently: not a hundred times a second.
      await pause(master.values.ping_interval * 1000, this.options.engine.signal);
      return undefined;
    }
    return this.#afterFailover(outcome, death, master);
  }

  async #failOver(failover: RunFailover, death: DeadMaster): Promise<FailoverOutcome> {
    const { engine, failoverOptions } = this.options;
    this.status.set(50, { reason: death.cause === 'dead' ? undefined : death.cause });
    this.isFailingOver = true;
    try {
      return await failover(death, { ...engine, configuration: this.#configuration, failover: failoverOptions });
    } catch (error) {
      if (engine.signal?.aborted) throw error;
      this.#log.log('error', `The failover ended unexpectedly: ${errorText(error)}`);
      return { exitCode: 1 };
    } finally {
      if (!engine.signal?.aborted) this.isFailingOver = false;
    }
  }

  async #afterFailover(
    { exitCode, newMaster }: FailoverOutcome,
    death: DeadMaster,
    master: ServerConfig,
  ): Promise<Round> {
    const { keepRunning, waitOnFailoverErrorSeconds, engine } = this.options;
    if (exitCode !== 0) {
      this.status.set(51, {});
      if (waitOnFailoverErrorSeconds > 0) await pause(waitOnFailoverErrorSeconds * 1000, engine.signal);
    }
    if (!keepRunning) return { kind: 'end', end: { exitCode, death, master } };
    if (exitCode === 1 || newMaster === undefined) return this.#retry('the failover failed');
    this.#log.log('info', `Monitoring goes on with the new master ${newMaster}.`);
    this.#returning = new ReturningMaster({
      oldMaster: master,
      engine,
      onChange: returned => this.status.set(this.status.code, { returned }),
    });
    return { kind: 'again', afterMs: 0 };
  }

  async #monitorError(reason: string, reported?: 'reported'): Promise<Round> {
    const { keepRunning, waitOnMonitorErrorSeconds, engine } = this.options;
    this.status.set(31, { reason });
    if (!reported) this.#log.log('error', 'Error happened on monitoring servers.');
    if (waitOnMonitorErrorSeconds > 0) await pause(waitOnMonitorErrorSeconds * 1000, engine.signal);
    if (keepRunning) return this.#retry(reason);
    this.#log.log('info', 'Got exit code 1 (Not master dead).');
    return { kind: 'end', end: { exitCode: 1 } };
  }

  #retry(reason: string): Round {
    const afterMs = this.#retryMs;
    this.#retryMs = Math.min(LAST_RETRY_MS, afterMs * 2);
    this.#log.log('warning', `Retrying in ${afterMs / 1000} seconds: ${reason}.`);
    return { kind: 'again', afterMs };
  }

  /** As it is now, unless it became unusable meanwhile, or lost the server that matters. */
  async #freshConfiguration(needed?: string): Promise<LoadedConfiguration> {
    const { engine, reread } = this.options;
    const last = this.#configuration;
    const keep = (why: string): LoadedConfiguration => {
      this.#log.log('warning', `The configuration cannot be used any more (${why}): going on with the last good one.`);
      return last;
    };
    let fresh: LoadedConfiguration;
    try {
      fresh = await reread();
    } catch (error) {
      engine.signal?.throwIfAborted();
      return keep(errorText(error));
    }
    const rejected = fresh.findings.find(f => f.rejectedByMha || f.blocksAction);
    if (rejected || configBlocked(fresh)) return keep(rejected?.code ?? 'rejected');
    if (needed !== undefined && !fresh.cluster?.servers.some(s => s.id === needed)) return keep(`without [${needed}]`);
    return fresh;
  }
}

import { msg, type Message } from '../../l10n/message';
import { maskPasswords } from '../../config/secret';
import type { ServerConfig } from '../../config/types';
import { dialectOf, type StatementName } from '../mysql/dialect';
import type { FailoverOptions as ManagerFailoverOptions } from '../monitor/types';
import type { Election } from './election';
import { formOf, hostForm, type FailoverFacts, type FailoverMode, type ReplicaFacts } from './failoverFacts';
import type { Plan, Step } from './plan';

export type FailoverStepKind =
  | 'lock'
  | 'start-applier'
  | 'stop-receiver'
  | 'open-dead-host'
  | 'release-address'
  | 'save-binlog'
  | 'shut-down'
  | 'elect'
  | 'recover'
  | 'take-address'
  | 'make-writable'
  | 'repoint'
  | 'start-replica'
  | 'reset-new-master'
  | 'enable-events'
  | 'semi-sync'
  | 'old-master'
  | 'remove-section'
  | 'report';

/** What `masterha_manager` and `masterha_master_switch --master_state=dead` can be told about a failover; absent: MHA's default. */
export type FailoverOptions = Partial<ManagerFailoverOptions>;

/** Transactions that only the dead master has, as far as can be known beforehand. */
export interface ExpectedLoss {
  /** Bytes of the dead master's binary log that no replica has received; absent: unknown. */
  readonly bytes?: number;
  readonly transactions?: number;
  /** Whether they can be fetched from its disk; `unknown`: SSH was not tried. */
  readonly recoverable: boolean | 'unknown';
}

export interface FailoverPlan extends Plan<FailoverStepKind> {
  readonly operation: 'failover';
  readonly dead: string;
  /** Absent: there is none, and the plan has no steps. */
  readonly newMaster?: string;
  /** Somebody asked for this new master. */
  readonly asked?: true;
  readonly mode: FailoverMode;
  readonly election: Election;
  readonly expectedLoss: ExpectedLoss;
  readonly leftOut: readonly { readonly id: string; readonly reason: Message }[];
}

export interface FailoverPlanInput {
  readonly facts: FailoverFacts;
  readonly election: Election;
  readonly options: FailoverOptions;
  readonly expectedLoss?: ExpectedLoss;
}

/**
 * The steps of a failover. Pure. Invariants: nothing makes a server writable before every step that fetches or applies
 * transactions to it; the dead master's binary log is read before its power may go; the replicas are repointed after the new
 * master is writable, each in a step of its own, so that none delays the service.
 */
export function planFailover({ facts, election, options, expectedLoss }: FailoverPlanInput): FailoverPlan {
  const { cluster, dead, mode, leftOut } = facts;
  const newMaster = facts.replicas.find(r => r.id === election.newMaster);
  return {
    operation: 'failover',
    cluster: cluster.name,
    dead: dead.id,
    ...(newMaster && { newMaster: newMaster.id }),
    ...(options.newMaster && { asked: true }),
    mode,
    election,
    expectedLoss: expectedLoss ?? { recoverable: 'unknown' },
    leftOut: leftOut.map(({ id, reason }) => ({ id, reason })),
    steps: newMaster ? stepsOf(facts, newMaster, options) : [],
  };
}

/** As this server spells it, for people. */
const sql = ({ state }: ReplicaFacts, name: StatementName): string => dialectOf(state.version).statement(name).sql;

/** The same in every plan, so that one that is made anew under way goes on where the first one was. */
const STAGE: Readonly<Record<FailoverStepKind, number>> = {
  lock: 1,
  'start-applier': 2,
  'stop-receiver': 3,
  'open-dead-host': 3,
  elect: 4,
  'save-binlog': 5,
  'release-address': 5,
  'shut-down': 6,
  recover: 7,
  'take-address': 8,
  'make-writable': 9,
  repoint: 10,
  'start-replica': 10,
  // Beside them: a slow replica must not keep the new master from forgetting its source or from its events, nor hide an old
  // master that is back.
  'reset-new-master': 10,
  'enable-events': 10,
  'old-master': 10,
  // Behind them: a source without replicas lets every commit wait for an acknowledgement.
  'semi-sync': 12,
  'remove-section': 13,
  report: 14,
};

type Draft = Omit<Step<FailoverStepKind>, 'id' | 'stage'>;

function stepsOf(facts: FailoverFacts, newMaster: ReplicaFacts, options: FailoverOptions): Step<FailoverStepKind>[] {
  const { dead, replicas } = facts;
  const steps: Step<FailoverStepKind>[] = [];
  const add = (...drafts: readonly Draft[]): void => {
    for (const draft of drafts) {
      const id = draft.server === undefined ? draft.kind : `${draft.kind}:${draft.server}`;
      steps.push({ ...draft, id, stage: STAGE[draft.kind] });
    }
  };
  const others = replicas.filter(r => r !== newMaster);
  const form = hostForm(newMaster.config);

  add({
    kind: 'lock',
    phase: 'check',
    title: msg('Lock the replicas against other failovers, switches and purges'),
    does: ["SELECT GET_LOCK('MHA_Master_High_Availability_Failover', 1)"],
    undo: ['RELEASE_LOCK'],
    vital: true,
  });
  add(
    ...replicas
      .filter(r => r.channel.applier === 'stopped' && !r.promoted)
      .map((r): Draft => ({
        kind: 'start-applier',
        phase: 'check',
        server: r.id,
        title: msg('Start the SQL thread of {server}', { server: hostForm(r.config) }),
        does: [sql(r, 'startApplier')],
        undo: [sql(r, 'stopApplier')],
        vital: false,
      })),
  );
  add(
    ...replicas
      .filter(r => !r.promoted)
      .map((r): Draft => ({
        kind: 'stop-receiver',
        phase: 'fence',
        server: r.id,
        title: msg('Stop receiving on {server}', { server: hostForm(r.config) }),
        does: [sql(r, 'stopReceiver')],
        undo: [sql(r, 'startReceiver')],
        vital: !r.config.values.ignore_fail,
      })),
    {
      kind: 'open-dead-host',
      phase: 'fence',
      server: dead.id,
      title: msg("Log in on the dead master's host"),
      does: ['ssh'],
      vital: false,
    },
  );
  add({
    kind: 'elect',
    phase: 'recover',
    title: msg('Compare what each replica has received, and confirm the new master'),
    does: [sql(newMaster, 'showReplicaStatus')],
    vital: true,
  });
  const saving: Draft = {
    kind: 'save-binlog',
    phase: 'recover',
    server: dead.id,
    title: msg("Read what nobody has received from the dead master's binary log"),
    does: [dead, ...facts.cluster.binlogServers].map(
      server => `${server.values.hostname}:${server.values.master_binlog_dir.join(',')}`,
    ),
    // MHA: where every binlog server fails, so does the failover.
    vital: facts.cluster.binlogServers.length > 0 && !options.ignoreBinlogServerError,
  };
  add(
    ...(options.skipSaveMasterBinlog || replicas.every(r => r.promoted) ? [] : [saving]),
    ...scriptStep(dead.values.master_ip_failover_script, {
      kind: 'release-address',
      phase: 'fence',
      server: dead.id,
      title: msg("Take the service address from the dead master's host"),
      pointOfNoReturn: true,
      vital: true,
    }),
  );
  add(...shutDown(dead));
  add({
    kind: 'recover',
    phase: 'recover',
    server: newMaster.id,
    title: msg('Bring {server} level: its own relay log, then what others have', { server: form }),
    does: [],
    pointOfNoReturn: true,
    vital: true,
  });
  add(
    ...scriptStep(newMaster.config.values.master_ip_failover_script, {
      kind: 'take-address',
      phase: 'promote',
      server: newMaster.id,
      title: msg('Give the service address to {server}', { server: form }),
      vital: true,
    }),
  );
  if (!options.skipDisableReadOnly)
    add({
      kind: 'make-writable',
      phase: 'promote',
      server: newMaster.id,
      title: msg('Make {server} writable', { server: form }),
      does: ['SET GLOBAL read_only=0'],
      vital: true,
    });
  add(
    ...others.map((r): Draft => ({
      kind: 'repoint',
      phase: 'repoint',
      server: r.id,
      title: options.skipChangeMaster
        ? msg('Bring {server} level', { server: hostForm(r.config) })
        : msg('Bring {server} level and let it replicate from {master}', { server: hostForm(r.config), master: form }),
      does: options.skipChangeMaster
        ? []
        : [sql(r, 'stopReplica'), `${sql(r, 'changeSource')}…`, sql(r, 'startReplica')],
      vital: false,
    })),
  );
  add(
    ...facts.repointed
      .filter(({ channel }) => channel.receiver === 'stopped' || channel.applier === 'stopped')
      .map((r): Draft => ({
        kind: 'start-replica',
        phase: 'repoint',
        server: r.id,
        title: msg('Start replication on {server}, which an earlier run has pointed at {master}', {
          server: hostForm(r.config),
          master: form,
        }),
        does: [sql(r, 'startReplica')],
        vital: false,
      })),
  );
  const cleanUp = (kind: FailoverStepKind, title: Message, does: readonly string[] = []): Draft => ({
    kind,
    phase: 'cleanup',
    server: newMaster.id,
    title,
    does,
    vital: false,
  });
  add(
    ...(newMaster.config.values.skip_reset_slave || options.skipChangeMaster || newMaster.promoted
      ? []
      : [
          cleanUp('reset-new-master', msg('Let {server} forget its old source', { server: form }), [
            sql(newMaster, 'resetReplicaAll'),
          ]),
        ]),
  );
  add(
    cleanUp('enable-events', msg('Enable the scheduled events of {server}', { server: form }), [
      'ALTER EVENT … ENABLE',
    ]),
  );
  add({
    kind: 'old-master',
    phase: 'cleanup',
    server: dead.id,
    title: msg('Look whether {server} has come back', { server: hostForm(dead) }),
    does: dead.extended.fence_returning_master ? ['SET GLOBAL super_read_only=1'] : [],
    vital: false,
  });
  if (newMaster.state.semiSync.replica?.enabled)
    add(cleanUp('semi-sync', msg('Make {server} a semi-synchronous source', { server: form })));
  if (options.removeDeadMasterConf)
    add({
      kind: 'remove-section',
      phase: 'cleanup',
      title: msg('Remove [{section}] from {file}', { section: dead.id, file: facts.cluster.file }),
      does: [],
      vital: false,
    });
  add(
    ...scriptStep(dead.values.report_script, {
      kind: 'report',
      phase: 'cleanup',
      title: msg('Send the report of {server}', { server: formOf(facts.cluster, dead.id) }),
      vital: false,
    }),
  );
  return steps;
}

function scriptStep(script: string | undefined, draft: Omit<Draft, 'does'>): Draft[] {
  return script ? [{ ...draft, does: [maskPasswords(script)] }] : [];
}

/** The user's script, else the fencing that is built in, where the configuration allows it. */
function shutDown(dead: ServerConfig): Draft[] {
  const title = msg('Make sure that {server} stays down', { server: hostForm(dead) });
  const { shutdown_script: script } = dead.values;
  const draft: Omit<Draft, 'does'> = {
    kind: 'shut-down',
    phase: 'fence',
    server: dead.id,
    title,
    pointOfNoReturn: true,
    vital: true,
  };
  if (script) return scriptStep(script, draft);
  return dead.extended.fence === 'ssh' ? [{ ...draft, does: ['kill -9 mysqld'] }] : [];
}

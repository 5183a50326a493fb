import type { ClusterConfig, ServerConfig } from '../../config/types';
import { msg } from '../../l10n/message';
import {
  failoverFilesOf,
  judgeLastFailover,
  LAST_FAILOVER_MINUTES,
  readLastFailover,
  type LastFailover,
} from '../monitor/failoverFiles';
import type { DeathCause, Evidence } from '../monitor/types';
import type { EngineOptions } from '../options';
import { survey } from '../topology/survey';
import type { ServerStatus, Snapshot } from '../topology/types';
import { elect } from './election';
import { expectedLoss } from './expectedLoss';
import { failoverFacts, hostForm, type FailoverFacts, type Refusal } from './failoverFacts';
import { planFailover, type FailoverOptions, type FailoverPlan } from './failoverPlan';
import { resumedOf, stillOpen, type Unfinished } from './resume';

export interface FailoverRequest {
  readonly cluster: ClusterConfig;
  /** Id of the dead master's section. */
  readonly deadMaster: string;
  readonly options: FailoverOptions;
  /** Why, if the master may well answer: it must then be fenced before another server takes its place. Default: it is dead. */
  readonly cause?: DeathCause;
  /** Why it was declared dead, for the journal. */
  readonly evidence?: readonly Evidence[];
  /** False: SSH to the dead master's host was tried and does not work; it is not tried again. */
  readonly sshReachable?: boolean;
  /** Asked before anything is changed. Absent: it goes on. */
  readonly confirm?: (plan: FailoverPlan) => Promise<FailoverAnswer>;
  /** The command line, for the journal. */
  readonly command?: string;
}

/** What a person says to a plan; with another new master there is another plan to say something to. */
export type FailoverAnswer = 'yes' | 'no' | Required<Pick<FailoverOptions, 'newMaster'>>;

export interface PreparedFailover {
  readonly facts: FailoverFacts;
  readonly plan: FailoverPlan;
  /** Why it may not be done; empty: it may. */
  readonly refusals: readonly Refusal[];
  /** Id of the new master that somebody asked for, or that an earlier run had prepared. */
  readonly wanted?: string;
  /** An earlier run that did not come to its end. */
  readonly resumed?: Unfinished;
  /** The record of the last failover is to be deleted. */
  readonly outdated: boolean;
}

/**
 * What would be done, what would be lost, and why it might be refused. The master may be alive: then it is what a failover
 * would do if it died now. Changes nothing. Rejects only when cancelled.
 */
export async function prepareFailover(request: FailoverRequest, engine: EngineOptions): Promise<PreparedFailover> {
  await using taken = await survey(request.cluster, { ...engine, suspect: request.deadMaster });
  const ready = prepared(request, taken.snapshot, await readLastFailover(filesOf(request)));
  const loss = await expectedLoss(ready.facts, engine);
  return { ...ready, plan: { ...ready.plan, expectedLoss: loss } };
}

/** The same of a snapshot. */
export function prepared(request: FailoverRequest, snapshot: Snapshot, last: LastFailover): PreparedFailover {
  const { cluster, deadMaster, options, cause = 'dead' } = request;
  const resumed = stillOpen(resumedOf(workdirOf(request), cluster.name, deadMaster), snapshot, deadMaster);
  const facts = failoverFacts(cluster, snapshot, deadMaster, resumed);
  const asked = options.newMaster && serverAt(cluster, options.newMaster);
  const wanted = options.newMaster ? (asked ?? NOBODY) : resumed?.promoted?.newMaster;
  const election = elect(facts, wanted === undefined ? {} : { wanted });
  const plan = planFailover({ facts, election, options });
  // One that accepts connections may go on writing.
  const runs = cause !== 'dead' || statusOf(facts) === 'hung';
  const unfenced = runs && election.newMaster !== undefined && !plan.steps.some(step => step.kind === 'shut-down');
  const minutes = options.lastFailoverMinute ?? LAST_FAILOVER_MINUTES;
  const verdict = options.ignoreLastFailover
    ? { allowed: true as const, outdated: true }
    : judgeLastFailover(last, filesOf(request), { now: new Date(), minutes });
  // What an earlier run left half done is not another failover; one that failed waits for a person all the same.
  const tooEarly = !verdict.allowed && !(resumed && verdict.reason === 'tooEarly');
  const electionRefusal = facts.replicas.length > 0 && election.refusal ? [election.refusal] : [];
  return {
    facts,
    plan,
    refusals: [
      ...(cause === 'dead' && answers(facts) ? [masterAlive(facts)] : []),
      ...(unfenced ? [UNFENCED] : []),
      ...facts.refusals,
      ...(wanted === NOBODY ? [noSuchServer(options, cluster)] : electionRefusal),
      ...(tooEarly
        ? [
            {
              code: verdict.reason,
              message: msg('{text} (Or, once you know why it is needed again, use --ignore_last_failover.)', {
                text: verdict.text,
              }),
            },
          ]
        : []),
    ],
    ...(wanted !== undefined && { wanted }),
    ...(resumed && { resumed }),
    outdated: verdict.allowed && verdict.outdated,
  };
}

/** Where status, journals and copies are. */
export function workdirOf({ cluster, options }: Pick<FailoverRequest, 'cluster' | 'options'>): string {
  return options.workdir ?? cluster.servers[0]?.values.manager_workdir ?? '/var/tmp';
}

export function filesOf(request: FailoverRequest): ReturnType<typeof failoverFilesOf> {
  return failoverFilesOf(workdirOf(request), request.cluster.name);
}

/** No id of a section: a new master that is not in the configuration. */
const NOBODY = '';

function noSuchServer({ newMaster }: FailoverOptions, { file }: ClusterConfig): Refusal {
  const { host = '', port = 0 } = newMaster ?? {};
  return {
    code: 'new-master-unknown',
    message: msg('There is no server {host}:{port} in {file}', { host, port: String(port), file }),
  };
}

function serverAt(cluster: ClusterConfig, { host, port }: { host: string; port: number }): string | undefined {
  const matches = ({ values }: ServerConfig) =>
    values.port === port && (values.hostname === host || values.ip === host);
  return cluster.servers.find(matches)?.id;
}

/** Whatever answers is not dead, however badly it answers; one that accepts and falls silent is a matter of detection. */
function answers(facts: FailoverFacts): boolean {
  const status = statusOf(facts);
  return status === 'alive' || status === 'refusing';
}

/** Of the dead master, as it was found. */
export function statusOf({ snapshot, dead }: FailoverFacts): ServerStatus | undefined {
  return snapshot.servers.find(server => server.id === dead.id)?.status;
}

const masterAlive = ({ dead }: FailoverFacts): Refusal => ({
  code: 'master-alive',
  server: dead.id,
  message: msg('The master {server} is reachable via MySQL! Stop failover.', { server: hostForm(dead) }),
});

const UNFENCED: Refusal = {
  code: 'unfenced',
  message: msg('The master still runs: without shutdown_script or "#@ fence=ssh" there could be two masters'),
};

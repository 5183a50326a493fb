import os from 'node:os';
import { format } from '../../l10n/message';
import type { ServerConfig } from '../../config/types';
import { reportArguments } from '../hooks/arguments';
import { callHook } from '../hooks/callHook';
import { reportBody, reportOf, type FailoverReportFacts, type ReportServer, type SlaveOutcome } from '../hooks/report';
import type { FailoverStepKind } from './failoverPlan';
import type { FailoverRun, ReplicaOutcome } from './failoverRun';
import type { Outcome } from './journal';
import type { PlanResult } from './runPlan';

const SLAVE_OUTCOME: Readonly<Record<ReplicaOutcome, SlaveOutcome>> = {
  ok: 'replicating',
  levelled: 'applied',
  'recovery-failed': 'applyFailed',
  'start-failed': 'startFailed',
};

function reportServer({ id, values }: ServerConfig): ReportServer {
  const hostname = values.hostname ?? id;
  return { hostname, ip: values.ip || hostname, port: values.port };
}

/** What came of a failover, as MHA's report tells it. */
export function reportFacts(
  run: FailoverRun,
  result: PlanResult<FailoverStepKind>,
  outcome: Outcome,
): FailoverReportFacts {
  const { facts, plan, options } = run;
  const configOf = (id: string | undefined) => facts.cluster.servers.find(server => server.id === id);
  const newMaster = configOf(plan.newMaster);
  const [latest] = plan.election.latest.flatMap(id => configOf(id) ?? []);
  const failed = (kind: FailoverStepKind) => result.failures.some(f => f.step.kind === kind);
  const { manager_log: logFile } = facts.dead.values;
  return {
    app: facts.cluster.name,
    orig: reportServer(facts.dead),
    interactive: options.interactive === true,
    managerHost: os.hostname(),
    ...(logFile && !options.interactive && { logFile }),
    gtid: facts.mode !== 'position',
    ...(run.ipReleased && { ipInvalidated: true }),
    ...(run.shutdown && { shutdown: run.shutdown }),
    ...(latest && { latest: { server: reportServer(latest), hasAllRelayLogs: true } }),
    ...(newMaster && {
      newMaster: {
        server: reportServer(newMaster),
        recovered: run.recovered === true,
        ...(run.ipTaken && { ipActivated: true }),
        activated: result.ok,
        ...(result.ok && plan.steps.some(step => step.kind === 'reset-new-master')
          ? { reset: failed('reset-new-master') ? ('failed' as const) : ('done' as const) }
          : {}),
      },
    }),
    slaves: facts.cluster.servers.flatMap(config => {
      const came = run.outcomes.get(config.id);
      if (!came) return [];
      const detail = came.why && format(came.why);
      return [{ server: reportServer(config), outcome: SLAVE_OUTCOME[came.outcome], ...(detail && { detail }) }];
    }),
    notes: run.notes.map(note => format(note)),
    ...((facts.leftOut.length > 0 || run.left.length > 0) && { incomplete: true }),
    ...(outcome === 'failed' && { error: result.failures.map(f => format(f.why)).join(' ') }),
  };
}

/** Writes the report into the log, and calls report_script with it. Its failure is only logged. */
export async function sendReport(run: FailoverRun, report: FailoverReportFacts): Promise<void> {
  const { dead, cluster } = run.facts;
  run.log.log('info', `\n\n----- Failover Report -----\n\n${reportBody(report)}`);
  if (!dead.values.report_script) return;
  await callHook(
    {
      hook: 'report_script',
      phase: 'report',
      command: dead.values.report_script,
      args: reportArguments(reportOf(report, cluster.file)),
      timeoutSeconds: dead.extended.hook_timeout,
    },
    { log: run.log },
  );
}

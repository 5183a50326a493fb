import type { ReportArguments } from './arguments';

/** A server as reports and logs of MHA name it: `H(IP:PORT)`. */
export interface ReportServer {
  readonly hostname: string;
  readonly ip: string;
  readonly port: number;
}

/** How the recovery of a replica ended. Only the first two count as recovered. */
export type SlaveOutcome =
  | 'replicating'
  /** Everything applied; not attached, as asked for (--skip_change_master). */
  | 'applied'
  | 'diffFailed'
  | 'sendFailed'
  | 'applyFailed'
  | 'startFailed'
  /** GTID: it did not reach the new master's set. */
  | 'waitFailed';

export interface ReportSlave {
  readonly server: ReportServer;
  readonly outcome: SlaveOutcome;
  /** Why not, e.g. Last_IO_Error: a line of its own below MHA's. */
  readonly detail?: string;
}

/** What there is to report about a failover that began to change servers. */
export interface FailoverReportFacts {
  readonly app: string;
  readonly orig: ReportServer;
  readonly interactive: boolean;
  /** Host of this process. */
  readonly managerHost: string;
  readonly logFile?: string;
  /** Replicas are attached by GTID, not by file and position. */
  readonly gtid: boolean;
  /** master_ip_failover_script stop was called and did not fail. */
  readonly ipInvalidated?: boolean;
  /** What shutdown_script, or the built-in fencing, did. */
  readonly shutdown?: 'poweredOff' | 'killedBySsh';
  /** The most advanced replica. */
  readonly latest?: { readonly server: ReportServer; readonly hasAllRelayLogs: boolean };
  readonly newMaster?: {
    readonly server: ReportServer;
    /** It has everything that could be found, and can take over. */
    readonly recovered: boolean;
    /** master_ip_failover_script start was called and did not fail. */
    readonly ipActivated?: boolean;
    /** It was made writable and replicas may follow: the service is there again. */
    readonly activated: boolean;
    /** What became of its own replication settings; absent: not asked for, or not reached. */
    readonly reset?: 'done' | 'failed';
  };
  /** In the order of the configuration. */
  readonly slaves: readonly ReportSlave[];
  /** Lines that MHA does not have: transactions that were lost or saved, replicas that were left alone. */
  readonly notes?: readonly string[];
  /** Servers were left out, dead or failed ones with ignore_fail: the failover is a partial success at best. */
  readonly incomplete?: boolean;
  /** What ended the failover before it was complete. */
  readonly error?: string;
}

/** `H(IP:PORT)` */
export function reportName({ hostname, ip, port }: ReportServer): string {
  return `${hostname}(${ip}:${port})`;
}

export function isRecovered({ outcome }: ReportSlave): boolean {
  return outcome === 'replicating' || outcome === 'applied';
}

/** All replicas were recovered, and nothing failed on the way. */
function isComplete({ error, incomplete, newMaster, slaves }: FailoverReportFacts): boolean {
  const isNewMasterFine = newMaster?.activated === true && newMaster.reset !== 'failed';
  return error === undefined && !incomplete && isNewMasterFine && slaves.every(isRecovered);
}

/** `APP: MySQL Master failover H(IP:PORT) to H2(IP2:PORT2) succeeded`, as far as it came. */
export function reportSubject(facts: FailoverReportFacts): string {
  const { app, orig, newMaster } = facts;
  const to = newMaster?.activated ? ` to ${reportName(newMaster.server)}` : '';
  return `${app}: MySQL Master failover ${reportName(orig)}${to}${isComplete(facts) ? ' succeeded' : ''}`;
}

/** The text of MHA's report, which also stands in the log under `----- Failover Report -----`. Ends with a newline. */
export function reportBody(facts: FailoverReportFacts): string {
  const { orig, interactive, managerHost, logFile } = facts;
  return [
    `Master ${reportName(orig)} is down!`,
    '',
    `Check MHA Manager logs at ${managerHost}${logFile ? `:${logFile}` : ''} for details.`,
    '',
    interactive ? 'Started manual(interactive) failover.' : 'Started automated(non-interactive) failover.',
    ...events(facts),
    ...(facts.notes ?? []),
    ...ending(facts),
    '',
  ].join('\n');
}

function events(facts: FailoverReportFacts): string[] {
  const { orig, gtid, latest, newMaster, slaves } = facts;
  const lines: string[] = [];
  if (facts.ipInvalidated) lines.push(`Invalidated master IP address on ${reportName(orig)}`);
  if (facts.shutdown === 'poweredOff') lines.push(`Power off ${reportName(orig)}.`);
  if (facts.shutdown === 'killedBySsh') lines.push(`Shut down mysqld on ${reportName(orig)} over SSH.`);
  if (latest && !gtid)
    lines.push(
      `The latest slave ${reportName(latest.server)} ${latest.hasAllRelayLogs ? 'has all' : 'does not have all'} relay logs for recovery.`,
    );
  if (!newMaster) return lines;
  const name = reportName(newMaster.server);
  lines.push(`Selected ${name} as a new master.`);
  if (newMaster.recovered) lines.push(`${name}: OK: Applying all logs succeeded.`);
  if (newMaster.ipActivated) lines.push(`${name}: OK: Activated master IP address.`);
  for (const slave of slaves) {
    lines.push(`${reportName(slave.server)}: ${slaveText(slave.outcome, gtid, name)}`);
    if (slave.detail) lines.push(`  ${slave.detail.trim().replace(/\s*\n\s*/g, '\n  ')}`);
  }
  if (newMaster.reset === 'done') lines.push(`${name}: Resetting slave info succeeded.`);
  if (newMaster.reset === 'failed') lines.push(`${name}: Resetting slave info failed.`);
  return lines;
}

function slaveText(outcome: SlaveOutcome, gtid: boolean, newMaster: string): string {
  switch (outcome) {
    case 'replicating':
      return gtid
        ? `OK: Slave started, replicating from ${newMaster}`
        : `OK: Applying all logs succeeded. Slave started, replicating from ${newMaster}`;
    case 'applied':
      return 'OK: Applying all logs succeeded.';
    case 'diffFailed':
      return 'ERROR: Skipping applying logs because diff log generation failed.';
    case 'sendFailed':
      return "ERROR: Sending dead master's binlog failed.";
    case 'applyFailed':
      return 'ERROR: Applying logs failed.';
    case 'startFailed':
      return gtid ? 'ERROR: Starting slave failed.' : 'WARN: Applying all logs succeeded. But starting slave failed.';
    case 'waitFailed':
      return 'ERROR: Failed on waiting gtid exec set on master.';
  }
}

function ending(facts: FailoverReportFacts): string[] {
  const { error, newMaster } = facts;
  if (error !== undefined || !newMaster?.activated)
    return [...(error ? [error] : []), "Got Error so couldn't continue failover from here."];
  const done = `Master failover to ${reportName(newMaster.server)}`;
  return [
    isComplete(facts) ? `${done} completed successfully.` : `${done} done, but recovery on slave partially failed.`,
  ];
}

/** What report_script is told. */
export function reportOf(facts: FailoverReportFacts, conf: string): ReportArguments {
  const { orig, newMaster, slaves } = facts;
  return {
    origMaster: orig.hostname,
    ...(newMaster?.activated
      ? {
          newMaster: {
            host: newMaster.server.hostname,
            slaves: slaves.filter(isRecovered).map(s => s.server.hostname),
          },
        }
      : {}),
    conf,
    subject: reportSubject(facts),
    body: reportBody(facts),
  };
}

import { readFileSync } from 'node:fs';
import { loadCluster } from '../../src/config/load';
import type { ManagerEnd } from '../../src/engine/monitor/runManager';
import { runManager } from '../../src/engine/monitor/runManager';
import type { DeadMaster, FailoverOptions, FailoverOutcome, FailoverInput } from '../../src/engine/monitor/types';
import { waitFor } from '../support/waitFor';

export const FAILOVER_OPTIONS: FailoverOptions = {
  interactive: false,
  skipSaveMasterBinlog: false,
  skipChangeMaster: false,
  skipDisableReadOnly: false,
  waitUntilGtidInSync: true,
  ignoreBinlogServerError: false,
  removeDeadMasterConf: false,
  lastFailoverMinute: 480,
  ignoreLastFailover: false,
};

export interface ManagerSpec {
  /** Default: says that it is done, without doing anything. */
  readonly failover?: (death: DeadMaster, request: FailoverInput) => Promise<FailoverOutcome>;
  readonly keepRunning?: boolean;
  readonly workdir: string;
}

/** A manager that runs in this process, with everything that it said and did. */
export interface RunningManager extends AsyncDisposable {
  /** The configuration file. */
  readonly file: string;
  /** Log lines, `level text`. */
  readonly lines: readonly string[];
  readonly deaths: readonly DeadMaster[];
  readonly requests: readonly FailoverInput[];
  /** When each failover was called, by `performance.now()`. */
  readonly calledAt: readonly number[];
  readonly end: Promise<ManagerEnd>;
  readonly ended: ManagerEnd | undefined;
  status(): string;
  said(text: string): boolean;
  /** Waits until the status line has that in it. */
  sees(text: string): Promise<void>;
  abort(): void;
}

export async function startManager(conf: string, spec: ManagerSpec): Promise<RunningManager> {
  const abort = new AbortController();
  const lines: string[] = [];
  const deaths: DeadMaster[] = [];
  const requests: FailoverInput[] = [];
  const calledAt: number[] = [];
  let ended: ManagerEnd | undefined;
  const load = () => loadCluster({ file: conf, globalFile: false, runInitScript: false });
  const configuration = await load();
  const end = runManager({
    engine: { log: { log: (level, text) => void lines.push(`${level} ${text}`) }, signal: abort.signal },
    configuration,
    reread: load,
    workdir: spec.workdir,
    keepRunning: spec.keepRunning ?? false,
    waitOnMonitorErrorSeconds: 0,
    waitOnFailoverErrorSeconds: 0,
    firstRetryMs: 300,
    skipSshCheck: true,
    failoverOptions: FAILOVER_OPTIONS,
    failover: async (death, request) => {
      calledAt.push(performance.now());
      deaths.push(death);
      requests.push(request);
      return (await spec.failover?.(death, request)) ?? { exitCode: 0 };
    },
    onReport: report => {
      for (const item of report.items)
        if (item.verdict === 'failed') lines.push(`error ${item.code} ${item.server ?? ''} ${item.message.text}`);
    },
  });
  void end.then(value => (ended = value));
  const status = () => {
    try {
      return readFileSync(`${spec.workdir}/${configuration.name}.master_status.health`, 'utf8');
    } catch {
      return '';
    }
  };
  async function withLines(work: Promise<ManagerEnd>): Promise<ManagerEnd> {
    const late = setTimeout(() => (lines.push('error TEST: it did not end in time'), abort.abort()), 25_000);
    try {
      return await work;
    } finally {
      clearTimeout(late);
    }
  }
  const manager: RunningManager = {
    file: conf,
    lines,
    deaths,
    requests,
    calledAt,
    get end() {
      return withLines(end);
    },
    get ended() {
      return ended;
    },
    status,
    said: text => lines.some(line => line.includes(text)),
    async sees(text) {
      await waitFor(
        `${text} in the status`,
        () => {
          if (ended) throw new Error(`the manager ended with ${ended.exitCode}\n${lines.join('\n')}`);
          return status().includes(text);
        },
        { timeoutMs: 20_000 },
      ).catch((error: unknown) => {
        throw new Error(`${status()}\n${lines.join('\n')}`, { cause: error });
      });
    },
    abort: () => abort.abort(new DOMException('SIGTERM', 'AbortError')),
    async [Symbol.asyncDispose]() {
      manager.abort();
      await end;
    },
  };
  return manager;
}

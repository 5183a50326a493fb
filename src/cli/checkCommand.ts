import type { LoadedCluster } from '../config/load';
import type { ClusterConfig } from '../config/types';
import { blockers } from '../config/resolve';
import type { ReplicationReport, SshPair, SshReport, Verdict } from '../engine/checks/types';
import { nullLog } from '../engine/log';
import { sshFailureMessage } from '../engine/ssh/failureMessage';
import type { EngineOptions } from '../engine/options';
import { msg } from '../l10n/message';
import type { Command, CommandContext } from './command';
import { defineCommand } from './command';
import { CONFIG_OPTIONS, loadConfig, REPLICATION_OPTIONS, replicationCheckOptions } from './configOptions';
import { loadEngine } from './engine';
import { findingJson, jsonText } from './json';
import { lintText } from './lint';
import { mhaLog } from './mhaLog';
import type { OptionTable } from './options';
import type { Style, Terminal } from './terminal';
import { columnsOf, printable } from './terminal';
import { serverNote, treeText } from './topologyText';
import { untriedFrom } from './untried';
import { VERDICT_WORDS } from './words';

const COMMON_OPTIONS = {
  global_conf: CONFIG_OPTIONS.global_conf,
  conf: { ...CONFIG_OPTIONS.conf, repeat: true },
  json: { type: 'flag', help: msg('JSON: the reports') },
  verbose: { type: 'flag', help: msg('show what is well, too, and log what is being done') },
} as const satisfies OptionTable;

const REPL_OPTIONS = { ...COMMON_OPTIONS, ...REPLICATION_OPTIONS } as const satisfies OptionTable;

const EXIT_CODES = [
  ['0', msg('all is well, apart from warnings')],
  ['1', msg('a check has failed')],
  ['2', msg('wrong command line, or a configuration cannot be used')],
] as const;

/** The report of one file, or what is wrong with the file. */
type Outcome =
  | { readonly kind: 'report'; readonly cluster: ClusterConfig; readonly report: ReplicationReport | SshReport }
  | { readonly kind: 'unusable'; readonly file: string; readonly loaded: LoadedCluster };

export const checkReplicationCommand: Command = defineCommand({
  name: 'mha check repl',
  forms: ['[options] FILE...'],
  summary: msg('Checks whether the servers of a cluster are fit for monitoring and failover. Changes nothing on them.'),
  exitCodes: EXIT_CODES,
  options: REPL_OPTIONS,
  operands: Number.POSITIVE_INFINITY,
  usageExit: 2,
  action: ({ options, operands }, context) =>
    checkFiles(
      'mha check repl',
      [...(options.conf ?? []), ...operands],
      options,
      context,
      async (loaded, file, engineOptions) => {
        const engine = await loadEngine();
        return engine.checkReplication(
          { ...loaded, file },
          {
            ...engineOptions,
            ...replicationCheckOptions(options),
          },
        );
      },
    ),
});

export const checkSshMeshCommand: Command = defineCommand({
  name: 'mha check ssh',
  forms: ['[options] FILE...'],
  summary: msg(
    'Checks the SSH connections from this machine to every host of a cluster, and from every host to every other.',
  ),
  exitCodes: EXIT_CODES,
  options: COMMON_OPTIONS,
  operands: Number.POSITIVE_INFINITY,
  usageExit: 2,
  action: ({ options, operands }, context) =>
    checkFiles(
      'mha check ssh',
      [...(options.conf ?? []), ...operands],
      options,
      context,
      async (loaded, _file, engineOptions) => {
        const engine = await loadEngine();
        return engine.checkSsh(loaded.cluster, engineOptions);
      },
    ),
});

type Usable = LoadedCluster & Required<Pick<LoadedCluster, 'cluster'>>;

async function checkFiles(
  name: string,
  files: readonly string[],
  options: { readonly global_conf?: string; readonly json?: true; readonly verbose?: true },
  { terminal, signal }: CommandContext,
  check: (loaded: Usable, file: string, engineOptions: EngineOptions) => Promise<ReplicationReport | SshReport>,
): Promise<number> {
  if (files.length === 0) {
    terminal.err(`${name}: ${terminal.text(msg('Which configuration file?'))}\n`);
    return 2;
  }
  const outcomes: Outcome[] = [];
  for (const file of files) {
    const loaded = await loadConfig(file, options, { runInitScript: true, signal });
    const { cluster } = loaded;
    const outcome: Outcome =
      !cluster || blockers(loaded).length > 0
        ? { kind: 'unusable', file, loaded }
        : {
            kind: 'report',
            cluster,
            report: await check({ ...loaded, cluster }, file, {
              log: options.verbose ? mhaLog(terminal, 'debug') : nullLog,
              signal,
              onProgress: ({ message, done }) =>
                terminal.progress(
                  msg('{cluster}: {what}', { cluster: loaded.name, what: terminal.text(message) }),
                  done,
                ),
            }),
          };
    outcomes.push(outcome);
    if (!options.json) terminal.out(outcomeText(outcome, options.verbose ?? false, terminal));
  }
  if (options.json) terminal.out(outcomesJson(outcomes, terminal));
  if (outcomes.some(o => o.kind === 'unusable')) return 2;
  return outcomes.some(o => o.kind === 'report' && o.report.verdict === 'failed') ? 1 : 0;
}

function outcomesJson(outcomes: readonly Outcome[], terminal: Terminal): string {
  const render = (message: Parameters<Terminal['text']>[0]) => terminal.text(message);
  const reports = outcomes.map(o =>
    o.kind === 'report'
      ? o.report
      : {
          kind: 'unusable',
          cluster: o.loaded.name,
          file: o.file,
          verdict: 'failed',
          configFindings: o.loaded.findings.map(f => findingJson(f, render)),
        },
  );
  return jsonText({ reports }, render);
}

/** The machine that runs the check, among the hosts of a report. */
const MANAGER = 'manager';

const STYLES: Readonly<Record<Verdict, Style>> = { ok: 'ok', warning: 'warning', failed: 'error' };

const VERDICTS = { ok: msg('OK'), warning: msg('OK, with warnings'), failed: msg('FAILED') } as const;

function outcomeText(outcome: Outcome, verbose: boolean, terminal: Terminal): string {
  if (outcome.kind === 'unusable') {
    const title = terminal.text(msg('{file}: the configuration cannot be used', { file: outcome.file }));
    return `${title}\n${lintText(blockers(outcome.loaded), terminal)}`;
  }
  const { report, cluster } = outcome;
  const verdict = terminal.style(STYLES[report.verdict], terminal.text(VERDICTS[report.verdict]));
  const seconds = (report.tookMs / 1000).toFixed(2);
  const body =
    report.kind === 'ssh'
      ? sshText(report, cluster, verbose, terminal)
      : replicationText(report, cluster, verbose, terminal);
  const title =
    report.kind === 'ssh'
      ? msg('{cluster}: SSH check: {verdict} ({seconds} s)', { cluster: report.cluster, verdict, seconds })
      : msg('{cluster}: replication check: {verdict} ({seconds} s)', { cluster: report.cluster, verdict, seconds });
  return `${body}${terminal.text(title)}\n`;
}

function replicationText(
  report: ReplicationReport,
  cluster: ClusterConfig,
  verbose: boolean,
  terminal: Terminal,
): string {
  const lines = report.items
    .filter(i => verbose || i.verdict !== 'ok')
    .flatMap(i => [
      `${mark(i.verdict, terminal)} ${printable(terminal.text(i.message))} [${i.code}]`,
      ...(i.detail ?? '')
        .split('\n')
        .filter(l => l.trim() !== '')
        .map(l => `        ${terminal.style('faint', printable(l))}`),
    ]);
  const { snapshot } = report;
  const tree = snapshot
    ? treeText(snapshot, server => serverNote(cluster, snapshot, server, m => terminal.text(m)))
    : '';
  return `${tree}${lines.map(l => `${l}\n`).join('')}`;
}

/** Servers on one host are told apart by their `node_label`, or by their section. */
export function hostLabels(
  { hosts }: SshReport,
  { servers, binlogServers }: ClusterConfig,
): ReadonlyMap<string, string> {
  const own = new Map([...servers, ...binlogServers].map(s => [s.id, s.values.node_label]));
  const isShared = (label: string) => hosts.filter(h => h.label === label).length > 1;
  return new Map(
    hosts.map(({ id, label }) => {
      const more = own.get(id) || (isShared(label) ? id : '');
      return [id, more ? `${label} (${more})` : label] as const;
    }),
  );
}

function sshText(report: SshReport, cluster: ClusterConfig, verbose: boolean, terminal: Terminal): string {
  const labels = hostLabels(report, cluster);
  const name = (id: string) => labels.get(id) ?? id;
  const untried = untriedFrom(report);
  const rest = ({ from, to }: SshPair) => {
    const count = from === MANAGER ? untried.get(to) : undefined;
    return count === undefined
      ? ''
      : `        ${terminal.text(count === 1 ? msg('1 connection from it was not tried') : msg('{count} connections from it were not tried', { count }))}\n`;
  };
  const lines = report.pairs
    .filter(p => (verbose || p.result === 'failed') && !(p.result === 'failed' && untried.has(p.from)))
    .map(p => {
      const verdict = p.result === 'failed' ? 'failed' : 'ok';
      const reason = p.failure ? `: ${printable(terminal.text(sshFailureMessage(p.failure)))} [${p.failure.kind}]` : '';
      const skipped = p.result === 'skipped' ? ` (${terminal.text(msg('skipped'))})` : '';
      return `${mark(verdict, terminal)} ${name(p.from)} -> ${name(p.to)}${skipped}${reason}\n${rest(p)}`;
    });
  const tested = report.pairs.filter(p => p.result !== 'skipped');
  const sums = msg('{good} of {all} connections work', {
    good: tested.filter(p => p.result === 'ok').length,
    all: tested.length,
  });
  return `${lines.join('')}${terminal.text(sums)}\n`;
}

/** Words, not signs: they can be searched for, and every terminal and font has them. */
function mark(verdict: Verdict, terminal: Terminal): string {
  const word = terminal.text(VERDICT_WORDS[verdict]);
  return terminal.style(STYLES[verdict], word + ' '.repeat(Math.max(0, 7 - columnsOf(word))));
}

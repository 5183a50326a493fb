import { blockers } from '../config/resolve';
import type { ClusterConfig } from '../config/types';
import type { SshReport } from '../engine/checks/types';
import type { Log } from '../engine/log';
import { sshFailureMessage } from '../engine/ssh/failureMessage';
import { format, msg } from '../l10n/message';
import { defineCommand, MANAGER_OPTIONS } from './command';
import { CONFIG_OPTIONS } from './configOptions';
import { loadEngine } from './engine';
import { problemLine, readForMha } from './mhaConfig';
import { mhaLog } from './mhaLog';
import { printable } from './terminal';
import { untriedFrom } from './untried';

/** MHA leaves whatever errno was; these are ours. */
const FAILED = 1;
const NOT_CHECKED = 2;

export const checkSshCommand = defineCommand({
  name: 'masterha_check_ssh',
  forms: ['--conf=FILE [--global_conf=FILE]'],
  summary: msg(
    'Checks the SSH connections from this machine to every host of a cluster, and from every host to every other.',
  ),
  exitCodes: [
    ['0', msg('all connections work')],
    ['1', msg('at least one does not')],
    ['2', msg('wrong options or configuration: nothing was checked')],
  ],
  options: { ...CONFIG_OPTIONS, ...MANAGER_OPTIONS },
  usageExit: NOT_CHECKED,
  action: async ({ options }, { terminal, signal }) => {
    if (options.conf === undefined) {
      terminal.out('--conf=<server_config_file> must be set.\n');
      return NOT_CHECKED;
    }
    const log = mhaLog(terminal, 'debug');
    const { cluster, loaded, problems } = await readForMha({
      file: options.conf,
      globalFile: options.global_conf,
      signal,
      log,
    });
    const misread = blockers(loaded).map(finding => problemLine(finding, loaded));
    if (!cluster || misread.length > 0) {
      for (const problem of new Set([...problems, ...misread])) terminal.err(`${problem}\n`);
      return NOT_CHECKED;
    }
    log.log('info', 'Starting SSH connection tests..');
    const engine = await loadEngine();
    const report = await engine.checkSsh(cluster, {
      log,
      signal,
      onProgress: ({ message, done }) => terminal.progress(message, done),
    });
    logPairs(report, cluster, log);
    if (report.verdict === 'failed') {
      terminal.err('SSH Configuration Check Failed!\n');
      return FAILED;
    }
    log.log('info', 'All SSH connection tests passed successfully.');
    return 0;
  },
});

/** One block per source, as MHA prints them; every failure with its reason. */
function logPairs(report: SshReport, cluster: ClusterConfig, log: Log): void {
  const names = new Map(report.hosts.map(h => [h.id, h.label]));
  const users = new Map([...cluster.servers, ...cluster.binlogServers].map(s => [s.id, s.values.ssh_user]));
  const name = (id: string) => {
    const label = names.get(id) ?? id;
    const user = users.get(id);
    return user && !label.includes('@') ? `${user}@${label}` : label;
  };
  const untried = untriedFrom(report);
  for (const from of new Set(report.pairs.map(p => p.from))) {
    log.log('debug', '');
    const count = untried.get(from);
    if (count !== undefined)
      log.log(
        'error',
        `SSH connections from ${name(from)} that were not tried, as it is not reached from here: ${count}`,
      );
    for (const pair of report.pairs.filter(p => p.from === from)) {
      if (pair.result === 'failed' && count !== undefined) continue;
      const [source, target] = [name(pair.from), name(pair.to)];
      if (pair.result === 'skipped') {
        log.log('debug', ` Skipping SSH from ${source} to ${target}.`);
        continue;
      }
      log.log('debug', ` Connecting via SSH from ${source} to ${target}..`);
      if (pair.result === 'ok') log.log('debug', `  ok. (${pair.tookMs} ms)`);
      else
        log.log(
          'error',
          `SSH connection from ${source} to ${target} failed! ${pair.failure ? printable(format(sshFailureMessage(pair.failure))) : ''}`.trimEnd(),
        );
    }
  }
}

import { blockers } from '../config/resolve';
import { nullLog } from '../engine/log';
import type { Finding } from '../engine/topology/types';
import { msg } from '../l10n/message';
import { defineCommand } from './command';
import { CONFIG_OPTIONS, loadConfig } from './configOptions';
import { loadEngine } from './engine';
import { findingJson, jsonText } from './json';
import { lintText, severityMark } from './lint';
import { mhaLog } from './mhaLog';
import type { OptionTable } from './options';
import type { Terminal } from './terminal';
import { printable } from './terminal';
import { serverNote, treeText } from './topologyText';

const OPTIONS = {
  ...CONFIG_OPTIONS,
  json: { type: 'flag', help: msg('JSON: the servers as they are, and the findings') },
  all: { type: 'flag', help: msg('show findings that are merely worth knowing, too') },
  verbose: { type: 'flag', help: msg('log what is being done') },
} as const satisfies OptionTable;

export const topologyCommand = defineCommand({
  name: 'mha topology',
  forms: ['[--json] [--all] FILE'],
  summary: msg('Shows the servers of a cluster as they are: who replicates from whom, and what is wrong with it.'),
  exitCodes: [
    ['0', msg('no errors found')],
    ['1', msg('at least one error found')],
    ['2', msg('wrong command line, or the configuration cannot be used')],
  ],
  options: OPTIONS,
  operands: 1,
  usageExit: 2,
  action: async ({ options, operands }, { terminal, signal }) => {
    const file = options.conf ?? operands[0];
    if (file === undefined) {
      terminal.err(`mha topology: ${terminal.text(msg('Which configuration file?'))}\n`);
      return 2;
    }
    const loaded = await loadConfig(file, options, { runInitScript: true, signal });
    const blocking = blockers(loaded);
    const { cluster } = loaded;
    const render = (message: Parameters<Terminal['text']>[0]) => terminal.text(message);
    if (!cluster || blocking.length > 0) {
      if (options.json)
        terminal.out(jsonText({ file, configFindings: blocking.map(f => findingJson(f, render)) }, render));
      else terminal.err(lintText(blocking, terminal));
      return 2;
    }
    const engine = await loadEngine();
    const snapshot = await engine.discover(cluster, {
      log: options.verbose ? mhaLog(terminal, 'debug') : nullLog,
      signal,
      onProgress: ({ message, done }) => terminal.progress(message, done),
    });
    const findings = engine.analyse(cluster, snapshot);
    if (options.json) terminal.out(jsonText({ file, snapshot, findings }, render));
    else {
      const shown = findings.filter(f => options.all || f.severity === 'error' || f.severity === 'warning');
      terminal.out(treeText(snapshot, server => serverNote(cluster, snapshot, server, render)));
      if (shown.length > 0) terminal.out(`\n${shown.map(f => findingLine(f, terminal)).join('')}`);
    }
    return findings.some(f => f.severity === 'error') ? 1 : 0;
  },
});

function findingLine(finding: Finding, terminal: Terminal): string {
  return `${severityMark(finding.severity, terminal)} ${printable(terminal.text(finding.message))} [${finding.code}]\n`;
}

import { errorText } from '../engine/errors';
import { followJournal, writerLives } from '../engine/operations/followJournal';
import { listJournals, readJournal, type JournalLine } from '../engine/operations/journal';
import { msg, type Message } from '../l10n/message';
import { defineCommand } from './command';
import { CONFIG_OPTIONS, loadConfig } from './configOptions';
import { JournalTeller } from './journalText';
import { toJson } from './json';
import type { OptionTable } from './options';

const OPTIONS = {
  ...CONFIG_OPTIONS,
  list: { type: 'flag', help: msg('name the journals of the cluster, newest first') },
  follow: { type: 'flag', aliases: ['f'], help: msg('go on until the operation has ended') },
  json: { type: 'flag', help: msg('JSON: one line for each thing that happened') },
  verbose: { type: 'flag', help: msg('every statement, too') },
} as const satisfies OptionTable;

export const journalCommand = defineCommand({
  name: 'mha journal',
  forms: ['[--follow] [--json] --conf=FILE', '[--follow] [--json] JOURNAL', '--list --conf=FILE'],
  summary: msg('Tells what an operation did and does: the newest one of a cluster, or that of a journal file.'),
  exitCodes: [
    ['0', msg('shown; the operation succeeded, or still runs')],
    ['10', msg('shown; the operation left something to do')],
    ['1', msg('shown; the operation failed, was cancelled, or its process is gone')],
    ['2', msg('wrong command line, or there is no journal')],
  ],
  options: OPTIONS,
  operands: 1,
  usageExit: 2,
  action: async ({ options, operands }, { terminal, signal }) => {
    const problem = (message: Message): number => {
      terminal.err(`mha journal: ${terminal.text(message)}\n`);
      return 2;
    };
    let [file] = operands;
    if (file === undefined) {
      if (options.conf === undefined)
        return problem(msg('Which journal? Give its file, or --conf=FILE for the newest'));
      const loaded = await loadConfig(options.conf, options, { runInitScript: true, signal });
      const workdir = loaded.cluster?.servers[0]?.values.manager_workdir ?? '/var/tmp';
      const journals = listJournals(workdir, loaded.name);
      if (options.list) {
        terminal.out(journals.map(journal => `${journal.file}\n`).join(''));
        return 0;
      }
      file = journals[0]?.file;
      if (file === undefined)
        return problem(msg('There is no journal of {cluster} in {directory}', { cluster: loaded.name, directory: workdir })); // prettier-ignore
    }
    const teller = new JournalTeller(terminal, { verbose: options.verbose ?? false });
    const show = (line: JournalLine): void => {
      const json = () => `${JSON.stringify(toJson(line, message => terminal.text(message)))}\n`;
      terminal.out(options.json ? json() : teller.tell(line));
    };
    let lines: readonly JournalLine[] = [];
    let alive = true;
    try {
      if (options.follow) {
        let told = 0;
        await followJournal(
          file,
          news => {
            ({ lines, alive } = news);
            for (; told < lines.length; told++) show(lines[told] as JournalLine);
          },
          signal,
        );
        signal.throwIfAborted();
      } else {
        lines = readJournal(file);
        lines.forEach(show);
        alive = await writerLives(file, lines);
      }
    } catch (error) {
      signal.throwIfAborted();
      return problem(msg('{file}: {text}', { file, text: errorText(error) }));
    }
    const end = lines.at(-1);
    if (end?.type === 'end') return end.exitCode;
    if (lines.length === 0) return problem(msg('{file} is no journal', { file }));
    if (alive) return 0;
    terminal.err(`${terminal.text(msg('The process is gone: the operation did not come to its end.'))}\n`);
    return 1;
  },
});

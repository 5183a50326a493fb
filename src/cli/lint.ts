import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { parseDocument } from '../config/document';
import { DEFAULT_GLOBAL_FILE, processUser } from '../config/load';
import { resolve } from '../config/resolve';
import { sharedStateFiles } from '../config/stateFiles';
import type { ConfigFinding, Resolution, Severity } from '../config/types';
import { msg } from '../l10n/message';
import type { CommandInput } from './command';
import { defineCommand } from './command';
import { CONFIG_OPTIONS, loadConfig } from './configOptions';
import { findingJson } from './json';
import { fixFile } from './lintFix';
import type { OptionTable } from './options';
import { sarifLog } from './sarif';
import type { Style, Terminal } from './terminal';
import { printable } from './terminal';
import { SEVERITY_WORDS } from './words';

const FORMATS = ['text', 'json', 'sarif'] as const;

const OPTIONS = {
  global_conf: CONFIG_OPTIONS.global_conf,
  format: { type: 'string', value: 'text|json|sarif', help: msg('form of the output (default: text)') },
  json: { type: 'flag', help: msg('short for --format=json') },
  fix: { type: 'flag', help: msg('first write the fixes that are certain; the file as it was is kept beside it') },
  strict: { type: 'flag', help: msg('warnings count as errors') },
  programs: {
    type: 'flag',
    help: msg("also look at the programs that the file names; for the manager's own host"),
  },
  stdin_name: { type: 'string', value: 'FILE', help: msg('name for the findings in what is read from standard input') },
} as const satisfies OptionTable;

export const lintCommand = defineCommand({
  name: 'mha lint',
  forms: ['[options] FILE...', '[options] -'],
  summary: msg(
    'Says everything there is to say about configuration files, each thing at its line. "-" is standard input.',
  ),
  exitCodes: [
    ['0', msg('no errors')],
    ['1', msg('at least one error')],
    ['2', msg('wrong command line')],
  ],
  options: OPTIONS,
  operands: Number.POSITIVE_INFINITY,
  usageExit: 2,
  action: async ({ options, operands }, { terminal, signal }) => {
    const form = options.format ?? (options.json ? 'json' : 'text');
    if (!FORMATS.some(f => f === form))
      return wrong(terminal, msg('Unknown format: {format} (text, json or sarif)', { format: form }));
    if (operands.length === 0) return wrong(terminal, msg('Which file? "-" is standard input.'));
    if (options.fix && operands.includes('-')) return wrong(terminal, msg('--fix changes files, not standard input.'));
    let written = true;
    for (const file of options.fix ? new Set(operands) : []) {
      const loaded = await loadConfig(file, options, { runInitScript: false, signal });
      written = (await fixFile(loaded, terminal)) && written;
    }
    const read: { readonly file: string; readonly resolution: Resolution }[] = [];
    for (const file of operands) read.push({ file, resolution: await resolutionOf(file, options, signal) });
    const shared = sharedStateFiles(read.flatMap(r => r.resolution.cluster ?? []));
    const results = read.map(({ file, resolution: { cluster, findings } }): FileResult => {
      const others = shared.filter(f => f.file === cluster?.file);
      return { file, findings: [...findings, ...others] };
    });
    const all = distinct(results.flatMap(r => r.findings));
    const render = (message: Parameters<Terminal['text']>[0]) => terminal.text(message);
    if (form === 'text') terminal.out(lintText(all, terminal));
    else if (form === 'sarif') terminal.out(`${JSON.stringify(sarifLog(all, cwd(), render), undefined, 2)}\n`);
    else {
      const files = results.map(r => ({ file: r.file, findings: r.findings.map(f => findingJson(f, render)) }));
      terminal.out(`${JSON.stringify({ files, summary: count(all) }, undefined, 2)}\n`);
    }
    return !written || all.some(f => f.severity === 'error' || (options.strict && f.severity === 'warning')) ? 1 : 0;
  },
});

interface FileResult {
  readonly file: string;
  readonly findings: readonly ConfigFinding[];
}

function wrong(terminal: Terminal, message: Parameters<Terminal['text']>[0]): number {
  terminal.err(`mha lint: ${terminal.text(message)}\n`);
  return 2;
}

async function resolutionOf(
  operand: string,
  options: CommandInput<typeof OPTIONS>['options'],
  signal: AbortSignal,
): Promise<Resolution> {
  if (operand !== '-') {
    const checkPrograms = options.programs ?? false;
    return loadConfig(operand, options, { runInitScript: false, checkPrograms, signal });
  }
  const name = options.stdin_name ?? 'stdin';
  const globalFile = options.global_conf ?? DEFAULT_GLOBAL_FILE;
  const global = await readFile(globalFile).catch(() => undefined);
  return resolve({
    application: parseDocument(await buffer(process.stdin), name),
    ...(global ? { global: parseDocument(global, globalFile) } : {}),
    loginUser: processUser(),
  });
}

/** Files that share a global file have its findings in common. */
function distinct(findings: readonly ConfigFinding[]): ConfigFinding[] {
  const seen = new Map<string, ConfigFinding>();
  for (const f of findings) seen.set(JSON.stringify([f.file, f.range, f.code, f.message]), f);
  return [...seen.values()];
}

const STYLES: Readonly<Record<Severity, Style>> = {
  error: 'error',
  warning: 'warning',
  information: 'faint',
  hint: 'faint',
};

/** `error:`, in its colour and language. */
export function severityMark(severity: Severity, terminal: Terminal): string {
  return terminal.style(STYLES[severity], `${terminal.text(SEVERITY_WORDS[severity])}:`);
}

/** `app1.cnf:12:5: error: …  [code]`, the form that editors and compilers share, and a line of sums. */
export function lintText(findings: readonly ConfigFinding[], terminal: Terminal): string {
  const lines = findings.map(f => {
    const { line, character } = f.range.start;
    const where = `${f.file}:${line + 1}:${character + 1}:`;
    const [fix] = f.fixes;
    const hint = fix ? `  ${printable(terminal.text(msg('fix: {title}', { title: fix.title })))}\n` : '';
    return `${where} ${severityMark(f.severity, terminal)} ${printable(terminal.text(f.message))} [${f.code}]\n${hint}`;
  });
  const { error, warning, information, hint } = count(findings);
  const sums = msg('errors: {errors}, warnings: {warnings}, notes: {notes}', {
    errors: error,
    warnings: warning,
    notes: information + hint,
  });
  return `${lines.join('')}${terminal.text(sums)}\n`;
}

function count(findings: readonly ConfigFinding[]): Readonly<Record<Severity, number>> {
  const sums = { error: 0, warning: 0, information: 0, hint: 0 };
  for (const f of findings) sums[f.severity]++;
  return sums;
}

/** The working directory may have been removed. */
function cwd(): string {
  try {
    return process.cwd();
  } catch {
    return '/';
  }
}

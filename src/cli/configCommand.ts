import type { LoadedCluster } from '../config/load';
import { maskPasswords, Secret } from '../config/secret';
import type { ClusterConfig, Origin, ServerConfig } from '../config/types';
import { msg } from '../l10n/message';
import { defineCommand } from './command';
import { CONFIG_OPTIONS, loadConfig } from './configOptions';
import { findingJson, jsonText } from './json';
import { lintText } from './lint';
import { NO_TEXT } from './mhaConfig';
import type { OptionTable } from './options';
import type { Terminal } from './terminal';
import { printable } from './terminal';

const OPTIONS = {
  ...CONFIG_OPTIONS,
  json: { type: 'flag', help: msg('JSON: every parameter of every server with its value and origin') },
  all: { type: 'flag', help: msg('show built-in defaults, too') },
  no_init_script: { type: 'flag', help: msg('do not run init_conf_load_script') },
} as const satisfies OptionTable;

export const configCommand = defineCommand({
  name: 'mha config',
  forms: ['[--json] [--all] FILE'],
  summary: msg('Shows what a configuration file means for each server, and where each value comes from.'),
  exitCodes: [
    ['0', msg('done')],
    ['1', msg('MHA would reject the file')],
    ['2', msg('wrong command line')],
  ],
  options: OPTIONS,
  operands: 1,
  usageExit: 2,
  action: async ({ options, operands }, { terminal, signal }) => {
    const file = options.conf ?? operands[0];
    if (file === undefined) {
      terminal.err(`mha config: ${terminal.text(msg('Which configuration file?'))}\n`);
      return 2;
    }
    const loaded = await loadConfig(file, options, { runInitScript: !options.no_init_script, signal });
    const { cluster } = loaded;
    if (options.json) terminal.out(jsonText(configJson(file, loaded, terminal), m => terminal.text(m)));
    else if (cluster) terminal.out(configText(cluster, options.all ?? false));
    const rejected = loaded.findings.filter(f => f.rejectedByMha || NO_TEXT.has(f.code));
    if (!options.json && rejected.length > 0) terminal.err(lintText(rejected, terminal));
    return cluster && rejected.length === 0 ? 0 : 1;
  },
});

function configJson(file: string, { cluster, name, findings }: LoadedCluster, terminal: Terminal): object {
  return {
    name,
    file,
    globalFile: cluster?.globalFile ?? null,
    servers: (cluster?.servers ?? []).map(serverJson),
    binlogServers: (cluster?.binlogServers ?? []).map(serverJson),
    findings: findings.map(f => findingJson(f, m => terminal.text(m))),
  };
}

function serverJson(server: ServerConfig): object {
  const table = (values: object, origins: Readonly<Record<string, Origin>>) =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        name,
        { value: shownValue(value), origin: originJson(origins[name]!) },
      ]),
    );
  return {
    id: server.id,
    line: server.section.start.line + 1,
    parameters: table(server.values, server.origins),
    extended: table(server.extended, server.extendedOrigins),
  };
}

/** JSON has no undefined: an unset parameter is null. */
function shownValue(value: unknown): unknown {
  if (value === undefined) return null;
  if (value instanceof Secret) return value.toString();
  return typeof value === 'string' ? maskPasswords(value) : value;
}

function originJson(origin: Origin): object {
  if (origin.level === 'builtin') return { level: origin.level };
  if (origin.level === 'script') return { level: origin.level, command: maskPasswords(origin.command) };
  const { level, file, section, range } = origin;
  return { level, file, section, line: range.start.line + 1 };
}

/** `name = value   file:line`, per server. */
function configText(cluster: ClusterConfig, all: boolean): string {
  const lines: string[] = [];
  for (const server of [...cluster.servers, ...cluster.binlogServers]) {
    lines.push(`[${server.id}]`);
    const rows = [
      ...rowsOf(server.values, server.origins, all, ''),
      ...rowsOf(server.extended, server.extendedOrigins, all, '#@ '),
    ];
    const width = Math.min(60, Math.max(0, ...rows.map(([left]) => left.length)));
    lines.push(...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`), '');
  }
  return lines.map(l => `${l}\n`).join('');
}

function rowsOf(
  values: object,
  origins: Readonly<Record<string, Origin>>,
  all: boolean,
  prefix: string,
): (readonly [string, string])[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const origin = origins[name]!;
    if (origin.level === 'builtin' && (!all || value === undefined)) return [];
    return [[`${prefix}${name} = ${printable(textOf(value))}`, originText(origin)] as const];
  });
}

function textOf(value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (Array.isArray(value)) return value.join(',');
  const shown = shownValue(value);
  return typeof shown === 'string' || typeof shown === 'number' ? String(shown) : '';
}

function originText(origin: Origin): string {
  switch (origin.level) {
    case 'builtin':
      return '(default)';
    case 'script':
      return '(init_conf_load_script)';
    default:
      return `${origin.file}:${origin.range.start.line + 1} [${origin.section}]`;
  }
}

import { msg, type Message } from '../../../l10n/message';
import type { ServerState } from '../../mysql/types';
import type { Finding } from '../types';
import { isNoMaster, label, labels, type Context, type LiveNode, type Rule } from './context';

/** Servers grouped by a value: more than one group is a difference. Values that a server does not have do not count. */
function byValue(nodes: readonly LiveNode[], value: (state: ServerState) => string | number | undefined) {
  const groups = new Map<string, LiveNode[]>();
  for (const node of nodes) {
    const text = value(node.state);
    if (text !== undefined && text !== '') groups.set(String(text), [...(groups.get(String(text)) ?? []), node]);
  }
  return groups;
}

/** `ROW: a:3306, b:3306; STATEMENT: c:3306` */
const describe = (groups: ReadonlyMap<string, readonly LiveNode[]>): string =>
  [...groups].map(([text, nodes]) => `${text}: ${labels(nodes)}`).join('; ');

const members = (context: Context) => context.alive.filter(n => n.config || n === context.master);
const logging = (context: Context) => members(context).filter(n => n.state.logBin);

interface Comparison {
  readonly code: string;
  readonly severity: Finding['severity'];
  readonly nodes: (context: Context) => readonly LiveNode[];
  readonly value: (state: ServerState) => string | number | undefined;
  readonly message: (details: string) => Message;
}

/** What should be the same on all servers. */
const COMPARISONS: readonly Comparison[] = [
  {
    code: 'binlog-formats-differ',
    severity: 'warning',
    nodes: logging,
    value: s => s.binlogFormat,
    message: details => msg('binlog_format differs ({details})', { details }),
  },
  {
    code: 'binlog-row-images-differ',
    severity: 'warning',
    nodes: logging,
    value: s => s.binlogRowImage,
    message: details => msg('binlog_row_image differs ({details})', { details }),
  },
  {
    code: 'binlog-checksums-differ',
    severity: 'information',
    nodes: logging,
    value: s => s.binlogChecksum,
    message: details => msg('binlog_checksum differs ({details})', { details }),
  },
  {
    code: 'lower-case-table-names-differ',
    severity: 'warning',
    nodes: members,
    value: s => s.lowerCaseTableNames,
    message: details => msg('lower_case_table_names differs ({details})', { details }),
  },
  {
    code: 'character-sets-differ',
    severity: 'warning',
    nodes: members,
    value: s => s.characterSet,
    message: details => msg('character_set_server differs ({details})', { details }),
  },
  {
    code: 'gtid-modes-differ',
    severity: 'warning',
    nodes: members,
    value: s => (s.version.flavour === 'mysql' ? (s.gtidMode ?? 'OFF') : undefined),
    message: details => msg('gtid_mode differs ({details}): failover works by position', { details }),
  },
  {
    code: 'gtid-strict-modes-differ',
    severity: 'warning',
    nodes: members,
    value: s => (s.gtidStrictMode === undefined ? undefined : s.gtidStrictMode ? 'ON' : 'OFF'),
    message: details => msg('gtid_strict_mode differs ({details})', { details }),
  },
  {
    code: 'flavours-differ',
    severity: 'warning',
    nodes: members,
    value: s => (s.version.flavour === 'mysql' ? 'MySQL' : 'MariaDB'),
    message: details => msg('MySQL and MariaDB in one cluster ({details})', { details }),
  },
  {
    code: 'versions-differ',
    severity: 'information',
    nodes: members,
    value: s => `${s.version.major}.${s.version.minor}`,
    message: details => msg('Servers of different versions ({details})', { details }),
  },
];

const differences: Rule = context =>
  COMPARISONS.flatMap(({ code, severity, nodes, value, message }): Finding[] => {
    const groups = byValue(nodes(context), value);
    return groups.size < 2 ? [] : [{ code, severity, message: message(describe(groups)) }];
  });

const permissive: Rule = context =>
  members(context)
    .filter(n => n.state.gtidMode?.endsWith('_PERMISSIVE'))
    .map(node => ({
      code: 'gtid-permissive',
      severity: 'warning',
      server: node.id,
      message: msg('{server} has gtid_mode={mode}, which is meant for the change to or from GTIDs only', {
        server: label(node),
        mode: node.state.gtidMode ?? '',
      }),
    }));

const usingGtid: Rule = context => {
  const groups = new Map<string, LiveNode[]>();
  for (const node of context.replicas) {
    const { usingGtid: mode } = node.channel;
    if (mode && node !== context.master) groups.set(mode, [...(groups.get(mode) ?? []), node]);
  }
  if (!groups.has('No') || groups.size < 2) return [];
  return [
    {
      code: 'using-gtid-differs',
      severity: 'warning',
      message: msg('Some replicas replicate by GTID, others by position ({details})', { details: describe(groups) }),
    },
  ];
};

/** GTIDs everywhere, but replicas attached by file and position: MHA would turn them to auto-position without a word. */
const byPosition: Rule = ({ snapshot, replicas }) => {
  if (snapshot.gtidMode === 0) return [];
  const manual = replicas.filter(node => !node.channel.autoPosition);
  if (manual.length === 0) return [];
  return [
    {
      code: 'auto-position-off',
      severity: 'information',
      message:
        snapshot.gtidMode === 1
          ? msg('{servers} replicate by position although GTIDs are on; a failover will change them to auto-position', {
              servers: labels(manual),
            })
          : msg('{servers} replicate by position although GTIDs are on; a failover will work by position', {
              servers: labels(manual),
            }),
      parameter: 'use_gtid_auto_pos',
    },
  ];
};

/** Whose loss of the last transactions, or whose logs, matter when the master dies. */
const durability: Rule = context =>
  members(context).flatMap((node): Finding[] => {
    if (isNoMaster(node)) return [];
    const { syncBinlog, flushLogAtTrxCommit: flush, logBin } = node.state;
    const unsafe = [
      ...(logBin && syncBinlog !== undefined && syncBinlog !== 1 ? [`sync_binlog=${syncBinlog}`] : []),
      ...(flush !== undefined && flush !== 1 ? [`innodb_flush_log_at_trx_commit=${flush}`] : []),
    ];
    if (unsafe.length === 0) return [];
    return [
      {
        code: 'unsafe-durability',
        severity: node === context.master ? 'warning' : 'information',
        server: node.id,
        message: msg('{server} may lose committed transactions in a crash of its host: {settings}', {
          server: label(node),
          settings: unsafe.join(', '),
        }),
      },
    ];
  });

const encrypted: Rule = context =>
  members(context)
    .filter(n => n.state.binlogEncrypted)
    .map(node => ({
      code: 'binlog-encrypted',
      severity: 'warning',
      server: node.id,
      message: msg(
        'The binary log of {server} is encrypted: it cannot be rescued from the disk when the server is dead',
        {
          server: label(node),
        },
      ),
    }));

const relayLogs: Rule = ({ snapshot, replicas, master }) =>
  replicas
    .filter(node => node.config && node !== master)
    .flatMap((node): Finding[] => {
      const server = node.id;
      const args = { server: label(node) };
      const findings: Finding[] = [];
      if (snapshot.gtidMode !== 1 && node.state.relayLogPurge)
        findings.push({
          code: 'relay-log-purge',
          severity: 'warning',
          server,
          message: msg(
            'relay_log_purge is on at {server}: other replicas cannot be brought up to date from its relay logs',
            args,
          ),
        });
      if (snapshot.gtidMode !== 1 && node.state.relayLogRecovery)
        findings.push({
          code: 'relay-log-recovery',
          severity: 'information',
          server,
          message: msg('relay_log_recovery is on at {server}: after a crash its relay logs are discarded', args),
        });
      if (snapshot.gtidMode === 1 && node.state.relayLogRecovery === false)
        findings.push({
          code: 'relay-log-recovery-off',
          severity: 'information',
          server,
          message: msg('relay_log_recovery is off at {server}: after a crash it may not find its place', args),
        });
      return findings;
    });

export const settingsRules: readonly Rule[] = [
  differences,
  permissive,
  usingGtid,
  byPosition,
  durability,
  encrypted,
  relayLogs,
];

import type { ConfigFinding } from '../../config/types';
import type { CheckItem, ReplicationReport } from '../../engine/checks/types';
import type { Finding } from '../../engine/topology/types';
import { msg, type Message } from '../../l10n/message';
import type { Block, Entry, Level, Link, ReportView } from './reportProtocol';
import {
  baseName,
  checksPassed,
  duration,
  labels,
  LEVEL_OF,
  placeName,
  problems,
  servers,
  warnings,
  when,
  type Wording,
} from './reportWords';
import { serverNames, topologyBlock } from './topologyView';

/** An entry that knows where it comes from, until the report is put together. */
interface Draft {
  readonly level: Level;
  readonly code: string;
  /** Server id; undefined: the cluster. */
  readonly server: string | undefined;
  readonly entry: Entry;
}

function linkOf(finding: ConfigFinding): Link {
  const { line } = finding.range.start;
  return { file: finding.file, line, label: placeName(finding.file, line) };
}

/**
 * Everything the report says, each thing once: a finding about the configuration or the topology is usually also an item of
 * the check, which then only gets the finding's place in the file.
 */
function drafts(report: ReplicationReport, { translate }: Wording): readonly Draft[] {
  const names = serverNames(report.snapshot);
  const nameOf = (id: string | undefined) => (id === undefined ? {} : { server: names.get(id) ?? id });
  const key = (code: string, text: string) => `${code}\n${text}`;
  const fromConfig = new Map(report.configFindings.map(f => [key(f.code, translate(f.message)), f]));
  const seen = new Set<string>();

  const ofItem = (item: CheckItem): Draft => {
    const text = translate(item.message);
    const finding = fromConfig.get(key(item.code, text));
    seen.add(key(item.code, text));
    const entry: Entry = {
      level: item.verdict,
      text,
      ...nameOf(item.server),
      ...(item.detail ? { detail: item.detail } : {}),
      ...(item.tookMs === undefined ? {} : { took: translate(duration(item.tookMs)) }),
      ...(finding ? { link: linkOf(finding) } : {}),
    };
    return { level: item.verdict, code: item.code, server: item.server, entry };
  };
  const ofFinding = (finding: Finding): Draft => {
    const level = LEVEL_OF[finding.severity];
    const entry: Entry = { level, text: translate(finding.message), ...nameOf(finding.server) };
    return { level, code: finding.code, server: finding.server, entry };
  };
  const ofConfig = (finding: ConfigFinding): Draft => {
    const level = LEVEL_OF[finding.severity];
    const entry: Entry = { level, text: translate(finding.message), link: linkOf(finding) };
    return { level, code: finding.code, server: undefined, entry };
  };

  const items = report.items.map(ofItem);
  const rest = [...report.findings.map(ofFinding), ...report.configFindings.map(ofConfig)];
  return [...items, ...rest.filter(draft => !seen.has(key(draft.code, draft.entry.text)))];
}

/** What to say instead of "not healthy" where one thing explains the rest; the first that applies. */
const CAUSES: readonly (readonly [code: string, headline: Message])[] = [
  ['dead-master', msg('The master is dead')],
  ['unreachable-master', msg('The master cannot be reached')],
  ['hung-master', msg('The master does not answer')],
  ['master-too-many-connections', msg('The master has no connection left')],
  ['refusing-master', msg('The master refuses connections')],
  ['access-denied', msg('Servers refuse the account')],
];

function cause(all: readonly Draft[]): { readonly headline: Message; readonly draft: Draft } | undefined {
  for (const [code, headline] of CAUSES) {
    const draft = all.find(d => d.code === code && d.level === 'failed');
    if (draft) return { headline, draft };
  }
  return undefined;
}

/** Causes before what follows from them, else as they were found. */
function causesFirst(failed: readonly Draft[]): readonly Draft[] {
  const rank = (draft: Draft) => {
    const index = CAUSES.findIndex(([code]) => code === draft.code);
    return index < 0 ? CAUSES.length : index;
  };
  return [...failed].sort((a, b) => rank(a) - rank(b));
}

function verdictOf(report: ReplicationReport, all: readonly Draft[], { translate }: Wording): ReportView['verdict'] {
  const count = (level: Level) => all.filter(draft => draft.level === level).length;
  const [failed, warned, passed] = [count('failed'), count('warning'), count('ok')];
  const counts = [
    ...(failed ? [translate(problems(failed))] : []),
    ...(warned ? [translate(warnings(warned))] : []),
    translate(checksPassed(passed)),
  ];
  if (report.verdict === 'failed') {
    const rejected = !report.snapshot;
    const known = cause(all);
    if (known) return { level: 'failed', headline: translate(known.headline), detail: known.draft.entry.text, counts };
    return {
      level: 'failed',
      headline: translate(rejected ? msg('The configuration cannot be used') : msg('Replication is NOT healthy')),
      detail: translate(
        rejected
          ? msg('No server was asked. Mend {file} first.', { file: baseName(report.file) })
          : msg('A failover might not work now. Begin with the first problem below.'),
      ),
      counts,
    };
  }
  if (report.verdict === 'warning')
    return {
      level: 'warning',
      headline: translate(msg('Replication is healthy, with warnings')),
      detail: translate(msg('A failover is possible. Look at the warnings when you can.')),
      counts,
    };
  return {
    level: 'ok',
    headline: translate(msg('Replication is healthy')),
    detail: translate(msg('Everything that a failover needs is in place.')),
    counts,
  };
}

/** What was verified, by server in the order of the configuration; the cluster as a whole first. */
function verified(report: ReplicationReport, all: readonly Draft[], { translate }: Wording): Block[] {
  const passed = all.filter(draft => draft.level === 'ok');
  if (passed.length === 0) return [];
  const order = [undefined, ...(report.snapshot?.servers.map(server => server.id) ?? [])];
  const ids = [...new Set([...order, ...passed.map(draft => draft.server)])];
  const names = serverNames(report.snapshot);
  const groups = ids.flatMap(id => {
    const own = passed.filter(draft => draft.server === id);
    if (own.length === 0) return [];
    const entries = own.map(({ entry: { server: _server, ...entry } }) => entry);
    const title = id === undefined ? translate(msg('The cluster')) : (names.get(id) ?? id);
    return [{ title, summary: translate(checksPassed(own.length)), entries }];
  });
  return [{ type: 'groups', title: translate(msg('Verified')), groups }];
}

function list(title: string, entries: readonly Draft[]): Block[] {
  return entries.length === 0 ? [] : [{ type: 'list', title, entries: entries.map(draft => draft.entry) }];
}

const GTID_MODES = [
  msg('Failover by position'),
  msg('GTID failover'),
  msg('GTID servers, failover by position'),
] as const;

/** A replication check as the panel shows it: the answer first, then what needs doing, then what is known. */
export function replicationView(report: ReplicationReport, wording: Wording): ReportView {
  const { translate } = wording;
  const all = drafts(report, wording);
  const ofLevel = (level: Level) => all.filter(draft => draft.level === level);
  const { snapshot } = report;
  return {
    kind: 'replication',
    language: wording.language,
    file: report.file,
    cluster: report.cluster,
    title: translate(msg('Replication check')),
    facts: [
      ...(snapshot ? [translate(servers(snapshot.servers.length))] : []),
      // Servers that could not be read have not said how they replicate.
      ...(snapshot?.servers.some(server => server.state) ? [translate(GTID_MODES[snapshot.gtidMode])] : []),
      translate(duration(report.tookMs)),
      when(report, wording),
    ],
    verdict: verdictOf(report, all, wording),
    blocks: [
      ...list(translate(msg('Problems')), causesFirst(ofLevel('failed'))),
      ...list(translate(msg('Warnings')), ofLevel('warning')),
      ...(snapshot ? [topologyBlock(snapshot, all, wording)] : []),
      ...list(translate(msg('Good to know')), ofLevel('info')),
      ...verified(report, all, wording),
    ],
    labels: labels(wording),
  };
}

import type { SshPair, SshReport } from '../../engine/checks/types';
import { SSH_FAILURE_WORDS } from '../../engine/ssh/failureMessage';
import type { SshFailure } from '../../engine/ssh/types';
import { msg, type Message } from '../../l10n/message';
import type { BlockOf, Entry, MatrixCell, ReportView } from './reportProtocol';
import { duration, labels, when, type Wording } from './reportWords';

const MANAGER = 'manager';

/** More hosts than this make a matrix that nobody can read: then only those with a failure are shown. */
const MOST_HOSTS = 24;

type Kind = SshFailure['kind'];

/** What a person can do about it. */
const ADVICE: Readonly<Partial<Record<Kind, Message>>> = {
  refused: msg('Nobody listens there: is sshd running, and is ssh_port right?'),
  timeout: msg('Nothing answered in time: is the host up, and does a firewall drop the packets?'),
  unreachable: msg('There is no way to that network from here.'),
  unknownHost: msg('The name cannot be resolved there: check hostname, ssh_host, DNS and /etc/hosts.'),
  authentication: msg("Put the user's public key into ~/.ssh/authorized_keys of the other host (ssh-copy-id)."),
  hostKeyUnknown: msg('Log in once by hand and compare the fingerprint, or add the key to known_hosts.'),
  hostKeyChanged: msg(
    'The host shows another key than the one that is known. If it was reinstalled, remove the old key with ssh-keygen -R; if not, somebody may be in between.',
  ),
  noKeys: msg('There is neither an agent nor a key to log in with: create one with ssh-keygen.'),
  jump: msg('The ProxyJump host of ~/.ssh/config could not be used.'),
  forward: msg('That host must allow tunnels (AllowTcpForwarding of its sshd) and reach the next one.'),
  configuration: msg('Something in ssh_options or in ~/.ssh/config cannot be used.'),
  protocol: msg('What answers on that port does not speak SSH: check ssh_port.'),
};

function labelsOf(report: SshReport, { translate }: Wording): ReadonlyMap<string, string> {
  return new Map([[MANAGER, translate(msg('manager'))], ...report.hosts.map(host => [host.id, host.label] as const)]);
}

/** What is needed to tell the hosts apart: of `db1(10.0.0.11:22)` the name, or the address where names are shared. */
function shortLabels(report: SshReport, names: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const parts = report.hosts.map(({ id, label }) => {
    const [, name = label, address = label] = /^([^()]+)\(([^()]+)\)$/.exec(label) ?? [];
    return { id, name, address };
  });
  const shared = (name: string) => parts.filter(part => part.name === name).length > 1;
  return new Map([...names, ...parts.map(p => [p.id, shared(p.name) ? p.address : p.name] as const)]);
}

function reasons(report: SshReport, wording: Wording): { entries: Entry[]; index: ReadonlyMap<SshPair, number> } {
  const { translate } = wording;
  const names = labelsOf(report, wording);
  const index = new Map<SshPair, number>();
  const told = report.pairs.filter(pair => pair.result === 'failed');
  const entries = told.map((pair, position): Entry => {
    index.set(pair, position);
    const kind = pair.failure?.kind;
    const advice = kind && ADVICE[kind];
    const remedy = pair.failure?.remedy;
    return {
      level: 'failed',
      text: translate(
        msg('{from} to {to}: {reason}', {
          from: names.get(pair.from) ?? pair.from,
          to: names.get(pair.to) ?? pair.to,
          reason: translate(kind ? SSH_FAILURE_WORDS[kind] : msg('failed')),
        }),
      ),
      ...(pair.failure?.text ? { detail: [pair.failure.text, remedy].filter(Boolean).join('\n') } : {}),
      ...(advice ? { advice: translate(advice) } : {}),
      took: translate(duration(pair.tookMs)),
    };
  });
  return { entries, index };
}

function cellOf(
  pair: SshPair,
  names: ReadonlyMap<string, string>,
  reason: number | undefined,
  { translate }: Wording,
): MatrixCell {
  const word = {
    ok: msg('OK'),
    failed: pair.failure ? SSH_FAILURE_WORDS[pair.failure.kind] : msg('failed'),
    skipped: msg('skipped'),
  }[pair.result];
  const text = translate(pair.result === 'ok' ? duration(pair.tookMs) : word);
  const label = msg('{from} to {to}: {reason}', {
    from: names.get(pair.from) ?? pair.from,
    to: names.get(pair.to) ?? pair.to,
    reason: translate(word),
  });
  return { level: pair.result, text, label: translate(label), ...(reason === undefined ? {} : { reason }) };
}

function matrix(report: SshReport, index: ReadonlyMap<SshPair, number>, wording: Wording): BlockOf<'matrix'> {
  const { translate } = wording;
  const names = labelsOf(report, wording);
  const short = shortLabels(report, names);
  const pairs = new Map(report.pairs.map(pair => [`${pair.from}\n${pair.to}`, pair]));
  const hosts = report.hosts.map(host => host.id);
  const bad = new Set(report.pairs.filter(p => p.result !== 'ok').flatMap(p => [p.from, p.to]));
  const all = hosts.filter(id => id !== MANAGER);
  const shown = all.length <= MOST_HOSTS ? all : all.filter(id => bad.has(id)).slice(0, MOST_HOSTS);
  const rows = report.pairs.some(pair => pair.from === MANAGER) ? [MANAGER, ...shown] : shown;
  return {
    type: 'matrix',
    title: translate(msg('Who can log in to whom')),
    corner: translate(msg('From \\ to')),
    columns: shown.map(id => short.get(id) ?? id),
    rows: rows.map(from => ({
      label: short.get(from) ?? from,
      cells: shown.map(to => {
        const pair = pairs.get(`${from}\n${to}`);
        return pair ? cellOf(pair, names, index.get(pair), wording) : null;
      }),
    })),
    ...(shown.length < all.length
      ? { note: translate(msg('{count} hosts are not shown.', { count: all.length - shown.length })) }
      : {}),
  };
}

function verdictOf(report: SshReport, { translate }: Wording): ReportView['verdict'] {
  const count = (result: SshPair['result']) => report.pairs.filter(pair => pair.result === result).length;
  const [ok, failed, skipped] = [count('ok'), count('failed'), count('skipped')];
  const counts = [
    translate(msg('{ok} of {all} connections work', { ok, all: report.pairs.length })),
    ...(skipped ? [translate(msg('{count} skipped', { count: skipped }))] : []),
  ];
  if (report.verdict === 'ok')
    return {
      level: 'ok',
      headline: translate(msg('SSH works between all hosts')),
      detail: translate(msg('Each host can log in to each other host.')),
      counts,
    };
  if (report.verdict === 'warning')
    return {
      level: 'warning',
      headline: translate(msg('SSH works, with warnings')),
      detail: translate(msg('Not every pair of hosts could be tried.')),
      counts,
    };
  return {
    level: 'failed',
    headline: translate(
      failed === 1 ? msg('1 SSH connection fails') : msg('{count} SSH connections fail', { count: failed }),
    ),
    detail: translate(msg('A failover may not be able to save what is on the hosts. The reasons are below.')),
    counts,
  };
}

/** An SSH check as the panel shows it: the answer, the matrix, the reasons. */
export function sshView(report: SshReport, wording: Wording): ReportView {
  const { translate } = wording;
  const { entries, index } = reasons(report, wording);
  return {
    kind: 'ssh',
    language: wording.language,
    file: report.file,
    cluster: report.cluster,
    title: translate(msg('SSH check')),
    facts: [
      translate(report.hosts.length === 1 ? msg('1 host') : msg('{count} hosts', { count: report.hosts.length })),
      translate(duration(report.tookMs)),
      when(report, wording),
    ],
    verdict: verdictOf(report, wording),
    blocks: [
      ...(report.pairs.length ? [matrix(report, index, wording)] : []),
      ...(entries.length ? [{ type: 'reasons' as const, title: translate(msg('Reasons')), entries }] : []),
    ],
    labels: labels(wording),
  };
}

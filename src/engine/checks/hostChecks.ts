import { msg } from '../../l10n/message';
import type { ServerConfig } from '../../config/types';
import { errorText } from '../errors';
import { sshFailureMessage } from '../ssh/failureMessage';
import { isAlive, label, type Node } from '../topology/rules/context';
import { isUnmanaged } from '../topology/rules/candidates';
import { configuredNodes, item, needsSsh, type CheckContext, type CheckPart } from './checkContext';
import type { OpenedHost } from './hosts';
import { probeFiles, type FileAnswer, type FileQuestion } from './probeFiles';
import { lowSpace } from './space';
import type { CheckItem, Verdict } from './types';

/** Milliseconds for looking at files on a host that is connected. */
const RUN_TIMEOUT_MS = 5000;

type Found = { readonly question: FileQuestion; readonly answer: FileAnswer }[];

async function look(context: CheckContext, opened: OpenedHost, questions: readonly FileQuestion[]) {
  if (!opened.ok) return undefined;
  const { signal } = context.options;
  try {
    const answers = await probeFiles(opened.host, questions, { timeoutMs: RUN_TIMEOUT_MS, ...(signal && { signal }) });
    return questions.map((question, i): Found[number] => ({ question, answer: answers[i] ?? { result: 'other' } }));
  } catch (error) {
    signal?.throwIfAborted();
    return errorText(error);
  }
}

/**
 * SSH to a living server is needed in position mode; to a dead one, and in GTID mode, only to rescue its binary log. Of a master
 * with `skip_init_ssh_check` MHA does not demand it either; of replicas it does all the same.
 */
function sshVerdict(context: CheckContext, node: Node): Verdict {
  const excused = node === context.topology.master && node.config?.values.skip_init_ssh_check;
  const needed = needsSsh(context.snapshot) && isAlive(node) && !isUnmanaged(node, context.topology) && !excused;
  return needed && !(node.config?.values.ignore_fail && context.ignoreFailOnStart) ? 'failed' : 'warning';
}

function reachable(context: CheckContext, node: Node, opened: OpenedHost): CheckItem {
  const { id: server } = node;
  const target = opened.ok ? opened.host.name : '';
  if (opened.ok)
    return item(
      'ssh-reachable',
      'ok',
      opened.host.local
        ? msg('{server} runs on this machine: no SSH needed', { server: label(node) })
        : msg('SSH to the host of {server} works ({target})', { server: label(node), target }),
      { server, tookMs: opened.tookMs },
    );
  const args = { server: label(node), reason: sshFailureMessage(opened.failure) };
  return item(
    'ssh-unreachable',
    sshVerdict(context, node),
    needsSsh(context.snapshot)
      ? msg('SSH to the host of {server} failed: {reason}', args)
      : msg('SSH to the host of {server} failed: {reason}. If it dies, what its replicas lack cannot be fetched', args),
    { server, tookMs: opened.tookMs },
  );
}

/** The file that the replicas read from a server that cannot be asked: the one with the highest number. */
function binlogFile(context: CheckContext, node: Node): string | undefined {
  if (node.state) return node.state.binlogPosition?.file;
  const number = (file: string) => Number(/\.(\d+)$/.exec(file)?.[1] ?? -1);
  return context.topology.replicas
    .filter(r => r.source === node.id)
    .flatMap(r => (r.channel.received ? [r.channel.received.file] : []))
    .sort((a, b) => number(b) - number(a))[0];
}

function binlogItem(context: CheckContext, node: Node, found: Found): CheckItem[] {
  const files = found.filter(f => f.question.kind === 'read');
  if (files.length === 0) return [];
  const where = node.config?.values.master_binlog_dir.join(', ') ?? '';
  const args = { server: label(node), where, file: binlogFile(context, node) ?? '' };
  const common = { server: node.id };
  if (files.some(f => f.answer.result === 'ok'))
    return [item('binlog-readable', 'ok', msg('The binary log of {server} can be read on its disk', args), common)];
  const verdict = needsSsh(context.snapshot) && isAlive(node) ? 'failed' : 'warning';
  if (files.some(f => f.answer.result === 'denied'))
    return [
      item(
        'binlog-unreadable',
        verdict,
        msg('The binary log {file} of {server} may not be read by the SSH user', args),
        common,
      ),
    ];
  return [
    item(
      'binlog-not-found',
      verdict,
      msg('The binary log {file} of {server} is not in master_binlog_dir ({where})', args),
      common,
    ),
  ];
}

function relayItem(context: CheckContext, node: Node, found: Found, directory: string | undefined): CheckItem[] {
  const own = directory && found.find(f => f.question.kind === 'list' && f.question.path === directory);
  if (!own) return [];
  const args = { server: label(node), directory };
  if (own.answer.result === 'ok')
    return [
      item('relay-logs-readable', 'ok', msg('The relay logs of {server} can be read on its disk', args), {
        server: node.id,
      }),
    ];
  return [
    item(
      'relay-logs-unreadable',
      sshVerdict(context, node),
      own.answer.result === 'missing'
        ? msg('The relay log directory {directory} of {server} does not exist on its host', args)
        : msg('The relay log directory {directory} of {server} may not be read by the SSH user', args),
      { server: node.id },
    ),
  ];
}

function workdirItems(context: CheckContext, node: Node, found: Found): CheckItem[] {
  const own = found.find(f => f.question.kind === 'write');
  if (!own) return [];
  const args = { server: label(node), directory: own.question.path };
  const common = { server: node.id };
  const space = lowSpace(own.answer.freeKb);
  return [
    ...(own.answer.result === 'ok'
      ? []
      : [
          item(
            'remote-workdir-not-writable',
            sshVerdict(context, node),
            msg('remote_workdir {directory} on the host of {server} cannot be written', args),
            common,
          ),
        ]),
    ...(space
      ? [
          item(
            'host-disk-full',
            space.verdict,
            msg('The host of {server} has only {free} MiB free in {directory}', { ...args, free: space.freeMb }),
            common,
          ),
        ]
      : []),
  ];
}

/** Where a living replica keeps its relay logs; undefined where the server does not say. */
async function relayDirectory(context: CheckContext, node: Node): Promise<string | undefined> {
  const connection = context.connections.get(node.id);
  if (!connection || !node.state || !node.channel) return undefined;
  try {
    const [row] = await connection.query('SELECT @@global.relay_log_basename AS value', []);
    const base = typeof row?.value === 'string' ? row.value : '';
    if (!base.includes('/')) return base ? node.state.datadir : undefined;
    const directory = base.slice(0, base.lastIndexOf('/')) || '/';
    return directory.startsWith('/') ? directory : `${node.state.datadir}/${directory}`;
  } catch {
    context.options.signal?.throwIfAborted();
    return undefined;
  }
}

async function hostItems(context: CheckContext, node: Node): Promise<CheckItem[]> {
  const { config } = node;
  const pending = context.hosts?.of(node.id);
  if (!config || !pending) return [];
  const isMaster = node === context.topology.master;
  const [opened, relay] = await Promise.all([
    pending,
    isMaster || !needsSsh(context.snapshot) ? undefined : relayDirectory(context, node),
  ]);
  const ssh = reachable(context, node, opened);
  // Each program costs a login shell over there: it is run only where its answer is needed.
  if (!isMaster && !needsSsh(context.snapshot)) return [ssh];
  const file = isMaster ? binlogFile(context, node) : undefined;
  const questions: FileQuestion[] = [
    ...(file ? config.values.master_binlog_dir.map(dir => ({ kind: 'read' as const, path: `${dir}/${file}` })) : []),
    ...(relay ? [{ kind: 'list' as const, path: relay }] : []),
    { kind: 'write', path: config.values.remote_workdir },
  ];
  const found = await look(context, opened, questions);
  if (found === undefined) return [ssh];
  if (typeof found === 'string')
    return [
      item('ssh-no-programs', sshVerdict(context, node), msg('SSH to the host of {server} works, but no program can be run there: {reason}', { server: label(node), reason: found }), { server: node.id }), // prettier-ignore
    ];
  return [
    ssh,
    ...binlogItem(context, node, found),
    ...relayItem(context, node, found, relay),
    ...workdirItems(context, node, found),
  ];
}

/** Every host by SSH: reachable, the master's binary log and the replicas' relay logs readable, space left. */
export const checkHosts: CheckPart = async context => {
  if (!context.hosts) return [item('ssh-skipped', 'ok', msg('SSH was not checked'))];
  return (await Promise.all(configuredNodes(context).map(node => hostItems(context, node)))).flat();
};

async function binlogServer(context: CheckContext, server: ServerConfig): Promise<CheckItem[]> {
  const opened = await context.hosts?.of(server.id);
  if (!opened) return [];
  const name = server.values.hostname ?? server.id;
  const verdict: Verdict = needsSsh(context.snapshot) ? 'warning' : 'failed';
  if (!opened.ok)
    return [
      item('binlog-server-unreachable', verdict, msg('SSH to binlog server {server} failed: {reason}', { server: name, reason: sshFailureMessage(opened.failure) }), { server: server.id, tookMs: opened.tookMs }), // prettier-ignore
    ];
  const directories = server.values.master_binlog_dir;
  const found = await look(
    context,
    opened,
    directories.map(path => ({ kind: 'list', path })),
  );
  const readable = Array.isArray(found) && found.some(f => f.answer.result === 'ok');
  const args = { server: name, where: directories.join(', ') };
  return [
    readable
      ? item('binlog-server-readable', 'ok', msg('Binlog server {server} can be reached and its logs read', args), {
          server: server.id,
          tookMs: opened.tookMs,
        })
      : item(
          'binlog-server-unreadable',
          verdict,
          msg('Binlog server {server}: none of the directories {where} can be read', args),
          { server: server.id, detail: typeof found === 'string' ? found : undefined },
        ),
  ];
}

/** `[binlogN]` servers: in GTID mode each must be usable, else at least one. */
export const checkBinlogServers: CheckPart = async context => {
  const servers = context.cluster.binlogServers;
  const items = (await Promise.all(servers.map(server => binlogServer(context, server)))).flat();
  if (items.length === 0 || items.some(i => i.verdict !== 'warning')) return items;
  return [...items, item('no-binlog-server', 'failed', msg('None of the binlog servers can be used'))];
};

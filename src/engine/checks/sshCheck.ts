import type { ClusterConfig, ServerConfig } from '../../config/types';
import { msg } from '../../l10n/message';
import { errorText } from '../errors';
import type { EngineOptions } from '../options';
import { abortable, Deadline, Slots } from '../ssh/limits';
import { localHost } from '../ssh/localHost';
import { LoginTester, type LoginResult } from '../ssh/mesh';
import { openHost } from '../ssh/openHost';
import { SshError } from '../ssh/sshError';
import { parseSshArguments, sshOptionWords } from '../ssh/sshOptions';
import { isLocalTarget, sshTargetOf } from '../ssh/target';
import type { Host, SshFailure, SshTarget } from '../ssh/types';
import type { SshPair, SshReport } from './types';

/** The manager among the hosts of a report. */
const MANAGER = 'manager';

/** Logins that the manager does at the same time. */
const MANAGER_LOGINS = 32;

/** Logins that a host starts at the same time. */
const SOURCE_LOGINS = 32;

/** Logins under way at one sshd: it drops some from the tenth on (MaxStartups 10:30:100), and others may want in, too. */
const TARGET_LOGINS = 8;

const NOT_STARTED = 'logged in, but no program has started in time (a login shell that waits?)';

/** One account on one host; several servers may share it. */
interface Endpoint {
  readonly target: SshTarget;
  readonly sshOptions: string;
  readonly seconds: number;
  /** Of logins that arrive there. */
  readonly arrivals: Slots;
}

interface Node {
  readonly id: string;
  readonly server: ServerConfig;
  readonly endpoint: Endpoint;
  /** `skip_init_ssh_check` */
  readonly skipped: boolean;
}

/**
 * As masterha_check_ssh: the manager logs in on every host, and every host logs in on every other one with its own ssh program,
 * keys and known hosts; all at once, each with `ssh_connection_timeout` of the host that is to be reached. Binlog servers are
 * reached by the manager only. Hosts with `skip_init_ssh_check` are left out and reported as skipped. Rejects only when cancelled.
 */
export async function checkSsh(cluster: ClusterConfig, options: EngineOptions): Promise<SshReport> {
  options.signal?.throwIfAborted();
  const start = performance.now();
  const startedAt = new Date().toISOString();
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  try {
    const pairs = await new Mesh(cluster, { ...options, signal }).run();
    options.signal?.throwIfAborted();
    return {
      kind: 'ssh',
      cluster: cluster.name,
      file: cluster.file,
      startedAt,
      tookMs: Math.round(performance.now() - start),
      verdict: pairs.some(pair => pair.result === 'failed') ? 'failed' : 'ok',
      hosts: [...cluster.servers, ...cluster.binlogServers].map(server => ({ id: server.id, label: labelOf(server) })),
      pairs,
    };
  } finally {
    stop.abort();
  }
}

/** As MHA names a host. */
function labelOf(server: ServerConfig): string {
  const { host, port } = sshTargetOf(server);
  return `${server.values.hostname ?? server.id}(${host}:${port})`;
}

class Mesh {
  readonly #options: EngineOptions & { readonly signal: AbortSignal };
  readonly #servers: readonly Node[];
  readonly #binlogServers: readonly Node[];
  readonly #logins = new Slots(MANAGER_LOGINS);
  readonly #all: number;
  #done = 0;

  constructor(cluster: ClusterConfig, options: EngineOptions & { readonly signal: AbortSignal }) {
    this.#options = options;
    const endpoints = new Map<string, Endpoint>();
    const node = (server: ServerConfig) => nodeOf(server, endpoints);
    this.#servers = cluster.servers.map(node);
    this.#binlogServers = cluster.binlogServers.map(node);
    const count = this.#servers.length;
    this.#all = count * count + this.#binlogServers.length;
  }

  /** The manager's pairs first, then those of each host, all in the order of the configuration. */
  async run(): Promise<SshPair[]> {
    const sources = groupBy(this.#servers, node => node.endpoint);
    const arrivals = groupBy(this.#binlogServers, node => node.endpoint);
    for (const endpoint of sources.keys()) arrivals.delete(endpoint);
    const found = new Map<string, SshPair>();
    const add = (pair: SshPair) => {
      const key = keyOf(pair.from, pair.to);
      if (found.has(key)) return;
      found.set(key, pair);
      this.#done++;
      this.#options.onProgress?.({
        message: msg('{done} of {all} SSH connections tried', { done: this.#done, all: this.#all }),
        done: this.#done / this.#all,
      });
    };
    for (const pair of this.#skippedPairs()) add(pair);
    const tried = [...sources, ...arrivals].map(([endpoint]) => this.#trySource(endpoint, add));
    // Let every host's session end, whatever happens at one.
    for (const result of await Promise.allSettled(tried)) if (result.status === 'rejected') throw result.reason;
    return [...this.#order()].flatMap(key => found.get(key) ?? []);
  }

  *#order(): Iterable<string> {
    for (const { id } of [...this.#servers, ...this.#binlogServers]) yield keyOf(MANAGER, id);
    for (const from of this.#servers) for (const to of this.#servers) if (from !== to) yield keyOf(from.id, to.id);
  }

  #skippedPairs(): SshPair[] {
    const pair = (from: string, to: string): SshPair => ({ from, to, result: 'skipped', tookMs: 0 });
    const direct = [...this.#servers, ...this.#binlogServers].filter(to => to.skipped).map(to => pair(MANAGER, to.id));
    const others = this.#servers.flatMap(from =>
      this.#servers.filter(to => to !== from && (from.skipped || to.skipped)).map(to => pair(from.id, to.id)),
    );
    return [...direct, ...others];
  }

  /** The manager's login on one host, and from there to the others. */
  async #trySource(endpoint: Endpoint, add: (pair: SshPair) => void): Promise<void> {
    const isHere = (node: Node) => node.endpoint === endpoint && !node.skipped;
    const servers = this.#servers.filter(isHere);
    const here = [...servers, ...this.#binlogServers.filter(isHere)];
    if (here.length === 0) return;
    const start = performance.now();
    const report = (from: string, to: readonly Node[], since: number, result: LoginResult) => {
      const tookMs = Math.round(performance.now() - since);
      for (const { id } of to) {
        if (from === id) continue;
        add({
          from,
          to: id,
          tookMs,
          ...(result.ok ? { result: 'ok' } : { result: 'failed', failure: result.failure }),
        });
      }
    };
    const opened = await this.#open(endpoint);
    report(MANAGER, here, start, opened.ok ? { ok: true } : opened);
    if (!opened.ok) {
      // Nobody's login there can crowd out another's.
      endpoint.arrivals.lift();
      const failure = { ...opened.failure, text: `not reached by the manager: ${opened.failure.text}` };
      for (const from of servers) report(from.id, this.#others(from), start, { ok: false, failure });
      return;
    }
    await using _host = opened.host;
    const departures = new Slots(SOURCE_LOGINS);
    const targets = groupBy(
      servers.flatMap(from => this.#others(from)),
      node => node.endpoint,
    );
    await Promise.all(
      rotated([...targets], this.#servers, endpoint).map(async ([to, nodes]) => {
        using _departure = await departures.take(this.#options.signal);
        using _arrival = await to.arrivals.take(this.#options.signal);
        const since = performance.now();
        const result = await opened.tester.login(to.target, to.seconds);
        this.#options.signal.throwIfAborted();
        for (const from of servers) report(from.id, nodes, since, result);
      }),
    );
    opened.tester.close();
  }

  #others(from: Node): Node[] {
    return this.#servers.filter(to => to !== from && !to.skipped);
  }

  async #open(
    endpoint: Endpoint,
  ): Promise<{ ok: true; host: Host; tester: LoginTester } | { ok: false; failure: SshFailure }> {
    const { signal, log, hostKeys } = this.#options;
    using _login = await this.#logins.take(signal);
    using _arrival = await endpoint.arrivals.take(signal);
    const local = await isLocalTarget(endpoint.target);
    const opened = local
      ? { ok: true as const, host: localHost() }
      : await openHost(endpoint.target, {
          timeoutMs: endpoint.seconds * 1000,
          signal,
          log,
          sshOptions: endpoint.sshOptions,
          ...(hostKeys && { hostKeys }),
        });
    signal.throwIfAborted();
    if (!opened.ok) return opened;
    using deadline = new Deadline(endpoint.seconds * 1000, signal);
    try {
      const words = sshOptionWords(endpoint.sshOptions);
      const strict = hostKeys?.kind === 'strict' || demandsKnownHosts(words);
      const tester = await LoginTester.start(opened.host, words, strict, signal);
      await abortable(tester.ready, deadline.signal);
      return { ok: true, host: opened.host, tester };
    } catch (error) {
      await opened.host[Symbol.asyncDispose]();
      signal.throwIfAborted();
      if (deadline.signal.aborted) return { ok: false, failure: { kind: 'timeout', text: NOT_STARTED } };
      return {
        ok: false,
        failure: error instanceof SshError ? error.failure : { kind: 'exit', text: errorText(error) },
      };
    }
  }
}

function demandsKnownHosts(words: readonly string[]): boolean {
  const [value = ''] = parseSshArguments(words).settings.get('stricthostkeychecking') ?? [];
  return /^(?:yes|true)$/i.test(value);
}

function nodeOf(server: ServerConfig, endpoints: Map<string, Endpoint>): Node {
  const target = sshTargetOf(server);
  const { ssh_options: sshOptions = '', ssh_connection_timeout: seconds, skip_init_ssh_check: skipped } = server.values;
  const key = JSON.stringify([target, sshOptions]);
  const endpoint = endpoints.get(key) ?? { target, sshOptions, seconds, arrivals: new Slots(TARGET_LOGINS) };
  endpoints.set(key, endpoint);
  return { id: server.id, server, endpoint, skipped };
}

/** Each host begins with the one after itself, so that not all of them come to the first one at the same time. */
function rotated(
  targets: readonly (readonly [Endpoint, readonly Node[]])[],
  servers: readonly Node[],
  from: Endpoint,
): readonly (readonly [Endpoint, readonly Node[]])[] {
  const places = new Map(servers.map(({ endpoint }, index) => [endpoint, index]));
  const own = places.get(from) ?? 0;
  const distance = ([to]: readonly [Endpoint, unknown]) =>
    ((places.get(to) ?? 0) - own + servers.length) % servers.length;
  return [...targets].sort((a, b) => distance(a) - distance(b));
}

function groupBy<K, T>(items: readonly T[], key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

function keyOf(from: string, to: string): string {
  return `${from}\n${to}`;
}

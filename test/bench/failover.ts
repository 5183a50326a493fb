import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { listJournals, readJournal, type JournalLine } from '../../src/engine/operations/journal';
import { startApplication } from '../support/application';
import { startCluster, type TestCluster } from '../support/cluster';
import { followFile } from '../support/followFile';
import { waitForReplica } from '../support/replication';
import { waitFor } from '../support/waitFor';
import { line, ours, row, timesOf, type Times } from './measure';
import { benchConfig, peerFile, type Peer } from './peer';

const RUNS = 5;
const PEER_RUNS = 3;
const REPLICAS = 3;
interface Scenario {
  readonly name: string;
  readonly gtid: boolean;
  /** Transactions that only the dead master's disk has. */
  readonly tail: number;
  /** Seconds; absent: the default. */
  readonly pingInterval?: string;
}

const SCENARIOS: readonly Scenario[] = [
  { name: 'position, nothing to fetch', gtid: false, tail: 0 },
  { name: 'position, 20 to fetch', gtid: false, tail: 20 },
  { name: 'GTID, nothing to fetch', gtid: true, tail: 0 },
  { name: 'GTID, 20 to fetch', gtid: true, tail: 20 },
  { name: 'position, nothing to fetch, ping 1 s', gtid: false, tail: 0, pingInterval: '1' },
  { name: 'position, 20 to fetch, ping 1 s', gtid: false, tail: 20, pingInterval: '1' },
];

/** Milliseconds of one failover, each from the moment of the kill or from the mark before it. */
interface Measured {
  readonly total: number;
  /** From the kill to the line of the log that calls the master dead. */
  readonly decision: number;
  /** From there to the first accepted write. */
  readonly recovery: number;
  /** Parts of `recovery`, of ours. */
  readonly phases: Readonly<Record<string, number>>;
  /** Transactions of the dead master's disk that the new master has. */
  readonly rescued: number;
}

/** `kill -9` of a master to the first write that its successor takes. */
export async function failovers(peer: Peer | undefined, say: (text: string) => void): Promise<void> {
  for (const scenario of SCENARIOS) {
    const own = await runs(RUNS, () => failOver(scenario, ours('masterha_manager')));
    const other = peer && (await runs(PEER_RUNS, () => failOver(scenario, [peerFile('masterha_manager')], peer)));
    const rows = (what: string, of: (m: Measured) => number) =>
      say(line(what, timesOf(own.map(of)), other && timesOf(other.map(of))));
    rows(`failover, ${scenario.name}`, m => m.total);
    if (scenario.tail > 0) {
      const least = (all: readonly Measured[]) => `${Math.min(...all.map(m => m.rescued))} of ${scenario.tail}`;
      say(row('  transactions that only its disk had', least(own), other && least(other)));
    }
    rows('  kill to decision', m => m.decision);
    rows('  decision to first write', m => m.recovery);
    for (const phase of Object.keys(own[0]?.phases ?? {})) {
      const taken: Times = timesOf(own.map(m => m.phases[phase] ?? 0));
      say(line(`    ${phase}`, taken));
    }
  }
}

async function runs(count: number, work: () => Promise<Measured>): Promise<Measured[]> {
  const all: Measured[] = [];
  for (let i = 0; i < count; i++) all.push(await work());
  return all;
}

async function failOver(scenario: Scenario, manager: readonly string[], peer?: Peer): Promise<Measured> {
  const { gtid } = scenario;
  await using cluster = await startCluster({
    flavour: 'mysql56',
    replicas: REPLICAS,
    gtid,
    ssh: true,
    ...(peer && { sshEnvironment: peer.env }),
  });
  const defaults = { ping_interval: scenario.pingInterval, ...hooks(cluster) };
  const args = await benchConfig(cluster, defaults, peer);
  const log = path.join(cluster.dir, 'manager/manager.log');
  const lines: { readonly text: string; readonly atMs: number }[] = [];
  using _ = followFile(log, text => lines.push({ text, atMs: performance.now() }));
  const atLine = (pattern: RegExp) => lines.find(({ text }) => pattern.test(text))?.atMs;
  await using application = await startApplication(cluster.servers);
  await Promise.all(cluster.replicas.map(replica => waitForReplica(replica, cluster.master, cluster.flavour)));

  const [file = '', ...first] = manager;
  const child = spawn(file, [...first, ...args], { env: { ...process.env, ...peer?.env }, stdio: 'ignore' });
  const exit = once(child, 'exit');
  try {
    await waitFor('a manager that pings', () => {
      if (child.exitCode !== null) throw new Error('the manager has ended');
      return atLine(/Ping\(SELECT\) succeeded/);
    });
    // Somewhere between two pings, as a real death is.
    const interval = Number(scenario.pingInterval ?? 3) * 1000;
    const ready = performance.now();
    const rest = Math.random() * interval;
    await waitFor('some time of a ping interval', () => performance.now() - ready > rest);
    if (scenario.tail > 0) await writeTail(cluster, scenario.tail);
    const killedMs = performance.now();
    const wallClock = Date.now();
    await cluster.master.kill();
    const [index, firstMs] = await waitFor(
      'a new master that takes writes',
      () => newWrites(application.firstWriteMs),
      {
        timeoutMs: 90_000,
      },
    );
    await exit;
    if (child.exitCode !== 0) throw new Error(`exit code ${child.exitCode}\n${lines.map(l => l.text).join('\n')}`);
    const decidedMs = atLine(/^(?!.*health checker).*Master .* is not reachable!/) ?? Number.NaN;
    const total = firstMs - killedMs;
    const decision = decidedMs - killedMs;
    return {
      total,
      decision,
      recovery: total - decision,
      rescued: await rescued(cluster, index),
      phases: peer ? {} : phasesOf(cluster, wallClock + decision, wallClock + total),
    };
  } catch (error) {
    throw new Error(lines.map(({ text }) => text).join('\n'), { cause: error });
  } finally {
    child.kill('SIGKILL');
    await exit;
  }
}

/** The replica that took a write, and when: only a new master does. */
function newWrites(firstWriteMs: ReadonlyMap<number, number>): readonly [number, number] | undefined {
  return [...firstWriteMs].find(([index]) => index > 0);
}

/** A script that returns at once. The host stays up (10): from one whose power is off, MHA reads no binary log. */
function hooks(cluster: TestCluster): Record<string, string> {
  const hook = (name: string, codeForStop: number) => {
    const file = path.join(cluster.dir, name);
    writeFileSync(file, `#!/bin/sh\ncase "$*" in *--command=stopssh*) exit ${codeForStop};; esac\nexit 0\n`);
    chmodSync(file, 0o755);
    return file;
  };
  return {
    master_ip_failover_script: hook('ip_failover', 0),
    shutdown_script: hook('shutdown', 10),
    report_script: hook('report', 0),
  };
}

/** Transactions that the master has and nobody else. */
async function writeTail({ master, replicas }: TestCluster, count: number): Promise<void> {
  await Promise.all(replicas.map(replica => replica.query('STOP SLAVE IO_THREAD')));
  const connection = await master.connect();
  try {
    for (let id = 1; id <= count; id++)
      await connection.query('INSERT INTO shop.orders VALUES (?, ?)', [-id, 'on this disk only']);
  } finally {
    connection.destroy();
  }
}

/** How many of them the new master has. */
async function rescued({ servers }: TestCluster, index: number): Promise<number> {
  const rows = await servers[index]?.query('SELECT COUNT(*) AS n FROM shop.orders WHERE id < 0');
  return Number(rows?.[0]?.['n']);
}

/** The ends of steps in the order of a failover, up to the last one that the service waits for. */
const PHASES: readonly (readonly [name: string, step: RegExp])[] = [
  ['stop receivers, log in on the dead host', /^(stop-receiver|open-dead-host)/],
  ['elect', /^elect/],
  ['save binary log, release address', /^(save-binlog|release-address)/],
  ['shut down', /^shut-down/],
  ['recover', /^recover/],
  ['take address', /^take-address/],
  ['make writable', /^make-writable/],
];

/** Splits the time between two moments (of Date.now()) by the journal. */
function phasesOf(cluster: TestCluster, decided: number, written: number): Record<string, number> {
  const [journal] = listJournals(path.join(cluster.dir, 'manager'), 'app1');
  if (!journal) return {};
  const lines = readJournal(journal.file);
  const begin = Date.parse(lines.find(({ type }) => type === 'begin')?.at ?? '');
  const phases: Record<string, number> = { 'read configuration, survey, plan': begin - decided };
  let last = begin;
  for (const [name, step] of PHASES) {
    const end = endOf(lines, step) ?? last;
    phases[name] = end - last;
    last = end;
  }
  phases['next attempt of the application'] = written - last;
  return phases;
}

function endOf(lines: readonly JournalLine[], pattern: RegExp): number | undefined {
  const ends = lines.filter(l => l.type === 'step' && l.state !== 'started' && pattern.test(l.step));
  return ends.length > 0 ? Math.max(...ends.map(({ at }) => Date.parse(at))) : undefined;
}

import type { ChildProcess } from 'node:child_process';
import path from 'node:path';
import { listJournals } from '../../../src/engine/operations/journal';
import { startApplication, type Application } from '../application';
import { tableChecksums, tableDifferences } from '../checksum';
import type { TestCluster, TestServer } from '../cluster';
import { followFile } from '../followFile';
import { killProcess } from '../serverProcess';
import { startService } from '../processes';
import { stopReceiver, waitForReplica } from '../replication';
import { waitFor } from '../waitFor';

/** What the demonstration plays on. */
export interface FailoverStage {
  /** The project's folder. */
  readonly root: string;
  readonly cluster: TestCluster;
  /** --conf and --global_conf. */
  readonly args: readonly string[];
  /** Whether the hosts reach each other by SSH. */
  readonly sshWorks: boolean;
  readonly say: (text: string) => void;
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  /** Runs a command of the product on the terminal; whether it succeeded. */
  readonly show: (command: string, args: readonly string[], signal: AbortSignal) => Promise<boolean>;
  readonly signal: AbortSignal;
}

/** Writes of the application before the master is killed, and after. */
const ORDERS = 100;

/** An order that no replica receives before the master dies. */
const RESCUED = { id: 1_000_000, text: 'on the disk of the dead master only' };

/** The lines of the manager's log that tell the story. */
const TELLING =
  /Got error on MySQL|is not reachable!|Decided|Phase \d|SSH to|Saved \d|Applying|New master is|should start replication from|read_only=0|Master failover to/;

/**
 * Kills the master under a running masterha_manager and a writing application, and shows what happens. True if no
 * acknowledged write is lost, and all servers have the same.
 */
export async function demonstrateFailover(stage: FailoverStage): Promise<boolean> {
  const { cluster, args, say, bold, dim, show, signal } = stage;
  const { master, replicas } = cluster;
  let killedMs = Infinity;
  await using manager = await startManager(stage, line => {
    const [, text = ''] = /^.{24} - (.*)$/.exec(line) ?? [];
    if (killedMs < Infinity && TELLING.test(text)) say(dim(`  ${after(killedMs)}  ${text}`));
  });
  await using application = await startApplication(cluster.servers);
  await until(signal, 'orders', () => application.acknowledged >= ORDERS);
  say(`An application writes orders to ${name(master)}, one every 5 ms. It knows the other servers, too.`);

  say('The replicas stop receiving: from now on, orders are on the disk of the master only.');
  await Promise.all(replicas.map(replica => stopReceiver(replica, cluster.flavour)));
  const received = application.acknowledged;
  await master.query('INSERT INTO shop.orders VALUES (?, ?)', [RESCUED.id, RESCUED.text]);
  await until(signal, 'orders on one disk', () => application.acknowledged >= received + 5);
  say(`\n${bold(`$ kill -9 ${master.pid}`)}   # mysqld, ${name(master)}`);
  const acknowledged = application.acknowledged;
  killedMs = performance.now();
  await master.kill();
  const [newMaster, tookMs] = await until(signal, 'a new master', () => takenOver(application, cluster, killedMs), {
    timeoutMs: 60_000,
  });
  const code = await until(signal, 'the end of the manager', () => manager.child.exitCode ?? undefined, { zero: true });
  say(bold(`The first write on the new master, ${name(newMaster)}: ${seconds(tookMs)} after the kill.`));
  say(dim(`masterha_manager has ended with exit code ${code}`));
  await show('mha', ['topology', ...args], signal);

  await until(signal, 'more orders', () => application.acknowledged >= acknowledged + ORDERS);
  const { acknowledged: ids, longestGapMs } = await application.stop();
  const others = replicas.filter(replica => replica !== newMaster);
  await Promise.all(others.map(replica => waitForReplica(replica, newMaster, cluster.flavour)));
  say(`\n${bold('What became of the orders')}`);
  say(`${ids.length + 1} orders were acknowledged (longest gap ${seconds(longestGapMs)}), ${acknowledged - received + 1} of them with no copy but that on the disk of the dead master.`); // prettier-ignore
  const complete = await Promise.all([newMaster, ...others].map(server => hasAll(server, [...ids, RESCUED.id], say)));
  const differences = await tableDifferences([newMaster, ...others]);
  for (const difference of differences) say(difference);
  const lossless = complete.every(Boolean) && differences.length === 0;
  say(bold(lossless ? 'Every one of them is on every server, and the tables are the same.' : 'Not all of them are on every server.')); // prettier-ignore

  const [journal] = listJournals(path.join(cluster.dir, 'manager'), 'app1');
  const told = await show('mha', ['journal', journal?.file ?? ''], signal);
  return lossless && told && code === 0;
}

interface RunningManager extends AsyncDisposable {
  readonly child: ChildProcess;
}

/** Starts it in the background; returns when it pings. It ends with this process at the latest. */
async function startManager(stage: FailoverStage, onLine: (line: string) => void): Promise<RunningManager> {
  const { root, cluster, args, sshWorks, say, bold, dim, signal } = stage;
  const all = [...args, ...(sshWorks ? [] : ['--skip_ssh_check'])];
  say(`\n${bold(`$ masterha_manager ${all.join(' ')} &`)}`);
  const log = path.join(cluster.dir, 'manager/manager.log');
  let pings = false;
  const following = followFile(log, line => {
    pings ||= line.includes('succeeded, waiting until');
    onLine(line);
  });
  const child = startService([process.execPath, path.join(root, 'bin/masterha_manager'), ...all], {
    mark: path.basename(cluster.dir),
    logFile: path.join(cluster.dir, 'manager/output'),
  });
  const dispose = async () => {
    if (child.pid !== undefined && child.exitCode === null) {
      // What does not end in time ends with the cluster.
      await killProcess(child.pid, 'SIGTERM', 5000).catch(() => undefined);
    }
    following[Symbol.dispose]();
  };
  try {
    await until(signal, `masterha_manager to monitor (${log})`, () => pings || child.exitCode !== null);
    if (!pings) throw new Error(`masterha_manager has ended with exit code ${child.exitCode}`);
  } catch (error) {
    await dispose();
    throw error;
  }
  say(dim(`process ${child.pid}; log: ${log}`));
  return { child, [Symbol.asyncDispose]: dispose };
}

/** The replica that takes writes, and after how many milliseconds it took the first. */
function takenOver(
  { firstWriteMs }: Application,
  { servers }: TestCluster,
  killedMs: number,
): [TestServer, number] | undefined {
  const found = [...firstWriteMs].find(([index]) => index > 0);
  const server = found && servers[found[0]];
  return server && [server, found[1] - killedMs];
}

async function hasAll(server: TestServer, ids: readonly number[], say: (text: string) => void): Promise<boolean> {
  const rows = await server.query('SELECT id FROM shop.orders');
  const there = new Set(rows.map(row => Number(row['id'])));
  const missing = ids.filter(id => !there.has(id));
  const { 'shop.orders': sum } = await tableChecksums(server);
  say(`  ${name(server)}: checksum ${sum}, ${missing.length} missing`);
  return missing.length === 0;
}

const name = ({ host, port, serverId }: TestServer): string => `db${serverId} (${host}:${port})`;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
const after = (sinceMs: number): string => `+${seconds(performance.now() - sinceMs)}`;

/** Waits for what is not undefined or false (0 counts with `zero`), until the demo is cancelled. */
async function until<T>(
  signal: AbortSignal,
  what: string,
  condition: () => T | undefined,
  { timeoutMs = 30_000, zero = false }: { readonly timeoutMs?: number; readonly zero?: boolean } = {},
): Promise<T> {
  const { value } = await waitFor(
    what,
    () => {
      const found = condition();
      return signal.aborted || found || (zero && found === 0) ? { value: found } : undefined;
    },
    { timeoutMs },
  );
  signal.throwIfAborted();
  return value as T;
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { startCluster } from '../support/cluster';
import { followFile } from '../support/followFile';
import { familyOf } from '../support/processes';
import { waitFor } from '../support/waitFor';
import { line, ours, timesOf } from './measure';
import { benchConfig, peerFile, type Peer } from './peer';

/** Pings that are measured, one each second. */
const PINGS = 15;

/** What a manager costs while all is well: processor time of the whole process, per ping. */
export async function monitoring(peer: Peer | undefined, say: (text: string) => void): Promise<void> {
  const own = await perPing(ours('masterha_manager'));
  const other = peer && (await perPing([peerFile('masterha_manager')], peer));
  say(line('monitoring: CPU per ping', timesOf([own]), other === undefined ? undefined : timesOf([other])));
}

async function perPing([file = '', ...first]: readonly string[], peer?: Peer): Promise<number> {
  await using cluster = await startCluster({
    flavour: 'mysql56',
    replicas: 2,
    ssh: true,
    ...(peer && { sshEnvironment: peer.env }),
  });
  const args = await benchConfig(cluster, { ping_interval: '1' }, peer);
  let pings = false;
  using _ = followFile(path.join(cluster.dir, 'manager/manager.log'), text => {
    pings ||= text.includes('Ping(SELECT) succeeded');
  });
  const child = spawn(file, [...first, ...args], { env: { ...process.env, ...peer?.env }, stdio: 'ignore' });
  const exit = once(child, 'exit');
  try {
    await waitFor('a manager that pings', () => pings || child.exitCode !== null);
    if (!pings) throw new Error(`the manager has ended with exit code ${child.exitCode}`);
    // What it does once at the start is over with the second ping.
    const pause = async (seconds: number) => {
      const until = performance.now() + seconds * 1000;
      await waitFor('time', () => performance.now() > until, { everyMs: 100 });
    };
    await pause(2);
    const before = cpuMs(child.pid ?? 0);
    await pause(PINGS);
    return (cpuMs(child.pid ?? 0) - before) / PINGS;
  } finally {
    child.kill('SIGKILL');
    await exit;
  }
}

/** Milliseconds of processor time that a process and its children have had. */
function cpuMs(pid: number): number {
  const ofTask = (file: string) => Number(readFileSync(file, 'utf8').split(' ')[0]) / 1e6;
  return familyOf(pid)
    .flatMap(p => readdirSync(`/proc/${p}/task`).map(task => `/proc/${p}/task/${task}/schedstat`))
    .reduce((sum, file) => sum + ofTask(file), 0);
}

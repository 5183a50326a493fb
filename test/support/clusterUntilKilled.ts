import path from 'node:path';
import { startCluster } from './cluster';

/** Starts a cluster, tells its pids as JSON, and dies by SIGKILL without having cleaned up. */
async function main(): Promise<void> {
  const cluster = await startCluster({ flavour: 'mysql56', replicas: 1 });
  const told = JSON.stringify({ mark: path.basename(cluster.dir), pids: cluster.servers.map(server => server.pid) });
  process.stdout.write(told, () => process.kill(process.pid, 'SIGKILL'));
}

void main();

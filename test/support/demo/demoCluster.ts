import { startCluster, type ClusterSpec, type TestCluster } from '../cluster';

/** The demo's cluster, and what to call it. */
export type DemoCluster = TestCluster & { readonly description: string };

/** One master and two replicas with GTID and SSH. */
export async function startDemoCluster(_say: (text: string) => void): Promise<DemoCluster> {
  const spec: ClusterSpec = { flavour: 'mysql56', replicas: 2, gtid: true, ssh: true };
  const cluster = await startCluster(spec);
  const [row] = await cluster.master.query('SELECT VERSION() AS version');
  const description = `MySQL ${String(row?.['version'])}: ${cluster.servers.map(s => `${s.host}:${s.port}`).join(', ')}`;
  return Object.assign(cluster, { description });
}

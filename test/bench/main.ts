// `npm run bench`: what things cost, beside the original MHA where it is installed. Figures are medians (min … max) of one
// run on one machine: compare the ratios, not the milliseconds. `npm run bench -- failover` measures that part alone.
import os from 'node:os';
import { parseDocument } from '../../src/config/document';
import { loadCluster } from '../../src/config/load';
import { resolve } from '../../src/config/resolve';
import { checkReplication, checkSsh, discover } from '../../src/engine/main';
import { nullLog } from '../../src/engine/log';
import { startCluster } from '../support/cluster';
import { waitForReplica } from '../support/replication';
import { makeRunDirectory, removeDirectory } from '../support/runDirectory';
import { binlogs } from './binlog';
import { failovers } from './failover';
import { line, ours, program, times } from './measure';
import { monitoring } from './monitor';
import { benchConfig, findPeer, peerFile, peerVersion, type Peer } from './peer';

const RUNS = 7;
const PEER_RUNS = 3;
const SERVERS = 5;
const say = (text: string) => process.stdout.write(`${text}\n`);

async function checks(gtid: boolean, peer: Peer | undefined): Promise<void> {
  await using cluster = await startCluster({
    flavour: 'mysql56',
    replicas: SERVERS - 1,
    gtid,
    ssh: true,
    ...(peer && { sshEnvironment: peer.env }),
  });
  // Servers that have executed nothing by GTID would be checked as in position mode.
  await cluster.master.query('CREATE TABLE test.bench (id INT PRIMARY KEY)');
  await Promise.all(cluster.replicas.map(replica => waitForReplica(replica, cluster.master, cluster.flavour)));
  const args = await benchConfig(cluster, {}, peer);
  const [conf = '', globalConf = ''] = args.map(arg => arg.slice(arg.indexOf('=') + 1));
  const loaded = await loadCluster({ file: conf, globalFile: globalConf, runInitScript: false });
  const mode = gtid ? 'GTID' : 'position';

  const beside = async (name: string, success: string) =>
    peer &&
    times(PEER_RUNS, () => program([peerFile(name), ...args], { env: { ...process.env, ...peer.env }, success }));

  const engine = await times(RUNS, async () => {
    const report = await checkReplication(loaded, { log: nullLog });
    if (report.verdict === 'failed') throw new Error(JSON.stringify(report.items.filter(i => i.verdict === 'failed')));
  });
  const peerRepl = await beside('masterha_check_repl', 'MySQL Replication Health is OK.');
  say(line(`replication check, ${mode}, ${SERVERS} servers`, engine, peerRepl));
  say(line('  as a command', await times(RUNS, () => program([...ours('masterha_check_repl'), ...args])), peerRepl));

  if (!gtid) {
    const { cluster: config } = loaded;
    if (!config) throw new Error('the configuration was rejected');
    const mesh = await times(RUNS, async () => {
      const report = await checkSsh(config, { log: nullLog });
      if (report.verdict !== 'ok') throw new Error(JSON.stringify(report.pairs.filter(p => p.result !== 'ok')));
    });
    const peerSsh = await beside('masterha_check_ssh', 'All SSH connection tests passed successfully.');
    say(line(`SSH check, ${SERVERS} hosts, ${SERVERS * (SERVERS - 1)} pairs`, mesh, peerSsh));
    say(line('  as a command', await times(RUNS, () => program([...ours('masterha_check_ssh'), ...args])), peerSsh));

    const rounds = 100;
    const before = process.cpuUsage();
    for (let i = 0; i < rounds; i++) await discover(config, { log: nullLog });
    const { user, system } = process.cpuUsage(before);
    const each = (user + system) / 1000 / rounds / SERVERS;
    say(line('discovery: CPU per server and round', { min: each, median: each, max: each }));
  }
}

async function lint(): Promise<void> {
  const servers = Array.from({ length: 200 }, (_, i) => {
    const candidate = i < 2 ? '' : 'no_master=1\n';
    return `[server${i + 1}]\nhostname=db${i + 1}.example.com\nport=33${i % 10}6   # port\n${candidate}check_repl_delay=0\n`;
  });
  const text = `[server default]\nuser=mha\npassword=x\nping_intervall=3\n\n${servers.join('\n')}`;
  const all = () => resolve({ application: parseDocument(text, 'app1.cnf'), loginUser: 'root' });
  for (let i = 0; i < 50; i++) all();
  const taken = await times(100, () => Promise.resolve(all()));
  say(line(`all findings of a 200-server file (${all().findings.length})`, taken));
}

const PARTS: Readonly<Record<string, (peer: Peer | undefined) => Promise<void>>> = {
  lint,
  checks: async peer => {
    await checks(false, peer);
    await checks(true, peer);
  },
  failover: peer => failovers(peer, say),
  monitor: peer => monitoring(peer, say),
  binlog: () => binlogs(say),
};

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter(name => !(name in PARTS));
  if (unknown.length > 0) {
    process.stderr.write(`unknown part ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}\n`);
    process.exitCode = 2;
    return;
  }
  const dir = makeRunDirectory();
  try {
    const peer = await findPeer(dir);
    say(`${os.cpus()[0]?.model ?? 'unknown CPU'}, ${os.cpus().length} cores, Node ${process.version}`);
    say(`MHA: ${peer ? peerVersion() : 'not installed (apt-get install mha4mysql-manager mha4mysql-node)'}\n`);
    say(`| ${'what'.padEnd(46)} | ${'ours'.padEnd(26)} | ${'MHA'.padEnd(26)} | ${'ratio'.padEnd(7)} |`);
    say(`|${'-'.repeat(48)}|${'-'.repeat(28)}|${'-'.repeat(28)}|${'-'.repeat(9)}|`);
    for (const [name, part] of Object.entries(PARTS))
      if (wanted.length === 0 || wanted.includes(name)) await part(peer);
    say(`\nLoad average at the end: ${os.loadavg()[0]?.toFixed(1)}`);
  } finally {
    removeDirectory(dir);
  }
}

void main();

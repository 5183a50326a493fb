// `npm run demo`: a real cluster on loopback, checked with the product's own commands. `--help` says more.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { sweepRunDirectories } from '../runDirectory';
import { demonstrateFailover } from './failover';
import { openWorkspace } from './openWorkspace';
import { startDemoCluster } from './demoCluster';

const USAGE = `Usage: npm run demo [-- OPTIONS]

Starts a real MySQL master and two replicas (GTID) with SSH on this machine, writes app1.cnf, and runs the SSH check and
the replication check on it. Everything is on loopback and is removed at the end, on Ctrl-C too.

  --failover   start masterha_manager, kill the master while an application writes, and show what becomes of it
  --open       open VS Code (or a VS Code in the browser) on the workspace, with the extension installed; until Ctrl-C
  --keep       leave the cluster running until Ctrl-C
  --path       use mysqld or mariadbd from PATH and an SSH server without OpenSSH, as on machines that are not Linux on x86-64
  --help       this text
`;

const { values: options } = parseArgs({
  options: {
    failover: { type: 'boolean' },
    open: { type: 'boolean' },
    keep: { type: 'boolean' },
    path: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});

/** scripts/demo.mjs starts us in the project's folder. */
const root = process.cwd();
const colour = process.stdout.isTTY && !process.env['NO_COLOR'];
const bold = (text: string) => (colour ? `\x1b[1m${text}\x1b[0m` : text);
const dim = (text: string) => (colour ? `\x1b[2m${text}\x1b[0m` : text);
const say = (text: string) => process.stdout.write(`${text}\n`);

/** Runs one of the product's commands as a user would, with its output on our terminal. */
async function show(command: string, args: readonly string[], signal: AbortSignal): Promise<boolean> {
  say(`\n${bold(`$ ${[command, ...args].join(' ')}`)}`);
  const started = performance.now();
  const child = spawn(process.execPath, [path.join(root, 'bin', command), ...args], { stdio: 'inherit', signal });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  say(dim(`exit code ${code}, ${((performance.now() - started) / 1000).toFixed(2)} s`));
  return code === 0;
}

async function main(signal: AbortSignal): Promise<boolean> {
  say(bold('Starting a MySQL master, two replicas and SSH on loopback …'));
  const started = performance.now();
  await sweepRunDirectories();
  await using cluster = await startDemoCluster({ own: options.path ?? false }, text => say(dim(text)));
  signal.throwIfAborted();
  const workspace = path.join(cluster.dir, 'workspace');
  mkdirSync(path.join(workspace, '.vscode'), { recursive: true });
  const conf = await cluster.writeConfig(path.join(workspace, 'app1.cnf'));
  // A global file of its own, so that one of this machine has no effect.
  const globalConf = path.join(workspace, 'masterha_default.cnf');
  writeFileSync(globalConf, '[server default]\nping_interval=3\n', { mode: 0o600 });
  const settings = { 'mysqlHa.globalConfigurationFile': globalConf };
  writeFileSync(path.join(workspace, '.vscode/settings.json'), `${JSON.stringify(settings, null, 2)}\n`);
  say(`${cluster.description}, ready after ${((performance.now() - started) / 1000).toFixed(1)} s`);
  say(`Configuration: ${conf}`);

  const common = [`--conf=${conf}`, `--global_conf=${globalConf}`];
  const ssh = await show('mha', ['check', 'ssh', ...common], signal);
  let good = (await show('mha', ['check', 'repl', ...common], signal)) && ssh;
  good = (await show('mha', ['topology', ...common], signal)) && good;
  if (options.failover) {
    const stage = { root, cluster: cluster.cluster, args: common, sshWorks: ssh, say, bold, dim, show, signal };
    good = (await demonstrateFailover(stage)) && good;
  }

  if (options.open || options.keep) {
    await using window = options.open ? await openWorkspace(root, workspace, say) : undefined;
    say(`\n${bold('Running until Ctrl-C.')} Try, in another terminal:`);
    const bin = path.join(root, 'bin');
    for (const name of ['masterha_check_repl', 'masterha_check_ssh', 'mha topology', 'mha config'])
      say(`  ${bin}/${name} ${common.join(' ')}`);
    const stopped = new Promise(resolve => signal.addEventListener('abort', resolve));
    if (!signal.aborted) await Promise.race([stopped, window?.closed ?? stopped]);
  }
  say(dim('Cleaning up …'));
  return good;
}

async function run(): Promise<number> {
  if (options.help) {
    say(USAGE);
    return 0;
  }
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => controller.abort());
  try {
    return (await main(controller.signal)) ? 0 : 1;
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    return 130;
  }
}

void run().then(code => {
  process.exitCode = code;
});

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startCluster, type TestCluster } from '../support/cluster';
import { waitFor } from '../support/waitFor';
import { startBrowser, startVscode, type Browser, type VscodeServer } from '../support/vscode';
import * as samples from './samples';

export type WorkspaceName = 'language' | 'cluster' | 'denied' | 'host' | 'failover';

/** Everything that the scenarios share: real servers, a real VS Code with the packaged extension, a browser. */
export interface World extends AsyncDisposable {
  readonly cluster: TestCluster;
  readonly vscode: VscodeServer;
  readonly browser: Browser;
  readonly workspaces: Readonly<Record<WorkspaceName, string>>;
  /** Replaces the user settings, on top of those that all scenarios need; a page sees them after a reload. */
  settings(changes?: Readonly<Record<string, unknown>>): Promise<void>;
}

/** Seconds between two looks at the servers: short, because scenarios wait for what they show. */
export const POLLING_SECONDS = 1;

/** As one sets up a master that must not lose anything: then there is nothing to warn of. */
const DURABLE = { sync_binlog: '1', innodb_flush_log_at_trx_commit: '1' };

export const SETTINGS = {
  'mysqlHa.pollingInterval': POLLING_SECONDS,
  // Whatever this machine has in /etc is not part of the scenarios.
  'mysqlHa.globalConfigurationFile': '',
  'editor.quickSuggestions': { other: 'off', comments: 'off', strings: 'off' },
};

/** Something to replicate: MHA takes replicas that have executed nothing for position-based ones. */
async function fill({ master, replicas }: TestCluster): Promise<void> {
  await master.query('CREATE DATABASE shop');
  await master.query('CREATE TABLE shop.orders (id INT PRIMARY KEY) ENGINE=InnoDB');
  for (const replica of replicas)
    await waitFor('the replicas to follow', () => replica.query('SELECT id FROM shop.orders').then(() => true));
}

export function packageExtension(root: string, vsix: string): void {
  execFileSync(process.execPath, [path.join(root, 'scripts/package.mjs'), vsix], { cwd: root, stdio: 'inherit' });
}

/** The file for which the failover's hook waits, so that there is something to see while it runs. */
export const goFile = (cluster: TestCluster): string => path.join(cluster.dir, 'go');

/** A script for the service address: taking it away lasts until `goFile` is there, 60 seconds at most. */
function slowHook(dir: string): string {
  const file = path.join(dir, 'master_ip_failover');
  const wait = `i=0; while [ ! -e '${path.join(dir, 'go')}' ] && [ $i -lt 600 ]; do sleep 0.1; i=$((i+1)); done`;
  writeFileSync(file, `#!/bin/sh\ncase "$*" in *--command=stop*) ${wait};; esac\nexit 0\n`, { mode: 0o755 });
  return file;
}

async function writeWorkspaces(cluster: TestCluster): Promise<Record<WorkspaceName, string>> {
  const base = path.join(cluster.dir, 'workspaces');
  const file = (name: string, text: string) => {
    const target = path.join(base, name);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text);
  };
  file('language/app2.cnf', samples.ANNOTATED);
  file('language/app3.cnf', samples.CLEAN);
  file('language/my.cnf', samples.MY_CNF);
  await cluster.writeConfig(path.join(base, 'cluster/app1.cnf'));
  await cluster.writeConfig(path.join(base, 'denied/app1.cnf'), { defaults: { password: 'not the password' } });
  await cluster.writeConfig(path.join(base, 'host/app1.cnf'));
  file('host/etc/annotated.mha.cnf', samples.ANNOTATED);
  file('host/etc/by-first-line.cnf', samples.CLEAN);
  file('host/etc/my.cnf', samples.MY_CNF);
  await cluster.writeConfig(path.join(base, 'failover/app1.cnf'), {
    defaults: { master_ip_failover_script: slowHook(cluster.dir) },
  });
  const names: readonly WorkspaceName[] = ['language', 'cluster', 'denied', 'host', 'failover'];
  return Object.fromEntries(names.map(name => [name, path.join(base, name)])) as Record<WorkspaceName, string>;
}

/** Starts it all; the cluster, the server and the browser at the same time. */
export async function createWorld(options: {
  vsix: string;
  out: string;
  report: (text: string) => void;
}): Promise<World> {
  const { vsix, out, report } = options;
  const started: AsyncDisposable[] = [];
  const own = <T extends AsyncDisposable>(thing: T): T => {
    started.unshift(thing);
    return thing;
  };
  const dispose = async () => {
    for (const thing of started) await thing[Symbol.asyncDispose]();
  };
  const starting = [
    startCluster({ flavour: 'mysql56', replicas: 2, gtid: true, ssh: true, extra: DURABLE }).then(own),
    startVscode({ vsix, settings: SETTINGS, logFile: path.join(out, 'server.log'), report }).then(own),
    startBrowser({ report }).then(own),
  ] as const;
  try {
    // All of them, so that nothing comes up while the rest is being taken down.
    await Promise.allSettled(starting);
    const [cluster, vscode, browser] = await Promise.all(starting);
    await fill(cluster);
    const workspaces = await writeWorkspaces(cluster);
    return {
      cluster,
      vscode,
      browser,
      workspaces,
      settings: changes => vscode.writeSettings({ ...SETTINGS, ...changes }),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

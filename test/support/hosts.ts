import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { MissingPrerequisite } from './cache';
import type { Place } from './place';
import { familyOf, isAlive, killRun, mustRun, run, startService, type RunOptions, type RunResult } from './processes';
import { makeRunDirectory, removeRunDirectory } from './runDirectory';
import { ensureNetworkTools } from './servers';
import { waitFor } from './waitFor';

/**
 * A small machine: its own network, process ids, host name, /run, /var/lib and /var/tmp; the rest of the file system is
 * shared. Servers are started on it with `startCluster({ lab })`.
 */
export interface TestHost extends Place {
  readonly name: string;
  /** Its /var/lib, seen from outside. */
  readonly varLib: string;
  /** Runs a program on the host to its end. */
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Pulls the cable. */
  cut(): Promise<void>;
  /** Plugs it in again. */
  heal(): Promise<void>;
  /** Ends everything on the host at once; nobody is told. */
  poweroff(): Promise<void>;
  /** Starts the host again, with nothing running on it. */
  boot(): Promise<void>;
  /** Takes a virtual address and tells the network, which follows within some 50 ms. */
  addAddress(address: string): Promise<void>;
  removeAddress(address: string): Promise<void>;
  addresses(): Promise<string[]>;
}

export interface HostLab extends AsyncDisposable {
  readonly dir: string;
  /** The address at which the hosts see this process's machine. */
  readonly gateway: string;
  readonly hosts: readonly TestHost[];
  /** An address of the same network that no host has. */
  readonly virtualAddress: string;
  /** The two do not hear each other any more; all others hear both. */
  split(one: TestHost | 'gateway', other: TestHost): Promise<void>;
  /** Ends a split. */
  join(one: TestHost | 'gateway', other: TestHost): Promise<void>;
}

/** Packets sent there are lost: nobody has this hardware address. */
const NOWHERE = '02:00:00:00:00:01';

/**
 * Makes hosts of network namespaces, on a switch to which this process's own network is connected by an address of
 * 198.18.0.0/15 (RFC 2544, never routed). Needs root. The kernel takes everything away when this process ends.
 */
export async function startHosts(count: number): Promise<HostLab> {
  await ensureNetworkTools();
  const dir = makeRunDirectory();
  const mark = path.basename(dir);
  const network = await claimNetwork();
  const uplink = `mhaops${network.number}`;
  const inits: number[] = [];
  const dispose = async () => {
    await killRun(mark, inits);
    await run('ip', ['link', 'delete', uplink]);
    network[Symbol.dispose]();
    await removeRunDirectory(dir);
  };
  try {
    const switchPid = await startNamespaces(['--net'], '', path.join(dir, 'switch'), mark);
    inits.push(switchPid);
    const onSwitch = inNetworkOf(switchPid);
    await onSwitch('link add br0 type bridge forward_delay 0', 'link set br0 up');
    await onSwitch(`link add up0 type veth peer name ${uplink} netns ${process.pid}`, 'link set up0 master br0 up');
    const gateway = `${network.prefix}.1`;
    await mustRun('ip', ['address', 'add', `${gateway}/24`, 'dev', uplink]);
    await mustRun('ip', ['link', 'set', uplink, 'up']);
    const hosts = await Promise.all(
      Array.from({ length: count }, (_, i) =>
        startHost({ number: i + 1, address: `${network.prefix}.${i + 11}`, dir, mark, onSwitch, inits }),
      ),
    );
    const block = async (from: TestHost | 'gateway', to: string, blocked: boolean) => {
      const args = blocked
        ? ['neighbour', 'replace', to, 'lladdr', NOWHERE, 'nud', 'permanent']
        : ['neighbour', 'delete', to];
      const command = [...args, 'dev', from === 'gateway' ? uplink : 'eth0'];
      const result = from === 'gateway' ? await run('ip', command) : await from.run(['ip', ...command]);
      if (result.code !== 0) throw new Error(`ip ${command.join(' ')}: ${result.stderr}`);
    };
    const separate = async (one: TestHost | 'gateway', other: TestHost, blocked: boolean) => {
      await block(one, other.address, blocked);
      await block(other, one === 'gateway' ? gateway : one.address, blocked);
    };
    return {
      dir,
      gateway,
      hosts,
      virtualAddress: `${network.prefix}.100`,
      split: (one, other) => separate(one, other, true),
      join: (one, other) => separate(one, other, false),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

interface HostSpec {
  readonly number: number;
  readonly address: string;
  readonly dir: string;
  readonly mark: string;
  readonly onSwitch: (...commands: string[]) => Promise<void>;
  /** Receives the pids by which the host is ended. */
  readonly inits: number[];
}

async function startHost(spec: HostSpec): Promise<TestHost> {
  const name = `host${spec.number}`;
  const dir = path.join(spec.dir, name);
  const port = `v${spec.number}`;
  // The same after each boot, so that others need not learn it anew.
  const hardware = `02:00:00:00:01:${spec.number.toString(16).padStart(2, '0')}`;
  for (const part of ['lib/mysql', 'tmp']) mkdirSync(path.join(dir, part), { recursive: true });
  const setUp = [
    `hostname ${name}`,
    `mount --bind ${dir}/lib /var/lib`,
    `mount --bind ${dir}/tmp /var/tmp`,
    'mount -t tmpfs tmpfs /run',
    'mkdir -p /run/sshd /run/mysqld',
  ].join(' && ');
  let unshare = 0;
  let init = 0;
  const prefix = () => ['nsenter', '-t', String(init), '-n', '-m', '-u', '-i', '-p', '--'];
  const boot = async () => {
    if (isAlive(init)) return;
    unshare = await startNamespaces(
      ['--net', '--mount', '--uts', '--ipc', '--pid', '--mount-proc'],
      setUp,
      path.join(dir, 'host'),
      spec.mark,
    );
    spec.inits.push(unshare);
    init = familyOf(unshare)[1] ?? 0;
    await spec.onSwitch(
      `link add ${port} type veth peer name eth0 address ${hardware} netns ${init}`,
      `link set ${port} master br0 up`,
    );
    await inNetworkOf(init)('link set lo up', 'link set eth0 up', `address add ${spec.address}/24 dev eth0`);
  };
  await boot();
  const host: TestHost = {
    name,
    address: spec.address,
    bind: '0.0.0.0',
    varLib: path.join(dir, 'lib'),
    prefix,
    port: kind => Promise.resolve({ port: kind === 'mysql' ? 3306 : 22, [Symbol.dispose]: () => undefined }),
    run(argv, options) {
      const [file = '', ...args] = [...prefix(), ...argv];
      return run(file, args, options);
    },
    cut: () => spec.onSwitch(`link set ${port} down`),
    heal: () => spec.onSwitch(`link set ${port} up`),
    async poweroff() {
      // The cable first: a dying kernel would still say good-bye to its connections.
      await spec.onSwitch(`link set ${port} down`);
      await killRun(`${spec.mark}/${name}`, [unshare]);
      await spec.onSwitch(`link delete ${port}`).catch(() => undefined);
    },
    boot,
    async addAddress(address) {
      await inNetworkOf(init)(`address add ${address}/32 dev eth0`);
      // Without this the others would go on asking the former owner's hardware for some seconds.
      // Not waited for: arping stays until its deadline, long after it has told.
      void host.run(['arping', '-q', '-U', '-c', '2', '-w', '2', '-I', 'eth0', address]);
    },
    removeAddress: address => inNetworkOf(init)(`address delete ${address}/32 dev eth0`),
    async addresses() {
      const shown = JSON.parse((await host.run(['ip', '-json', '-4', 'address', 'show', 'eth0'])).stdout) as {
        addr_info?: { local: string }[];
      }[];
      return shown.flatMap(link => (link.addr_info ?? []).map(info => info.local));
    },
  };
  return host;
}

/** Runs `ip` commands in the network of a process, one after the other. */
function inNetworkOf(pid: number): (...commands: string[]) => Promise<void> {
  return async (...commands) => {
    await mustRun('nsenter', ['-t', String(pid), '-n', '--', 'ip', '-batch', '-'], {
      input: `${commands.join('\n')}\n`,
    });
  };
}

/** Starts a process that does nothing but hold new namespaces; returns the pid of the program that ends with them. */
async function startNamespaces(kinds: string[], setUp: string, base: string, mark: string): Promise<number> {
  const ready = `${base}.${process.hrtime.bigint()}`;
  const script = [setUp, `touch ${ready}`, 'exec sleep infinity'].filter(Boolean).join(' && ');
  const child = startService(['unshare', ...kinds, '--fork', '--kill-child', 'sh', '-c', script], {
    mark,
    logFile: `${base}.log`,
  });
  let ended = false;
  child.once('exit', () => (ended = true));
  await waitFor('namespaces', () => ended || existsSync(ready));
  if (ended || !child.pid) {
    const reason = readFileSync(`${base}.log`, 'utf8').trim();
    throw new MissingPrerequisite(`root, and a system that lets it make namespaces (${reason})`);
  }
  return child.pid;
}

/** A network of 198.18.0.0/15 that nobody else on this machine uses, kept by an abstract socket as ports are. */
async function claimNetwork(): Promise<{ number: number; prefix: string } & Disposable> {
  const taken = Object.values(os.networkInterfaces()).flatMap(list => (list ?? []).map(info => info.address));
  for (let number = 1; number < 255; number++) {
    const prefix = `198.18.${number}`;
    if (taken.some(address => address.startsWith(`${prefix}.`))) continue;
    const server = net.createServer();
    const claimed = await new Promise<boolean>(resolve => {
      server.once('error', () => resolve(false));
      server.listen({ path: `\0mysql-ha-ops-net-${number}` }, () => resolve(true));
    });
    if (!claimed) continue;
    server.unref();
    return { number, prefix, [Symbol.dispose]: () => void server.close() };
  }
  throw new Error('no free network for test hosts');
}

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { ensureSshd } from './servers';
import { LOOPBACK, programPid, type Place } from './place';
import { freeze, isAlive, killRun, MARK, signal, startService } from './processes';
import { makeRunDirectory, removeDirectory } from './runDirectory';
import { createKey, createSshIdentity, type SshIdentity } from './sshIdentity';
import { waitFor } from './waitFor';

export interface SshdOptions {
  /** Default: a folder of its own, removed with it. */
  readonly dir?: string;
  /** Default: a new key of its own. */
  readonly identity?: SshIdentity;
  readonly mark?: string;
  readonly bound?: boolean;
  readonly hostKeyType?: 'ed25519' | 'rsa';
  /** Where it runs. Default: on loopback, on a port of its own. */
  readonly place?: Place;
  /** Lines of sshd_config that replace or complete the usual ones. */
  readonly config?: Readonly<Record<string, string>>;
  /** Environment of its logins, beside an empty HOME of their own; values without blanks. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Default true; false leaves the key out of known_hosts, as on a first contact. */
  readonly known?: boolean;
}

export interface TestSshd extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly identityFile: string;
  readonly knownHostsFile: string;
  /** "ssh-ed25519 AAAA…" */
  readonly hostPublicKey: string;
  /** The line of known_hosts that belongs to it. */
  readonly knownHostsLine: string;
  readonly dir: string;
  readonly pid: number;
  /** SIGKILL of the server and its sessions. */
  kill(): Promise<void>;
  /** Again on the same port; the host key is a new one when asked for. */
  restart(options?: { newHostKey?: boolean }): Promise<void>;
  /** SIGSTOP: the port accepts and stays silent. Sessions that are open go on. */
  pause(): void;
  resume(): void;
}

/** Starts an OpenSSH server on loopback that lets the current user in with one key. */
export async function startSshd(options: SshdOptions = {}): Promise<TestSshd> {
  const program = await ensureSshd();
  const ownDir = options.dir ?? makeRunDirectory();
  mkdirSync(ownDir, { recursive: true });
  const mark = options.mark ?? path.basename(ownDir);
  const identity = options.identity ?? (await createSshIdentity(path.join(ownDir, 'identity')));
  const hostKey = path.join(ownDir, 'hostkey');
  const type = options.hostKeyType ?? 'ed25519';
  const home = path.join(ownDir, 'home');
  mkdirSync(home, { recursive: true });
  const environment = {
    // What a login starts carries the run's mark, so that it ends with the run.
    [MARK]: mark,
    // Not the user's own start-up files: they may do anything, and would be ended in the middle of it.
    HOME: home,
    ...options.environment,
  };
  const place = options.place ?? LOOPBACK;
  const claim = await place.port('ssh');
  await createKey(hostKey, type);
  writeFileSync(path.join(ownDir, 'authorized_keys'), `${identity.publicKey}\n`);
  writeFileSync(
    path.join(ownDir, 'sshd_config'),
    configFile({
      Port: String(claim.port),
      ListenAddress: place.bind,
      HostKey: hostKey,
      PidFile: path.join(ownDir, 'pid'),
      AuthorizedKeysFile: path.join(ownDir, 'authorized_keys'),
      StrictModes: 'no',
      PasswordAuthentication: 'no',
      KbdInteractiveAuthentication: 'no',
      UsePAM: 'no',
      UseDNS: 'no',
      PrintMotd: 'no',
      PrintLastLog: 'no',
      MaxStartups: '200',
      MaxSessions: '200',
      PermitRootLogin: 'prohibit-password',
      SetEnv: Object.entries(environment)
        .map(pair => pair.join('='))
        .join(' '),
      Subsystem: 'sftp internal-sftp',
      ...options.config,
    }),
  );
  let pid = 0;
  const start = async () => {
    const log = path.join(ownDir, 'sshd.log');
    // sshd wants to be called by its absolute path, because it executes itself again for each connection.
    const child = startService([...place.prefix(), program, '-D', '-e', '-f', path.join(ownDir, 'sshd_config')], {
      mark,
      logFile: log,
      bound: options.bound ?? true,
    });
    pid = child.pid ?? 0;
    await waitFor(
      'sshd',
      async () => !isAlive(pid) || (await banner(place.address, claim.port)).startsWith('SSH-2.0'),
    ).catch(() => undefined);
    if (isAlive(pid)) pid = programPid(place, pid);
    else throw new Error(`sshd did not start\n${readFileSync(log, 'utf8').slice(-2000)}`);
  };
  // Not the whole run, to which servers may belong. sshd itself cannot be found by its mark: it overwrites its environment.
  const kill = () => killRun(`${mark}/sshd`, [pid]);
  const sshd: TestSshd = {
    host: place.address,
    port: claim.port,
    user: identity.user,
    identityFile: identity.identityFile,
    knownHostsFile: identity.knownHostsFile,
    get hostPublicKey() {
      return readFileSync(`${hostKey}.pub`, 'utf8').trim().split(' ').slice(0, 2).join(' ');
    },
    get knownHostsLine() {
      const name = claim.port === 22 ? place.address : `[${place.address}]:${claim.port}`;
      return `${name} ${sshd.hostPublicKey}`;
    },
    dir: ownDir,
    get pid() {
      return pid;
    },
    kill,
    async restart({ newHostKey = false } = {}) {
      await kill();
      if (newHostKey) {
        for (const file of [hostKey, `${hostKey}.pub`]) removeDirectory(file);
        await createKey(hostKey, type);
      }
      await start();
    },
    pause: () => freeze(pid),
    resume: () => void signal(pid, 'SIGCONT'),
    async [Symbol.asyncDispose]() {
      await kill();
      claim[Symbol.dispose]();
      if (options.dir) return;
      await killRun(mark);
      removeDirectory(ownDir);
    },
  };
  try {
    await start();
    if (!existsSync(identity.knownHostsFile))
      writeFileSync(identity.knownHostsFile, (options.known ?? true) ? `${sshd.knownHostsLine}\n` : '');
    return sshd;
  } catch (error) {
    await sshd[Symbol.asyncDispose]();
    throw error;
  }
}

function configFile(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('');
}

/** What the server says first, empty when it does not. */
function banner(host: string, port: number): Promise<string> {
  return new Promise(resolve => {
    const socket = net.connect({ host, port });
    const done = (text: string) => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(2000, () => done(''));
    socket.once('error', () => done(''));
    socket.once('data', data => done(data.toString('latin1')));
  });
}

import { spawn, type ChildProcess } from 'node:child_process';
import net from 'node:net';
import os from 'node:os';
import ssh2, {
  type Connection,
  type ParsedKey,
  type PublicKeyAuthContext,
  type ServerChannel,
  type Session,
} from 'ssh2';

export interface Ssh2ServerOptions {
  /** Lines as in authorized_keys. */
  readonly authorizedKeys: readonly string[];
  /** Who may log in; default: the current user. Programs run as the current user in any case. */
  readonly user?: string;
  /** Private key in OpenSSH's format; default: a new one. */
  readonly hostKey?: string;
  /** Default: one that is free. */
  readonly port?: number;
  /** Added to the environment of what a login starts. */
  readonly env?: Readonly<Record<string, string>>;
  /** Instead of answering a request to run a program, the connection is closed. */
  readonly dropOnExec?: boolean;
}

export interface Ssh2Server extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly user: string;
  /** "ssh-ed25519 AAAA…" */
  readonly hostPublicKey: string;
  /** The line of known_hosts that belongs to it. */
  readonly knownHostsLine: string;
}

/**
 * An SSH server on loopback for machines without OpenSSH's: logins by key, programs run by /bin/sh as the current user, TCP
 * forwarding to loopback. No terminals, no sftp.
 */
export async function startSsh2Server(options: Ssh2ServerOptions): Promise<Ssh2Server> {
  const user = options.user ?? os.userInfo().username;
  const hostKey = options.hostKey ?? ssh2.utils.generateKeyPairSync('ed25519').private;
  const allowed = options.authorizedKeys.map(line => parseKey(line));
  const open = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [hostKey] }, connection => {
    open.add(connection);
    connection.once('close', () => open.delete(connection));
    // Clients come and go; what they break concerns their connection only.
    connection.on('error', () => undefined);
    connection.on('authentication', context => {
      if (context.method !== 'publickey') return context.reject(['publickey']);
      if (context.username === user && allowed.some(key => proves(key, context))) context.accept();
      else context.reject(['publickey']);
    });
    connection.on('session', accept => {
      if (options.dropOnExec) accept().on('exec', () => void connection.end());
      else serve(accept(), options.env ?? {});
    });
    connection.on('tcpip', (accept, reject, { destIP, destPort }) => {
      const socket = net.connect(destPort, destIP);
      socket.once('error', () => reject());
      socket.once('connect', () => {
        const channel = accept();
        socket.removeAllListeners('error');
        socket.on('error', () => channel.close());
        channel.on('error', () => socket.destroy());
        channel.once('close', () => socket.destroy());
        socket.pipe(channel).pipe(socket);
      });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as net.AddressInfo;
  const key = parseKey(hostKey);
  const hostPublicKey = `${key.type} ${key.getPublicSSH().toString('base64')}`;
  return {
    host: '127.0.0.1',
    port,
    user,
    hostPublicKey,
    knownHostsLine: `[127.0.0.1]:${port} ${hostPublicKey}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>(resolve => void server.close(() => resolve()));
      for (const connection of open) connection.end();
      await closed;
    },
  };
}

function parseKey(text: string): ParsedKey {
  const parsed = ssh2.utils.parseKey(text) as ParsedKey | readonly ParsedKey[] | Error;
  const key = 'length' in parsed ? parsed[0] : parsed;
  if (!key || key instanceof Error) throw new Error('not an SSH key', { cause: key });
  return key;
}

/** Without a signature the client only asks whether the key would do. */
function proves(allowed: ParsedKey, { key, blob, signature, hashAlgo }: PublicKeyAuthContext): boolean {
  if (!allowed.getPublicSSH().equals(key.data)) return false;
  return !signature || !blob || allowed.verify(blob, signature, hashAlgo);
}

function serve(session: Session, env: Readonly<Record<string, string>>): void {
  session.on('exec', (accept, _reject, { command }) => {
    const channel = accept();
    // A session of its own, as sshd makes one, so that it can be ended with all it has started.
    const child = spawn('/bin/sh', ['-c', command], {
      cwd: os.homedir(),
      env: { ...process.env, ...env },
      detached: true,
    });
    connect(child, channel);
  });
  session.on('signal', (_accept, reject) => reject?.());
}

function connect(child: ChildProcess, channel: ServerChannel): void {
  const { stdin, stdout, stderr } = child;
  if (!stdin || !stdout || !stderr) throw new Error('a program without pipes');
  stdin.on('error', () => undefined);
  channel.on('error', () => undefined);
  channel.pipe(stdin);
  stdout.pipe(channel, { end: false });
  stderr.pipe(channel.stderr, { end: false });
  // As with sshd: nobody is there any more to write to.
  channel.once('close', () => {
    stdout.destroy();
    stderr.destroy();
  });
  child.once('error', error => {
    channel.stderr.write(`${error.message}\n`);
    channel.exit(127);
    channel.end();
  });
  child.once('close', (code, signal) => {
    if (code === null) channel.exit((signal ?? 'SIGKILL').slice(3), false, '');
    else channel.exit(code);
    channel.end();
  });
}

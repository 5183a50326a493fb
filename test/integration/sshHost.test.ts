import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import fs from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { localHost } from '../../src/engine/ssh/localHost';
import { openHost, type HostKeyPolicy, type SshOptions } from '../../src/engine/ssh/openHost';
import type { Host, HostKeyQuestion } from '../../src/engine/ssh/types';
import { startSsh2Server } from '../support/ssh2Server';
import { startSshd, type TestSshd } from '../support/sshd';
import { createKey } from '../support/sshIdentity';
import { waitFor } from '../support/waitFor';

let dir: string;
let home: string;
let sshd: TestSshd;

beforeAll(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ssh-test-'));
  sshd = await startSshd();
});
afterAll(async () => {
  await sshd[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

beforeEach(() => {
  home = mkdtempSync(path.join(dir, 'home-'));
});

const target = (server: { host: string; port: number; user: string } = sshd) => ({
  host: server.host,
  port: server.port,
  user: server.user,
});

/** With a home of its own: nothing of the machine's SSH settings counts. */
const options = (more: Partial<SshOptions> = {}): SshOptions => ({
  timeoutMs: 15_000,
  sshOptions: `-i ${sshd.identityFile}`,
  env: { HOME: home },
  ...more,
});

const knownHosts = () => path.join(home, '.ssh/known_hosts');

function write(file: string, text: string): string {
  const full = path.join(home, file);
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, text, { mode: 0o600 });
  return full;
}

async function opened(more?: Partial<SshOptions>, to = target()): Promise<Host> {
  const result = await openHost(to, options(more));
  if (!result.ok) throw new Error(`${result.failure.kind}: ${result.failure.text}`);
  return result.host;
}

async function refused(more?: Partial<SshOptions>, to = target()) {
  const result = await openHost(to, options(more));
  if (!result.ok) return result.failure;
  await result.host[Symbol.asyncDispose]();
  throw new Error('the login worked');
}

async function bytes(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const isAlive = (pid: number) =>
  existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

describe('logging in', () => {
  it('asks an agent, whose key comes before those of files', async () => {
    const socket = path.join(home, 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    try {
      await waitFor('the agent', () => existsSync(socket));
      expect(spawnSync('ssh-add', ['-q', sshd.identityFile], { env: { SSH_AUTH_SOCK: socket } }).status).toBe(0);
      const env = { HOME: home, SSH_AUTH_SOCK: socket };
      await using host = await opened({ sshOptions: '', env });
      expect((await host.run(['true'], { timeoutMs: 10_000 })).code).toBe(0);
      // An encrypted key file is used through the agent that holds it.
      const encrypted = path.join(home, 'encrypted');
      spawnSync('cp', [sshd.identityFile, encrypted]);
      spawnSync('cp', [`${sshd.identityFile}.pub`, `${encrypted}.pub`]);
      expect(spawnSync('ssh-keygen', ['-p', '-q', '-P', '', '-N', 'secret', '-f', encrypted]).status).toBe(0);
      await using second = await opened({ sshOptions: `-i ${encrypted} -o IdentitiesOnly=yes`, env });
      expect(second.local).toBe(false);
      expect(await refused({ sshOptions: `-i ${encrypted}` })).toMatchObject({
        kind: 'noKeys',
        text: expect.stringContaining(`${encrypted}: is encrypted, and no agent holds it`) as string,
      });
      // Only named keys may be shown, and this one is not the agent's.
      await createKey(path.join(home, 'other'));
      const only = { sshOptions: `-i ${home}/other -o IdentitiesOnly=yes`, env };
      expect(await refused(only)).toMatchObject({ kind: 'authentication' });
    } finally {
      agent.kill();
    }
  });

  it('goes on without an agent that does not answer', async () => {
    const silent = net.createServer().listen(path.join(home, 'agent'));
    try {
      await using host = await opened({ env: { HOME: home, SSH_AUTH_SOCK: path.join(home, 'agent') } });
      expect(host.software).toMatch(/^OpenSSH_/);
    } finally {
      silent.close();
    }
  });

  it('finds keys by the usual names, and RSA keys and host keys work', async () => {
    mkdirSync(path.join(home, '.ssh'));
    await createKey(path.join(home, '.ssh/id_rsa'), 'rsa');
    await using rsa = await startSshd({ hostKeyType: 'rsa' });
    writeFileSync(path.join(rsa.dir, 'authorized_keys'), readFileSync(path.join(home, '.ssh/id_rsa.pub')));
    await using host = await opened({ sshOptions: '' }, target(rsa));
    expect((await host.run(['echo', 'rsa'], { timeoutMs: 10_000 })).stdout).toBe('rsa\n');
    expect(readFileSync(knownHosts(), 'utf8')).toContain('ssh-rsa');
  });

  it('uses ~/.ssh/config: HostName, IdentityFile, HostKeyAlias', async () => {
    write(
      '.ssh/config',
      `Host db1\n HostName 127.0.0.1\n IdentityFile ${sshd.identityFile}\n HostKeyAlias the-database\n HashKnownHosts no\n`,
    );
    await using host = await opened({ sshOptions: '' }, { ...target(), host: 'db1' });
    expect((await host.run(['true'], { timeoutMs: 10_000 })).code).toBe(0);
    expect(readFileSync(knownHosts(), 'utf8')).toBe(`the-database ${sshd.hostPublicKey}\n`);
  });

  it('works without a home, and says which keys were missing', async () => {
    const env = { HOME: '/nonexistent' };
    await using host = await opened({ env });
    expect((await host.run(['true'], { timeoutMs: 10_000 })).code).toBe(0);
    expect(await refused({ env, sshOptions: '' })).toMatchObject({ kind: 'noKeys' });
  });

  it('tells a wrong key from a wrong account', async () => {
    await createKey(path.join(home, 'other'));
    const failure = await refused({ sshOptions: `-i ${home}/other` });
    expect(failure.kind).toBe('authentication');
    expect(failure.text).toContain(`${home}/other`);
    expect(failure.text).toContain('publickey');
    expect(await refused({}, { ...target(), user: 'nobody-of-that-name' })).toMatchObject({ kind: 'authentication' });
  });

  it('goes through several jump hosts', async () => {
    await using first = await startSshd({ known: false });
    await using second = await startSshd({ known: false });
    const identity = (server: TestSshd) => `IdentityFile ${server.identityFile}`;
    write(
      '.ssh/config',
      `Host one\n HostName 127.0.0.1\n Port ${first.port}\n ${identity(first)}\n` +
        `Host two\n HostName 127.0.0.1\n Port ${second.port}\n ${identity(second)}\n` +
        `Host inner\n HostName 127.0.0.1\n ProxyJump one,${second.user}@two\n`,
    );
    await using host = await opened({}, { ...target(), host: 'inner' });
    const { stdout } = await host.run(['sh', '-c', 'echo $SSH_CONNECTION'], { timeoutMs: 10_000 });
    expect(stdout.trim().split(' ').at(-1)).toBe(String(sshd.port));
    expect(readFileSync(knownHosts(), 'utf8').trim().split('\n')).toHaveLength(3);
  });

  it('blames the jump host where it is at fault', async () => {
    write('.ssh/config', 'Host circle\n ProxyJump circle\n');
    expect(await refused({ sshOptions: `-i ${sshd.identityFile} -J 127.0.0.1:1` })).toMatchObject({ kind: 'jump' });
    expect(await refused({}, { ...target(), host: 'circle' })).toMatchObject({ kind: 'configuration' });
  });

  it('goes through a ProxyCommand', async () => {
    write(
      '.ssh/config',
      `Host behind\n ProxyCommand ssh -F none -o BatchMode=yes -i ${sshd.identityFile} -o UserKnownHostsFile=${sshd.knownHostsFile} -W 127.0.0.1:%p -p ${sshd.port} ${sshd.user}@127.0.0.1\n`,
    );
    await using host = await opened({}, { ...target(), host: 'behind' });
    expect((await host.run(['echo', 'x'], { timeoutMs: 10_000 })).stdout).toBe('x\n');
    write('.ssh/config', 'Host *\n ProxyCommand false\n');
    expect((await refused()).kind).toBe('closed');
  });
});

describe('host keys', () => {
  it('asks about an unknown one, remembers it if accepted, and does not ask again', async () => {
    const questions: HostKeyQuestion[] = [];
    const ask = (answer: boolean): HostKeyPolicy => ({
      kind: 'ask',
      ask: question => {
        questions.push(question);
        return Promise.resolve(answer);
      },
    });
    expect(await refused({ hostKeys: ask(false) })).toMatchObject({ kind: 'hostKeyUnknown' });
    expect(existsSync(knownHosts())).toBe(false);
    const fingerprint = spawnSync('ssh-keygen', ['-lf', '-'], { input: sshd.hostPublicKey, encoding: 'utf8' });
    expect(questions).toEqual([
      {
        host: '127.0.0.1',
        port: sshd.port,
        keyType: 'ssh-ed25519',
        fingerprint: fingerprint.stdout.split(' ')[1],
        file: knownHosts(),
      },
    ]);
    await (await opened({ hostKeys: ask(true) }))[Symbol.asyncDispose]();
    await (await opened({ hostKeys: ask(false) }))[Symbol.asyncDispose]();
    expect(questions).toHaveLength(2);
    expect(statSync(knownHosts()).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(knownHosts())).mode & 0o777).toBe(0o700);
    // What we remember, ssh finds.
    const found = spawnSync('ssh-keygen', ['-F', `[127.0.0.1]:${sshd.port}`, '-f', knownHosts()]);
    expect(found.status).toBe(0);
  });

  it('asks once for sessions that are opened at the same time, and the time for the answer does not count', async () => {
    let asked = 0;
    const hostKeys: HostKeyPolicy = {
      kind: 'ask',
      ask: async () => {
        asked++;
        await new Promise(resolve => setTimeout(resolve, 1500));
        return true;
      },
    };
    const hosts = await Promise.all([1, 2, 3].map(() => opened({ hostKeys, timeoutMs: 8000 })));
    expect(asked).toBe(1);
    await Promise.all(hosts.map(host => host[Symbol.asyncDispose]()));
    expect(readFileSync(knownHosts(), 'utf8').trim().split('\n')).toHaveLength(1);
  });

  it('accepts nothing new when told to be strict, by policy or by configuration', async () => {
    expect(await refused({ hostKeys: { kind: 'strict' } })).toMatchObject({ kind: 'hostKeyUnknown' });
    write('.ssh/config', 'StrictHostKeyChecking yes\n');
    expect(await refused()).toMatchObject({ kind: 'hostKeyUnknown' });
    expect(existsSync(knownHosts())).toBe(false);
  });

  it.each(['', '-o StrictHostKeyChecking=no', '-o StrictHostKeyChecking=accept-new'])(
    'refuses a changed one, naming file and line (%s)',
    async more => {
      await createKey(path.join(home, 'other'));
      const [type, key] = readFileSync(path.join(home, 'other.pub'), 'utf8').split(' ');
      write('.ssh/known_hosts', `# before\n[127.0.0.1]:${sshd.port} ${type} ${key}\n`);
      const hostKeys: HostKeyPolicy = { kind: 'ask', ask: () => Promise.resolve(true) };
      for (const policy of [{}, { hostKeys }]) {
        const failure = await refused({ ...policy, sshOptions: `-i ${sshd.identityFile} ${more}` });
        expect(failure.kind).toBe('hostKeyChanged');
        expect(failure.text).toContain(`${knownHosts()}:2`);
      }
    },
  );

  it('prefers the type that is known, among several that the host has', async () => {
    await createKey(path.join(dir, 'second'), 'rsa');
    await using two = await startSshd({ hostKeyType: 'ed25519', config: { HostKeyAlgorithms: '+ssh-rsa' } });
    const config = path.join(two.dir, 'sshd_config');
    writeFileSync(config, `${readFileSync(config, 'utf8')}HostKey ${dir}/second\n`);
    await two.restart();
    const [type, key] = readFileSync(path.join(dir, 'second.pub'), 'utf8').split(' ');
    write('.ssh/known_hosts', `[127.0.0.1]:${two.port} ${type} ${key}\n`);
    const sshOptions = `-i ${two.identityFile}`;
    await using host = await opened({ sshOptions, hostKeys: { kind: 'strict' } }, target(two));
    expect(host.software).toMatch(/^OpenSSH/);
    await two.restart({ newHostKey: true });
    await using again = await opened({ sshOptions, hostKeys: { kind: 'strict' } }, target(two));
    expect(again.local).toBe(false);
  });

  it('refuses a revoked one', async () => {
    write('.ssh/known_hosts', `@revoked * ${sshd.hostPublicKey}\n${sshd.knownHostsLine}\n`);
    expect(await refused()).toMatchObject({ kind: 'hostKeyChanged' });
  });
});

describe('hosts that do not answer as they should', () => {
  const listener = async (serve: (socket: net.Socket) => void) => {
    const sockets = new Set<net.Socket>();
    const server = net.createServer(socket => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      serve(socket);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as net.AddressInfo;
    const close = () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    };
    return { port, [Symbol.dispose]: close };
  };
  const at = (port: number, host = '127.0.0.1') => ({ host, port, user: sshd.user });

  it('refused', async () => {
    expect(await refused({}, at(1))).toMatchObject({ kind: 'refused' });
  });

  it('unknown host', async () => {
    expect(await refused({}, at(22, 'no-such-host.invalid'))).toMatchObject({ kind: 'unknownHost' });
  });

  it('accepts and stays silent', async () => {
    using silent = await listener(() => undefined);
    const start = performance.now();
    expect(await refused({ timeoutMs: 400 }, at(silent.port))).toMatchObject({ kind: 'timeout' });
    expect(performance.now() - start).toBeLessThan(3000);
  });

  it('stops after its first line', async () => {
    using half = await listener(socket => socket.write('SSH-2.0-OpenSSH_9.2\r\n'));
    expect(await refused({ timeoutMs: 400 }, at(half.port))).toMatchObject({ kind: 'timeout' });
  });

  it('accepts and hangs up', async () => {
    using closing = await listener(socket => socket.end());
    expect(await refused({}, at(closing.port))).toMatchObject({ kind: 'closed' });
  });

  it('is not SSH', async () => {
    using http = await listener(socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect((await refused({}, at(http.port))).kind).toMatch(/protocol|closed/);
    using garbage = await listener(socket => socket.write(Buffer.alloc(100_000, 7)));
    expect((await refused({ timeoutMs: 2000 }, at(garbage.port))).kind).toMatch(/protocol|timeout/);
  });

  it('is cancelled', async () => {
    using silent = await listener(() => undefined);
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);
    expect(await refused({ signal: stop.signal }, at(silent.port))).toMatchObject({ kind: 'cancelled' });
    expect(await refused({ signal: AbortSignal.abort() })).toMatchObject({ kind: 'cancelled' });
  });
});

describe.each(['OpenSSH', 'the server of ssh2', 'the local machine'])('a host (%s)', kind => {
  let host: Host;
  let cleanUp = new AsyncDisposableStack_();

  beforeAll(async () => {
    home = mkdtempSync(path.join(dir, 'home-'));
    cleanUp = new AsyncDisposableStack_();
    if (kind === 'the local machine') host = localHost();
    else if (kind === 'OpenSSH') {
      const noSftp = await startSshd({ config: { X11Forwarding: 'no' } });
      cleanUp.use(noSftp);
      const config = path.join(noSftp.dir, 'sshd_config');
      writeFileSync(config, readFileSync(config, 'utf8').replace(/^Subsystem.*\n/m, ''));
      await noSftp.restart();
      host = await opened({ sshOptions: `-i ${noSftp.identityFile}` }, target(noSftp));
    } else {
      const server = await startSsh2Server({ authorizedKeys: [readFileSync(`${sshd.identityFile}.pub`, 'utf8')] });
      cleanUp.use(server);
      host = await opened({}, target(server));
    }
  });
  afterAll(async () => {
    await host?.[Symbol.asyncDispose]();
    await cleanUp.dispose();
  });

  const run = (argv: string[], more: object = {}) => host.run(argv, { timeoutMs: 20_000, ...more });

  it('passes arguments literally', async () => {
    const nasty = ['a b', '$HOME', "it's", '"', '`id`', '\\', '*', '', '-n', 'x;y', 'line\nbreak', 'é中'];
    const { stdout } = await run(['printf', '%s\\0', ...nasty]);
    expect(stdout.split('\0').slice(0, -1)).toEqual(nasty);
  });

  it('tells exit codes, signals, both outputs', async () => {
    expect(await run(['sh', '-c', 'echo out; echo err >&2; exit 7'])).toEqual({
      code: 7,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect(await run(['sh', '-c', 'kill -TERM $$'])).toMatchObject({ signal: 'SIGTERM' });
    expect(await run(['no-such-program-here'])).toMatchObject({ code: 127 });
  });

  it('gives stdin, and keeps what is asked for', async () => {
    const megabyte = Buffer.alloc(1024 * 1024, 'x').toString();
    expect((await run(['cat'], { stdin: megabyte })).stdout).toBe(megabyte);
    expect(await run(['cat'], { stdin: megabyte, keepBytes: 10 })).toMatchObject({ code: 0, stdout: 'xxxxxxxxxx' });
    expect((await run(['true'], { stdin: megabyte })).code).toBe(0);
    const noisy = await run(['sh', '-c', 'head -c 1048576 /dev/zero | tr "\\0" y >&2']);
    expect(noisy.stderr).toHaveLength(1024 * 1024);
  });

  it('runs many programs at once', async () => {
    const results = await Promise.all(Array.from({ length: 25 }, (_, i) => run(['echo', String(i)])));
    expect(results.map(result => result.stdout.trim())).toEqual(Array.from({ length: 25 }, (_, i) => String(i)));
  });

  it.each(['time is up', 'cancelled'])('ends a program and its children when %s', async why => {
    const pids = path.join(home, `pids-${kind.length}-${why.length}`);
    const script = 'sleep 300 & echo $! > "$0.new"; mv "$0.new" "$0"; echo started; sleep 300';
    const stop = new AbortController();
    const limit = why === 'cancelled' ? { signal: stop.signal } : { timeoutMs: 2000 };
    const running = run(['sh', '-c', script, pids], limit);
    running.catch(() => undefined);
    await waitFor('the program', () => existsSync(pids));
    const child = Number(readFileSync(pids, 'utf8'));
    expect(isAlive(child)).toBe(true);
    stop.abort();
    await expect(running).rejects.toMatchObject(why === 'cancelled' ? { name: 'AbortError' } : { code: 'timeout' });
    await waitFor('the end of its child', () => !isAlive(child), { timeoutMs: 5000 });
  });

  it('ends many programs at once', async () => {
    const marker = path.join(home, 'marker');
    const stop = new AbortController();
    const all = Array.from({ length: 12 }, () => run(['sh', '-c', 'sleep 300; :', marker], { signal: stop.signal }));
    const settled = Promise.allSettled(all);
    const count = () => spawnSync('pgrep', ['-fc', marker], { encoding: 'utf8' }).stdout.trim();
    await waitFor('some of them', () => Number(count()) >= 8);
    stop.abort();
    expect((await settled).every(result => result.status === 'rejected')).toBe(true);
    await waitFor('the end of all', () => count() === '0', { timeoutMs: 10_000 });
  });

  it('talks to a program while it runs', async () => {
    const program = await host.start(['cat']);
    const lines = program.stdout[Symbol.asyncIterator]();
    program.stdin.write('one\n');
    const next = async () => String((await lines.next()).value);
    expect(await next()).toBe('one\n');
    program.stdin.end('two\n');
    expect(await next()).toBe('two\n');
    expect((await lines.next()).done).toBe(true);
    expect(await program.ended).toMatchObject({ code: 0 });
  });

  it('reads ranges of a sparse file of 5 GiB', async () => {
    const file = path.join(home, `sparse file of ${kind}`);
    writeFileSync(file, '');
    const size = 5 * 1024 ** 3;
    truncateSync(file, size);
    const content = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const handle = await fs.open(file, 'r+');
    await handle.write(content, 0, 256, 4.5 * 1024 ** 3);
    await handle.write(content, 0, 256, size - 256);
    await handle.close();
    expect(await bytes(host.readRange(file, 4.5 * 1024 ** 3, 256))).toEqual(content);
    expect(await bytes(host.readRange(file, size - 100, 1000))).toEqual(content.subarray(156));
    expect(await bytes(host.readRange(file, size, 1000))).toHaveLength(0);
    expect(await bytes(host.readRange(file, size + 1000, 1000))).toHaveLength(0);
    expect(await bytes(host.readRange(file, 0, 0))).toHaveLength(0);
    expect(await bytes(host.readRange(file, 4.5 * 1024 ** 3 - 5_000_000, 10_000_000))).toHaveLength(10_000_000);
    // Leaving early ends it, and the host goes on working.
    for await (const chunk of host.readRange(file, 0, size)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    const stop = new AbortController();
    const reading = (async () => {
      for await (const _ of host.readRange(file, 0, size, { signal: stop.signal })) stop.abort();
    })();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
    expect((await run(['echo', 'alive'])).stdout).toBe('alive\n');
  });

  it.each(['/no/such file', '/etc', "/it's $(not) there"])('says why %s cannot be read', async file => {
    await expect(bytes(host.readRange(file, 0, 10))).rejects.toMatchObject({ code: 'exit' });
  });

  it('makes tunnels', async () => {
    const echo = net.createServer(socket => socket.pipe(socket));
    await once(echo.listen(0, '127.0.0.1'), 'listening');
    const { port } = echo.address() as net.AddressInfo;
    try {
      const stream = await host.tunnel('127.0.0.1', port);
      stream.write('through');
      expect(String(await once(stream, 'data'))).toBe('through');
      const closed = once(stream, 'close');
      stream.end();
      stream.resume();
      await closed;
    } finally {
      echo.close();
    }
    await expect(host.tunnel('127.0.0.1', 1)).rejects.toMatchObject({ code: 'refused' });
  });
});

/** What AsyncDisposableStack will be, for a clean-up in afterAll. */
class AsyncDisposableStack_ {
  readonly #all: AsyncDisposable[] = [];
  use(resource: AsyncDisposable): void {
    this.#all.push(resource);
  }
  async dispose(): Promise<void> {
    for (const resource of this.#all.reverse()) await resource[Symbol.asyncDispose]();
  }
}

describe('an open session', () => {
  it('that dies during a run', async () => {
    await using own = await startSshd();
    const host = await opened({ sshOptions: `-i ${own.identityFile}` }, target(own));
    const running = host.run(['sh', '-c', 'kill -9 $PPID; sleep 300'], { timeoutMs: 20_000 });
    await expect(running).rejects.toMatchObject({ code: 'closed' });
    await expect(host.run(['true'], { timeoutMs: 5000 })).rejects.toMatchObject({ code: 'closed' });
    await expect(host.tunnel('127.0.0.1', own.port)).rejects.toMatchObject({ code: 'closed' });
    await host[Symbol.asyncDispose]();
  });

  it('that dies before the server says whether it runs anything', async () => {
    const publicKey = readFileSync(`${sshd.identityFile}.pub`, 'utf8').trim();
    await using own = await startSsh2Server({ authorizedKeys: [publicKey], dropOnExec: true });
    await using host = await opened({}, target(own));
    await expect(host.run(['true'], { timeoutMs: 10_000 })).rejects.toMatchObject({ code: 'closed' });
  });

  it('with a login shell that starts nothing', async () => {
    await using own = await startSshd({ config: { ForceCommand: 'echo go away; exit 3' } });
    await using host = await opened({ sshOptions: `-i ${own.identityFile}` }, target(own));
    const failure = await host.run(['true'], { timeoutMs: 10_000 }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'exit' });
    expect(String(failure)).toContain('go away');
  });

  it('is not confused by a profile that prints', async () => {
    await using own = await startSshd({
      config: { ForceCommand: 'echo hello from the profile; echo and more >&2; eval "$SSH_ORIGINAL_COMMAND"' },
    });
    await using host = await opened({ sshOptions: `-i ${own.identityFile}` }, target(own));
    expect(await host.run(['echo', 'x'], { timeoutMs: 10_000 })).toEqual({ code: 0, stdout: 'x\n', stderr: '' });
    const file = write('file', 'content');
    expect((await bytes(host.readRange(file, 3, 3))).toString()).toBe('ten');
  });
});

describe('reading that is broken off', () => {
  it('leaves room for other programs, however often it happens', async () => {
    await using host = await opened();
    const file = write('small', 'x'.repeat(120));
    for (let i = 0; i < 80; i++) for await (const piece of host.readRange(file, 4, 116)) if (piece.length > 0) break;
    await expect(host.run(['true'], { timeoutMs: 5000 })).resolves.toMatchObject({ code: 0 });
  });
});

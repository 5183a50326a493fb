import type { Duplex } from 'node:stream';
import type * as Library from 'ssh2';
import type { AuthHandlerMiddleware, Client } from 'ssh2';
import { errorText } from '../errors';
import type { Log } from '../log';
import { hostKeyOrder } from './algorithms';
import { HostKeyCheck } from './hostKeyCheck';
import { collectIdentities, type Identities } from './identities';
import { after, type Deadline } from './limits';
import { parseJump, settingsFor, targetText, type Destination, type SettingsInput, type SshSettings } from './settings';
import { SshError, socketFailure, sshError } from './sshError';
import { connectCommand, connectTcp } from './transport';
import type { HostKeyPolicy, SshFailure } from './types';

type Ssh2 = typeof Library;

/** As ssh(1) says it: more hops than that go in circles. */
const MAX_JUMPS = 8;

/** How long a server may take to say good-bye. */
const CLOSE_MS = 250;

/** A login on a host. */
export interface Session {
  readonly client: Client;
  readonly settings: SshSettings;
  /** What the server calls itself, e.g. `OpenSSH_9.2p1 Debian-2`. */
  readonly software: string;
  /** Whether the connection is gone. */
  readonly closed: () => boolean;
  close(): Promise<void>;
}

export interface SessionContext {
  /** Loaded when it is first needed: while that keeps us busy, the server has already begun. */
  readonly ssh2: () => Promise<Ssh2>;
  readonly input: SettingsInput;
  readonly policy: HostKeyPolicy;
  readonly deadline: Deadline;
  readonly log: Log;
}

/** Logs in, through jump hosts where the settings say so. Rejects with SshError, or with the deadline's reason. */
export async function openSession(settings: SshSettings, context: SessionContext, jumps = 0): Promise<Session> {
  const loading = HostKeyCheck.load({ settings, ...context });
  loading.catch(() => undefined);
  const transport = await openTransport(settings, context, jumps);
  try {
    const ssh2 = await context.ssh2();
    const [identities, hostKeys] = await Promise.all([collectIdentities(ssh2, settings), loading]);
    return await login({ ssh2, settings, context, transport, identities, hostKeys });
  } catch (error) {
    transport.stream.destroy();
    await transport.close();
    throw error;
  }
}

interface Transport {
  readonly stream: Duplex;
  /** Ends what is below the stream. */
  close(): Promise<void>;
}

async function openTransport(settings: SshSettings, context: SessionContext, jumps: number): Promise<Transport> {
  const { host, port, family, bindAddress: localAddress, proxyCommand } = settings;
  const { signal } = context.deadline;
  const nothing = () => Promise.resolve();
  if (settings.jumps.length > 0) return jump(settings, context, jumps);
  if (proxyCommand !== undefined) return { stream: connectCommand(proxyCommand), close: nothing };
  const to = { host, port, family, hold: true, ...(localAddress !== undefined && { localAddress }) };
  return { stream: await connectTcp(to, signal), close: nothing };
}

/** Through the last jump host, which is reached through those before it. */
async function jump(settings: SshSettings, context: SessionContext, jumps: number): Promise<Transport> {
  const hop = settings.jumps.at(-1) ?? '';
  if (jumps >= MAX_JUMPS) throw sshError('configuration', `ProxyJump goes in circles at ${hop}`);
  const to: Destination = parseJump(hop);
  let session: Session | undefined;
  try {
    const own = await settingsFor(to, context.input, false);
    const before = settings.jumps.slice(0, -1);
    session = await openSession(before.length > 0 ? { ...own, jumps: before } : own, context, jumps + 1);
    const { host, port } = settings;
    return { stream: await forward(session, host, port, context.deadline.signal), close: () => session!.close() };
  } catch (error) {
    await session?.close();
    throw error instanceof SshError ? atJump(hop, error) : error;
  }
}

/** The kinds that a person must see as such keep their name. */
function atJump(hop: string, { failure }: SshError): SshError {
  const kept = ['hostKeyChanged', 'hostKeyUnknown', 'configuration', 'cancelled', 'jump'].includes(failure.kind);
  return sshError(kept ? failure.kind : 'jump', `jump host ${hop}: ${failure.text}`);
}

/** RFC 4254, 5.1: SSH_OPEN_CONNECT_FAILED. */
const CONNECT_FAILED = 2;

/**
 * A connection from the host onwards. Rejects with SshError `refused` (the host got no connection there), `forward` (it makes
 * none), `closed`, or with the signal's reason.
 */
export function forward({ client }: Session, host: string, port: number, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    try {
      client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
        signal.removeEventListener('abort', stop);
        if (signal.aborted) channel?.destroy();
        else if (error) {
          const { reason } = error as { reason?: unknown };
          const why = reason === CONNECT_FAILED ? 'could not connect' : 'may not connect';
          const kind = reason === CONNECT_FAILED ? 'refused' : typeof reason === 'number' ? 'forward' : 'closed';
          reject(sshError(kind, `${why} to ${host}:${port}: ${errorText(error)}`, error));
        } else resolve(channel);
      });
    } catch (error) {
      signal.removeEventListener('abort', stop);
      reject(sshError('closed', 'the connection is closed', error));
    }
  });
}

interface Login {
  readonly ssh2: Ssh2;
  readonly settings: SshSettings;
  readonly context: SessionContext;
  readonly transport: Transport;
  readonly identities: Identities;
  readonly hostKeys: HostKeyCheck;
}

function login(what: Login): Promise<Session> {
  const { settings, context, transport, identities, hostKeys } = what;
  const { stream } = transport;
  const { log, deadline } = context;
  const where = targetText(settings);
  return new Promise((resolve, reject) => {
    const client = new what.ssh2.Client();
    let phase: 'handshake' | 'authentication' | 'ready' = 'handshake';
    let refusal: SshFailure | undefined;
    let software = '';
    const fail = (error: Error) => {
      deadline.signal.removeEventListener('abort', cancel);
      stream.destroy();
      reject(error);
    };
    const cancel = () => fail(deadline.signal.reason as Error);
    deadline.signal.addEventListener('abort', cancel, { once: true });
    const attempts = authentication(settings, identities, failure => (refusal = failure));

    client.on('handshake', () => (phase = 'authentication'));
    client.on('ready', () => {
      phase = 'ready';
      deadline.signal.removeEventListener('abort', cancel);
      const closed = () => stream.destroyed || stream.readableEnded;
      resolve({ client, settings, software, closed, close: () => closeSession(client, transport) });
    });
    client.on('error', error => {
      const { level } = error as { level?: string };
      if (phase === 'ready') log.log('debug', `${where}: ${errorText(error)}`);
      // An agent that does not sign: the next key is tried.
      else if (level === 'agent') log.log('debug', `${where}: agent: ${errorText(error)}`);
      else if (refusal || level !== 'client-authentication')
        fail(new SshError(refusal ?? failureOf(error, phase, software !== '' || !stream.readableEnded)));
    });
    client.on('close', () => {
      if (phase !== 'ready')
        fail(sshError(refusal?.kind ?? 'closed', refusal?.text ?? `the connection was closed during ${phase}`));
    });
    if (deadline.signal.aborted) return cancel();
    if (stream.destroyed) return fail(sshError('closed', 'the connection was lost', stream.errored));
    client.connect({
      sock: stream,
      username: settings.user,
      readyTimeout: 0,
      keepaliveInterval: settings.keepaliveMs,
      keepaliveCountMax: settings.keepaliveCount,
      algorithms: {
        ...settings.algorithms,
        serverHostKey: hostKeyOrder(hostKeys.known.types, settings.algorithms.serverHostKey) as never,
      },
      hostVerifier: (key: Buffer, verify: (ok: boolean) => void) => {
        hostKeys.refusal(key).then(
          failure => {
            refusal = failure;
            verify(failure === undefined);
          },
          (error: Error) => fail(error),
        );
      },
      authHandler: attempts,
    });
    readSoftware(stream, text => (software = text));
  });
}

/** The identification line (RFC 4253, 4.2), which the library keeps to itself. */
function readSoftware(stream: Duplex, done: (software: string) => void): void {
  let text = '';
  const read = (chunk: Buffer) => {
    text += chunk.toString('latin1');
    const line = /^SSH-[\d.]+-([^\r\n]*)\r?\n/m.exec(text);
    if (line) done(line[1] ?? '');
    if (line || text.length > 10_000) stream.off('data', read);
  };
  stream.on('data', read);
}

/** Offers the agent's keys, then those of the files; says what was wrong when nothing is left. */
function authentication(
  settings: SshSettings,
  { agent, keys, offered, problems }: Identities,
  refuse: (failure: SshFailure) => void,
): AuthHandlerMiddleware {
  const { user: username } = settings;
  const attempts = [
    ...(agent ? [{ type: 'agent' as const, username, agent }] : []),
    ...keys.map(({ key }) => ({ type: 'publickey' as const, username, key })),
  ];
  const nothing = attempts.length === 0;
  // Without a key the server is still asked: it says what it would take, and some want nothing.
  const queue = nothing ? [{ type: 'none' as const, username }] : attempts;
  return (left: readonly string[] | null, partial, next) => {
    const attempt = left && !left.includes('publickey') ? undefined : queue.shift();
    if (attempt) return next(attempt);
    const takes = `the server takes: ${(left ?? []).join(', ') || 'nothing'}`;
    const why = problems.length > 0 ? `; ${problems.join('; ')}` : '';
    refuse(
      nothing
        ? { kind: 'noKeys', text: `no key to log in with as ${username}${why}; ${takes}` }
        : {
            kind: 'authentication',
            text: partial
              ? `the key is accepted for ${username}, but more is wanted; ${takes}`
              : `no key is accepted for ${username}; offered: ${offered.join(', ')}${why}; ${takes}`,
          },
    );
    next(false as never);
  };
}

/** @param spoken whether the other side identified itself, or is still there */
function failureOf(error: unknown, phase: string, spoken: boolean): SshFailure {
  const { level, code } = error as { level?: string; code?: unknown };
  if (level === 'client-socket') return socketFailure(error);
  if (level === 'client-timeout') return { kind: 'timeout', text: errorText(error) };
  // SSH_MSG_DISCONNECT has a number; during authentication it means too many attempts, or a user who may not come in.
  if (typeof code === 'number' && phase === 'authentication') return { kind: 'authentication', text: errorText(error) };
  if (!spoken) return { kind: 'closed', text: errorText(error) };
  return { kind: 'protocol', text: errorText(error) };
}

async function closeSession(client: Client, transport: Transport): Promise<void> {
  const { stream } = transport;
  const closed = new Promise<void>(resolve => {
    if (stream.destroyed) resolve();
    else stream.once('close', () => resolve());
  });
  client.end();
  await Promise.race([closed, after(CLOSE_MS)]);
  stream.destroy();
  await transport.close();
}

import type { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { errorText } from '../errors';
import { abortable, after, Deadline, Slots } from './limits';
import { Collector, killCommand, MarkedOutput, rangeProgram, remoteCommand } from './remoteProgram';
import { readRangeWith, runWith } from './program';
import { forward, type Session } from './session';
import { sshError, type SshError } from './sshError';
import type { Host, ProgramEnd, RunningProgram, RunOptions, RunResult, StartOptions } from './types';

/** sshd allows ten sessions on a connection by default (MaxSessions); the others wait here. */
const MAX_SESSIONS = 8;

/** How long the end of a program that is in the way may take. */
const KILL_MS = 2000;

const KEEP_STDERR = 64 * 1024;

/** A host over an open session. */
export class SshHost implements Host {
  readonly local = false;
  readonly software: string;
  readonly #slots = new Slots(MAX_SESSIONS);
  /** The two that MAX_SESSIONS leaves. */
  readonly #killSlots = new Slots(2);
  readonly #killing = new Set<Promise<unknown>>();

  constructor(
    readonly session: Session,
    readonly name: string,
    /** Milliseconds for opening a channel. */
    readonly openMs: number,
  ) {
    this.software = session.software;
  }

  run(argv: readonly string[], options: RunOptions): Promise<RunResult> {
    return runWith(start => this.start(argv, start), `${this.name}: ${argv[0]}`, options);
  }

  readRange(path: string, offset: number, length: number, options: { signal?: AbortSignal } = {}) {
    return readRangeWith(start => this.start(rangeProgram(path, offset, length), start), path, length, options);
  }

  async start(argv: readonly string[], options: StartOptions = {}): Promise<RunningProgram> {
    const { signal } = options;
    const { line, mark } = remoteCommand(argv);
    const slot = await this.#slots.take(signal);
    const release = () => slot[Symbol.dispose]();
    let given = false;
    const adopt = (started: Started) => {
      given = true;
      started.exit.then(release, release);
      return this.#program(started, mark, release, options);
    };
    try {
      // One that starts after all, when nobody waits for it any more, must not go on.
      return adopt(await this.#exec(line, signal, late => adopt(late).kill()));
    } catch (error) {
      if (!given) release();
      throw error;
    }
  }

  #program(
    { channel, exit }: Started,
    mark: string,
    release: () => void,
    { signal, keepBytes = KEEP_STDERR }: StartOptions,
  ): RunningProgram {
    const [out, err] = [new MarkedOutput(mark), new MarkedOutput(mark)];
    const stderr = new Collector(keepBytes);
    let state: 'running' | 'unwanted' | 'ending' = 'running';
    const close = () => {
      channel.close();
      // What is still on its way must not block the connection's other channels.
      channel.resume();
      // The library does not always tell the end of a channel whose data nobody read.
      release();
    };
    const end = () => {
      state = 'ending';
      this.#kill(err.note, close);
    };
    channel.stderr.on('data', (chunk: Buffer) => {
      stderr.push(err.push(chunk));
      if (state === 'unwanted' && err.found) end();
    });
    const ended = exit.then(how => {
      if (!err.found) throw notStarted(how, out, err);
      return { ...how, stderr: stderr.toString() };
    });
    const kill = () => {
      if (state !== 'running') return;
      state = 'unwanted';
      if (err.found) return end();
      // Its process id is about to come.
      const waited = Promise.race([exit, after(KILL_MS)]).catch(() => undefined);
      const waiting = waited
        .then(() => (state === 'unwanted' ? close() : undefined))
        .finally(() => this.#killing.delete(waiting));
      this.#killing.add(waiting);
    };
    signal?.addEventListener('abort', kill, { once: true });
    const finish = () => signal?.removeEventListener('abort', kill);
    ended.then(finish, finish);
    return { stdin: channel, stdout: unmarked(channel, out, kill), ended, kill };
  }

  async tunnel(host: string, port: number): Promise<Duplex> {
    using deadline = new Deadline(this.openMs);
    try {
      return await forward(this.session, host, port, deadline.signal);
    } catch (error) {
      if (deadline.signal.aborted) throw sshError('timeout', `${this.name}: no connection to ${host}:${port} in time`);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What is waited for may bring another one to wait for.
    while (this.#killing.size > 0) await Promise.all(this.#killing);
    await this.session.close();
  }

  /** A quick program can be over in the same packet in which it began: its exit is listened for before anything is awaited. */
  async #exec(line: string, signal?: AbortSignal, late?: (started: Started) => void): Promise<Started> {
    using deadline = new Deadline(this.openMs, signal);
    const opening = new Promise<Started>((resolve, reject) => {
      try {
        this.session.client.exec(line, (error, channel) => {
          if (error) reject(this.#refusedExec(error));
          else {
            // Listened to at once: a short program's end may be in the same packet.
            const started = { channel, exit: exitOf(channel) };
            if (!deadline.signal.aborted) resolve(started);
            else if (late) late(started);
            else channel.close();
          }
        });
      } catch (error) {
        reject(sshError('closed', `${this.name}: the connection is closed`, error));
      }
    });
    try {
      return await abortable(opening, deadline.signal);
    } catch (error) {
      if (signal?.aborted || !deadline.signal.aborted) throw error;
      throw sshError('timeout', `${this.name} does not start a program in time`);
    }
  }

  /** A program can take the connection down before the server's answer is read: that is no refusal. */
  #refusedExec(error: Error): SshError {
    const { closed } = this.session;
    const text = closed() ? 'the connection was lost' : `${this.name} starts no program: ${errorText(error)}`;
    return sshError(closed() ? 'closed' : 'exit', text, error);
  }

  /** Closing a channel does not end what runs behind it: its process group is killed through another one. */
  #kill(pid: string, close: () => void): void {
    const killed = (async () => {
      if (!/^[1-9]\d+$/.test(pid)) return;
      using _slot = await this.#killSlots.take();
      const { channel, exit } = await this.#exec(killCommand(Number(pid)));
      channel.resume();
      channel.stderr.resume();
      await exit;
    })();
    const settled = killed.then(close, close);
    const killing = Promise.race([settled, after(KILL_MS)]).finally(() => this.#killing.delete(killing));
    this.#killing.add(killing);
  }
}

interface Started {
  readonly channel: ClientChannel;
  readonly exit: Promise<Exit>;
}

async function* unmarked(channel: ClientChannel, out: MarkedOutput, kill: () => void): AsyncGenerator<Buffer> {
  let complete = false;
  try {
    for await (const chunk of channel as AsyncIterable<Buffer>) {
      const data = out.push(chunk);
      if (data.length > 0) yield data;
    }
    complete = true;
  } finally {
    if (!complete) kill();
  }
}

type Exit = Omit<ProgramEnd, 'stderr'>;

function exitOf(channel: ClientChannel): Promise<Exit> {
  const ended = new Promise<Exit>((resolve, reject) => {
    let exit: Exit | undefined;
    channel.on('exit', (code: number | null, signal?: string) => {
      exit = code === null ? { signal: signal ?? 'SIGHUP' } : { code };
    });
    channel.on('close', () => {
      if (exit) resolve(exit);
      else reject(sshError('closed', 'the connection was lost while a program ran'));
    });
    channel.on('error', () => undefined);
  });
  // Whoever started the program may be gone by then.
  ended.catch(() => undefined);
  return ended;
}

/** The login shell did not get as far as starting anything: a nologin account, a forced command, a broken profile. */
function notStarted(exit: Exit, out: MarkedOutput, err: MarkedOutput): SshError {
  const said = [err.noise, out.noise].filter(Boolean).join('; ');
  return sshError('exit', `the login shell starts no program (ended with ${exit.code ?? exit.signal}): ${said}`);
}

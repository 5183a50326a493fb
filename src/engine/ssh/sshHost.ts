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
    const { signal, keepBytes = KEEP_STDERR } = options;
    const { line, mark } = remoteCommand(argv);
    const slot = await this.#slots.take(signal);
    let channel: ClientChannel;
    try {
      channel = await this.#exec(line, signal);
    } catch (error) {
      slot[Symbol.dispose]();
      throw error;
    }
    const [out, err] = [new MarkedOutput(mark), new MarkedOutput(mark)];
    const stderr = new Collector(keepBytes);
    let over = false;
    channel.stderr.on('data', (chunk: Buffer) => stderr.push(err.push(chunk)));
    channel.on('error', () => undefined);
    const ended = exitOf(channel).then(exit => {
      if (!out.found) throw notStarted(exit, out, err);
      return { ...exit, stderr: stderr.toString() };
    });
    const kill = () => {
      if (over) return;
      over = true;
      this.#kill(out);
      channel.close();
      // What is still on its way must not block the connection's other channels.
      channel.resume();
    };
    signal?.addEventListener('abort', kill, { once: true });
    const finish = () => {
      over = true;
      signal?.removeEventListener('abort', kill);
      slot[Symbol.dispose]();
    };
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
    await Promise.all(this.#killing);
    await this.session.close();
  }

  async #exec(line: string, signal?: AbortSignal): Promise<ClientChannel> {
    using deadline = new Deadline(this.openMs, signal);
    const opening = new Promise<ClientChannel>((resolve, reject) => {
      try {
        this.session.client.exec(line, (error, channel) => {
          if (error) reject(sshError('exit', `${this.name} starts no program: ${errorText(error)}`, error));
          else if (deadline.signal.aborted) channel.close();
          else resolve(channel);
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

  /** Closing a channel does not end what runs behind it: its process group is killed through another one. */
  #kill(out: MarkedOutput): void {
    const pid = Number(out.note);
    if (!Number.isInteger(pid) || pid <= 1) return;
    const ended = this.#exec(killCommand(pid)).then(channel => {
      channel.resume();
      channel.stderr.resume();
      return exitOf(channel);
    });
    const settled = ended.then(
      () => undefined,
      () => undefined,
    );
    const killing = Promise.race([settled, after(KILL_MS)]).finally(() => this.#killing.delete(killing));
    this.#killing.add(killing);
  }
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
  return new Promise((resolve, reject) => {
    let exit: Exit | undefined;
    channel.on('exit', (code: number | null, signal?: string) => {
      exit = code === null ? { signal: signal ?? 'SIGHUP' } : { code };
    });
    channel.on('close', () => {
      if (exit) resolve(exit);
      else reject(sshError('closed', 'the connection was lost while a program ran'));
    });
  });
}

/** The login shell did not get as far as starting anything: a nologin account, a forced command, a broken profile. */
function notStarted(exit: Exit, out: MarkedOutput, err: MarkedOutput): SshError {
  const said = [err.noise, out.noise].filter(Boolean).join('; ');
  return sshError('exit', `the login shell starts no program (ended with ${exit.code ?? exit.signal}): ${said}`);
}

import type { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { errorText } from '../errors';
import { abortable, after, Deadline, Slots } from './limits';
import {
  Collector,
  DEFAULT_KEEP_BYTES,
  killCommand,
  MarkedOutput,
  rangeProgram,
  remoteCommand,
  type RemoteCommand,
} from './remoteProgram';
import { forward, type Session } from './session';
import { sshError, type SshError } from './sshError';
import type { Host, RunOptions, RunResult } from './types';

/** sshd allows ten sessions on a connection by default (MaxSessions); the others wait here. */
const MAX_SESSIONS = 8;

/** How long the end of a program that is in the way may take. */
const KILL_MS = 2000;

/** A file that gives nothing for so long is not read any further. */
const IDLE_MS = 30_000;

/** How a program ended. */
type Exit = { readonly code?: number; readonly signal?: string };

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

  async run(argv: readonly string[], options: RunOptions): Promise<RunResult> {
    const { timeoutMs, signal, stdin, keepBytes = DEFAULT_KEEP_BYTES } = options;
    const command = remoteCommand(argv);
    using deadline = new Deadline(timeoutMs, signal);
    try {
      using _slot = await this.#slots.take(deadline.signal);
      const channel = await this.#exec(command.line, deadline.signal);
      const [stdout, stderr] = [new Collector(keepBytes), new Collector(keepBytes)];
      const [out, err] = [new MarkedOutput(command.mark), new MarkedOutput(command.mark)];
      channel.on('data', (chunk: Buffer) => stdout.push(out.push(chunk)));
      channel.stderr.on('data', (chunk: Buffer) => stderr.push(err.push(chunk)));
      const ended = exitOf(channel);
      channel.on('error', () => undefined);
      channel.end(stdin ?? '');
      const exit = await this.#orKill(ended, deadline.signal, channel, out);
      if (!out.found) throw notStarted(exit, out, err);
      return { ...exit, stdout: stdout.toString(), stderr: stderr.toString() };
    } catch (error) {
      throw this.#reason(error, argv[0] ?? '', timeoutMs);
    }
  }

  async *readRange(
    path: string,
    offset: number,
    length: number,
    options: { signal?: AbortSignal } = {},
  ): AsyncGenerator<Buffer> {
    if (length <= 0) return;
    const command: RemoteCommand = remoteCommand(rangeProgram(path, offset, length));
    const out = new MarkedOutput(command.mark);
    using _slot = await this.#slots.take(options.signal);
    let channel: ClientChannel | undefined;
    let complete = false;
    try {
      using opening = new Deadline(this.openMs, options.signal);
      channel = await this.#exec(command.line, opening.signal);
      const err = new MarkedOutput(command.mark);
      const complaint = new Collector(4096);
      channel.stderr.on('data', (chunk: Buffer) => complaint.push(err.push(chunk)));
      const ended = exitOf(channel);
      let got = 0;
      const chunks = channel[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
      for (;;) {
        using idle = new Deadline(IDLE_MS, options.signal);
        const step = await abortable(chunks.next(), idle.signal);
        if (step.done) break;
        const data = out.push(step.value);
        got += data.length;
        if (data.length > 0) yield data;
      }
      using ending = new Deadline(KILL_MS, options.signal);
      const exit = await abortable(ended, ending.signal);
      complete = true;
      if (!out.found) throw notStarted(exit, out, err);
      if (got < length && exit.code !== 0)
        throw sshError('exit', complaint.toString().trim() || `${path}: ${exit.code}`);
    } catch (error) {
      throw this.#reason(error, path, IDLE_MS);
    } finally {
      if (channel && !complete) {
        this.#kill(out);
        channel.close();
        // What is still on its way must not block the connection's other channels.
        channel.resume();
      }
    }
  }

  async tunnel(host: string, port: number): Promise<Duplex> {
    using deadline = new Deadline(this.openMs);
    try {
      return await forward(this.session, host, port, deadline.signal);
    } catch (error) {
      throw this.#reason(error, `${host}:${port}`, this.openMs);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#killing);
    await this.session.close();
  }

  #exec(line: string, signal: AbortSignal): Promise<ClientChannel> {
    const opening = new Promise<ClientChannel>((resolve, reject) => {
      try {
        this.session.client.exec(line, (error, channel) => {
          if (error) reject(sshError('exit', `the host starts no program: ${errorText(error)}`, error));
          else if (signal.aborted) channel.close();
          else resolve(channel);
        });
      } catch (error) {
        reject(sshError('closed', 'the connection is closed', error));
      }
    });
    return abortable(opening, signal);
  }

  async #orKill(ended: Promise<Exit>, signal: AbortSignal, channel: ClientChannel, out: MarkedOutput): Promise<Exit> {
    try {
      return await abortable(ended, signal);
    } catch (error) {
      if (signal.aborted) {
        this.#kill(out);
        channel.close();
      }
      throw error;
    }
  }

  /** Closing a channel does not end what runs behind it: its process group is killed through another one. */
  #kill(out: MarkedOutput): void {
    const pid = Number(out.note);
    if (!Number.isInteger(pid) || pid <= 1) return;
    const ended = this.#exec(killCommand(pid), AbortSignal.timeout(KILL_MS)).then(channel => {
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

  #reason(error: unknown, what: string, ms: number): Error {
    if (error instanceof DOMException && error.name === 'TimeoutError')
      return sshError('timeout', `${this.name}: ${what}: no end within ${ms} ms`);
    return error as Error;
  }
}

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

import fs from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { EngineError, errorCode } from '../errors';
import { inspectManager } from './managerProcess';
import { parseStatusLine, statusFileName, statusLine, type StatusCode } from './statusFile';

/** Another manager of this cluster runs on this host. */
export class ManagerRunning extends EngineError {
  constructor(
    readonly file: string,
    readonly pid: number,
  ) {
    super('manager-running', `${file} belongs to a manager that is running (pid:${pid})`);
  }
}

/** What stands in the file besides the state; undefined takes a field away. */
export interface StatusFields {
  /** Host name of the master; MHA's third field. */
  readonly master?: string | undefined;
  readonly ip?: string | undefined;
  readonly port?: number | undefined;
  /** Why there is no failover, or what the master suffers from. */
  readonly reason?: string | undefined;
  /** `busy`: another monitor holds the advisory lock. */
  readonly lock?: string | undefined;
  /** An old master that came back. */
  readonly returned?: string | undefined;
}

/**
 * A manager's status file, by MHA's rules: one line, rewritten in place, its time touched at every good ping, removed at
 * the end, however the process ends by itself. Writing fails silently but for the first time: a full disk must not end
 * the monitoring.
 */
export class StatusWriter implements Disposable {
  readonly #startedAt = new Date();
  #code: StatusCode = 10;
  #fields: StatusFields = {};
  #text = '';
  #over = false;
  readonly #onExit = () => this[Symbol.dispose]();

  private constructor(
    readonly file: string,
    private readonly app: string,
  ) {
    process.once('exit', this.#onExit);
  }

  /**
   * Takes the file over, in state 10:INITIALIZING_MONITOR. `stale`: there was one, whose manager is gone.
   * @throws ManagerRunning if its manager lives; the file system's error if the file cannot be written
   */
  static async begin(directory: string, app: string): Promise<{ writer: StatusWriter; stale: boolean }> {
    await mkdir(directory, { recursive: true });
    const file = path.join(directory, statusFileName(app));
    const stale = await clear(file);
    const writer = new StatusWriter(file, app);
    try {
      const text = writer.#line();
      fs.writeFileSync(file, text, { flag: 'wx' });
      writer.#text = text;
      return { writer, stale };
    } catch (error) {
      writer.#over = true;
      process.off('exit', writer.#onExit);
      if (errorCode(error) !== 'EEXIST') throw error;
      // Two began at the same time, and the other one was quicker.
      const line = parseStatusLine(fs.readFileSync(file, 'latin1'));
      throw new ManagerRunning(file, line?.pid ?? 0);
    }
  }

  get code(): StatusCode {
    return this.#code;
  }

  /** Sets the state; fields that are not named stay as they are. */
  set(code: StatusCode, fields: StatusFields = {}): void {
    this.#code = code;
    this.#fields = { ...this.#fields, ...fields };
    this.#write();
  }

  /** A good ping: the file's time is what readers take for the sign of life. */
  touch(): void {
    if (this.#over) return;
    try {
      const now = new Date();
      fs.utimesSync(this.file, now, now);
    } catch {
      this.#text = '';
      this.#write();
    }
  }

  /** Removes the file, unless it is another manager's by now. */
  [Symbol.dispose](): void {
    if (this.#over) return;
    this.#over = true;
    process.off('exit', this.#onExit);
    try {
      const line = parseStatusLine(fs.readFileSync(this.file, 'latin1'));
      if (line === undefined || line.pid === process.pid) fs.rmSync(this.file, { force: true });
    } catch {
      // It is gone, or not ours to remove.
    }
  }

  #line(): string {
    const { master, ip, port, reason, lock, returned } = this.#fields;
    const isKnown = master !== undefined || reason !== undefined;
    const started = isKnown ? { app: this.app, started: this.#startedAt.toISOString() } : {};
    return statusLine(process.pid, this.#code, {
      ...(master !== undefined && { master }),
      extra: { port: port === undefined ? undefined : String(port), ip, ...started, lock, returned, reason },
    });
  }

  /** In one piece over the old one, then cut to its length: a reader never sees an empty file. */
  #write(): void {
    const text = this.#line();
    if (this.#over || text === this.#text) return;
    try {
      const handle = fs.openSync(this.file, fs.constants.O_WRONLY | fs.constants.O_CREAT, 0o644);
      try {
        const bytes = Buffer.from(text);
        fs.writeSync(handle, bytes, 0, bytes.length, 0);
        fs.ftruncateSync(handle, bytes.length);
      } finally {
        fs.closeSync(handle);
      }
      this.#text = text;
    } catch {
      this.#text = '';
    }
  }
}

/** Removes a file whose manager is gone; whether there was one. */
async function clear(file: string): Promise<boolean> {
  let text: string;
  let writtenAtMs: number;
  try {
    text = fs.readFileSync(file, 'latin1');
    writtenAtMs = fs.statSync(file).mtimeMs;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
  const line = parseStatusLine(text);
  if (line && line.pid !== process.pid && (await inspectManager(line.pid, writtenAtMs)).running)
    throw new ManagerRunning(file, line.pid);
  fs.rmSync(file, { force: true });
  return true;
}

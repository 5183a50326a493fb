import type { ServerConfig } from '../../config/types';
import { MysqlError } from '../mysql/mysqlError';
import type { MysqlServer } from '../mysql/server';
import type { EngineOptions } from '../options';
import { connectServer } from '../topology/connectServer';
import { serverForm } from './monitorMaster';

/** What an old master is found to be. */
export type OldMasterState =
  | { readonly kind: 'gone' }
  /** It answers, and nobody can write to it (or only accounts that may always). */
  | { readonly kind: 'readOnly' }
  | { readonly kind: 'writable' }
  /** It was writable, and we have made it read-only. */
  | { readonly kind: 'fenced' }
  | { readonly kind: 'unfenced'; readonly text: string };

export interface ReturningMasterOptions {
  readonly oldMaster: ServerConfig;
  readonly engine: EngineOptions;
  /** Told when what is found changes, with a text for the status file; undefined: nothing to tell. */
  readonly onChange: (text: string | undefined) => void;
}

const CONNECT_MS = 1000;
const QUERY_MS = 2000;

/**
 * Watches the master of before the failover: when it comes back and takes writes, clients that still know its address write
 * where nobody reads. Reported at once, and with `fence_returning_master` made read-only.
 */
export class ReturningMaster {
  #last: OldMasterState['kind'] = 'gone';
  #looking = false;

  constructor(private readonly options: ReturningMasterOptions) {}

  /** Server id of the old master. */
  get id(): string {
    return this.options.oldMaster.id;
  }

  /** Looks, unless a look is under way. Never rejects. */
  look(): void {
    if (this.#looking) return;
    this.#looking = true;
    void this.#look()
      .catch(() => undefined)
      .finally(() => (this.#looking = false));
  }

  async #look(): Promise<void> {
    const { oldMaster, engine } = this.options;
    const connected = await connectServer(oldMaster, { ...engine, timeoutMs: CONNECT_MS });
    if (!connected.ok) return this.#tell({ kind: 'gone' });
    const { server } = connected;
    try {
      this.#tell(await examine(server, oldMaster.extended.fence_returning_master));
    } finally {
      await server[Symbol.asyncDispose]();
    }
  }

  #tell(state: OldMasterState): void {
    const { kind } = state;
    // What was fenced is read-only at the next look: the same thing.
    const same = kind === this.#last || (kind === 'readOnly' && this.#last === 'fenced');
    if (same) return;
    this.#last = kind;
    const { oldMaster, engine, onChange } = this.options;
    const form = serverForm(oldMaster);
    const id = oldMaster.id;
    switch (state.kind) {
      case 'gone':
        engine.log.log('info', `The old master ${form} is gone again.`);
        return onChange(undefined);
      case 'readOnly':
        engine.log.log('info', `The old master ${form} is back, and read-only.`);
        return onChange(`${id} read-only`);
      case 'writable':
        engine.log.log(
          'error',
          `The old master ${form} is back and WRITABLE: whoever still writes there writes in vain.`,
        );
        return onChange(`${id} writable`);
      case 'fenced':
        engine.log.log('error', `The old master ${form} came back writable. It was made read-only.`);
        return onChange(`${id} fenced`);
      case 'unfenced':
        engine.log.log('error', `The old master ${form} is back and WRITABLE, and could not be fenced: ${state.text}`);
        return onChange(`${id} writable`);
    }
  }
}

/** Whether it takes writes; makes it read-only if it does and is to be fenced. */
export async function examine(server: MysqlServer, fence: boolean): Promise<OldMasterState> {
  const superReadOnly = server.dialect.variable('superReadOnly');
  if (await isReadOnly(server)) return { kind: 'readOnly' };
  if (!fence) return { kind: 'writable' };
  try {
    // super_read_only switches read_only on as well.
    await server.query(`SET GLOBAL ${superReadOnly ?? 'read_only'} = 1`, [], { timeoutMs: QUERY_MS });
    return (await isReadOnly(server)) ? { kind: 'fenced' } : { kind: 'unfenced', text: 'it stays writable' };
  } catch (error) {
    if (!(error instanceof MysqlError)) throw error;
    return { kind: 'unfenced', text: error.message };
  }
}

async function isReadOnly(server: MysqlServer): Promise<boolean> {
  const [row] = await server.query('SELECT @@global.read_only AS Value', [], { timeoutMs: QUERY_MS });
  return Number(row?.['Value']) === 1;
}

import type { ServerConfig } from '../../config/types';
import type { EngineOptions } from '../options';
import { openServerHost } from '../ssh/openServerHost';
import { sshTargetOf } from '../ssh/target';
import type { Host, SshFailure } from '../ssh/types';

export type OpenedHost =
  | { readonly ok: true; readonly host: Host; readonly tookMs: number }
  | { readonly ok: false; readonly failure: SshFailure; readonly tookMs: number };

/** The hosts of a cluster, opened at once; servers with the same SSH target share a session. */
export class Hosts implements AsyncDisposable {
  readonly #byServer = new Map<string, Promise<OpenedHost>>();
  readonly #sessions = new Map<string, Promise<OpenedHost>>();

  constructor(servers: readonly ServerConfig[], options: EngineOptions) {
    for (const server of servers) {
      const target = sshTargetOf(server);
      const key = JSON.stringify([target, server.values.ssh_options ?? '']);
      let session = this.#sessions.get(key);
      if (!session) {
        session = open(server, options);
        session.catch(() => undefined); // a cancelled check does not ask any more
        this.#sessions.set(key, session);
      }
      this.#byServer.set(server.id, session);
    }
  }

  /** Undefined for servers that are not configured. Rejects when cancelled. */
  of(id: string): Promise<OpenedHost> | undefined {
    return this.#byServer.get(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      [...this.#sessions.values()].map(async session => {
        const opened = await session.catch(() => undefined);
        if (opened?.ok) await opened.host[Symbol.asyncDispose]();
      }),
    );
  }
}

async function open(server: ServerConfig, options: EngineOptions): Promise<OpenedHost> {
  const start = performance.now();
  const opened = await openServerHost(server, options);
  return { ...opened, tookMs: Math.round(performance.now() - start) };
}

import { readdirSync } from 'node:fs';
import path from 'node:path';
import { openLocalLog, type LocalLog } from '../../src/engine/binlog/logFile';
import type { TestServer } from '../support/testServer';

export interface OpenLogs extends AsyncDisposable {
  readonly logs: readonly LocalLog[];
}

async function openAll(dir: string, base: string): Promise<OpenLogs> {
  const names = readdirSync(dir).filter(name => name.startsWith(`${base}.`) && /\.\d+$/.test(name));
  const logs = await Promise.all(names.sort().map(name => openLocalLog(path.join(dir, name))));
  return {
    logs,
    async [Symbol.asyncDispose]() {
      for (const log of logs) await log[Symbol.asyncDispose]();
    },
  };
}

/** The binary logs of a test server, as files of this machine. */
export function openBinaryLogs({ datadir }: TestServer): Promise<OpenLogs> {
  return openAll(datadir, 'mysql-bin');
}

export function openRelayLogs({ datadir }: TestServer): Promise<OpenLogs> {
  return openAll(datadir, 'relay-bin');
}

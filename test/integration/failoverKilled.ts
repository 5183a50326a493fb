import { spawn } from 'node:child_process';
import path from 'node:path';
import type { ConfigTextOptions } from '../support/clusterConfig';
import type { World } from './failoverSupport';

export interface KillPoint {
  readonly moment: 'before' | 'after';
  /** A line of the journal by number (from 1), or a pattern of its text. */
  readonly line: number | RegExp;
  readonly config?: ConfigTextOptions;
}

/** Runs a failover that is killed at a line of its journal. False: it came to its end before. */
export async function killedAt(
  { cluster }: Pick<World, 'cluster'>,
  { moment, line, config }: KillPoint,
): Promise<boolean> {
  // prettier-ignore
  const script = path.resolve('test/integration/failoverProcess.ts');
  const file = await cluster.writeConfig(undefined, config);
  const place = line instanceof RegExp ? line.source : String(line);
  const child = spawn(process.execPath, ['--import', 'tsx', script, file, moment, place], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.resume();
  const [, signal] = await new Promise<[number | null, NodeJS.Signals | null]>(resolve =>
    child.once('close', (code, name) => resolve([code, name])),
  );
  return signal === 'SIGKILL';
}

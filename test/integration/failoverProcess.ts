import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { loadCluster } from '../../src/config/load';
import { failover } from '../../src/engine/operations/failover';

/**
 * A failover in a process of its own, which is killed (SIGKILL) before or after it writes line `line` of its journal, a number
 * or a pattern of its text: `tsx failoverProcess.ts CONF before|after LINE`. Prints the exit code if it lives so long.
 */
const [file = '', moment = '', line = ''] = process.argv.slice(2);
const isNumber = /^\d+$/.test(line);
let written = 0;
const { writeSync } = fs;
fs.writeSync = ((handle: number, text: string, ...rest: never[]) => {
  const isJournal = typeof text === 'string' && text.startsWith('{"at":');
  if (isJournal) written++;
  const here = isJournal && (isNumber ? written === Number(line) : new RegExp(line).test(text));
  if (here && moment === 'before') process.kill(process.pid, 'SIGKILL');
  const bytes = writeSync(handle, text, ...rest);
  if (here && moment === 'after') process.kill(process.pid, 'SIGKILL');
  return bytes;
}) as typeof fs.writeSync;
syncBuiltinESMExports();

async function main(): Promise<void> {
  const loaded = await loadCluster({ file, runInitScript: false });
  if (!loaded.cluster) throw new Error(JSON.stringify(loaded.findings));
  const { exitCode } = await failover(
    { cluster: loaded.cluster, deadMaster: 'server1', options: {} },
    { log: { log: () => undefined } },
  );
  process.stdout.write(String(exitCode));
}
void main();

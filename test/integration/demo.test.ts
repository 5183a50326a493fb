import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { processesOf } from '../support/processes';

interface Ran {
  readonly code: number | null;
  readonly output: string;
}

/** Runs the demo, as `npm run demo` does once everything is built, and presses Ctrl-C when `until` is in its output. */
async function demo(args: readonly string[], until: string): Promise<Ran> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/support/demo/main.ts', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 90_000,
  });
  let output = '';
  let stopped = false;
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (stopped || !output.includes(until)) return;
      stopped = true;
      child.kill('SIGINT');
    });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

/** Nothing of it runs any more, and its folder is gone. */
function expectCleanedUp({ output }: Ran): void {
  const dir = /^Configuration: (.*)\/workspace\/app1\.cnf$/m.exec(output)?.[1] ?? '';
  expect(path.basename(dir), output).toMatch(/^mhaops-/);
  expect(existsSync(dir)).toBe(false);
  expect(processesOf(path.basename(dir))).toEqual([]);
}

describe('npm run demo -- --failover', () => {
  it('kills the master, loses nothing, and stays until Ctrl-C', async () => {
    const ran = await demo(['--failover', '--keep'], 'Running until Ctrl-C.');
    const { code, output } = ran;
    expect(output).toMatch(/^\$ kill -9 \d+/m);
    expect(output).toMatch(/\[info\] Saved [1-9]\d* transactions \(\d+ bytes\) that no slave had received\./);
    expect(output).toMatch(/^The first write on the new master, db2 \(.*\): \d+\.\d\d s after the kill\.$/m);
    expect(output).toContain('masterha_manager has ended with exit code 0');
    expect(output).toMatch(/\(db2\), MySQL 5\.6\.24, writable\n.*\(db3\), MySQL 5\.6\.24, read-only/);
    expect(output.match(/checksum \d+ \(\d+ rows\), 0 missing$/gm)).toHaveLength(2);
    expect(output).toContain('Every one of them is on every server, and the tables are the same.');
    expect(output).toMatch(/^\$ mha journal \S+\.failover\.journal$/m);
    expect(output).toMatch(/succeeded: Master failover to .* completed successfully\./);
    expect(code, output).toBe(0);
    expectCleanedUp(ran);
  });

  it('takes everything away on Ctrl-C, the manager included', async () => {
    const ran = await demo(['--failover'], 'An application writes orders');
    expect(ran.output).toMatch(/^process \d+; log: /m);
    expect(ran.output).not.toContain('completed successfully');
    expect(ran.code, ran.output).toBe(130);
    expectCleanedUp(ran);
  });
});

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../../src/config/secret';
import { configurationArguments } from '../../../src/extension/operations/arguments';
import { launch } from '../../../src/extension/operations/launch';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'mha-launch-'));
  mkdirSync(path.join(directory, 'bin'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A command that tells what it was given. */
const TELLER = `
let text = '';
process.stdin.on('data', part => (text += part)).on('end', () => {
  const { argv, env, pid } = process;
  const stat = require('node:fs').readFileSync('/proc/self/stat', 'latin1');
  const group = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
  console.log(JSON.stringify({ args: argv.slice(2), env: JSON.stringify(env), text, leads: group === pid }));
  process.exit(7);
});`;

interface Told {
  readonly args: string[];
  readonly env: string;
  readonly text: string;
  readonly leads: boolean;
}

async function run(passwords?: ReadonlyMap<string, Secret>): Promise<{ told: Told; code: number | undefined }> {
  writeFileSync(path.join(directory, 'bin/mha'), TELLER);
  const stdout = path.join(directory, 'logs/out');
  const stderr = path.join(directory, 'logs/err');
  const args = ['failover', '--yes'];
  const launched = await launch({
    extension: directory,
    program: 'mha',
    args,
    stdout,
    stderr,
    ...(passwords && { passwords }),
  });
  const code = await launched.ended;
  expect(readFileSync(stderr, 'utf8')).toBe('');
  return { told: JSON.parse(readFileSync(stdout, 'utf8')) as Told, code };
}

describe('a started command', () => {
  it('gets passwords by standard input only, and leads a process group of its own', async () => {
    const { told, code } = await run(new Map([['server1', new Secret('geheim "1"')]]));
    expect(code).toBe(7);
    expect(JSON.parse(told.text)).toEqual({ server1: 'geheim "1"' });
    expect(told.args).toEqual(['failover', '--yes']);
    expect(told.env).not.toContain('geheim');
    expect(told.leads).toBe(true);
  });

  it('has nothing on standard input without', async () => {
    expect((await run()).told.text).toBe('');
  });

  it('reads the same files as VS Code, and none where there is none', () => {
    expect(configurationArguments('/a/app1.cnf', '/etc/g.cnf')).toEqual([
      '--conf=/a/app1.cnf',
      '--global_conf=/etc/g.cnf',
    ]);
    expect(configurationArguments('/a/app1.cnf', undefined)[1]).toBe('--global_conf=/dev/null/none');
  });
});

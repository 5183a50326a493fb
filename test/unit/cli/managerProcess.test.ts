import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inspectManager } from '../../../src/engine/monitor/managerProcess';
import { readManagerStatus } from '../../../src/engine/monitor/readStatus';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'status-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

async function idle(argument: string): Promise<{ pid: number; end: () => Promise<void> }> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', argument], { stdio: 'ignore' });
  await once(child, 'spawn');
  return {
    pid: child.pid!,
    end: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

const HOUR_MS = 3_600_000;

describe.runIf(process.platform === 'linux')('the process of a status file', () => {
  it('runs, unless the file is older than the process: the number was given to another', async () => {
    const other = await idle('something-else');
    try {
      expect(await inspectManager(other.pid, Date.now())).toEqual({ running: true, children: [] });
      expect(await inspectManager(other.pid, Date.now() - HOUR_MS)).toEqual({ running: false, children: [] });
    } finally {
      await other.end();
    }
    expect(await inspectManager(other.pid, Date.now())).toEqual({ running: false, children: [] });
  });

  it('is known by its name, too: a clock that was set does not matter', async () => {
    const manager = await idle('/usr/bin/masterha_manager');
    try {
      expect(await inspectManager(manager.pid, Date.now() - HOUR_MS)).toMatchObject({ running: true });
    } finally {
      await manager.end();
    }
  });

  it('leaves children in its process group when it is killed', async () => {
    const script = "const c = require('child_process').spawn('sleep', ['60'], { stdio: 'ignore' }); console.log(c.pid)";
    const leader = spawn(process.execPath, ['-e', `${script}; setInterval(() => {}, 1000)`], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [data] = (await once(leader.stdout, 'data')) as [Buffer];
    const child = Number(data.toString());
    leader.kill('SIGKILL');
    await once(leader, 'exit');
    try {
      expect(await inspectManager(leader.pid!, Date.now())).toEqual({ running: false, children: [child] });
    } finally {
      process.kill(child, 'SIGKILL');
    }
  });

  it('is looked at when the file is read', async () => {
    const file = path.join(directory, 'app1.master_status.health');
    expect(await readManagerStatus(file, 10)).toEqual({ kind: 'status', code: 2 });
    writeFileSync(file, `${process.pid}\t0:PING_OK\tmaster:h`);
    expect(await readManagerStatus(file, 10)).toMatchObject({ code: 0 });
    utimesSync(file, Date.now() / 1000 - 30, Date.now() / 1000 - 30);
    expect(['stale', 'status']).toContain((await readManagerStatus(file, 10)).kind);
    writeFileSync(file, Buffer.alloc(1_000_000));
    expect(await readManagerStatus(file, 10)).toEqual({ kind: 'unreadable' });
    await expect(readManagerStatus(directory, 10)).rejects.toThrow('EISDIR');
  });

  it('is waited for when the file is just being rewritten', async () => {
    const file = path.join(directory, 'app1.master_status.health');
    writeFileSync(file, '');
    const reading = readManagerStatus(file, 10);
    writeFileSync(file, `${process.pid}\t10:INITIALIZING_MONITOR`);
    expect(await reading).toMatchObject({ code: 10 });
  });
});

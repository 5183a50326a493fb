import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fenceSsh, type FenceResult } from '../../src/engine/hooks/fenceSsh';
import { openHost } from '../../src/engine/ssh/openHost';
import type { Host } from '../../src/engine/ssh/types';
import { startCluster, type Flavour, type TestCluster, type TestServer } from '../support/cluster';
import { programOf } from '../support/flavours';
import { isAlive, startService } from '../support/processes';
import { waitFor } from '../support/waitFor';

const pidFileOf = (server: TestServer) => path.join(server.dir, 'pid');

const accepts = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = net.connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

describe.each<Flavour>(['mysql56', 'mysql97', 'mariadb1011'])('fencing a %s master over SSH', flavour => {
  let cluster: TestCluster;
  let host: Host;
  let master: TestServer;
  let replica: TestServer;

  beforeAll(async () => {
    cluster = await startCluster({ flavour, replicas: 1, ssh: true });
    [master, replica] = cluster.servers as [TestServer, TestServer];
    const sshd = cluster.sshds[0]!;
    const opened = await openHost(
      { host: sshd.host, port: sshd.port, user: sshd.user },
      {
        timeoutMs: 15_000,
        sshOptions: `-i ${sshd.identityFile} -o UserKnownHostsFile=${sshd.knownHostsFile}`,
        env: { HOME: cluster.dir },
      },
    );
    if (!opened.ok) throw new Error(opened.failure.text);
    host = opened.host;
  });
  afterAll(async () => {
    await host?.[Symbol.asyncDispose]();
    await cluster?.[Symbol.asyncDispose]();
  });

  const fence = (server: TestServer, pidFile = pidFileOf(server)): Promise<FenceResult> =>
    fenceSsh(host, { pidFiles: [pidFile], port: server.port, addresses: ['127.0.0.1'] }, { timeoutMs: 20_000 });

  /** While servers of other tests begin to run here, which may be anybody's, it says that it can't tell. */
  const isNotRunning = () =>
    waitFor('a clear answer', async () => {
      const result = await fence(master);
      if (result.kind === 'failed' && result.reason === 'unidentified') return false;
      expect(result).toEqual({ kind: 'notRunning' });
      return true;
    });

  it("kills nothing that another server's PID file, or an outdated one, names", async () => {
    // The replica's file: it listens on another port.
    expect(await fence(master, pidFileOf(replica))).toMatchObject({
      kind: 'failed',
      reason: 'otherInstance',
      pids: [replica.pid],
    });
    const bystander = spawn('sleep', ['60']);
    try {
      const file = path.join(cluster.dir, 'outdated.pid');
      writeFileSync(file, `${bystander.pid}\n`);
      const { kind } = await fenceSsh(host, { pidFiles: [file], port: 1, addresses: [] }, { timeoutMs: 20_000 });
      expect(kind).not.toBe('killed');
      expect(isAlive(bystander.pid!)).toBe(true);
    } finally {
      bystander.kill();
    }
    expect([isAlive(master.pid ?? 0), isAlive(replica.pid ?? 0)]).toEqual([true, true]);
  });

  it('kills a hung mysqld, and not the one beside it', async () => {
    const { pid } = master;
    master.pause();
    expect(await fence(master)).toEqual({ kind: 'killed', pids: [pid] });
    expect(isAlive(pid!)).toBe(false);
    expect(await accepts(master.port)).toBe(false);
    expect(isAlive(replica.pid ?? 0)).toBe(true);
    // Its PID file is still there.
    expect(readFileSync(pidFileOf(master), 'utf8').trim()).toBe(String(pid));
    await isNotRunning();
  });

  it('finds it by its port where no PID file can be read', async () => {
    await master.start();
    const { pid } = master;
    expect(await fence(master, '/nowhere/mysqld.pid')).toEqual({ kind: 'killed', pids: [pid] });
  });

  it('beats a mysqld_safe that starts it again', async () => {
    const program = await programOf(flavour);
    // Starts like the real one: the PID file is on the command line.
    const safe = path.join(cluster.dir, 'mysqld_safe');
    const argv = [...program.argv, `--defaults-file=${master.dir}/my.cnf`, `--pid-file=${pidFileOf(master)}`];
    writeFileSync(safe, `#!/bin/sh\nwhile :; do ${argv.map(a => `'${a}'`).join(' ')}; done\n`);
    chmodSync(safe, 0o755);
    const started: ChildProcess = startService([safe], {
      mark: path.basename(cluster.dir),
      env: program.env,
      logFile: path.join(cluster.dir, 'safe.log'),
    });
    await waitFor('the server', () => accepts(master.port));
    // MariaDB listens before it writes its PID file; that of its predecessor is still there.
    const named = () => Number(readFileSync(pidFileOf(master), 'utf8'));
    await waitFor('its PID file', () => isAlive(named()));
    const pid = named();
    const result = await fence(master);
    expect(result).toEqual({ kind: 'killed', pids: [started.pid, pid] });
    expect([isAlive(started.pid!), isAlive(pid), await accepts(master.port)]).toEqual([false, false, false]);
    await isNotRunning();
  });
});

import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/config/secret';
import { nullLog } from '../../src/engine/log';
import { secondaryCheck, type SecondaryCheckInput } from '../../src/engine/monitor/secondaryCheck';
import { startCluster, type TestCluster, type TestServer } from '../support/cluster';
import { startHosts, type HostLab, type TestHost } from '../support/hosts';
import { ACCOUNTS } from '../support/serverProcess';
import { startSshd, type TestSshd } from '../support/sshd';
import { waitFor } from '../support/waitFor';
import { runCli } from './cliRun';

/** The replicas' hosts are the monitoring hosts, each with a network of its own. */
let lab: HostLab;
let cluster: TestCluster;
let master: TestServer;
let hosts: [TestHost, TestHost, TestHost];
let one: string;
let two: string;
let sshOptions: string;

beforeAll(async () => {
  lab = await startHosts(3);
  cluster = await startCluster({ flavour: 'mysql56', replicas: 2, ssh: true, lab });
  ({ master } = cluster);
  hosts = lab.hosts as [TestHost, TestHost, TestHost];
  [one, two] = [hosts[1].address, hosts[2].address];
  sshOptions = `-i ${cluster.sshd!.identityFile} -o UserKnownHostsFile=${cluster.sshd!.knownHostsFile}`;
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await lab?.[Symbol.asyncDispose]();
});
beforeEach(() => master.start());

const account = { user: ACCOUNTS.mha.user, password: new Secret(ACCOUNTS.mha.password) };

async function check(more: Partial<SecondaryCheckInput> = {}) {
  const { verdict, perHost } = await secondaryCheck(
    {
      hosts: [one, two],
      user: cluster.sshd!.user,
      port: 22,
      sshOptions,
      master: { host: master.host, port: master.port },
      timeoutMs: 1000,
      ...more,
    },
    { log: nullLog, env: { HOME: cluster.dir } },
  );
  return [verdict, ...perHost.map(({ state }) => state)];
}

/** While two do not hear each other. */
async function apart<T>(pairs: readonly (readonly [TestHost | 'gateway', TestHost])[], work: () => Promise<T>) {
  for (const [a, b] of pairs) await lab.split(a, b);
  try {
    return await work();
  } finally {
    for (const [a, b] of pairs) await lab.join(a, b);
  }
}

describe('the second opinion', () => {
  it('reaches a master that lives, also when the manager does not', async () => {
    expect(await check()).toEqual(['reachable', 'reachable', 'reachable']);
    const cut = await apart([['gateway', hosts[0]]], () => check());
    expect(cut).toEqual(['reachable', 'reachable', 'reachable']);
  });

  it('agrees at once when its port refuses', async () => {
    await master.kill();
    const started = performance.now();
    expect(await check()).toEqual(['dead', 'notReachable', 'notReachable']);
    expect(performance.now() - started).toBeLessThan(1500);
  });

  it('agrees when its host is silent, and one that hears it outweighs the other', async () => {
    const deaf = [hosts[1], hosts[0]] as const;
    expect(await apart([deaf], () => check())).toEqual(['reachable', 'notReachable', 'reachable']);
    const all = [deaf, [hosts[2], hosts[0]] as const];
    expect(await apart(all, () => check())).toEqual(['dead', 'notReachable', 'notReachable']);
  });

  it('goes on without one host, but not without most of them', async () => {
    await master.kill();
    expect(await apart([['gateway', hosts[1]]], () => check())).toEqual(['dead', 'unreachable', 'notReachable']);
    const three = { hosts: [one, two, '198.18.255.254'] };
    expect(await apart([['gateway', hosts[1]]], () => check(three))).toEqual([
      'unknown',
      'unreachable',
      'notReachable',
      'unreachable',
    ]);
    const none = [['gateway', hosts[1]] as const, ['gateway', hosts[2]] as const];
    expect(await apart(none, () => check())).toEqual(['unknown', 'unreachable', 'unreachable']);
  });

  it('takes no name that a host does not know for a dead master', async () => {
    const nameless = await check({ master: { host: 'no-such-master.invalid', port: master.port } });
    expect(nameless[0]).toBe('unknown');
    const named = { host: 'no-such-master.invalid', ip: master.host, port: master.port };
    expect(await check({ master: named })).toEqual(['reachable', 'reachable', 'reachable']);
    await master.kill();
    expect((await check({ master: named }))[0]).toBe('dead');
  });

  it('rejects when cancelled', async () => {
    const controller = new AbortController();
    const pending = secondaryCheck(
      { hosts: ['198.18.255.254'], user: 'x', port: 22, master: { host: 'x', port: 1 }, timeoutMs: 20_000 },
      { log: nullLog, signal: controller.signal, env: { HOME: cluster.dir } },
    );
    controller.abort(new Error('enough'));
    await expect(pending).rejects.toThrow('enough');
  });
});

describe('ping_type=INSERT', () => {
  const insert = { pingType: 'INSERT', credentials: account } as const;

  it('writes through the hosts', async () => {
    await master.query('DROP DATABASE IF EXISTS infra');
    expect(await check(insert)).toEqual(['reachable', 'reachable', 'reachable']);
    expect(await master.query('SELECT `key` FROM infra.chk_masterha')).toEqual([{ key: 1 }]);
  });

  it('is for a failover where the master takes no writes or says nothing', async () => {
    const session = await master.connect();
    await session.query('FLUSH TABLES WITH READ LOCK');
    expect(await check(insert)).toEqual(['dead', 'notWritable', 'notWritable']);
    session.destroy();
    await waitFor('the locks to go', async () => (await check(insert))[0] === 'reachable');
    master.pause();
    try {
      expect(await check(insert)).toEqual(['dead', 'notWritable', 'notWritable']);
      expect(await check()).toEqual(['reachable', 'reachable', 'reachable']);
    } finally {
      master.resume();
    }
  });

  it('is not where the master only refuses the account', async () => {
    const wrong = { ...account, password: new Secret('wrong pass#2') };
    expect(await check({ ...insert, credentials: wrong })).toEqual(['reachable', 'reachable', 'reachable']);
  });
});

describe('a host that forwards no connections', () => {
  let sshd: TestSshd;
  const start = (environment: Record<string, string> = {}) =>
    startSshd({ config: { AllowTcpForwarding: 'no' }, environment });
  const ask = () =>
    check({
      hosts: [sshd.host],
      port: sshd.port,
      sshOptions: `-i ${sshd.identityFile} -o UserKnownHostsFile=${sshd.knownHostsFile}`,
    });

  it('tries with a program of its own', async () => {
    sshd = await start();
    try {
      expect(await ask()).toEqual(['reachable', 'reachable']);
      await master.kill();
      expect(await ask()).toEqual(['dead', 'notReachable']);
    } finally {
      await sshd[Symbol.asyncDispose]();
    }
  });

  it('is no proof of anything if it has none', async () => {
    const bin = path.join(cluster.dir, 'poor-bin');
    mkdirSync(bin);
    symlinkSync('/bin/sh', path.join(bin, 'sh'));
    sshd = await start({ PATH: bin });
    try {
      await master.kill();
      expect(await ask()).toEqual(['unknown', 'undecided']);
    } finally {
      await sshd[Symbol.asyncDispose]();
    }
  });
});

describe('masterha_secondary_check', () => {
  const run = (args: readonly string[], env: Record<string, string> = {}) =>
    runCli(
      'masterha_secondary_check',
      [`--user=${cluster.sshd!.user}`, `--options=${sshOptions}`, '--timeout=1', ...args],
      { env: { HOME: cluster.dir, ...env } },
    );
  const to = () => [`--master_host=${master.host}`, `--master_ip=${master.host}`, `--master_port=${master.port}`];
  const both = () => ['-s', one, '-s', two, ...to()];

  it('says what MHA says, with its exit codes', async () => {
    expect(await run(both())).toMatchObject({
      code: 3,
      stdout: `Master is reachable from ${one}!\nMaster is reachable from ${two}!\n`,
      stderr: '',
    });
    await master.kill();
    const dead = (host: string) =>
      `Monitoring server ${host} is reachable, Master is not reachable from ${host}. OK.\n`;
    expect(await run(both())).toMatchObject({ code: 0, stdout: dead(one) + dead(two), stderr: '' });
    const cut = await apart([['gateway', hosts[1]]], () => run(['-s', one, ...to()]));
    expect(cut).toMatchObject({ code: 2, stdout: `Monitoring server ${one} is NOT reachable!\n` });
    expect(cut.stderr).toContain(`${one}: `);
  });

  it('takes what managers give it, and hides the password', async () => {
    const args = [...both(), '--master_user=mha', '--ping_type=INSERT'];
    expect((await run([...args, '--master_password=mha pass#1'])).code).toBe(3);
    await master.query('DELETE FROM infra.chk_masterha');
    expect((await run(args, { MYSQL_PWD: 'mha pass#1' })).code).toBe(3);
    expect(await master.query('SELECT `key` FROM infra.chk_masterha')).toEqual([{ key: 1 }]);
    const session = await master.connect();
    await session.query('FLUSH TABLES WITH READ LOCK');
    expect(await run([...args, '--master_password=mha pass#1'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`Master is not writable from ${one}. OK.\n`) as string,
    });
    session.destroy();
  });

  it.each([
    ['no host', () => to(), 'At least one monitoring host'],
    ['no master', () => ['-s', one], '--master_host=<master_hostname> must be set.'],
    ['no time', () => [...both(), '--timeout=0'], '--timeout must be'],
    ['an unknown option', () => [...both(), '--secondry_host=x'], 'Unknown option'],
  ])('is an error with %s, never a dead master', async (_, args, text) => {
    await master.kill();
    const { code, stdout, stderr } = await run(args());
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(text);
  });
});

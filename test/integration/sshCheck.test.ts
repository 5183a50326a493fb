import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseDocument } from '../../src/config/document';
import { resolve } from '../../src/config/resolve';
import { checkSsh } from '../../src/engine/checks/sshCheck';
import type { SshReport } from '../../src/engine/checks/types';
import type { EngineOptions } from '../../src/engine/options';
import { nullLog } from '../../src/engine/log';
import { createKey, createSshIdentity, type SshIdentity } from '../support/sshIdentity';
import { startSshd, type TestSshd } from '../support/sshd';
import { waitFor } from '../support/waitFor';

let dir: string;
let identity: SshIdentity;
let hosts: TestSshd[];
let file: string;

beforeAll(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ssh-check-'));
  identity = await createSshIdentity(path.join(dir, 'identity'));
  hosts = await Promise.all([1, 2, 3].map(i => startSshd({ dir: path.join(dir, `host${i}`), identity, known: false })));
});
afterAll(async () => {
  for (const host of hosts) await host[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(() => {
  file = path.join(mkdtempSync(path.join(dir, 'known-')), 'known_hosts');
});

type Values = Record<string, string | number>;

/** One server per host of the test, or those given, as an MHA configuration has them. */
function cluster(servers: readonly Values[] = hosts.map(host => ({ ssh_port: host.port })), defaults: Values = {}) {
  const lines = (values: Values) => Object.entries(values).map(([name, value]) => `${name}=${value}\n`);
  const general = {
    ssh_user: identity.user,
    ssh_options: `-F none -i ${identity.identityFile} -o UserKnownHostsFile=${file} -o IdentityAgent=none`,
    ssh_connection_timeout: 10,
    ...defaults,
  };
  const sections = servers.map((values, i) => [
    `[server${i + 1}]\n`,
    ...lines({ hostname: '127.0.0.1', port: 3301 + i, ...values }),
  ]);
  const text = ['[server default]\n', ...lines(general), ...sections.flat()].join('');
  const { cluster: found } = resolve({ application: parseDocument(text, 'app1.cnf'), loginUser: identity.user });
  if (!found) throw new Error(`not a cluster:\n${text}`);
  return found;
}

const check = (servers?: readonly Values[], options: Partial<EngineOptions> = {}, defaults: Values = {}) =>
  checkSsh(cluster(servers, defaults), { log: nullLog, ...options });

/** `from>to` -> `ok`, `skipped`, or the kind of the failure. */
function outcome(report: SshReport): Record<string, string> {
  return Object.fromEntries(report.pairs.map(p => [`${p.from}>${p.to}`, p.failure?.kind ?? p.result]));
}

const short = (id: string) => id.replace('manager', 'm').replace('server', '');
const failures = (report: SshReport) =>
  Object.fromEntries(
    Object.entries(outcome(report))
      .filter(([, result]) => result !== 'ok')
      .map(([pair, result]) => [pair.split('>').map(short).join('>'), result]),
  );

/** The hosts' own ssh programs name the file of this test. */
const nothingLeft = () => waitFor('the end of all logins', () => spawnSync('pgrep', ['-f', file]).status === 1);

describe('SSH check', () => {
  it('of hosts that all let each other in', async () => {
    const done: number[] = [];
    const report = await check(undefined, { onProgress: progress => done.push(progress.done) });
    expect(report).toMatchObject({ kind: 'ssh', cluster: 'app1', file: 'app1.cnf', verdict: 'ok' });
    expect(report.pairs.map(pair => `${short(pair.from)}>${short(pair.to)}`)).toEqual(
      ['m>1', 'm>2', 'm>3', '1>2', '1>3', '2>1', '2>3', '3>1', '3>2'], //
    );
    expect(failures(report)).toEqual({});
    expect(done).toHaveLength(9);
    expect(done.at(-1)).toBe(1);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(report.hosts.map(host => host.label)).toEqual(hosts.map(host => `127.0.0.1(127.0.0.1:${host.port})`));
    // What was accepted by the hosts' own ssh and by us stands side by side, once per host and writer at most.
    expect(new Set(readFileSync(file, 'utf8').trim().split('\n')).size).toBeGreaterThanOrEqual(3);
  });

  it('with one host down', async () => {
    await using down = await startSshd({ identity });
    await down.kill();
    const report = await check([...hosts.slice(0, 2), down].map(host => ({ ssh_port: host.port })));
    expect(report.verdict).toBe('failed');
    expect(failures(report)).toEqual({
      'm>3': 'refused',
      '1>3': 'refused',
      '2>3': 'refused',
      '3>1': 'refused',
      '3>2': 'refused',
    });
    const pair = report.pairs.find(p => p.from === 'server1' && p.to === 'server3');
    expect(pair?.failure?.text).toContain('Connection refused');
  });

  it('with one that does not know the key', async () => {
    await using other = await startSshd({ dir: path.join(dir, 'other'), known: false });
    const report = await check([...hosts.slice(0, 2), other].map(host => ({ ssh_port: host.port })));
    expect(failures(report)).toEqual(
      Object.fromEntries(['m>3', '1>3', '2>3', '3>1', '3>2'].map(pair => [pair, 'authentication'])),
    );
  });

  it('with a changed host key at one: refused by the manager and by the hosts', async () => {
    await createKey(path.join(path.dirname(file), 'another'));
    const another = readFileSync(path.join(path.dirname(file), 'another.pub'), 'utf8')
      .split(' ')
      .slice(0, 2)
      .join(' ');
    appendFileSync(file, `[127.0.0.1]:${hosts[2]?.port} ${another}\n`);
    const report = await check();
    expect(failures(report)).toEqual(
      Object.fromEntries(['m>3', '1>3', '2>3', '3>1', '3>2'].map(pair => [pair, 'hostKeyChanged'])),
    );
    expect(report.pairs[2]?.failure?.text).toContain(`${file}:1`);
    // ssh says it on a page of its own: what counts comes first.
    const [verdict, ...facts] =
      report.pairs.find(p => p.from === 'server1' && p.to === 'server3')?.failure?.text.split('\n') ?? [];
    expect(verdict).toBe('Host key verification failed.');
    expect(facts.join(' ')).toMatch(/SHA256:.*Offending .* key in .*has changed/);
  });

  it('refuses a changed host key whatever ssh_options say', async () => {
    const other = await createKey(path.join(path.dirname(file), 'other')).then(() =>
      readFileSync(path.join(path.dirname(file), 'other.pub'), 'utf8')
        .split(' ')
        .slice(0, 2)
        .join(' '),
    );
    appendFileSync(file, `[127.0.0.1]:${hosts[1]?.port} ${other}\n`);
    const options = `-F none -i ${identity.identityFile} -o UserKnownHostsFile=${file} -o IdentityAgent=none`;
    const defaults = { ssh_options: `${options} -o StrictHostKeyChecking=no` };
    const report = await check(
      hosts.slice(0, 2).map(host => ({ ssh_port: host.port })),
      {},
      defaults,
    );
    expect(failures(report)).toEqual({ 'm>2': 'hostKeyChanged', '1>2': 'hostKeyChanged', '2>1': 'hostKeyChanged' });
    const strict = await check(undefined, {}, { ssh_options: `${options} -o StrictHostKeyChecking=yes` });
    expect(Object.values(failures(strict))).toContain('hostKeyUnknown');
  });

  it('with one that accepts and stays silent: the others do not wait for it', async () => {
    await using silent = await startSshd({ identity });
    silent.pause();
    try {
      const servers = [...hosts.slice(0, 2), silent].map(host => ({ ssh_port: host.port }));
      servers[2] = { ...servers[2], ssh_connection_timeout: 2 } as (typeof servers)[number];
      const report = await check(servers);
      expect(failures(report)).toEqual(
        Object.fromEntries(['m>3', '1>3', '2>3', '3>1', '3>2'].map(pair => [pair, 'timeout'])),
      );
      // Its own two seconds, with what a busy machine adds, and not the ten of the others.
      expect(report.tookMs).toBeLessThan(8000);
      expect(report.tookMs).toBeGreaterThanOrEqual(1900);
    } finally {
      silent.resume();
    }
  });

  it('with one that lets in and then hangs', async () => {
    await using hanging = await startSshd({ identity, config: { ForceCommand: 'sleep 300' } });
    const servers = [...hosts.slice(0, 2), hanging].map(host => ({ ssh_port: host.port, ssh_connection_timeout: 3 }));
    const report = await check(servers);
    expect(failures(report)).toEqual(
      Object.fromEntries(['m>3', '1>3', '2>3', '3>1', '3>2'].map(pair => [pair, 'timeout'])),
    );
    await nothingLeft();
  });

  it('of two servers on one host', async () => {
    const [first, second] = hosts.map(host => ({ ssh_port: host.port }));
    const report = await check([first!, first!, second!]);
    expect(report.verdict).toBe('ok');
    expect(report.pairs).toHaveLength(9);
  });

  it('leaves hosts out that are to be left out', async () => {
    const servers: Values[] = hosts.map(host => ({ ssh_port: host.port }));
    servers[1] = { ...servers[1], skip_init_ssh_check: 1, ssh_port: 1 };
    const report = await check(servers);
    expect(report.verdict).toBe('ok');
    expect(failures(report)).toEqual(
      Object.fromEntries(['m>2', '1>2', '2>1', '2>3', '3>2'].map(pair => [pair, 'skipped'])),
    );
  });

  it('of many servers stays within what sshd takes at once', async () => {
    await using busy = await startSshd({ identity, config: { MaxStartups: '10:30:100' } });
    const port = busy.port;
    // The same sshd under many addresses, so that each counts as a host of its own.
    await using wide = await startSshd({ identity, config: { ListenAddress: '0.0.0.0' } });
    const servers = [2, 3, 4, 5, 6, 7].map(i => ({ hostname: `127.0.0.${i}`, ssh_port: wide.port }));
    const report = await check([...servers, { ssh_port: port }]);
    expect(failures(report)).toEqual({});
    expect(report.pairs).toHaveLength(49);
  });

  it('refuses to make a command line of what is no host', async () => {
    const marker = path.join(dir, 'marker');
    const servers = hosts.slice(0, 2).map(host => ({ ssh_port: host.port }));
    const report = await check([...servers, { ssh_user: `x;touch ${marker}`, ssh_port: hosts[2]?.port ?? 0 }]);
    expect(report.pairs.filter(p => p.to === 'server3').every(p => p.result === 'failed')).toBe(true);
    expect(() => readFileSync(marker)).toThrow();
  });

  it('says what ssh says about options that it does not take', async () => {
    const options = `-F none -i ${identity.identityFile} -o UserKnownHostsFile=${file} -o NoSuchOption=1`;
    const report = await check(undefined, {}, { ssh_options: options });
    expect(outcome(report)).toMatchObject({ 'manager>server1': 'ok', 'server1>server2': 'configuration' });
  });

  it('without an ssh program on a host', async () => {
    const bin = mkdtempSync(path.join(dir, 'bin-'));
    for (const name of ['sh', 'head', 'tr']) symlinkSync(`/usr/bin/${name}`, path.join(bin, name));
    await using bare = await startSshd({ identity, environment: { PATH: bin } });
    const report = await check([bare, ...hosts.slice(0, 1)].map(host => ({ ssh_port: host.port })));
    expect(failures(report)).toEqual({ '1>2': 'exit' });
    expect(report.pairs.find(p => p.result === 'failed')?.failure?.text).toContain('no ssh program');
  });

  it('is cancelled at any moment, and leaves nothing behind', async () => {
    for (const ms of [0, 50, 200, 500]) {
      const reason = new Error('enough');
      const stop = new AbortController();
      setTimeout(() => stop.abort(reason), ms);
      await expect(
        check(undefined, { signal: stop.signal }).then(
          () => 'finished',
          (e: unknown) => e,
        ),
      ).resolves.toSatisfy(result => result === reason || result === 'finished');
    }
    await nothingLeft();
    await expect(check(undefined, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('needs no SSH for the machine that it runs on', async () => {
    const here = { ssh_port: 22, ssh_user: os.userInfo().username };
    const report = await check([here, { ssh_port: hosts[0]?.port ?? 0 }]);
    expect(outcome(report)).toMatchObject({
      'manager>server1': 'ok',
      'manager>server2': 'ok',
      'server1>server2': 'ok',
    });
  });

  it('of a single server', async () => {
    const report = await check([{ ssh_port: hosts[0]!.port }]);
    expect(report.pairs).toMatchObject([{ from: 'manager', to: 'server1', result: 'ok' }]);
  });
});

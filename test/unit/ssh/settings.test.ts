import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nullLog } from '../../../src/engine/log';
import { parseJump, settingsFor } from '../../../src/engine/ssh/settings';

let home: string;
beforeAll(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'ssh-home-'));
  mkdirSync(path.join(home, '.ssh/conf.d'), { recursive: true });
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const env = () => ({ HOME: home, SSH_AUTH_SOCK: '/run/agent' });

function settings(config: string, sshOptions = '', host = 'db1') {
  writeFileSync(path.join(home, '.ssh/config'), config);
  return settingsFor({ host, port: 22, user: 'mha' }, { log: nullLog, env: env(), sshOptions });
}

describe('settings of a host', () => {
  it('without any file', async () => {
    await expect(settings('')).resolves.toMatchObject({
      host: 'db1',
      port: 22,
      user: 'mha',
      knownAs: 'db1',
      agentSocket: '/run/agent',
      identityFiles: ['id_ed25519', 'id_ecdsa', 'id_rsa'].map(name => path.join(home, '.ssh', name)),
      jumps: [],
      strict: 'ask',
    });
  });

  it('takes the first value of a keyword, and all identity files', async () => {
    const found = await settings(
      'Host db*\n HostName 10.0.0.%h\n IdentityFile ~/.ssh/a\n ConnectTimeout 7\nHost *\n HostName x\n IdentityFile %d/b\n ConnectTimeout 9\n',
    );
    expect(found).toMatchObject({
      host: '10.0.0.db1',
      knownAs: '10.0.0.db1',
      connectTimeoutMs: 7000,
      identityFiles: [path.join(home, '.ssh/a'), path.join(home, 'b')],
    });
  });

  it('lets ssh_options win, as arguments of ssh do', async () => {
    const found = await settings(
      'Host *\n ConnectTimeout 9\n UserKnownHostsFile ~/x ~/y\n IdentityFile ~/a\n StrictHostKeyChecking yes\n ProxyJump j\n',
      '-i /k -o ConnectTimeout=2 -o UserKnownHostsFile=/z -o StrictHostKeyChecking=no -o ProxyJump=none -o IdentityAgent=none',
    );
    expect(found).toMatchObject({
      connectTimeoutMs: 2000,
      userKnownHosts: ['/z'],
      identityFiles: ['/k', path.join(home, 'a')],
      strict: 'accept-new',
      jumps: [],
    });
    expect(found).not.toHaveProperty('agentSocket');
  });

  it('keeps port and user of the target, which MHA always passes', async () => {
    await expect(settings('Host *\n Port 99\n User joe\n')).resolves.toMatchObject({ port: 22, user: 'mha' });
    await expect(settings('', '-p 99 -l joe')).resolves.toMatchObject({ port: 22, user: 'mha' });
  });

  it('reads included files where they are included', async () => {
    writeFileSync(path.join(home, '.ssh/conf.d/a.conf'), 'Host db1\n HostKeyAlias one\n');
    writeFileSync(path.join(home, '.ssh/conf.d/b.conf'), 'HostKeyAlias two\nHashKnownHosts yes\n');
    const found = await settings('Include conf.d/*.conf\nHost db1\n HostKeyAlias three\n');
    expect(found).toMatchObject({ knownAs: 'one', alias: true, hashKnownHosts: true });
    const inBlock = await settings('Host other\n Include ~/.ssh/conf.d/*.conf\nHost *\n HostKeyAlias three\n');
    expect(inBlock).toMatchObject({ knownAs: 'three' });
  });

  it('waits for the answer of Match exec, not for what it leaves running', async () => {
    const start = performance.now();
    const found = await settings('Match exec "sleep 20 & true"\n ConnectTimeout 3\n');
    expect(found.connectTimeoutMs).toBe(3000);
    await settings('Match exec "sleep 20; true"\n ConnectTimeout 3\n');
    expect(performance.now() - start).toBeLessThan(15_000);
  });

  it.each([
    ['Match all', true],
    ['Match host db1', true],
    ['Match host db2', false],
    ['Match !host db2', true],
    ['Match user mha', true],
    ['Match user mha,!joe host db?', true],
    ['Match originalhost db1 user joe', false],
    ['Match exec "test %h = db1"', true],
    ['Match exec "test %h = db2"', false],
    ['Match final host db1', true],
    ['Match tagged x', false],
    ['Host db* !db1', false],
  ])('%s', async (line, matches) => {
    const found = await settings(`${line}\n ConnectTimeout 3\n`);
    expect(found.connectTimeoutMs).toBe(matches ? 3000 : undefined);
  });

  it.each(['Host "db1\n', 'Host *\n ConnectTimeout soon\n', 'Include config\n'])(
    'refuses a file that cannot be used: %j',
    async config => {
      await expect(settings(config)).rejects.toMatchObject({ code: 'configuration' });
    },
  );

  it('reads another file when told to, and none', async () => {
    const other = path.join(home, 'other');
    writeFileSync(other, 'ConnectTimeout 4\n');
    await expect(settings('ConnectTimeout 5\n', `-F ${other}`)).resolves.toMatchObject({ connectTimeoutMs: 4000 });
    expect((await settings('ConnectTimeout 5\n', '-F none')).connectTimeoutMs).toBeUndefined();
  });

  it('understands algorithms with operators, and leaves out what is not spoken', async () => {
    const { algorithms } = await settings(
      '',
      '-o KexAlgorithms=+diffie-hellman-group1-sha1,made-up -o Ciphers=aes256-ctr,made-up -o MACs=made-up -o HostKeyAlgorithms=^ssh-rsa',
    );
    expect(algorithms.kex).toContain('diffie-hellman-group1-sha1');
    expect(algorithms.kex).toContain('curve25519-sha256');
    expect(algorithms.cipher).toEqual(['aes256-ctr']);
    expect(algorithms.hmac).toBeUndefined();
    expect(algorithms.serverHostKey).toMatchObject({ 0: 'ssh-rsa' });
  });

  it('splits jump hosts', () => {
    expect(parseJump('joe@bastion:2222')).toEqual({ user: 'joe', host: 'bastion', port: 2222 });
    expect(parseJump('ssh://joe@[::1]:2222/')).toEqual({ user: 'joe', host: '::1', port: 2222 });
    expect(parseJump('bastion')).toEqual({ host: 'bastion' });
    expect(() => parseJump('a b:c:d')).toThrow();
  });
});

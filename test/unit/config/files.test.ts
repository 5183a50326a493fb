import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadCluster } from '../../../src/config/load';
import type { LoadedCluster, LoadOptions } from '../../../src/config/load';
import { parseOptionFile, readOptionFile } from '../../../src/config/optionFile';
import { blockers } from '../../../src/config/resolve';
import { sharedStateFiles } from '../../../src/config/stateFiles';
import { ConfigWriteError, writeConfigFile } from '../../../src/config/writeFile';
import { format } from '../../../src/l10n/message';
import { resolveText } from './findings';

let dir: string;
beforeEach(() => void (dir = fs.mkdtempSync(path.join(os.tmpdir(), 'mha-config-'))));
afterEach(() => fs.rmSync(dir, { recursive: true }));

const TEXT = '[server default]\nuser=mha\n[server1]\nhostname=10.0.0.1\n';

function write(name: string, text: string | Uint8Array, mode = 0o600): string {
  const file = path.join(dir, name);
  fs.writeFileSync(file, text);
  fs.chmodSync(file, mode);
  return file;
}

function load(file: string, options: Partial<LoadOptions> = {}): Promise<LoadedCluster> {
  return loadCluster({ file, globalFile: path.join(dir, 'none.cnf'), runInitScript: true, ...options });
}

const codes = (loaded: LoadedCluster): string[] =>
  loaded.findings
    .map(f => f.code)
    .filter(code => !['few-servers', 'no-candidate', 'global-file-missing'].includes(code));

describe('loadCluster', () => {
  it('reads both files', async () => {
    const globalFile = write('global.cnf', '[server default]\nping_interval=1\n');
    const { cluster, name, application, global } = await load(write('app1.prod.cnf', TEXT), { globalFile });
    expect(name).toBe('app1.prod');
    expect(cluster?.servers[0]?.values).toMatchObject({ user: 'mha', ping_interval: 1 });
    expect([application?.text, global?.file]).toEqual([TEXT, globalFile]);
  });

  it('says when the global file that was asked for is missing, and goes on', async () => {
    const loaded = await load(write('app1.cnf', TEXT));
    expect(loaded.findings.map(f => f.code)).toContain('global-file-missing');
    expect(loaded.cluster).toBeDefined();
    const directory = await load(write('app1.cnf', TEXT), { globalFile: dir });
    expect(directory.cluster).toBeDefined();
  });

  it('reads no global file when there is none to be', async () => {
    const loaded = await load(write('app1.cnf', TEXT), { globalFile: false });
    expect(loaded.cluster?.servers[0]?.values.user).toBe('mha');
    expect(loaded.cluster).not.toHaveProperty('globalFile');
    expect(loaded.findings.map(f => f.code)).not.toContain('global-file-missing');
  });

  it.each([
    ['a missing file', () => path.join(dir, 'no.cnf'), 'file-missing'],
    ['a directory', () => dir, 'file-unreadable'],
    [
      'a pipe that nobody writes to',
      () => (execFileSync('mkfifo', [path.join(dir, 'p')]), path.join(dir, 'p')),
      'file-unreadable',
    ],
    ['a file of 5 MiB', () => write('big.cnf', Buffer.alloc(5 << 20, 'x')), 'file-too-large'],
    ['a UTF-16 file', () => write('u.cnf', Buffer.from('\ufeff[server1]\nhostname=a\n', 'utf16le')), 'binary-file'],
    ['a binary file', () => write('bin.cnf', Buffer.from([0, 1, 2, 255, 10, 0])), 'binary-file'],
    ['an empty file', () => write('empty.cnf', ''), 'no-server'],
    ['a line of 1 MB', () => write('line.cnf', 'x'.repeat(1e6)), 'syntax-error'],
    ['a name under a file', () => path.join(write('f', ''), 'x.cnf'), 'file-missing'],
  ])('%s is a finding that forbids acting', async (_what, file, code) => {
    const loaded = await load(file());
    expect(codes(loaded)).toContain(code);
    expect(blockers(loaded).length).toBeGreaterThan(0);
  });

  it('a file that can not be read is a finding', async () => {
    // Root may read everything, but not this.
    const file = process.getuid?.() === 0 ? '/proc/self/mem' : write('app1.cnf', TEXT, 0);
    expect(codes(await load(file))).toEqual(['file-unreadable']);
  });

  it('notices that everybody can read passwords', async () => {
    const text = `${TEXT}password=a-password\n`;
    expect(codes(await load(write('a.cnf', text, 0o644)))).toContain('world-readable-passwords');
    expect(codes(await load(write('a.cnf', text, 0o640)))).not.toContain('world-readable-passwords');
    expect(codes(await load(write('a.cnf', TEXT, 0o644)))).not.toContain('world-readable-passwords');
  });

  const withScript = (command: string): string =>
    write('app1.cnf', `[server default]\ninit_conf_load_script=${command}\n[server1]\nhostname=h\n`);

  it('runs init_conf_load_script', async () => {
    const loaded = await load(withScript('echo password=from-script; echo user=u'));
    expect(loaded.cluster?.servers[0]?.values.password?.reveal()).toBe('from-script');
    expect(loaded.cluster?.servers[0]?.origins.user).toMatchObject({ level: 'script' });
    expect(codes(loaded)).toEqual([]);
  });

  it('does not run it where it must not', async () => {
    const loaded = await load(withScript(`touch ${dir}/ran; echo user=u`), { runInitScript: false });
    expect(codes(loaded)).toEqual(['init-script-not-run']);
    expect(fs.existsSync(`${dir}/ran`)).toBe(false);
    expect(loaded.cluster).toBeDefined();
  });

  it.each([
    ['fails', 'echo user=u; exit 3', 'exit code 3'],
    ['does not exist', '/no/such/program', 'exit code 127'],
    ['hangs, with a child', 'echo user=u; sleep 60 & sleep 60', 'within 1 seconds'],
    ['prints without end', 'yes user=u', '1 MiB'],
    ['is killed', 'kill -9 $$', 'SIGKILL'],
    ['prints nothing', 'true', 'nothing'],
  ])('says when it %s', async (_what, command, text) => {
    const loaded = await load(withScript(command), { scriptTimeoutMs: 1000 });
    const messages = loaded.findings.filter(f => f.code === 'init-script-failed').map(f => format(f.message));
    expect(messages.join()).toContain(text);
    expect(blockers(loaded).length).toBeGreaterThan(0);
  });

  it('can be cancelled while the script runs', async () => {
    const signal = AbortSignal.timeout(200);
    await expect(load(withScript('sleep 60'), { signal })).rejects.toThrow();
  });

  it('looks at programs when asked to', async () => {
    const sample = write('sample', '#!/usr/bin/env perl\nFIXME_xxx\n', 0o700);
    const plain = write('plain', '#!/bin/sh\n', 0o600);
    const good = write('good', '#!/bin/sh\n', 0o700);
    const file = write(
      'app1.cnf',
      `${TEXT}report_script=/no/such --x\nshutdown_script="${sample} --y"\nmaster_ip_failover_script=${plain}\nmaster_ip_online_change_script=${good} -z\nsecondary_check_script=$HOME/x\n`,
    );
    expect(codes(await load(file))).toEqual([]);
    const expected = ['script-missing', 'script-unedited', 'script-not-executable'];
    expect(codes(await load(file, { checkPrograms: true }))).toEqual(expected);
  });
});

describe('writeConfigFile', () => {
  const now = new Date('2025-11-22T21:04:05Z');

  it('replaces the file, keeps mode and owner, and a backup', async () => {
    const file = write('app1.cnf', 'old', 0o640);
    if (process.getuid?.() === 0) fs.chownSync(file, 12, 34);
    const owner = fs.statSync(file);
    const { backup } = await writeConfigFile(file, 'new ü', { now });
    expect(backup).toBe(`${file}.bak-20251122210405`);
    expect([fs.readFileSync(file, 'utf8'), fs.readFileSync(backup, 'utf8')]).toEqual(['new ü', 'old']);
    for (const f of [file, backup]) {
      const { mode, uid, gid } = fs.statSync(f);
      expect([mode & 0o777, uid, gid]).toEqual([0o640, owner.uid, owner.gid]);
    }
    expect(fs.readdirSync(dir)).toHaveLength(2);
    expect((await writeConfigFile(file, 'newer', { now })).backup).toBe(`${backup}-1`);
  });

  it('follows a symbolic link', async () => {
    const file = write('real.cnf', 'old');
    const link = path.join(dir, 'link.cnf');
    fs.symlinkSync('real.cnf', link);
    await writeConfigFile(link, 'new', { now });
    expect([fs.readFileSync(file, 'utf8'), fs.lstatSync(link).isSymbolicLink()]).toEqual(['new', true]);
  });

  it('does not write over what somebody else wrote', async () => {
    const file = write('app1.cnf', 'theirs');
    const error: unknown = await writeConfigFile(file, 'new', { previous: 'old' }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'changed' });
    expect(error).toBeInstanceOf(ConfigWriteError);
    expect([fs.readFileSync(file, 'utf8'), fs.readdirSync(dir)]).toEqual(['theirs', ['app1.cnf']]);
    await writeConfigFile(file, 'new', { previous: 'theirs' });
  });

  it('gives bytes that are not UTF-8 back as they were', async () => {
    const bytes = Buffer.from([0x23, 0xd6, 0xd0, 10]);
    const file = write('app1.cnf', bytes);
    const { application } = await load(file);
    await writeConfigFile(file, `${application?.text}[s]\n`, { encoding: application?.encoding ?? 'utf-8' });
    expect(fs.readFileSync(file)).toEqual(Buffer.concat([bytes, Buffer.from('[s]\n')]));
  });

  it.each([
    ['a missing file', () => path.join(dir, 'no.cnf'), 'ENOENT'],
    ['a directory', () => dir, 'EISDIR'],
  ])('refuses %s', async (_what, file, code) => {
    await expect(writeConfigFile(file(), 'x')).rejects.toMatchObject({ code });
  });
});

describe('option files', () => {
  it('are read as MySQL reads them', () => {
    const text = [
      'user=before-any-group',
      '[client]',
      'user=a b',
      'password="x#y"',
      'host = h # comment',
      'socket=a#b',
      `ssl-ca='it''s'`,
      '[mysqld]',
      'user=mysql',
      '[client] # again',
      'loose-ssl-mode=a\\sb\\tc\\\\d\\qe\\"f\'',
      `password='a"b\\'c'`,
      'port=3306',
      'skip-something',
      '!includedir /etc/mysql/conf.d',
      '[mysql.server]',
      'user="a\\\\"#x',
      'host=true',
    ].join('\n');
    const { password, ...client } = parseOptionFile(text, ['client']);
    expect(client).toEqual({
      user: 'a b',
      host: 'h',
      socket: 'a',
      sslCa: `it''s`,
      sslMode: `a b\tc\\d\\qe"f'`,
      port: 3306,
      includes: ['!includedir /etc/mysql/conf.d'],
    });
    expect(password?.reveal()).toBe(`a"b'c`);
    expect(parseOptionFile(text, ['mysql.server'])).toMatchObject({ user: 'a\\', host: 'true' });
  });

  it.each([
    ['[client]\nuser="open', '"open'],
    ['[client]\nuser=a" "b', 'a" "b'],
    ['[client]\nuser=null', 'null'],
    ['[client]\nuser=a\nuser=b', 'b'],
    ['[client]\nuser=', ''],
    ['[client]\nuser=a;b', 'a;b'],
    ['[client]\nuser="{}"', '{}'],
    ['[client]\n__proto__=1\nuser=x', 'x'],
    ['[__proto__]\nuser=x', undefined],
    ['[client]\nuser', undefined],
    ['\ufeff[client]\r\nuser=x\r\n', 'x'],
  ])('%j', (text, user) => {
    expect(parseOptionFile(text, ['client']).user).toBe(user);
  });

  it('take the order of the file, not of the groups', () => {
    expect(parseOptionFile('[mha]\nuser=a\n[client]\nuser=b\n', ['client', 'mha']).user).toBe('b');
  });

  it('that can not be read are none', async () => {
    expect(await readOptionFile(path.join(dir, 'no'), ['client'])).toBeUndefined();
    expect(await readOptionFile(dir, ['client'])).toBeUndefined();
    const pipe = path.join(dir, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(await readOptionFile(pipe, ['client'])).toBeUndefined();
    expect((await readOptionFile(write('my.cnf', '[client]\nuser=x'), ['client']))?.user).toBe('x');
  });
});

describe('sharedStateFiles', () => {
  it('finds applications that overwrite each other', () => {
    const cluster = (file: string, workdir: string): NonNullable<LoadedCluster['cluster']>[] => {
      const { cluster } = resolveText(`[server default]\nmanager_workdir=${workdir}\n[server1]\nhostname=h\n`);
      return cluster ? [{ ...cluster, file }] : [];
    };
    const clusters = [
      ...cluster('/a/app1.cnf', '/w/'),
      ...cluster('/b/app1.cnf', '/w'),
      ...cluster('/c/app1.cnf', '/x'),
    ];
    expect(sharedStateFiles(clusters).map(f => [f.file, f.code])).toEqual([['/b/app1.cnf', 'shared-state-files']]);
  });
});

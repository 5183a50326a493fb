import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { confHostCommand } from '../../../src/cli/confHost';
import { runCommand } from './runCommand';

const BEFORE = `# the whole file is annotated
[server default]
user=mha
password=pw

; the old master
[server1]
hostname=db1

[server2]   
hostname=db2
# what follows belongs to nobody
`;

let directory = '';
let conf = '';
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'conf-host-'));
  conf = path.join(directory, 'app1.cnf');
  writeFileSync(conf, BEFORE);
});
afterEach(() => rmSync(directory, { recursive: true }));

const run = (...args: readonly string[]) => runCommand(confHostCommand, args);
const add = (...args: readonly string[]) => run('--command=add', `--conf=${conf}`, ...args);
const remove = (...args: readonly string[]) => run('--command=delete', `--conf=${conf}`, ...args);
const now = () => readFileSync(conf, 'utf8');
const backups = () => readdirSync(directory).filter(name => name !== 'app1.cnf');

describe('masterha_conf_host', () => {
  it('adds a section, keeps every comment, and a backup', async () => {
    expect(await add('--hostname=db9')).toMatchObject({ code: 0, stdout: `Wrote server_db9 entry to ${conf} .\n` });
    expect(now()).toBe(`${BEFORE}\n[server_db9]\nhostname=db9\n`);
    expect(backups()).toHaveLength(1);
    expect(readFileSync(path.join(directory, backups()[0]!), 'utf8')).toBe(BEFORE);
  });

  it('keeps the mode of the file', async () => {
    chmodSync(conf, 0o640);
    await add('--hostname=db9');
    expect(statSync(conf).mode & 0o777).toBe(0o640);
  });

  it.each([
    ['100', 'server100'],
    ['server7', 'server7'],
    ['default', 'serverdefault'],
    ['binlog5', 'binlog5'],
    ['binlog', 'serverbinlog'],
  ])('makes of --block=%s the section %s', async (block, section) => {
    const ran = await add('--hostname=db9', `--block=${block}`, '--params=no_master=1;;ignore_fail=1;');
    expect(ran).toMatchObject({ code: 0, stdout: `Wrote ${section} entry to ${conf} .\n` });
    expect(now()).toContain(`\n[${section}]\nhostname=db9\nno_master=1\nignore_fail=1\n`);
  });

  it('takes a value up to the next semicolon, with its equals signs', async () => {
    expect((await add('--hostname=db9', '--params=password=a=b;port=3307')).code).toBe(0);
    expect(now()).toContain('\npassword=a=b\nport=3307\n');
  });

  it('deletes a section', async () => {
    expect(await remove('--block=1')).toMatchObject({ code: 0, stdout: `Deleted server1 entry from ${conf} .\n` });
    expect(now()).not.toContain('db1');
    expect(now()).toContain('; the old master');
    expect((await run('--command=remove', `--conf=${conf}`, '--block=server2')).code).toBe(0);
    expect(now()).toContain('# what follows belongs to nobody');
  });

  it('finds a section that it wrote itself', async () => {
    await add('--hostname=10.0.0.9');
    expect(await remove('--hostname=10.0.0.9')).toMatchObject({ code: 0 });
  });

  it('shows what it would do, without passwords, and does nothing', async () => {
    const ran = await add('--hostname=db9', '--params=password=geheim;no_master=1', '--dry-run');
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toContain('Would write server_db9 entry');
    expect(ran.stdout).toContain('+password=***\n+no_master=1\n');
    const removed = await remove('--block=2', '--dry_run');
    expect(removed.stdout).toContain('-[server2]');
    expect(removed.stdout).toContain('-hostname=db2');
    expect(now()).toBe(BEFORE);
    expect(backups()).toEqual([]);
  });

  /** The texts and codes of masterha_conf_host 0.58. */
  it.each([
    [[], 255, '--command=<add|remove> must be set.\n'],
    [['--command=add'], 255, '--conf=<target_conf_file> must be set.\n'],
    [['--command=add', '--conf=CONF'], 255, '--block=<block_name> must be set.\n'],
    [['--command=delete', '--conf=CONF'], 255, '--block=<block_name> must be set.\n'],
    [['--command=add', '--conf=CONF', '--block=7'], 255, '--hostname=<new_host_name> must be set.\n'],
    [['--command=add', '--conf=/nonexistent/x.cnf', '--hostname=h'], 2, '/nonexistent/x.cnf does not exist!\n'],
    [['--command=add', '--conf=/tmp', '--hostname=h'], 255, '/tmp does not exist!\n'],
    [['--command=add', '--conf=CONF', '--hostname=h', '--block=1'], 255, 'Entry server1 already exists on CONF .\n'],
    [
      ['--command=add', '--conf=CONF', '--hostname=h', '--params=no_mastr=1'],
      255,
      'Parameter name no_mastr is invalid! Did you mean no_master?\n',
    ],
  ])('refuses %j', async (args, code, stderr) => {
    const ran = await run(...args.map(a => a.replace('CONF', conf)));
    expect(ran).toEqual({ code, stdout: '', stderr: stderr.replace('CONF', conf) });
    expect(now()).toBe(BEFORE);
  });

  it('prints its usage for an unknown command, and rejects unknown options', async () => {
    expect(await run('--command=frob', `--conf=${conf}`)).toMatchObject({ code: 1, stderr: '' });
    expect((await add('--hostname=h', '--bogus')).code).toBe(1);
    expect((await add('--hostname=h', 'stray')).code).toBe(1);
    expect(now()).toBe(BEFORE);
  });

  it('fails where MHA pretends: nothing to delete, no value', async () => {
    expect(await remove('--block=server99')).toMatchObject({
      code: 1,
      stdout: `Entry server99 not found from ${conf} .\n`,
    });
    expect((await add('--hostname=h', '--params=no_master')).code).toBe(255);
  });

  it('does not take the defaults of all servers for a host', async () => {
    expect((await remove('--block=server default')).code).toBe(255);
    expect(now()).toBe(BEFORE);
  });

  it.each([
    ['--hostname=a\n[server9]'],
    ['--hostname=h', '--block=server9]\nx'],
    ['--hostname=h', '--params=password=geheim ; cut'],
    ['--hostname=h', '--params=password=geheim\nx=1'],
  ])('writes nothing that would be read otherwise: %j', async (...args) => {
    const ran = await add(...args);
    expect(ran.code).toBe(255);
    expect(ran.stderr).not.toContain('geheim');
    expect(now()).toBe(BEFORE);
  });

  it('does not touch a file that it cannot read', async () => {
    writeFileSync(conf, '[server1]\nhostname=a\nbad line\n');
    const ran = await add('--hostname=h');
    expect(ran.code).toBe(255);
    expect(ran.stderr).toContain(`Failed to open ${conf}! ${conf}:3: syntax error: bad line`);
  });
});

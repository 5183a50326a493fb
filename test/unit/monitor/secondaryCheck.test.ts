import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/config/secret';
import { judgeAnswers, type SecondaryAnswer } from '../../../src/engine/monitor/secondaryCheck';
import { parseSecondaryCommand, secondaryInputOf } from '../../../src/engine/monitor/secondaryCommand';

describe('the verdict of several hosts', () => {
  it.each<[string, string]>([
    ['', 'unknown'],
    ['notReachable', 'dead'],
    ['notWritable', 'dead'],
    ['reachable', 'reachable'],
    ['unreachable', 'unknown'],
    ['undecided', 'unknown'],
    ['notReachable unreachable', 'dead'],
    ['notReachable undecided', 'dead'],
    ['notReachable notWritable', 'dead'],
    ['notReachable unreachable undecided', 'unknown'],
    ['notReachable notReachable unreachable', 'dead'],
    ['notReachable notReachable notReachable reachable', 'reachable'],
    ['unreachable reachable', 'reachable'],
  ])('%s: %s', (states, verdict) => {
    const answers = states.split(' ').filter(Boolean) as SecondaryAnswer['state'][];
    expect(judgeAnswers(answers.map(state => ({ state })))).toBe(verdict);
  });
});

describe('a secondary_check_script that can be done without a program', () => {
  const plain = { program: 'masterha_secondary_check', hosts: ['a', 'b'], port: 22, timeoutSeconds: 5 };

  it.each<[string, object]>([
    ['masterha_secondary_check -s a -s b', plain],
    ['  masterha_secondary_check  --secondary_host=a --secondary_host b ', plain],
    [
      '"/opt/mha bin/masterha_secondary_check" -s "a" -s=b',
      { ...plain, program: '/opt/mha bin/masterha_secondary_check' },
    ],
    ['masterha_secondary_check -s a -s b --user=root --port=2222', { ...plain, port: 2222 }],
    [
      "masterha_secondary_check -s a -s b --timeout 3 --options='-i /k -o X=y'",
      { ...plain, timeoutSeconds: 3, options: '-i /k -o X=y' },
    ],
  ])('%s', (command, expected) => {
    expect(parseSecondaryCommand(command)).toEqual(expected);
  });

  it.each([
    '',
    'masterha_secondary_check',
    '/usr/local/bin/my_check -s a',
    'masterha_secondary_check -s $HOST',
    'masterha_secondary_check -s a | tee log',
    'masterha_secondary_check -s a; true',
    'masterha_secondary_check -s "a`id`"',
    'masterha_secondary_check -s a --port=x',
    'masterha_secondary_check -s a --timeout=0',
    'masterha_secondary_check -s a --new_option=1',
    'masterha_secondary_check -s a stray',
    'masterha_secondary_check -s',
    'masterha_secondary_check -s a --master_host=other',
    "masterha_secondary_check -s 'a",
    'PATH=/x masterha_secondary_check -s a',
    '~/masterha_secondary_check -s a',
  ])('not %s', command => {
    expect(parseSecondaryCommand(command)).toBeUndefined();
  });

  it('gets what the manager appends', () => {
    const master = {
      hostname: 'db1',
      ip: '10.0.0.1',
      port: 3307,
      sshHost: 'db1',
      sshIp: '10.0.0.1',
      sshPort: 2222,
      sshUser: 'mysql',
      sshTimeoutSeconds: 7,
    };
    const account = { user: 'mha', password: new Secret('p') };
    const command = parseSecondaryCommand('masterha_secondary_check -s a -s b --user=root --options="-i /own"');
    expect(command && secondaryInputOf(command, master, account, 'SELECT')).toEqual({
      hosts: ['a', 'b'],
      user: 'mysql',
      port: 22,
      master: { host: 'db1', ip: '10.0.0.1', port: 3307 },
      timeoutMs: 5000,
      pingType: 'SELECT',
      credentials: account,
      sshOptions: '-i /own',
    });
    const odd = command && secondaryInputOf(command, { ...master, sshOptions: '-i /k' }, account, 'SELECT');
    expect(odd?.sshOptions).toBe(
      '-o StrictHostKeyChecking=no -o PasswordAuthentication=no -o BatchMode=yes -o ConnectTimeout=7 -i /k',
    );
  });
});

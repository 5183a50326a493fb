import { describe, expect, it } from 'vitest';
import { parseSshArguments, sshOptionWords } from '../../../src/engine/ssh/sshOptions';

const parse = (text: string) => parseSshArguments(sshOptionWords(text));
const settings = (text: string) => Object.fromEntries(parse(text).settings);

describe('ssh_options', () => {
  it.each([
    ['-i /root/.ssh/mha', { identityfile: ['/root/.ssh/mha'] }],
    ['-i/root/.ssh/mha', { identityfile: ['/root/.ssh/mha'] }],
    ['-i a -i b', { identityfile: ['a', 'b'] }],
    ['-o StrictHostKeyChecking=no', { stricthostkeychecking: ['no'] }],
    ['-oStrictHostKeyChecking=no', { stricthostkeychecking: ['no'] }],
    ["-o 'ConnectTimeout=7'", { connecttimeout: ['7'] }],
    ['-o ConnectTimeout=7 -o connecttimeout=9', { connecttimeout: ['7'] }],
    ['-J a,b:22', { proxyjump: ['a,b:22'] }],
    ['-4', { addressfamily: ['inet'] }],
    ['-4qTi key', { addressfamily: ['inet'], identityfile: ['key'] }],
    ['-p 2222 -l mha', { port: ['2222'], user: ['mha'] }],
    ['-c aes128-ctr', { ciphers: ['aes128-ctr'] }],
    ['', {}],
  ])('%s', (text, expected) => {
    expect(settings(text)).toEqual(expected);
  });

  it('takes a configuration file', () => {
    expect(parse('-F /etc/mha/ssh_config')).toMatchObject({ configFile: '/etc/mha/ssh_config' });
  });

  it('names what has no meaning here, and goes on', () => {
    const { ignored, settings } = parse('-q -L 1:a:2 -o nonsense host -i key');
    expect(ignored).toEqual(['-q', '-L 1:a:2', '-o nonsense', 'host']);
    expect(settings.get('identityfile')).toEqual(['key']);
  });

  it('survives an option without its argument', () => {
    expect(settings('-i')).toEqual({ identityfile: [''] });
  });
});

import { describe, expect, it } from 'vitest';
import mysql from '../../../l10n/zh-cn/mysql.json';
import ssh from '../../../l10n/zh-cn/ssh.json';
import { connectFailureMessage } from '../../../src/engine/mysql/failureMessage';
import { sshFailureMessage } from '../../../src/engine/ssh/failureMessage';
import { format, msg } from '../../../src/l10n/message';

describe('why there is no connection', () => {
  it('is said in the language of the sentence around it, with the words of the network behind', () => {
    const reason = sshFailureMessage({ kind: 'unknownHost', text: 'getaddrinfo ENOTFOUND x' });
    expect(format(msg('No SSH: {reason}', { reason }))).toBe('No SSH: unknown name (getaddrinfo ENOTFOUND x)');
    expect(format(msg('No SSH: {reason}', { reason }), { ...ssh, 'No SSH: {reason}': '无 SSH：{reason}' })).toBe(
      '无 SSH：主机名未知（getaddrinfo ENOTFOUND x）',
    );
  });

  it('says what to do about a changed host key', () => {
    const remedy = "ssh-keygen -f /root/.ssh/known_hosts -R '[db1]:2222'";
    const said = format(sshFailureMessage({ kind: 'hostKeyChanged', text: 'another key', remedy }));
    expect(said).toMatch(/^host key changed \(another key\)\. Verify .* administrator/);
    expect(said.endsWith(remedy)).toBe(true);
  });

  it('names the number of an error that the server sent', () => {
    const failure = { kind: 'accessDenied', alive: true, errno: 1045, text: 'Access denied' } as const;
    expect(format(connectFailureMessage(failure))).toBe('error 1045 (Access denied)');
    const refused = { kind: 'refused', alive: false, text: 'connect ECONNREFUSED' } as const;
    expect(format(connectFailureMessage(refused), mysql)).toBe('连接被拒绝（connect ECONNREFUSED）');
  });
});

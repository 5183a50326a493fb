import os from 'node:os';
import { describe, expect, it } from 'vitest';
import type { ServerConfig } from '../../../src/config/types';
import { isLocalTarget, sshTargetOf } from '../../../src/engine/ssh/target';

const server = (values: object) =>
  ({ id: 'server1', values: { hostname: 'db1', ssh_port: 22, ssh_user: 'mha', ...values } }) as unknown as ServerConfig;

describe('sshTargetOf', () => {
  it.each([
    [{}, 'db1'],
    [{ ip: '10.0.0.1' }, '10.0.0.1'],
    [{ ip: '10.0.0.1', ssh_host: 'db1' }, '10.0.0.1'],
    [{ ip: '10.0.0.1', ssh_host: 'db1-admin' }, 'db1-admin'],
    [{ ip: '10.0.0.1', ssh_host: 'db1-admin', ssh_ip: '10.9.0.1' }, '10.9.0.1'],
    [{ ssh_ip: '10.9.0.1' }, '10.9.0.1'],
  ])('%j', (values, host) => {
    expect(sshTargetOf(server(values))).toEqual({ host, port: 22, user: 'mha' });
  });

  it('falls back to the current user', () => {
    expect(sshTargetOf(server({ ssh_user: undefined })).user).toBe(os.userInfo().username);
  });
});

describe('isLocalTarget', () => {
  const { username: user } = os.userInfo();
  it.each([
    [{ host: '127.0.0.1', port: 22, user }, true],
    [{ host: '127.8.9.10', port: 22, user }, true],
    [{ host: '::1', port: 22, user }, true],
    [{ host: '::ffff:127.0.0.1', port: 22, user }, true],
    [{ host: 'localhost', port: 22, user }, true],
    [{ host: os.hostname(), port: 22, user }, true],
    [{ host: '127.0.0.1', port: 2222, user }, false],
    [{ host: '127.0.0.1', port: 22, user: `${user}x` }, false],
    [{ host: '192.0.2.1', port: 22, user }, false],
    [{ host: 'no-such-host.invalid', port: 22, user }, false],
  ])('%j', async (target, expected) => {
    await expect(isLocalTarget(target)).resolves.toBe(expected);
  });
});

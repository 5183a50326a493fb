import { describe, expect, it } from 'vitest';
import { channelOpinion, isFrom, receivedOf } from '../../../src/engine/monitor/opinions';
import { connectOutcome, clientErrno, queryOutcome } from '../../../src/engine/monitor/outcome';
import { MysqlError } from '../../../src/engine/mysql/mysqlError';
import type { ConnectFailure, ReplicaChannel } from '../../../src/engine/mysql/types';

type Channel = Parameters<typeof channelOpinion>[0];
const error = (errno: number) => ({ receiverError: { errno, text: 'said' } });
const at = (position: number) => ({ received: { file: 'mysql-bin.000001', position } });

describe('what a channel says of its source', () => {
  it.each<[channel: Channel, before: Channel | undefined, says: string]>([
    [{ receiver: 'connecting' }, undefined, 'broken'],
    [{ receiver: 'connecting', ...error(2003) }, undefined, 'broken'],
    [{ receiver: 'connecting', ...error(2013) }, undefined, 'broken'],
    [{ receiver: 'connecting', ...error(1040) }, undefined, 'answered'],
    [{ receiver: 'connecting', ...error(1045) }, undefined, 'answered'],
    [{ receiver: 'connecting', ...error(2061) }, undefined, 'answered'],
    [{ receiver: 'stopped' }, undefined, 'stopped'],
    [{ receiver: 'stopped', ...error(1236) }, undefined, 'stopped'],
    [{ receiver: 'running', ...at(4) }, undefined, 'connected'],
    [{ receiver: 'running', ...at(4) }, { receiver: 'running', ...at(4) }, 'connected'],
    [{ receiver: 'running', ...at(5) }, { receiver: 'running', ...at(4) }, 'receiving'],
    [{ receiver: 'running', retrievedGtids: 'a:1-2' }, { receiver: 'running', retrievedGtids: 'a:1' }, 'receiving'],
  ])('%j after %j: %s', (channel, before, says) => {
    expect(channelOpinion(channel, before && receivedOf(before)).says).toBe(says);
  });

  it('is about the master if its address or its UUID is', () => {
    const master = { addresses: [{ host: 'db1', port: 3306 }], uuid: 'u1' };
    const from = (host: string, port: number, sourceUuid?: string): Pick<ReplicaChannel, 'source' | 'sourceUuid'> => ({
      source: { host, port },
      ...(sourceUuid !== undefined && { sourceUuid }),
    });
    expect(isFrom(from('DB1', 3306), master)).toBe(true);
    expect(isFrom(from('vip', 3306, 'u1'), master)).toBe(true);
    expect(isFrom(from('db1', 3307), master)).toBe(false);
    expect(isFrom(from('db2', 3306, 'u2'), master)).toBe(false);
  });
});

describe('an outcome', () => {
  const failure = (kind: ConnectFailure['kind'], more: Partial<ConnectFailure> = {}): ConnectFailure => ({
    kind,
    alive: false,
    text: 'said',
    ...more,
  });
  it.each<[failure: ConnectFailure, kind: string, how: string | undefined, errno: number]>([
    [failure('refused'), 'connectFailed', 'refused', 2003],
    [failure('timeout'), 'connectFailed', 'unanswered', 2003],
    [failure('unreachable', { code: 'EHOSTUNREACH' }), 'connectFailed', 'unanswered', 2003],
    [failure('tunnel'), 'connectFailed', 'unanswered', 2003],
    [failure('closed'), 'connectFailed', 'closed', 2013],
    [failure('silent', { alive: true }), 'connectFailed', 'silent', 2013],
    [failure('serverError', { alive: true, errno: 1053 }), 'connectFailed', 'closed', 2013],
    [failure('tooManyConnections', { alive: true, errno: 1040 }), 'answered', undefined, 1040],
    [failure('accessDenied', { alive: true, errno: 1045 }), 'answered', undefined, 1045],
    [failure('tls', { alive: true }), 'answered', undefined, 2000],
    [failure('unreachable', { code: 'EMFILE' }), 'local', undefined, 2000],
    [failure('unknownHost', { code: 'ENOTFOUND' }), 'local', undefined, 2005],
    [failure('accessDenied'), 'local', undefined, 2000],
    [failure('tls'), 'local', undefined, 2000],
  ])('of a connect, %j: %s %s', (given, kind, how, errno) => {
    const outcome = connectOutcome(given);
    expect(outcome).toMatchObject({ kind, ...(how !== undefined && { how }) });
    expect(clientErrno(outcome)).toBe(errno);
  });

  it.each<[error: MysqlError, kind: string, how?: string]>([
    [new MysqlError('closed', 'ECONNRESET', ''), 'queryFailed', 'lost'],
    [new MysqlError('timeout', 'TIMEOUT', ''), 'queryFailed', 'hung'],
    [new MysqlError('protocol', 'PROTOCOL_X', ''), 'queryFailed', 'lost'],
    [new MysqlError('server', 'ER_DISK_FULL', '', 1021), 'answered'],
    [new MysqlError('server', 'ER_QUERY_INTERRUPTED', '', 1317), 'queryFailed', 'lost'],
    [new MysqlError('server', 'ER_CONNECTION_KILLED', '', 1927), 'queryFailed', 'lost'],
  ])('of a statement, %s: %s %s', (given, kind, how) => {
    expect(queryOutcome(given)).toMatchObject({ kind, ...(how !== undefined && { how }) });
  });

  it('of a mistake of ours is none', () => {
    expect(() => queryOutcome(new TypeError('x'))).toThrow(TypeError);
  });
});

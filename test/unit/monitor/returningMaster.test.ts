import { describe, expect, it } from 'vitest';
import { examine } from '../../../src/engine/monitor/returningMaster';
import { dialectOf } from '../../../src/engine/mysql/dialect';
import { MysqlError } from '../../../src/engine/mysql/mysqlError';
import type { MysqlServer } from '../../../src/engine/mysql/server';
import { parseVersion } from '../../../src/engine/mysql/version';

/** A server that knows read_only, and notes what it is told. */
function server(version: string, start: { readOnly: boolean; deaf?: boolean; error?: MysqlError }) {
  const told: string[] = [];
  let readOnly = start.readOnly;
  const fake = {
    dialect: dialectOf(parseVersion(version)),
    query(sql: string) {
      if (sql.startsWith('SELECT')) return Promise.resolve([{ Value: readOnly ? 1 : 0 }]);
      told.push(sql);
      if (start.error) return Promise.reject(start.error);
      if (!start.deaf) readOnly = true;
      return Promise.resolve([]);
    },
  };
  return { told, fake: fake as unknown as MysqlServer };
}

describe('an old master that is back', () => {
  it.each([
    ['8.0.36', 'SET GLOBAL super_read_only = 1'],
    ['5.6.24', 'SET GLOBAL read_only = 1'],
    ['10.11.6-MariaDB', 'SET GLOBAL read_only = 1'],
  ])('of version %s is made read-only where that is wanted: %s', async (version, statement) => {
    const { told, fake } = server(version, { readOnly: false });
    expect(await examine(fake, true)).toEqual({ kind: 'fenced' });
    expect(told).toEqual([statement]);
  });

  it('is only reported where it is not wanted, and left alone where it is read-only', async () => {
    for (const [readOnly, fence, kind] of [
      [false, false, 'writable'],
      [true, false, 'readOnly'],
      [true, true, 'readOnly'],
    ] as const) {
      const { told, fake } = server('8.0.36', { readOnly });
      expect(await examine(fake, fence)).toEqual({ kind });
      expect(told).toEqual([]);
    }
  });

  it('that cannot be fenced says so', async () => {
    const error = new MysqlError('server', 'ER_SPECIFIC_ACCESS_DENIED_ERROR', 'Access denied', 1227);
    expect(await examine(server('8.0.36', { readOnly: false, error }).fake, true)).toEqual({
      kind: 'unfenced',
      text: 'Access denied',
    });
    expect(await examine(server('8.0.36', { readOnly: false, deaf: true }).fake, true)).toMatchObject({
      kind: 'unfenced',
    });
  });
});

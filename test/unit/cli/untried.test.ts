import { describe, expect, it } from 'vitest';
import { untriedFrom } from '../../../src/cli/untried';
import type { SshPair, SshReport } from '../../../src/engine/checks/types';

const report = (pairs: readonly string[], failing: readonly string[]): SshReport => ({
  kind: 'ssh',
  cluster: 'app1',
  file: 'app1.cnf',
  startedAt: '',
  tookMs: 1,
  verdict: 'failed',
  hosts: [],
  pairs: pairs.map((pair): SshPair => {
    const [from = '', to = ''] = pair.split('>');
    return failing.includes(pair)
      ? { from, to, result: 'failed', failure: { kind: 'refused', text: '' }, tookMs: 1 }
      : { from, to, result: 'ok', tookMs: 1 };
  }),
});

describe('connections that were not tried', () => {
  it('are those from hosts that the manager does not reach', () => {
    const pairs = ['manager>1', 'manager>2', '1>2', '1>3', '2>1', '2>3'];
    expect([...untriedFrom(report(pairs, ['manager>1', '1>2', '1>3', '2>1']))]).toEqual([['1', 2]]);
    expect([...untriedFrom(report(pairs, ['2>1']))]).toEqual([]);
    expect([...untriedFrom(report(['manager>b'], ['manager>b']))]).toEqual([]);
  });
});

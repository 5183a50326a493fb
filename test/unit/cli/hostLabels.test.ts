import { describe, expect, it } from 'vitest';
import { hostLabels } from '../../../src/cli/checkCommand';
import type { SshReport } from '../../../src/engine/checks/types';
import { clusterOf } from '../topology/snapshots';

describe('the hosts of the SSH check', () => {
  it('are told apart where servers share one', () => {
    const cluster = clusterOf(3, { sections: { server2: ['node_label=rack 7'] } });
    const label = 'db(10.0.0.1:22)';
    const hosts = [
      { id: 'server1', label },
      { id: 'server2', label },
      { id: 'server3', label: 'db3(10.0.0.3:22)' },
    ];
    expect([...hostLabels({ hosts } as unknown as SshReport, cluster).values()]).toEqual([
      `${label} (server1)`,
      `${label} (rack 7)`,
      'db3(10.0.0.3:22)',
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import chinese from '../../../l10n/zh-cn/cli.json';
import { parseDocument } from '../../../src/config/document';
import { resolve } from '../../../src/config/resolve';
import { mhaPhrase } from '../../../src/cli/mhaPhrases';
import { serverNote, topologyLog, treeNote, treeText } from '../../../src/cli/topologyText';
import type { ServerState } from '../../../src/engine/mysql/types';
import type { ReplicationEdge, ServerSnapshot, ServerStatus, Snapshot } from '../../../src/engine/topology/types';
import { format, msg } from '../../../src/l10n/message';

const CONFIG = [1, 2, 3, 4]
  .map(i => `[server${i}]\nhostname=db${i}\nip=10.0.0.${i}\n`)
  .join('')
  .replace('hostname=db2\n', 'hostname=db2\ncandidate_master=1\nnode_label=rack 7\n')
  .replace('hostname=db4\n', 'hostname=db4\nno_master=1\nmulti_tier_slave=1\n');

const cluster = resolve({ application: parseDocument(CONFIG, 'app1.cnf'), loginUser: 'root' }).cluster!;

function server(i: number, status: ServerStatus = 'alive', state: Partial<ServerState> = {}): ServerSnapshot {
  const full = {
    version: { flavour: 'mysql', major: 5, minor: 6, patch: 24, text: '5.6.24-log' },
    logBin: true,
    gtidMode: 'OFF',
    channels: [],
    ...state,
  } as unknown as ServerState;
  return {
    id: `server${i}`,
    name: `db${i}`,
    address: { host: `10.0.0.${i}`, port: 3306 },
    configured: i < 5,
    status,
    tookMs: 1,
    ...(status === 'alive'
      ? { state: full }
      : { failure: { kind: 'serverError', alive: true, errno: 1040, text: 'Too many connections' } }),
  };
}

const channel = { name: '', source: { host: '10.0.0.1', port: 3306 }, receiver: 'running', applier: 'running' };
const replicating = { channels: [channel] as unknown as ServerState['channels'] };

function snapshot(servers: readonly ServerSnapshot[], edges: readonly (readonly [number, number])[]): Snapshot {
  return {
    cluster: 'app1',
    takenAt: '2026-01-01T00:00:00Z',
    servers,
    edges: edges.map(([source, replica]): ReplicationEdge => ({
      source: `server${source}`,
      replica: `server${replica}`,
      channel: '',
    })),
    master: 'server1',
    gtidMode: 0,
  };
}

describe('the tree', () => {
  it('is MHA’s, one level deeper for each tier', () => {
    const taken = snapshot(
      [server(2, 'alive', replicating), server(1), server(3, 'alive', replicating), server(4, 'alive', replicating)],
      [
        [1, 2],
        [1, 3],
        [3, 4],
      ],
    );
    expect(treeText(taken, treeNote(cluster, taken))).toBe(
      'db1(10.0.0.1:3306) (current master)\n' +
        ' +--db2(10.0.0.2:3306) (rack 7)\n' +
        ' +--db3(10.0.0.3:3306)\n' +
        '    +--db4(10.0.0.4:3306)\n',
    );
  });

  it('shows every server once, rings and lonely ones, too', () => {
    const taken = snapshot(
      [server(1), server(2), server(3, 'dead'), server(4)],
      [
        [1, 2],
        [2, 1],
        [4, 4],
      ],
    );
    expect(treeText(taken, treeNote(cluster, taken))).toBe(
      'db1(10.0.0.1:3306) (current master)\n' +
        ' +--db2(10.0.0.2:3306) (rack 7)\n' +
        'db3(10.0.0.3:3306) (dead)\n' +
        'db4(10.0.0.4:3306)\n',
    );
  });
});

describe('the tree for people', () => {
  it('is in their language', () => {
    const taken = snapshot([server(1, 'alive', replicating), server(3, 'dead')], []);
    const note = (n: number) => serverNote(cluster, taken, taken.servers[n]!, m => format(m, chinese));
    expect(note(1)).toContain('（已宕机）');
    expect(note(0)).toContain('（当前主库）');
  });
});

describe('the log of the topology', () => {
  it('has the lines that monitoring scripts search for', () => {
    const broken = {
      channels: [{ ...channel, applier: 'stopped', applierError: { errno: 1062, text: 'Duplicate entry' } }],
    } as unknown as Partial<ServerState>;
    const newer = { flavour: 'mysql', major: 8, minor: 0, patch: 36, text: '8.0.36' } as const;
    const taken = snapshot(
      [
        server(1),
        server(2, 'alive', { ...replicating, gtidMode: 'ON' }),
        server(3, 'alive', broken),
        server(4, 'alive', { ...replicating, version: newer, logBin: false }),
        server(5, 'refusing'),
      ],
      [
        [1, 2],
        [1, 3],
        [2, 4],
      ],
    );
    expect(topologyLog(cluster, taken)).toEqual([
      'GTID failover mode = 0',
      'Dead Servers:',
      'Alive Servers:',
      '  db1(10.0.0.1:3306)',
      '  db2(10.0.0.2:3306)',
      '  db3(10.0.0.3:3306)',
      'Alive Slaves:',
      '  db2(10.0.0.2:3306)  Version=5.6.24-log (oldest major version between slaves) log-bin:enabled',
      '    GTID ON',
      '    Replicating from db1(10.0.0.1:3306)',
      '    Primary candidate for the new Master (candidate_master is set)',
      'Failed Slaves:',
      '  db3(10.0.0.3:3306)  Version=5.6.24-log (oldest major version between slaves) log-bin:enabled',
      '    Replicating from db1(10.0.0.1:3306)',
      'Unmanaged Servers:',
      '  db4(10.0.0.4:3306)  Version=8.0.36 log-bin:disabled',
      '    Replicating from db2(10.0.0.2:3306)',
      '    Not candidate for the new Master (no_master is set)',
      '  db5(10.0.0.5:3306)',
      'Current Alive Master: db1(10.0.0.1:3306)',
    ]);
  });
});

describe('MHA’s sentences', () => {
  const taken = snapshot([server(1), server(2, 'refusing'), server(3, 'dead')], []);
  const item = (code: string, id: string, args = {}) =>
    mhaPhrase({ code, verdict: 'failed', server: id, message: msg('{x}', args) }, taken);

  it('are given for what MHA itself checks', () => {
    expect(item('dead-server', 'server3')).toBe(
      ' Server db3(10.0.0.3:3306) is dead, but must be alive! Check server settings.',
    );
    expect(item('refusing-server', 'server2')).toBe(
      'Got MySQL error when connecting db2(10.0.0.2:3306) :1040:Too many connections, but this is not a MySQL crash. Check MySQL server settings.',
    );
    expect(item('applier-failed', 'server3')).toBe('Slave SQL thread is not running on db3(10.0.0.3:3306)');
    expect(item('hook-failed', 'server1', { script: 'shutdown_script', code: '1:0' })).toBe(
      ' Failed to get power status with return code 1:0.',
    );
    expect(item('errant-gtids', 'server2')).toBeUndefined();
    expect(item('constructor', 'server2')).toBeUndefined();
  });

  it('are not given for what is excused', () => {
    expect(
      mhaPhrase({ code: 'dead-server', verdict: 'warning', server: 'server3', message: msg('{x}') }, taken),
    ).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import {
  FACTS_SCRIPT,
  NO_PROC,
  parseFacts,
  type FenceFacts,
  type FenceProcess,
} from '../../../src/engine/hooks/fenceFacts';
import { fenceSsh } from '../../../src/engine/hooks/fenceSsh';
import { planFence } from '../../../src/engine/hooks/planFence';
import { accepts, listenerPattern, parseListeners } from '../../../src/engine/hooks/procNet';
import { sshError } from '../../../src/engine/ssh/sshError';
import type { Host, RunResult } from '../../../src/engine/ssh/types';

const BOOT = 1_800_000_000;
const AT = { port: 3306, addresses: ['10.0.0.1'], pidFiles: ['/run/mysqld.pid'] };
const WILDCARD = '00000000';
const listener = (port: number, address = WILDCARD) => ({ address, port, inode: `${port}` });
const process = (pid: number, more: Partial<FenceProcess> = {}): FenceProcess => ({
  pid,
  parent: 1,
  kind: 'server',
  startTicks: 1000 * 100,
  words: ['/usr/sbin/mysqld'],
  listens: [listener(3306)],
  ...more,
});
const safe = (pid: number, ...words: string[]) =>
  process(pid, { kind: 'safe', words: ['/bin/sh', '/usr/bin/mysqld_safe', ...words] });
const facts = (processes: FenceProcess[], more: Partial<FenceFacts> = {}): FenceFacts => ({
  bootedAt: BOOT,
  pidFiles: [{ path: '/run/mysqld.pid', pid: 100, modified: BOOT + 1002 }],
  processes,
  listening: processes.flatMap(p => p.listens ?? []),
  ...more,
});
const stale = [{ path: '/run/mysqld.pid', pid: 4, modified: BOOT }];
const plan = (of: FenceFacts) => {
  const found = planFence(of, AT);
  if (found.kind === 'kill') return ['kill', ...found.processes.map(p => p.pid), ...(found.unit ? [found.unit] : [])];
  return found.kind === 'refused' ? [found.reason, ...found.pids] : [found.kind];
};

describe('who is killed', () => {
  const other = process(200, { listens: [listener(3307)] });
  const { listens: _hidden, ...unseen } = process(100);

  it.each<[string, FenceFacts, readonly (string | number)[]]>([
    ['the server of the PID file', facts([process(100), other]), ['kill', 100]],
    ['it before it listens', facts([process(100, { listens: [] }), other]), ['kill', 100]],
    ['it when its sockets may not be seen: the kill will tell', facts([unseen, other]), ['kill', 100]],
    [
      'it and the mysqld_safe above it, first',
      facts([process(100, { parent: 90 }), safe(90), safe(190), { ...other, parent: 190 }]),
      ['kill', 90, 100],
    ],
    ['a mysqld_safe that is about to start it again', facts([safe(90, '--pid-file=/run/mysqld.pid')]), ['kill', 90]],
    [
      'one that mysqld_safe has just started with this PID file',
      facts([process(101, { listens: [], parent: 90, words: ['mysqld', '--pid-file=/run/mysqld.pid'] }), safe(90)]),
      ['kill', 90, 101],
    ],
    [
      'one that is about to write the PID file, which is gone',
      facts([process(101, { listens: [], words: ['mysqld', '--pid-file=/run/mysqld.pid'] })], { pidFiles: [] }),
      ['kill', 101],
    ],
    ['the one that listens there, without a PID file', facts([process(101), other], { pidFiles: [] }), ['kill', 101]],
    ['the one that listens there, with an outdated one', facts([process(101)], { pidFiles: stale }), ['kill', 101]],
    [
      'never a later process with the number of an outdated PID file',
      facts([process(4, { listens: [listener(3307)] })], { pidFiles: stale }),
      ['notRunning'],
    ],
    [
      'never a server that listens elsewhere, whatever the PID file says',
      facts([process(100, { listens: [listener(3307)] })]),
      ['otherInstance', 100],
    ],
    [
      'never the one of another address on the same port',
      facts([process(101, { listens: [listener(3306, '0200000A')] })], { pidFiles: stale }),
      ['notRunning'],
    ],
    ['nobody where nothing runs', facts([]), ['notRunning']],
    ['nobody where another server runs', facts([other]), ['notRunning']],
    ['nobody where two could be it', facts([process(1), process(2)], { pidFiles: [] }), ['ambiguous', 1, 2]],
    [
      'nobody where one starts of which nothing is known',
      facts([process(101, { listens: [] }), other]),
      ['unidentified', 101],
    ],
    ['nobody where something else listens there', facts([], { listening: [listener(3306)] }), ['unidentified']],
    [
      "with its own systemd unit, but not with somebody else's",
      facts([process(100, { unit: 'mysqld.service' })]),
      ['kill', 100, 'mysqld.service'],
    ],
    ['in an instance unit', facts([process(100, { unit: 'mariadb@1.service' })]), ['kill', 100, 'mariadb@1.service']],
    ['in the unit of the login', facts([process(100, { unit: 'ssh.service' })]), ['kill', 100]],
  ])('%s', (_, of, expected) => {
    expect(plan(of)).toEqual(expected);
  });
});

describe('who is killed after that', () => {
  const words = ['/usr/sbin/mysqld', '--datadir=/a'];
  const before = [process(100, { words })];
  const after = (...processes: FenceProcess[]) => planFence(facts(processes, { pidFiles: stale }), AT, before);

  it('is the server that was started again in the same way, before it listens', () => {
    const again = process(300, { words, listens: [] });
    expect(after(again, process(301, { listens: [] }))).toMatchObject({ kind: 'kill', processes: [{ pid: 300 }] });
    expect(after({ ...again, listens: [listener(3307)] })).toEqual({ kind: 'notRunning' });
  });

  it('is nobody who only begins to run', () => {
    expect(after(process(301, { words: ['/usr/sbin/mysqld', '--datadir=/b'], listens: [] }))).toEqual({
      kind: 'notRunning',
    });
  });
});

describe('listening sockets', () => {
  const line = (address: string, port: string, state = '0A') =>
    `  12: ${address}:${port} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000   112        0 4242 1 ffff 100 0 0 10 0`;
  const mapped = '0000000000000000FFFF00000100000A';

  it('are read from the lines of the kernel', () => {
    expect(parseListeners([line('0100007F', '0CEA'), '', 'noise'])).toEqual([
      { address: '0100007F', port: 3306, inode: '4242' },
    ]);
  });

  it.each([
    ['0100007F', ['127.0.0.1'], true],
    ['0100000A', ['10.0.0.1'], true],
    [mapped, ['10.0.0.1'], true],
    [WILDCARD, ['10.0.0.1'], true],
    ['0'.repeat(32), ['10.0.0.1'], true],
    ['0200000A', ['10.0.0.1'], false],
    ['0200000A', [], true],
    ['B80D01200000000000000000010000FF', ['2001:db8::ff00:1'], true],
    ['B80D01200000000000000000010000FF', ['2001:db8::ff00:2'], false],
    ['00000000000000000000000001000000', ['::1'], true],
    [mapped, ['::ffff:10.0.0.1'], true],
    ['0200000A', ['no-address'], false],
  ])('%s for %j: %s', (address, addresses, expected) => {
    const [found] = parseListeners([line(address, '0CEA')]);
    expect(found && accepts(found, 3306, addresses)).toBe(expected);
    expect(found && accepts(found, 3307, addresses)).toBe(false);
    const pattern = new RegExp(listenerPattern(3306, addresses));
    expect(pattern.test(line(address, '0CEA'))).toBe(expected);
    expect(pattern.test(line(address, '0CEA', '01'))).toBe(false);
    expect(pattern.test(line(address, '0CEB'))).toBe(false);
  });
});

describe('what a host says', () => {
  it('is read, junk and all', () => {
    const found = parseFacts(
      [
        'Welcome!',
        'clock\t1800001000\t1000',
        'pidfile\t1800000999\t100\t/data/a\tb.pid',
        'pidfile\t\tjunk\t/x',
        'proc\t100\tserver\tS 90 1 1 0 -1 4 1 1 1 1 0 0 0 0 20 0 22 0 94258 1 2\tmysqld.service\t/usr/sbin/mysqld\x1f--user=x',
        'proc\t101\tserver\tZ 90 1 1 0 -1 4 1 1 1 1 0 0 0 0 20 0 22 0 94258 1 2\t\t',
        'proc\t90\tshell\tS 1 1 1 0 -1 4 1 1 1 1 0 0 0 0 20 0 22 0 94250 1 2\t\t/bin/sh\x1f/usr/bin/mysqld_safe',
        'proc\t91\tshell\tS 1 1 1 0 -1 4 1 1 1 1 0 0 0 0 20 0 22 0 94250 1 2\t\tbash\x1f-c\x1fgrep mysqld_safe',
        'proc\t1\tserver\tS 0 1 1 0 -1 4 1 1 1 1 0 0 0 0 20 0 22 0 1 1 2\t\tmysqld',
        'fds\t100\t7 8 9 ',
        'tcp\t100\t  0: 00000000:0CEA 00000000:0000 0A 0:0 0:0 0 1 0 8 1\x1f  1: 00000000:0016 00000000:0000 0A 0:0 0:0 0 1 0 5 1\x1f',
        '',
      ].join('\n'),
    );
    expect(found.bootedAt).toBe(1_800_000_000);
    expect(found.pidFiles).toEqual([
      { path: '/data/a\tb.pid', pid: 100, modified: 1_800_000_999 },
      { path: '/x', modified: 0 },
    ]);
    expect(found.processes).toEqual([
      {
        pid: 100,
        parent: 90,
        kind: 'server',
        startTicks: 94_258,
        unit: 'mysqld.service',
        words: ['/usr/sbin/mysqld', '--user=x'],
        listens: [{ address: '00000000', port: 3306, inode: '8' }],
      },
      { pid: 90, parent: 1, kind: 'safe', startTicks: 94_250, words: ['/bin/sh', '/usr/bin/mysqld_safe'] },
    ]);
  });
});

describe('fencing', () => {
  const target = AT;
  const PROC = `clock\t${BOOT}\t0\npidfile\t${BOOT + 2000}\t100\t/run/mysqld.pid\nproc\t100\tserver\tS 1 1 1 0 -1 4 1 1 1 1 0 0 0 0 20 0 22 0 5 1 2\t\tmysqld\n`;

  /** Answers the facts script and the kill script in turn. */
  function hostThat(answers: { facts: () => Partial<RunResult> | Error; kill?: () => Partial<RunResult> }): Host {
    return {
      name: 'root@db1:22',
      local: false,
      run: argv => {
        const answer = argv.includes(FACTS_SCRIPT) ? answers.facts() : (answers.kill?.() ?? {});
        return answer instanceof Error
          ? Promise.reject(answer)
          : Promise.resolve({ stdout: '', stderr: '', ...answer });
      },
      start: () => Promise.reject(new Error('not used')),
      readRange: () => (async function* () {})(),
      tunnel: () => Promise.reject(new Error('not used')),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const fence = (host: Host, signal?: AbortSignal) =>
    fenceSsh(host, target, { timeoutMs: 1000, ...(signal && { signal }) });

  it.each([
    ['without a /proc', { facts: () => ({ code: NO_PROC }) }, 'unsupported'],
    [
      'of another user',
      { facts: () => ({ stdout: PROC }), kill: () => ({ stdout: 'refused 100\nleft 100\n' }) },
      'notPermitted',
    ],
    [
      'that does not end',
      { facts: () => ({ stdout: PROC }), kill: () => ({ stdout: 'killed 100\nleft 100\n' }) },
      'stillRunning',
    ],
    [
      'that starts again and again',
      { facts: () => ({ stdout: PROC }), kill: () => ({ stdout: 'killed 100\n' }) },
      'restarted',
    ],
    ['whose connection is lost', { facts: () => sshError('closed', 'gone') }, 'ssh'],
    ['that hangs', { facts: () => sshError('timeout', 'no end') }, 'timeout'],
  ])('says so of a host %s', async (_, answers, reason) => {
    expect(await fence(hostThat(answers))).toMatchObject({ kind: 'failed', reason });
  });

  it('rejects when cancelled', async () => {
    const controller = new AbortController();
    const facts = () => {
      controller.abort(new Error('enough'));
      return sshError('closed', 'gone');
    };
    await expect(fence(hostThat({ facts }), controller.signal)).rejects.toThrow('enough');
  });

  it('lets programming errors through', async () => {
    await expect(fence(hostThat({ facts: () => new TypeError('oops') }))).rejects.toThrow('oops');
  });
});

import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../../src/engine/checks/types';
import type { BlockOf, ReportView } from '../../../src/extension/panels/reportProtocol';
import { reportViewSchema, toPageSchema, toPanelSchema } from '../../../src/extension/panels/reportProtocol';
import { reportView } from '../../../src/extension/panels/reportView';
import { duration } from '../../../src/extension/panels/reportWords';
import { format, msg } from '../../../src/l10n/message';
import * as sample from './sampleReports';

const ENGLISH = { language: 'en', translate: format };
const view = (report: Report) => reportView(report, ENGLISH);

function blocks<T extends ReportView['blocks'][number]['type']>(shown: ReportView, type: T): BlockOf<T>[] {
  return shown.blocks.filter((block): block is BlockOf<T> => block.type === type);
}

function texts(shown: ReportView, title: string): string[] {
  return blocks(shown, 'list')
    .filter(block => block.title === title)
    .flatMap(block => block.entries.map(entry => entry.text));
}

describe('a replication report', () => {
  it('says the answer first, in words', () => {
    expect(view(sample.replicationReport()).verdict).toEqual({
      level: 'ok',
      headline: 'Replication is healthy',
      detail: 'Everything that a failover needs is in place.',
      counts: ['8 checks passed'],
    });
    expect(view(sample.brokenReport()).verdict).toMatchObject({
      level: 'failed',
      headline: 'Replication is NOT healthy',
      counts: ['1 problem', '1 warning', '8 checks passed'],
    });
    const warned = sample.replicationReport({ verdict: 'warning', findings: [sample.ERRANT] });
    expect(view(warned).verdict).toMatchObject({ level: 'warning', counts: ['1 warning', '8 checks passed'] });
  });

  it('names what explains everything else, and puts it first', () => {
    const { state: _state, ...dead } = sample.server(1, { status: 'dead' });
    const snapshot = sample.snapshot({ servers: [dead, sample.server(2), sample.server(3)] });
    const failed = (code: string, text: string) => ({ code, verdict: 'failed' as const, message: msg(text) });
    const items = [failed('no-replica-replicating', 'Nothing replicates'), failed('dead-master', 'db1 is dead')];
    const shown = view(sample.replicationReport({ verdict: 'failed', items, snapshot }));
    expect(shown.verdict).toMatchObject({ headline: 'The master is dead', detail: 'db1 is dead' });
    expect(texts(shown, 'Problems')).toEqual(['db1 is dead', 'Nothing replicates']);
  });

  it('puts problems before warnings before the servers before what is fine', () => {
    expect(view(sample.brokenReport()).blocks.map(block => block.title)).toEqual([
      'Problems',
      'Warnings',
      'Servers',
      'Good to know',
      'Verified',
    ]);
    expect(view(sample.replicationReport()).blocks.map(block => block.title)).toEqual(['Servers', 'Verified']);
  });

  it('says each thing once, by the name of the server', () => {
    const shown = view(sample.brokenReport());
    expect(texts(shown, 'Warnings')).toEqual(['3 transactions that the master does not have']);
    expect(blocks(shown, 'list')[0]?.entries).toEqual([
      {
        level: 'failed',
        server: 'db2',
        text: 'The applier is stopped by error 1062',
        detail: "Duplicate entry '7' for key 'PRIMARY'",
      },
    ]);
  });

  it('leads from a finding to its line', () => {
    const link = { file: sample.FILE, line: 13, label: 'app1.cnf:14' };
    const rejected = view(sample.rejectedReport());
    expect(blocks(rejected, 'list')[0]?.entries).toEqual([
      { level: 'failed', text: 'The comment is part of the value of ping_interval', link },
    ]);
    expect(rejected.verdict.headline).toBe('The configuration cannot be used');
    expect(blocks(view(sample.brokenReport()), 'list').at(-1)?.entries[0]?.link?.label).toBe('app1.cnf:5');
  });

  it('groups what was verified by server, the cluster first', () => {
    const [verified] = blocks(view(sample.replicationReport()), 'groups');
    expect(verified?.groups.map(group => [group.title, group.entries.length])).toEqual([
      ['The cluster', 2],
      ['db1', 2],
      ['db2', 2],
      ['db3', 2],
    ]);
    expect(verified?.groups[0]?.entries[1]?.took).toBe('61 ms');
  });
});

describe('the servers of a report', () => {
  const rows = (report: Report) => blocks(view(report), 'topology')[0]?.rows ?? [];

  it('form a tree below the master, with role, state, lag and access', () => {
    expect(
      rows(sample.brokenReport()).map(r => [r.depth, r.name, r.badge ?? r.notes[0], r.level, r.state, r.lag, r.access]),
    ).toEqual([
      [0, 'db1', 'master', 'ok', 'running', '', 'writable'],
      [1, 'db2', 'replica of db1', 'failed', 'applier stopped', '6 min', 'read-only'],
      [1, 'db3', 'replica of db1', 'warning', 'replicating', '0 s', 'read-only'],
    ]);
  });

  it('include dead ones, strangers and circles of masters, each once', () => {
    const { state: _state, ...dead } = sample.server(1, { status: 'dead' });
    const snapshot = sample.snapshot({
      servers: [dead, sample.server(2), sample.server(3), sample.server(4, { configured: false })],
      edges: [
        { source: 'server2', replica: 'server3', channel: '' },
        { source: 'server3', replica: 'server2', channel: '' },
        { source: 'server3', replica: 'server4', channel: '' },
      ],
    });
    expect(rows(sample.replicationReport({ snapshot })).map(r => [r.depth, r.name, r.state])).toEqual([
      [0, 'db1', 'dead'],
      [0, 'db2', 'replicating'],
      [1, 'db3', 'replicating'],
      [2, 'db4', 'replicating'],
    ]);
    const strange = rows(sample.replicationReport({ snapshot })).at(-1);
    expect(strange?.notes).toEqual(['replica of db3', 'not in the file']);
  });

  it('are told apart by port where several have one name', () => {
    const here = (n: number) => ({ name: '127.0.0.1', address: { host: '127.0.0.1', port: 3300 + n } });
    const snapshot = sample.snapshot({ servers: [sample.server(1, here(1)), sample.server(2, here(2))] });
    const names = rows(sample.replicationReport({ snapshot })).map(r => r.name);
    expect(names).toEqual(['127.0.0.1:3301', '127.0.0.1:3302']);
  });

  it.each([
    [{ receiver: 'stopped', applier: 'stopped' }, 'stopped'],
    [{ receiver: 'stopped' }, 'receiver stopped'],
    [{ receiver: 'connecting' }, 'connecting to its master'],
  ] as const)('say what their threads do: %o', (changes, expected) => {
    const replica = sample.server(2, { state: sample.state({ channels: [sample.channel(3306, changes)] }) });
    const snapshot = sample.snapshot({ servers: [sample.server(1), replica] });
    expect(rows(sample.replicationReport({ snapshot }))[1]?.state).toBe(expected);
  });
});

describe('an SSH report', () => {
  const matrix = (report: Report) => blocks(view(report), 'matrix')[0];

  it('is a matrix from the manager and every host to every host', () => {
    const shown = matrix(sample.sshReport());
    expect(shown?.columns).toEqual(['db1', 'db2', 'db3']);
    expect(shown?.rows.map(row => [row.label, row.cells.map(cell => cell?.text ?? '')])).toEqual([
      ['manager', ['84 ms', '84 ms', '84 ms']],
      ['db1', ['', '84 ms', '84 ms']],
      ['db2', ['84 ms', '', '84 ms']],
      ['db3', ['84 ms', '84 ms', '']],
    ]);
    expect(view(sample.sshReport()).verdict).toMatchObject({ level: 'ok', counts: ['9 of 9 connections work'] });
  });

  it('says in the cell what failed, and below why and what to do', () => {
    const shown = view(sample.brokenSshReport());
    const cell = matrix(sample.brokenSshReport())?.rows[3]?.cells[0];
    expect(cell).toEqual({ level: 'failed', text: 'no key accepted', label: 'db3 to db1: no key accepted', reason: 1 });
    expect(matrix(sample.brokenSshReport())?.rows[1]?.cells[2]).toMatchObject({ level: 'skipped', text: 'skipped' });
    const [reasons] = blocks(shown, 'reasons');
    expect(reasons?.entries.map(entry => entry.text)).toEqual([
      'db2 to db3: host key changed',
      'db3 to db1: no key accepted',
    ]);
    expect(reasons?.entries.every(entry => entry.advice && entry.detail)).toBe(true);
    expect(shown.verdict).toMatchObject({ headline: '2 SSH connections fail', level: 'failed' });
    expect(shown.verdict.counts).toEqual(['6 of 9 connections work', '1 skipped']);
  });

  it('shows of many hosts only those with a failure', () => {
    const ids = Array.from({ length: 40 }, (_, n) => `server${n}`);
    const pairs = sample.pairsOf(ids).map(pair => {
      const broken = pair.from === 'server7' && pair.to === 'server9';
      return broken ? { ...pair, result: 'failed' as const, failure: { kind: 'refused' as const, text: '' } } : pair;
    });
    const hosts = ids.map(id => ({ id, label: id }));
    const shown = matrix(sample.sshReport({ verdict: 'failed', hosts, pairs }));
    expect(shown?.columns).toEqual(['server7', 'server9']);
    expect(shown?.note).toBe('38 hosts are not shown.');
  });

  it('names hosts as briefly as they can be told apart', () => {
    const label = (...labels: string[]) =>
      sample.sshReport({ hosts: labels.map((l, n) => ({ id: `server${n + 1}`, label: l })) });
    expect(matrix(label('db1(10.0.0.1:22)', 'db2(10.0.0.2:22)', 'db3'))?.columns).toEqual(['db1', 'db2', 'db3']);
    const here = label('localhost(127.0.0.1:2201)', 'localhost(127.0.0.1:2202)', 'db3(10.0.0.3:22)');
    expect(matrix(here)?.columns).toEqual(['127.0.0.1:2201', '127.0.0.1:2202', 'db3']);
  });

  it('has no matrix when nothing was tried', () => {
    expect(view(sample.sshReport({ hosts: [], pairs: [] })).blocks).toEqual([]);
  });
});

describe('the protocol', () => {
  it.each([
    ['healthy', sample.replicationReport()],
    ['broken', sample.brokenReport()],
    ['rejected', sample.rejectedReport()],
    ['ssh', sample.sshReport()],
    ['broken ssh', sample.brokenSshReport()],
  ])('takes every view: %s', (_name, report) => {
    const shown = view(report);
    expect(v.parse(reportViewSchema, structuredClone(shown))).toEqual(shown);
    expect(v.is(toPageSchema, { type: 'show', view: shown })).toBe(true);
  });

  it.each([
    undefined,
    'ready',
    {},
    { type: 'eval' },
    { type: 'open', file: 7, line: 0 },
    { type: 'open', file: 'x', line: -1 },
  ])('refuses %o from the page', message => expect(v.is(toPanelSchema, message)).toBe(false));

  it('refuses what is not a view', () => {
    const shown = view(sample.replicationReport());
    expect(v.is(reportViewSchema, { ...shown, script: 'x' })).toBe(false);
    expect(v.is(reportViewSchema, { ...shown, blocks: [{ type: 'html' }] })).toBe(false);
  });
});

it.each([
  [0.4, 'under 1 ms'],
  [61.4, '61 ms'],
  [1432, '1.4 s'],
  [42_000, '42 s'],
  [180_000, '3 min'],
  [18_000_000, '5 h'],
])('%d ms reads %s', (ms, text) => expect(format(duration(ms))).toBe(text));

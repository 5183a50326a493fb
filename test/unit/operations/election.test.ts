import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { format } from '../../../src/l10n/message';
import { elect, type Election } from '../../../src/engine/operations/election';
import { uuid, version } from '../topology/snapshots';
import { at, factsOf, type FactsOptions, type ReplicaSpec } from './facts';

const set = (n: number, last: number): string => `${uuid(n)}:1-${last}`;
const received = (file: number, position: number): ReplicaSpec => ({
  channel: { received: at(file, position), applied: at(file, position) },
});
const candidate = { lines: ['candidate_master=1'] };
const noMaster = { lines: ['no_master=1'] };
const noLog: ReplicaSpec = { state: { logBin: false } };
const gtids = (last: number): ReplicaSpec => ({
  state: { gtidExecuted: set(1, last) },
  channel: { retrievedGtids: set(1, last) },
});
const mariadb = (position: string): ReplicaSpec => ({
  state: { gtidExecuted: position, gtidSlavePos: position },
  channel: { retrievedGtids: position },
});

function both(...specs: readonly ReplicaSpec[]): ReplicaSpec {
  return {
    lines: specs.flatMap(s => s.lines ?? []),
    state: Object.assign({}, ...specs.map(s => s.state ?? {})) as ReplicaSpec['state'] & object,
    channel: Object.assign({}, ...specs.map(s => s.channel ?? {})) as ReplicaSpec['channel'] & object,
  };
}

const reasons = (election: Election, id: string): string =>
  election.candidates
    .find(c => c.id === id)
    ?.reasons.map(r => format(r))
    .join('; ') ?? 'not named';

interface Row {
  readonly is: string;
  readonly replicas: readonly ReplicaSpec[];
  readonly options?: FactsOptions;
  readonly wanted?: string;
  readonly elected: string | undefined;
  readonly because?: Readonly<Record<string, string>>;
}

const POSITION: FactsOptions = { mode: 'position' };

const ROWS: readonly Row[] = [
  {
    is: 'without candidates the first of those that have received the most',
    replicas: [received(1, 500), received(1, 900), received(1, 900)],
    options: POSITION,
    elected: 'server3',
    because: { server2: 'has received more', server3: 'none has received more', server4: 'comes first' },
  },
  {
    is: 'the latest candidate, before a candidate that is behind',
    replicas: [both(candidate, received(1, 500)), both(candidate, received(1, 900)), received(1, 900)],
    options: POSITION,
    elected: 'server3',
    because: { server3: 'candidate_master is set, and none has received more', server2: 'has received more' },
  },
  {
    is: 'a candidate that is behind, before the latest that is none',
    replicas: [received(1, 900), both(candidate, received(1, 500))],
    options: POSITION,
    elected: 'server3',
    because: { server2: 'has candidate_master set' },
  },
  {
    is: 'of several candidates that are behind the first',
    replicas: [received(1, 900), both(candidate, received(1, 500)), both(candidate, received(1, 600))],
    options: POSITION,
    elected: 'server3',
  },
  {
    is: 'the next latest, if the first latest has no_master',
    replicas: [both(noMaster, received(1, 900)), received(1, 500), received(1, 900)],
    options: POSITION,
    elected: 'server4',
    because: { server2: 'no_master is set' },
  },
  {
    is: 'one that is behind, if no latest may become master',
    replicas: [both(noMaster, received(1, 900)), received(1, 500), received(1, 600)],
    options: POSITION,
    elected: 'server3',
    because: { server3: 'the first in the configuration' },
  },
  {
    is: 'the first in the configuration with latest_priority=0',
    replicas: [received(1, 500), received(1, 900)],
    options: { ...POSITION, lines: ['latest_priority=0'] },
    elected: 'server2',
  },
  {
    is: 'the first candidate, however far, with latest_priority=0',
    replicas: [received(1, 900), both(candidate, received(1, 500)), both(candidate, received(1, 900))],
    options: { ...POSITION, lines: ['latest_priority=0'] },
    elected: 'server3',
  },
  {
    is: 'files by their numbers, not as texts',
    replicas: [
      { channel: { received: { file: 'bin.999999', position: 900 }, applied: { file: 'bin.999999', position: 900 } } },
      { channel: { received: { file: 'bin.1000000', position: 4 }, applied: { file: 'bin.1000000', position: 4 } } },
    ],
    options: POSITION,
    elected: 'server3',
  },
  {
    is: 'nobody without a binary log',
    replicas: [both(candidate, noLog), received(1, 500)],
    options: POSITION,
    elected: 'server3',
    because: { server2: 'binary log is disabled' },
  },
  {
    is: 'nobody of a newer major version',
    replicas: [{ state: { version: version('8.4.0') } }, { state: { version: version('8.0.36') } }],
    elected: 'server3',
    because: { server2: 'major version is newer' },
  },
  {
    is: 'nobody without log_replica_updates by GTID',
    replicas: [{ state: { logReplicaUpdates: false } }, {}],
    elected: 'server3',
    because: { server2: 'log_replica_updates' },
  },
  {
    is: 'one without log_replica_updates by position, where nobody fetches from it what it got by replication',
    replicas: [{ state: { logReplicaUpdates: false } }, {}],
    options: POSITION,
    elected: 'server2',
  },
  {
    is: 'nobody that has applied 100 MB less than the latest has received',
    replicas: [
      both(candidate, { channel: { received: at(1, 200_000_000), applied: at(1, 99_999_999) } }),
      received(1, 200_000_000),
    ],
    options: POSITION,
    elected: 'server3',
    because: { server2: 'about 100000001 bytes behind' },
  },
  {
    is: 'one that is exactly 100 MB behind',
    replicas: [
      both(candidate, { channel: { received: at(1, 200_000_000), applied: at(1, 100_000_000) } }),
      received(1, 200_000_000),
    ],
    options: POSITION,
    elected: 'server2',
  },
  {
    is: 'one that is behind by a little and a file switch (MHA refuses it)',
    replicas: [both(candidate, received(1, 999_000)), received(2, 500)],
    options: POSITION,
    elected: 'server2',
  },
  {
    is: 'one that has received all, and has many small files to apply',
    replicas: [
      both(candidate, { channel: { received: at(60, 500), applied: at(1, 4), relayLogBytes: 40_000 } }),
      received(60, 500),
    ],
    options: POSITION,
    elected: 'server2',
  },
  {
    is: 'nobody with a whole file to apply',
    replicas: [both(candidate, received(1, 999_000)), received(3, 500)],
    options: POSITION,
    elected: 'server3',
  },
  {
    is: 'a late one with check_repl_delay=0 of its own section',
    replicas: [both({ lines: ['candidate_master=1', 'check_repl_delay=0'] }, received(1, 4)), received(3, 500)],
    options: POSITION,
    elected: 'server2',
  },
  {
    is: 'no late one because another has check_repl_delay=0',
    replicas: [both(candidate, received(1, 4)), both({ lines: ['check_repl_delay=0'] }, received(3, 500))],
    options: POSITION,
    elected: 'server3',
  },
  { is: 'nobody, if all have no_master', replicas: [noMaster, noMaster], elected: undefined },
  { is: 'who was asked for', replicas: [candidate, {}], wanted: 'server3', elected: 'server3', because: { server3: 'it was asked for' } }, // prettier-ignore
  { is: 'nobody, if who was asked for has no_master', replicas: [candidate, noMaster], wanted: 'server3', elected: undefined }, // prettier-ignore
  { is: 'nobody, if who was asked for has no binary log', replicas: [candidate, noLog], wanted: 'server3', elected: undefined }, // prettier-ignore
  { is: 'nobody, if who was asked for is the dead master', replicas: [candidate, {}], wanted: 'server1', elected: undefined }, // prettier-ignore
  { is: 'nobody, if who was asked for is dead', replicas: [candidate, { entry: 'dead' }], wanted: 'server3', elected: undefined }, // prettier-ignore
  {
    is: 'by GTID the one with the larger set, whatever its positions say',
    replicas: [
      both(gtids(90), { channel: { received: at(9, 900), applied: at(9, 900) } }),
      both(gtids(100), { channel: { received: at(9, 100), applied: at(9, 100) } }),
    ],
    elected: 'server3',
  },
  {
    is: 'what was received and not yet applied counts',
    replicas: [gtids(95), both(gtids(90), { channel: { retrievedGtids: set(1, 100) } })],
    elected: 'server3',
  },
  {
    is: 'one without transactions of its own, before one with',
    replicas: [both(candidate, { state: { gtidExecuted: `${set(1, 100)},${set(2, 3)}` } }), gtids(100), gtids(90)],
    elected: 'server3',
    because: { server2: 'transactions of its own: 00000000-0000-0000-0000-000000000002:1-3' },
  },
  {
    is: 'one with transactions of its own, if nobody else may become master',
    replicas: [{ state: { gtidExecuted: `${set(1, 100)},${set(2, 3)}` } }, both(noMaster, gtids(100))],
    elected: 'server2',
  },
  {
    is: 'errant transactions do not make anybody the latest',
    replicas: [both(noMaster, { state: { gtidExecuted: `${set(1, 90)},${set(2, 50)}` } }), gtids(100), gtids(95)],
    elected: 'server3',
  },
  {
    is: 'who has transactions of its own, if it was asked for',
    replicas: [{ state: { gtidExecuted: `${set(1, 100)},${set(2, 3)}` } }, gtids(100)],
    wanted: 'server2',
    elected: 'server2',
  },
  {
    is: 'of two sets of which none has all of the other, the larger',
    replicas: [
      { state: { gtidExecuted: `${uuid(1)}:1-80:85-90` }, channel: { retrievedGtids: '' } },
      { state: { gtidExecuted: `${uuid(1)}:1-84` }, channel: { retrievedGtids: '' } },
      { state: { gtidExecuted: `${uuid(1)}:1-80` }, channel: { retrievedGtids: '' } },
    ],
    elected: 'server2',
  },
  {
    is: 'the sets of another channel count for nothing',
    replicas: [withSecondChannel({ state: { gtidExecuted: `${set(1, 90)},${set(9, 500)}` } }, set(1, 90)), gtids(100)],
    elected: 'server3',
  },
  {
    is: "by MariaDB's GTIDs the one that is ahead",
    replicas: [mariadb('0-1-90'), mariadb('0-1-100')],
    options: { mode: 'mariadbGtid' },
    elected: 'server3',
  },
  {
    is: "by MariaDB's GTIDs the one that is ahead in one domain and equal in the others",
    replicas: [mariadb('0-1-90,1-1-7'), mariadb('0-1-90,1-1-8')],
    options: { mode: 'mariadbGtid' },
    elected: 'server3',
  },
  {
    is: 'what was written on a MariaDB replica itself does not make it the latest',
    replicas: [
      both(mariadb('0-1-99'), { state: { gtidBinlogPos: '0-2-150', gtidExecuted: '0-2-150' } }),
      mariadb('0-1-100'),
    ],
    options: { mode: 'mariadbGtid' },
    elected: 'server3',
  },
  {
    is: 'the domains of another channel count for nothing',
    replicas: [mariadb('0-1-90'), withSecondChannel(mariadb('0-1-90,7-9-50'))],
    options: { mode: 'mariadbGtid' },
    elected: 'server2',
  },
  {
    is: 'the candidate, if the domains diverge',
    replicas: [mariadb('0-1-90,1-1-8'), both(candidate, mariadb('0-1-91,1-1-7'))],
    options: { mode: 'mariadbGtid' },
    elected: 'server3',
  },
];

function withSecondChannel(spec: ReplicaSpec, retrieved = spec.channel?.retrievedGtids ?? ''): ReplicaSpec {
  const other = {
    name: 'other',
    source: { host: 'elsewhere', port: 3306 },
    sourceUser: 'repl',
    sourceUuid: uuid(9),
    receiver: 'running' as const,
    applier: 'running' as const,
    retrievedGtids: spec.channel ? retrieved : set(9, 500),
    autoPosition: true,
    filters: { doDb: [], ignoreDb: [], doTable: [], ignoreTable: [], wildDoTable: [], wildIgnoreTable: [] },
    delaySeconds: 0,
    tls: false,
  };
  const main = {
    ...other,
    name: 'main',
    source: { host: 'db1', port: 3306 },
    sourceUuid: uuid(1),
    received: at(1, 1000),
    applied: at(1, 1000),
    retrievedGtids: retrieved,
  };
  return { lines: ['#@ channel=main'], state: { ...spec.state, channels: [main, other] } };
}

describe('the new master is', () => {
  it.each(ROWS)('$is', ({ replicas, options, wanted, elected, because = {} }) => {
    const facts = factsOf(replicas, options);
    const election = elect(facts, wanted === undefined ? {} : { wanted });
    expect(election.newMaster).toBe(elected);
    for (const [id, text] of Object.entries(because)) expect(reasons(election, id)).toContain(text);
    expect(election.refusal?.code).toBe(
      elected !== undefined ? undefined : wanted === undefined ? 'no-candidate' : 'new-master-unfit',
    );
  });
});

const spec: fc.Arbitrary<ReplicaSpec> = fc.record({
  lines: fc.subarray(['candidate_master=1', 'no_master=1', 'check_repl_delay=0', 'latest_priority=0']),
  state: fc.record({
    logBin: fc.boolean(),
    logReplicaUpdates: fc.boolean(),
    version: fc.constantFrom(version('8.0.36'), version('8.4.0')),
    gtidExecuted: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 2, max: 4 }), fc.boolean()).map(([last, own, errant]) => `${set(1, last)}${errant ? `,${set(own, 2)}` : ''}`), // prettier-ignore
  }),
  channel: fc.record({
    received: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 4, max: 300_000_000 })).map(([f, p]) => at(f, p)), // prettier-ignore
    applied: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 4, max: 300_000_000 })).map(([f, p]) => at(f, p)), // prettier-ignore
    retrievedGtids: fc.integer({ min: 1, max: 9 }).map(last => set(1, last)),
  }),
});

describe('any election', () => {
  it('names every replica with a reason, elects a fit one, and has a latest one', () => {
    fc.assert(
      fc.property(
        fc.array(spec, { minLength: 1, maxLength: 5 }),
        fc.constantFrom('gtid', 'position'),
        (specs, mode) => {
          const facts = factsOf(specs, { mode });
          const election = elect(facts);
          expect(election.candidates.map(c => c.id)).toEqual(facts.replicas.map(r => r.id));
          expect(election.latest.length).toBeGreaterThan(0);
          for (const { reasons: all } of election.candidates) expect(all.length).toBeGreaterThan(0);
          const chosen = facts.replicas.find(r => r.id === election.newMaster);
          expect(chosen === undefined).toBe(election.refusal !== undefined);
          expect(chosen?.config.values.no_master ?? false).toBe(false);
          expect(chosen?.state.logBin ?? true).toBe(true);
          expect(elect(facts)).toEqual(election);
        },
      ),
    );
  });
});

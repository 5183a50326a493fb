import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { format } from '../../../src/l10n/message';
import { elect } from '../../../src/engine/operations/election';
import {
  planFailover,
  type FailoverOptions,
  type FailoverPlan,
  type FailoverStepKind,
} from '../../../src/engine/operations/failoverPlan';
import { replicaOf, stateOf } from '../topology/snapshots';
import { factsOf, type FactsOptions, type ReplicaSpec } from './facts';

const SCRIPTS = [
  'master_ip_failover_script=/etc/mha/ip',
  'shutdown_script=/etc/mha/shutdown',
  'report_script=/etc/mha/report',
];

function planOf(
  replicas: readonly ReplicaSpec[],
  facts: FactsOptions = {},
  options: FailoverOptions = {},
): FailoverPlan {
  const known = factsOf(replicas, facts);
  return planFailover({ facts: known, election: elect(known), options });
}

/** The plan as the dry run prints it: one line for each step, those of a stage with the same number. */
function textOf({ steps }: FailoverPlan): string[] {
  return steps.map(({ stage, phase, title, does, pointOfNoReturn, vital }) => {
    const marks = [pointOfNoReturn && 'no return', !vital && 'may fail'].filter(Boolean).join(', ');
    return `${stage} ${phase}: ${format(title)} [${does.join('; ')}]${marks ? ` (${marks})` : ''}`;
  });
}

const stages = (plan: FailoverPlan, kind: FailoverStepKind): number[] =>
  plan.steps.filter(step => step.kind === kind).map(step => step.stage);

describe('the plan of a failover', () => {
  it('reads like this', () => {
    const plan = planOf(
      [{ lines: ['candidate_master=1'] }, { channel: { applier: 'stopped' } }],
      { lines: SCRIPTS },
      { removeDeadMasterConf: true },
    );
    expect(textOf(plan)).toMatchInlineSnapshot(`
      [
        "1 check: Lock the replicas against other failovers, switches and purges [SELECT GET_LOCK('MHA_Master_High_Availability_Failover', 1)]",
        "2 check: Start the SQL thread of db3(db3:3306) [START REPLICA SQL_THREAD] (may fail)",
        "3 fence: Stop receiving on db2(db2:3306) [STOP REPLICA IO_THREAD]",
        "3 fence: Stop receiving on db3(db3:3306) [STOP REPLICA IO_THREAD]",
        "3 fence: Log in on the dead master's host [ssh] (may fail)",
        "4 recover: Compare what each replica has received, and confirm the new master [SHOW REPLICA STATUS]",
        "5 recover: Read what nobody has received from the dead master's binary log [db1:/var/lib/mysql] (may fail)",
        "5 fence: Take the service address from the dead master's host [/etc/mha/ip] (no return)",
        "6 fence: Make sure that db1(db1:3306) stays down [/etc/mha/shutdown] (no return)",
        "7 recover: Bring db2(db2:3306) level: its own relay log, then what others have [] (no return)",
        "8 promote: Give the service address to db2(db2:3306) [/etc/mha/ip]",
        "9 promote: Make db2(db2:3306) writable [SET GLOBAL read_only=0]",
        "10 repoint: Bring db3(db3:3306) level and let it replicate from db2(db2:3306) [STOP REPLICA; CHANGE REPLICATION SOURCE TO …; START REPLICA] (may fail)",
        "10 cleanup: Let db2(db2:3306) forget its old source [RESET REPLICA ALL] (may fail)",
        "10 cleanup: Enable the scheduled events of db2(db2:3306) [ALTER EVENT … ENABLE] (may fail)",
        "10 cleanup: Look whether db1(db1:3306) has come back [] (may fail)",
        "13 cleanup: Remove [server1] from /etc/mha/app1.cnf [] (may fail)",
        "14 cleanup: Send the report of db1(db1:3306) [/etc/mha/report] (may fail)",
      ]
    `);
  });

  it('is short without scripts', () => {
    expect(planOf([{}], {}, { skipSaveMasterBinlog: true, skipDisableReadOnly: true }).steps.map(s => s.id)).toEqual([
      'lock',
      'stop-receiver:server2',
      'open-dead-host:server1',
      'elect',
      'recover:server2',
      'reset-new-master:server2',
      'enable-events:server2',
      'old-master:server1',
    ]);
  });

  it('leaves the sources alone with skipChangeMaster', () => {
    const plan = planOf([{}, {}], { mode: 'position' }, { skipChangeMaster: true });
    expect(plan.steps.filter(s => s.kind === 'repoint').map(s => s.does)).toEqual([[]]);
    expect(stages(plan, 'reset-new-master')).toEqual([]);
  });

  it('starts replicas that an earlier run pointed at the new master and did not start', () => {
    const entry = (n: number, receiver: 'stopped' | 'running') => replicaOf(n, 2, {}, { receiver, applier: receiver });
    const plan = planOf(
      [{ entry: stateOf(2, { readOnly: false }) }, { entry: entry(3, 'stopped') }, { entry: entry(4, 'running') }, {}],
      {
        resumed: {
          promoted: { newMaster: 'server2', coordinates: { file: 'bin.000001', position: 4 } },
          fetching: new Map(),
        },
      },
    );
    expect(plan.steps.filter(s => s.phase === 'repoint').map(s => s.id)).toEqual([
      'repoint:server5',
      'start-replica:server3',
    ]);
  });

  it('has no steps without a new master', () => {
    expect(planOf([{ lines: ['no_master=1'] }])).toMatchObject({ steps: [], operation: 'failover', dead: 'server1' });
  });
});

const someReplica: fc.Arbitrary<ReplicaSpec> = fc.record({
  lines: fc.subarray(['candidate_master=1', 'ignore_fail=1', 'skip_reset_slave=1']),
  channel: fc.record({ applier: fc.constantFrom('running', 'stopped') }),
});
const someOptions: fc.Arbitrary<FailoverOptions> = fc.record({
  skipSaveMasterBinlog: fc.boolean(),
  skipChangeMaster: fc.boolean(),
  skipDisableReadOnly: fc.boolean(),
  removeDeadMasterConf: fc.boolean(),
});

describe('every plan of a failover', () => {
  it('protects data before it serves, and serves before it tidies', () => {
    fc.assert(
      fc.property(
        fc.array(someReplica, { minLength: 1, maxLength: 5 }),
        fc.subarray([...SCRIPTS, '#@ fence=ssh']),
        fc.constantFrom('gtid', 'position', 'mariadbGtid'),
        someOptions,
        (replicas, lines, mode, options) => {
          const plan = planOf(replicas, { lines, mode }, options);
          const last = (...kinds: FailoverStepKind[]) => Math.max(0, ...kinds.flatMap(kind => stages(plan, kind)));
          const first = (...kinds: FailoverStepKind[]) => Math.min(99, ...kinds.flatMap(kind => stages(plan, kind)));

          expect(first('stop-receiver')).toBeGreaterThan(last('lock'));
          expect(first('elect')).toBeGreaterThan(last('stop-receiver', 'open-dead-host'));
          expect(first('save-binlog', 'release-address', 'shut-down')).toBeGreaterThan(last('elect'));
          expect(first('shut-down')).toBeGreaterThan(last('save-binlog'));
          expect(first('recover')).toBeGreaterThan(last('save-binlog', 'shut-down', 'release-address'));
          expect(first('take-address', 'make-writable')).toBeGreaterThan(last('recover'));
          expect(first('make-writable')).toBeGreaterThan(last('take-address'));
          expect(first('repoint')).toBeGreaterThan(last('make-writable', 'take-address'));
          expect(first('reset-new-master')).toBeGreaterThan(last('make-writable', 'take-address'));
          // A slow replica hides nothing.
          for (const kind of ['enable-events', 'old-master'] as const) {
            expect(first(kind)).toBeGreaterThan(last('make-writable', 'take-address'));
            expect(last(kind)).toBeLessThanOrEqual(first('repoint'));
          }
          expect(first('semi-sync')).toBeGreaterThan(last('repoint'));
          expect(first('remove-section', 'report')).toBeGreaterThan(last('repoint'));

          // No replica delays another, or the service.
          expect(stages(plan, 'repoint')).toHaveLength(replicas.length - 1);
          expect(plan.steps.filter(s => s.kind === 'repoint' && s.vital)).toEqual([]);
          expect(plan.steps.filter(s => s.phase === 'cleanup' && s.vital)).toEqual([]);
          // What cannot be taken back stands at or behind the point of no return.
          const noReturn = Math.min(...plan.steps.filter(s => s.pointOfNoReturn).map(s => s.stage));
          for (const step of plan.steps)
            if (step.stage < noReturn && !['open-dead-host', 'elect', 'save-binlog'].includes(step.kind))
              expect(step.undo, step.id).toBeDefined();
          // In the order in which they are run, each with a name of its own.
          expect(plan.steps.map(s => s.stage)).toEqual(plan.steps.map(s => s.stage).sort((a, b) => a - b));
          expect(new Set(plan.steps.map(s => s.id)).size).toBe(plan.steps.length);
          expect(stages(plan, 'make-writable').length).toBe(options.skipDisableReadOnly ? 0 : 1);
        },
      ),
    );
  });
});

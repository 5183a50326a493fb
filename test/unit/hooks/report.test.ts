import { describe, expect, it } from 'vitest';
import { argumentText, reportArguments } from '../../../src/engine/hooks/arguments';
import {
  reportBody,
  reportOf,
  reportSubject,
  type FailoverReportFacts,
  type SlaveOutcome,
} from '../../../src/engine/hooks/report';

const server = (n: number) => ({ hostname: `db${n}`, ip: `10.0.0.${n}`, port: 3306 });
const slave = (n: number, outcome: SlaveOutcome, detail?: string) => ({
  server: server(n),
  outcome,
  ...(detail ? { detail } : {}),
});
const begun: FailoverReportFacts = {
  app: 'app1',
  orig: server(1),
  interactive: false,
  managerHost: 'manager',
  logFile: '/var/log/mha/app1.log',
  gtid: false,
  ipInvalidated: true,
  slaves: [],
};
const newMaster = { server: server(2), recovered: true, ipActivated: true, activated: true, reset: 'done' } as const;
const good: FailoverReportFacts = {
  ...begun,
  latest: { server: server(2), hasAllRelayLogs: true },
  newMaster,
  slaves: [slave(3, 'replicating'), slave(4, 'replicating')],
};

const HEAD = `Master db1(10.0.0.1:3306) is down!

Check MHA Manager logs at manager:/var/log/mha/app1.log for details.

Started automated(non-interactive) failover.
Invalidated master IP address on db1(10.0.0.1:3306)
`;

describe('the report', () => {
  it('of a success', () => {
    expect(reportSubject(good)).toBe('app1: MySQL Master failover db1(10.0.0.1:3306) to db2(10.0.0.2:3306) succeeded');
    expect(reportBody(good)).toBe(`${HEAD}The latest slave db2(10.0.0.2:3306) has all relay logs for recovery.
Selected db2(10.0.0.2:3306) as a new master.
db2(10.0.0.2:3306): OK: Applying all logs succeeded.
db2(10.0.0.2:3306): OK: Activated master IP address.
db3(10.0.0.3:3306): OK: Applying all logs succeeded. Slave started, replicating from db2(10.0.0.2:3306)
db4(10.0.0.4:3306): OK: Applying all logs succeeded. Slave started, replicating from db2(10.0.0.2:3306)
db2(10.0.0.2:3306): Resetting slave info succeeded.
Master failover to db2(10.0.0.2:3306) completed successfully.
`);
  });

  it('of a partial success says why, and what is not recovered', () => {
    const { reset: _reset, ...unreset } = newMaster;
    const facts: FailoverReportFacts = {
      ...good,
      newMaster: unreset,
      slaves: [slave(3, 'startFailed', 'Error 1045:\nAccess denied'), slave(4, 'applied'), slave(5, 'applyFailed')],
      notes: ['2 transactions could not be recovered.'],
    };
    expect(reportSubject(facts)).toBe('app1: MySQL Master failover db1(10.0.0.1:3306) to db2(10.0.0.2:3306)');
    expect(reportBody(facts))
      .toContain(`db3(10.0.0.3:3306): WARN: Applying all logs succeeded. But starting slave failed.
  Error 1045:
  Access denied
db4(10.0.0.4:3306): OK: Applying all logs succeeded.
db5(10.0.0.5:3306): ERROR: Applying logs failed.
2 transactions could not be recovered.
Master failover to db2(10.0.0.2:3306) done, but recovery on slave partially failed.
`);
    expect(reportOf(facts, '/etc/app1.cnf')).toMatchObject({ newMaster: { host: 'db2', slaves: ['db4'] } });
  });

  it('is no full success where a dead server was left out', () => {
    expect(reportSubject({ ...good, incomplete: true })).not.toContain('succeeded');
    expect(reportBody({ ...good, incomplete: true })).toContain('partially failed.\n');
  });

  it('of a failure', () => {
    const facts = { ...begun, interactive: true, error: 'Nobody can be master.' };
    expect(reportSubject(facts)).toBe('app1: MySQL Master failover db1(10.0.0.1:3306)');
    expect(reportBody({ ...facts, logFile: '' })).toBe(`Master db1(10.0.0.1:3306) is down!

Check MHA Manager logs at manager for details.

Started manual(interactive) failover.
Invalidated master IP address on db1(10.0.0.1:3306)
Nobody can be master.
Got Error so couldn't continue failover from here.
`);
    // Elected, but never writable: nobody must be told to go there.
    const elected = { ...facts, newMaster: { server: server(2), recovered: true, activated: false } };
    expect(reportOf(elected, '/etc/app1.cnf').newMaster).toBeUndefined();
    expect(reportSubject(elected)).toBe('app1: MySQL Master failover db1(10.0.0.1:3306)');
  });

  it.each([
    ['replicating', 'OK: Slave started, replicating from db2(10.0.0.2:3306)'],
    ['startFailed', 'ERROR: Starting slave failed.'],
    ['waitFailed', 'ERROR: Failed on waiting gtid exec set on master.'],
  ] as const)('by GTID: %s', (outcome, line) => {
    const body = reportBody({ ...good, gtid: true, slaves: [slave(3, outcome)] });
    expect(body).toContain(`db3(10.0.0.3:3306): ${line}\n`);
    expect(body).not.toContain('relay logs');
  });

  it('as arguments keeps new_slave_hosts when it is empty', () => {
    const args = reportArguments(reportOf({ ...good, slaves: [] }, '/etc/app1.cnf'));
    expect(argumentText(args, false)).toContain(
      "--orig_master_host=db1 --new_master_host=db2 --new_slave_hosts='' --conf=/etc/app1.cnf --subject='app1: MySQL",
    );
  });
});

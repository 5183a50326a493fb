import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listJournals, parseJournal } from '../../src/engine/operations/journal';
import { startCluster, type TestCluster } from '../support/cluster';
import { runCli } from './cliRun';

const GLOBAL = '--global_conf=/dev/null/none';

describe('mha failover and mha journal', () => {
  let cluster: TestCluster;
  let conf: string;
  const workdir = () => path.join(cluster.dir, 'manager');
  const mha = (args: readonly string[], stdin?: string) =>
    runCli('mha', [...args, GLOBAL], stdin === undefined ? {} : { stdin });

  beforeAll(async () => {
    cluster = await startCluster({ flavour: 'mysql56', replicas: 2, gtid: true, ssh: true });
    await cluster.master.query('CREATE DATABASE shop');
    conf = await cluster.writeConfig();
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  it('shows what would happen if the living master died now, and changes nothing', async () => {
    const { code, stdout } = await mha(['failover', '--dry-run', `--conf=${conf}`]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/is alive\. If it died now:/);
    expect(stdout).toMatch(/\* .*candidate_master is set/);
    expect(stdout).toMatch(/point of no return/);
    const json = JSON.parse((await mha(['failover', '--dry-run', '--json', `--conf=${conf}`])).stdout) as {
      masterStatus: string;
      plan: { newMaster: string; steps: { title: string }[] };
      refusals: unknown[];
    };
    expect(json).toMatchObject({ masterStatus: 'alive', plan: { newMaster: 'server2' }, refusals: [] });
    expect(json.plan.steps.length).toBeGreaterThan(5);
    expect(listJournals(workdir(), 'app1')).toEqual([]);
  });

  it('refuses while the master answers, even when told not to ask', async () => {
    const { code, stdout } = await mha(['failover', '--yes', '--quiet', `--conf=${conf}`]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/is reachable via MySQL/);
    expect(listJournals(workdir(), 'app1')).toEqual([]);
  });

  it('says what is wrong with the command line', async () => {
    expect((await mha(['failover'])).code).toBe(2);
    const { code, stderr } = await mha(['failover', '--dry-run', '--dead_master_host=nobody', `--conf=${conf}`]);
    expect(code).toBe(2);
    expect(stderr).toContain('nobody:3306');
    expect((await mha(['failover', '--dry-run', '--passwords-from-stdin', `--conf=${conf}`], 'no json')).code).toBe(2);
    expect((await mha(['journal', `--conf=${conf}`])).code).toBe(2);
  });

  it('asks before it fails over, and takes the end of the input for no', async () => {
    await cluster.master.kill();
    const { code, stdout, stderr } = await mha(['failover', '--quiet', `--conf=${conf}`], '');
    expect(code).toBe(1);
    expect(stdout).toMatch(/failover from .*by GTID/);
    expect(stderr).toMatch(/Fail over now\?[\s\S]*Nothing was changed/);
    expect(listJournals(workdir(), 'app1')).toEqual([]);
  });

  it('asks for the name of a protected cluster', async () => {
    const file = await cluster.writeConfig(path.join(cluster.dir, 'protected/app1.cnf'), {
      defaults: { '#@ protected': '1' },
    });
    const { code, stderr } = await mha(['failover', '--quiet', `--conf=${file}`], 'yes\n');
    expect(code).toBe(1);
    expect(stderr).toMatch(/Type its name \(app1\)[\s\S]*Nothing was changed/);
    expect(listJournals(workdir(), 'app1')).toEqual([]);
  });

  it('takes passwords from standard input, and keeps a journal; a living manager keeps its status file', async () => {
    const status = path.join(workdir(), 'app1.master_status.health');
    // This process stands for the manager.
    const managers = `${process.pid}\t20:PING_FAILING\tmaster:127.0.0.1`;
    writeFileSync(status, managers);
    const denied = await cluster.writeConfig(path.join(cluster.dir, 'denied/app1.cnf'), {
      defaults: { password: 'not the password' },
    });
    // They end with the input: there is nobody left to ask.
    const passwords = JSON.stringify({ '': 'mha pass#1' });
    const { code, stdout, stderr } = await mha(
      ['failover', '--yes', '--passwords-from-stdin', `--conf=${denied}`],
      passwords,
    );
    expect(stderr).toContain('MHA::MasterFailover');
    expect(code, stdout + stderr).toBe(0);
    expect(stderr).toContain(`A manager of this application is running: ${status} belongs to a manager`);
    expect(readFileSync(status, 'utf8')).toBe(managers);
    const [journal] = listJournals(workdir(), 'app1');
    expect(stdout).toContain(`Journal: ${journal?.file}`);
    const text = readFileSync(journal?.file ?? '', 'utf8');
    expect(text).not.toContain('mha pass#1');
    expect(parseJournal(text).at(-1)).toMatchObject({ type: 'end', outcome: 'succeeded', exitCode: 0 });
  });

  it('tells the story afterwards, by cluster and by file, as text and as JSON', async () => {
    const story = await mha(['journal', '--follow', `--conf=${conf}`]);
    expect(story.code).toBe(0);
    expect(story.stdout).toMatch(/Failover of app1[\s\S]*new master: \[server2\][\s\S]*succeeded/);
    const file = (await mha(['journal', '--list', `--conf=${conf}`])).stdout.trim();
    const lines = (await mha(['journal', '--json', file])).stdout.trim().split('\n');
    expect(lines.map(line => (JSON.parse(line) as { type: string }).type)).toContain('statement');
    const { stdout: verbose } = await mha(['journal', '--verbose', file]);
    expect(verbose).toMatch(/CHANGE MASTER TO/);
  });
});

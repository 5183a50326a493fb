import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../support/cluster';
import { startHosts, type HostLab } from '../support/hosts';
import { expectOneCluster, failOver, isWritable } from './failoverSupport';

/** The usual hook: the address moves by `ip` over SSH; a host without power has lost it already. */
function addressScript(cluster: TestCluster, address: string): string {
  const ssh = `ssh -o BatchMode=yes -o ConnectTimeout=2 -o UserKnownHostsFile=${cluster.sshd!.knownHostsFile} -i ${cluster.sshd!.identityFile}`;
  const file = path.join(cluster.dir, 'move-address');
  writeFileSync(
    file,
    `#!/bin/sh
for arg in "$@"; do case "$arg" in
  --command=*) command=\${arg#*=};; --ssh_user=*) user=\${arg#*=};;
  --orig_master_ip=*) orig=\${arg#*=};; --new_master_ip=*) new=\${arg#*=};;
esac; done
case "$command" in
  stopssh) ${ssh} "$user@$orig" ip address delete ${address}/32 dev eth0;;
  start) ${ssh} "$user@$new" ip address add ${address}/32 dev eth0;;
  *) exit 0;;
esac
`,
  );
  chmodSync(file, 0o755);
  return file;
}

describe('failover between hosts', () => {
  let lab: HostLab;
  let cluster: TestCluster;
  beforeEach(async () => {
    lab = await startHosts(3);
    cluster = await startCluster({ flavour: 'mysql56', replicas: 2, ssh: true, lab });
    await lab.hosts[0]!.addAddress(lab.virtualAddress);
    await cluster.master.query('CREATE TABLE test.t (id INT PRIMARY KEY)');
    await cluster.master.query('INSERT INTO test.t VALUES (1)');
  });
  afterEach(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await lab?.[Symbol.asyncDispose]();
  });

  const config = () => {
    const script = addressScript(cluster, lab.virtualAddress);
    return { defaults: { master_ip_failover_script: script, ssh_connection_timeout: '1' } };
  };

  it('after a power loss: nobody waits long for the silent host, and the address moves', async () => {
    await lab.hosts[0]!.poweroff();
    const result = await failOver(cluster, { config: config() });
    expect(result).toMatchObject({ outcome: 'succeeded', exitCode: 0, newMaster: 'server2' });
    expect(result.log.join('\n')).toContain('is NOT reachable');
    expect(await lab.hosts[1]!.addresses()).toContain(lab.virtualAddress);
    const writable = result.lines.find(line => line.type === 'step' && line.step === 'make-writable:server2');
    const begun = result.lines[0];
    const took = Date.parse(writable!.at) - Date.parse(begun!.at);
    expect(took).toBeLessThan(4000);
    expect(await expectOneCluster(cluster.replicas[0]!, [cluster.replicas[1]!])).toEqual([]);
  });

  it('after a crash of the server alone: the old host gives the address up, the new one has it', async () => {
    await cluster.master.kill();
    const result = await failOver(cluster, { config: config() });
    expect(result).toMatchObject({ outcome: 'succeeded', exitCode: 0 });
    expect(await lab.hosts[0]!.addresses()).not.toContain(lab.virtualAddress);
    expect(await lab.hosts[1]!.addresses()).toContain(lab.virtualAddress);
  });

  it('a replica that falls silent meanwhile does not keep the new master from being writable', async () => {
    await cluster.master.kill();
    const cut = { done: false };
    const result = await failOver(cluster, {
      config: { ...config(), servers: { 3: { ignore_fail: '1' } } },
      onLog: line => {
        if (cut.done || !line.startsWith('* Phase 3:')) return;
        cut.done = true;
        void lab.hosts[2]!.cut();
      },
    });
    expect(result).toMatchObject({ outcome: 'partial', exitCode: 10, newMaster: 'server2' });
    expect(await isWritable(cluster.replicas[0]!)).toBe(true);
    expect(result.left.length).toBeGreaterThan(0);
  });
});

import { it } from 'vitest';
import fs from 'node:fs';
import { replicaStatus } from '../support/replication';
import { startProxy } from '../support/proxy';
import { waitFor } from '../support/waitFor';
import { failOver, ids, insert, GTID_97, level, worldOf } from './failoverSupport';
it.each([['97', GTID_97]] as const)('%s', async (_n, kind) => {
    const t0 = performance.now(); const t = (w: string) => console.log(w, Math.round(performance.now()-t0));
    await using world = await worldOf(kind);
    const { cluster, master } = world;
    const proxy = await startProxy(master);
    for (const server of cluster.replicas) {
      await server.query(`STOP REPLICA`);
      await server.query(`CHANGE REPLICATION SOURCE TO SOURCE_PORT=?`, [proxy.port]);
      await server.query(`START REPLICA`);
    }
    await level(cluster);
    proxy.closeAfter(300_000);
    proxy.cut();
    for (const r of cluster.replicas) { await r.query(`STOP REPLICA IO_THREAD`); await r.query(`START REPLICA IO_THREAD`); }
    await waitFor('the replicas at the master', async () => {
      const rows = await master.query('SHOW PROCESSLIST');
      return rows.filter(row => String(row['Command']).startsWith('Binlog Dump')).length >= 2;
    });
    await insert(master, 4);
    const connection = await master.connect();
    await connection.query('BEGIN');
    for (let id = 100; id < 200; id++) await connection.query('INSERT INTO test.t VALUES (?, REPEAT(?, 10000))', [id, String.fromCharCode(33 + (id % 90))]);
    await connection.query('COMMIT');
    connection.destroy();
    for (const r of cluster.replicas)
      await waitFor('the cut', async () => (await replicaStatus(r, kind.flavour))?.['Slave_IO_Running'] !== 'Yes');
    await proxy.refuse();
    await master.kill();
    const result = await Promise.race([failOver(cluster, {config: { servers: { 1: { port: String(proxy.port) } } }, onLog: t}), new Promise<any>(r => setTimeout(r, 6000))]);
    t('done'+result?.exitCode + (await ids(world.candidate)).length);
    const j = fs.readdirSync(cluster.dir+'/manager').find(x=>x.endsWith('journal'));
    if (j) console.log(fs.readFileSync(cluster.dir+'/manager/'+j,'utf8').split('\n').filter(l=>!l.includes('"plan"')).slice(-10).join('\n').slice(0,6000));
    const st=(await replicaStatus(world.candidate, kind.flavour))!; console.log(JSON.stringify(st));
    console.log(JSON.stringify(await world.candidate.query('SHOW FULL PROCESSLIST')));
    await proxy[Symbol.asyncDispose]();
}, 30000);

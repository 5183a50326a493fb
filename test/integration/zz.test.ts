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
    const [replica, source] = kind.flavour === 'mysql97' ? ['REPLICA', 'SOURCE'] : ['SLAVE', 'MASTER'];
    for (const server of cluster.replicas) {
      const status = await replicaStatus(server, kind.flavour);
      await server.query(`STOP ${replica}`);
      const at = kind.gtid ? '' : `, ${source}_LOG_FILE='${String(status?.['Master_Log_File'])}', ${source}_LOG_POS=${String(status?.['Exec_Master_Log_Pos'])}`;
      await server.query(`CHANGE ${source === 'SOURCE' ? 'REPLICATION SOURCE' : 'MASTER'} TO ${source}_PORT=?${at}`, [proxy.port]);
      await server.query(`START ${replica}`);
    }
    await level(cluster);
    t('proxied');
    proxy.closeAfter(300_000);
    proxy.cut();
    for (const r of cluster.replicas) { await r.query(`STOP ${replica} IO_THREAD`); await r.query(`START ${replica} IO_THREAD`); }
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
    t('written');
    for (const r of cluster.replicas)
      await waitFor('the cut', async () => (await replicaStatus(r, kind.flavour))?.['Slave_IO_Running'] !== 'Yes');
    await proxy.refuse();
    for (const r of cluster.replicas) t(JSON.stringify(Object.fromEntries(Object.entries((await replicaStatus(r, kind.flavour))!).filter(([k]) => /Pos$|File$|Running|Gtid/.test(k)))));
    await master.kill();
    t('killed');
    const result = await Promise.race([failOver(cluster, {config: { servers: { 1: { port: String(proxy.port) } } }, onLog: t}), new Promise<any>(r => setTimeout(r, 12000))]);
    t('done'+result?.exitCode + (await ids(world.candidate)).length);
    const j = fs.readdirSync(cluster.dir+'/manager').find(x=>x.endsWith('journal'));
    console.log(JSON.stringify(await world.candidate.query('SHOW FULL PROCESSLIST')));const st=(await replicaStatus(world.candidate, kind.flavour))!; console.log(JSON.stringify(st));const rows = await Promise.race([world.candidate.query(`SHOW RELAYLOG EVENTS IN '${st['Relay_Log_File']}' FROM ${st['Relay_Log_Pos']}`), new Promise<any>(r=>setTimeout(()=>r([{Info:'TIMEOUT'}]),3000))]); console.log(rows.length, JSON.stringify(rows.slice(0,6)), JSON.stringify(rows.slice(-4)));
    if (0) console.log(fs.readFileSync(cluster.dir+'/manager/'+j,'utf8').split('\n').filter(l=>!l.includes('"plan"')).slice(-34).join('\n').slice(0,6000));
    await proxy[Symbol.asyncDispose]();
}, 30000);

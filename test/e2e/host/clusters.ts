import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import mysql from 'mysql2/promise';
import { readFileSync, writeFileSync } from 'node:fs';
import * as vscode from 'vscode';
import type { Report } from '../../../src/engine/checks/types';
import type { ExtensionApi } from '../../../src/extension/main';
import type { TreeNode } from '../../../src/extension/views/treeNode';
import { waitFor } from '../../support/waitFor';
import { api, fileUri, setting } from './setting';

const FILE = fileUri('app1.cnf');

async function statement(port: number, sql: string): Promise<void> {
  const { user, password } = setting;
  const connection = await mysql.createConnection({ host: '127.0.0.1', port, user, password });
  try {
    await connection.query(sql);
  } finally {
    connection.destroy();
  }
}

function flat(nodes: readonly TreeNode[]): TreeNode[] {
  return nodes.flatMap(node => [node, ...flat(node.children)]);
}

async function check(kind: 'Replication' | 'Ssh'): Promise<Report> {
  const report = await vscode.commands.executeCommand<Report | undefined>(`mysqlHa.check${kind}`, FILE);
  ok(report, 'there is no report');
  return report;
}

export function clusterTests(): void {
  describe('a cluster', () => {
    const [master = 0, first = 0] = setting.ports;
    const original = readFileSync(FILE.fsPath, 'utf8');
    const showInputBox = vscode.window.showInputBox;
    let extension: ExtensionApi;
    const nodes = () => flat(extension.tree().filter(node => node.cluster === FILE.toString()));
    const server = (port: number) => {
      const node = nodes().find(n => n.kind === 'server' && JSON.stringify(n.label).includes(String(port)));
      ok(node, `the tree has no server with port ${port}`);
      return node;
    };

    before(async () => {
      extension = await api();
      await extension.refresh();
    });

    afterEach(() => {
      vscode.window.showInputBox = showInputBox;
      writeFileSync(FILE.fsPath, original);
    });

    after(() => statement(first, 'START SLAVE'));

    it('is read: a master and its replicas', async () => {
      const snapshot = await waitFor('a snapshot', () => extension.snapshots().find(s => s.cluster === 'app1'));
      deepEqual(
        snapshot.servers.map(s => [s.status, s.address.port]),
        setting.ports.map(port => ['alive', port]),
      );
      equal(snapshot.servers.find(s => s.id === snapshot.master)?.address.port, master);
      equal(snapshot.edges.length, setting.ports.length - 1);
      equal(snapshot.gtidMode, 1);
    });

    it('is a tree: replicas below their master', () => {
      equal(server(master).children.filter(n => n.kind === 'server').length, setting.ports.length - 1);
      equal(server(master).health, 'ok');
      ok(JSON.stringify(server(first).description).includes('replica'));
    });

    it('passes the replication check', async () => {
      const report = await check('Replication');
      equal(report.kind, 'replication');
      const failed = 'items' in report ? report.items.filter(item => item.verdict === 'failed') : [];
      deepEqual(failed, []);
      ok(!JSON.stringify(report).includes(setting.password), 'the report contains the password');
    });

    it('passes the SSH check between all hosts', async () => {
      const report = await check('Ssh');
      ok('pairs' in report);
      deepEqual(
        report.pairs.filter(pair => pair.result !== 'ok'),
        [],
      );
      equal(report.pairs.length, setting.ports.length ** 2);
    });

    it('shows what happens to a replica, by polling alone', async () => {
      await statement(first, 'STOP SLAVE SQL_THREAD');
      await waitFor('the tree to say so', () => server(first).health === 'failed', { timeoutMs: 10_000 });
      const report = await check('Replication');
      equal(report.verdict, 'failed');
      await statement(first, 'START SLAVE SQL_THREAD');
      await waitFor('the tree to be calm again', () => server(first).health === 'ok', { timeoutMs: 10_000 });
    });

    it('takes a stored password rather than the wrong one of the file, until it is forgotten', async () => {
      writeFileSync(FILE.fsPath, original.replace(`password=${setting.password}`, 'password=wrong'));
      await extension.refresh();
      await waitFor('access to be denied', () => JSON.stringify(server(master).description).includes('access denied'));
      equal((await check('Replication')).verdict, 'failed');
      vscode.window.showInputBox = () => Promise.resolve(setting.password);
      await vscode.commands.executeCommand('mysqlHa.storePassword', FILE);
      await waitFor('the servers to be read', () => server(master).health === 'ok');
      notEqual((await check('Replication')).verdict, 'failed');
      await vscode.commands.executeCommand('mysqlHa.forgetPassword', FILE);
      await waitFor('access to be denied again', () =>
        JSON.stringify(server(master).description).includes('access denied'),
      );
    });

    it('that MHA would reject is not acted on, and the line is named', async () => {
      writeFileSync(FILE.fsPath, original.replace(/^ping_interval=.*$/m, 'ping_interval=1 # every second'));
      const report = await check('Replication');
      equal(report.verdict, 'failed');
      ok('configFindings' in report && report.configFindings.some(f => f.blocksAction || f.rejectedByMha));
      ok(!('snapshot' in report && report.snapshot), 'servers were asked');
    });
  });
}

import type { ManagerStatus, StatusCode } from '../../engine/monitor/statusFile';
import { msg, type Message } from '../../l10n/message';
import type { ClusterView } from './clusterView';
import type { Health } from './health';

/** Codes of a manager whose process is not there. */
const GONE: ReadonlySet<StatusCode> = new Set([2, 3]);

/** The process that monitors; undefined: none does. */
export function managerPid(status: ManagerStatus | undefined): number | undefined {
  if (!status || status.kind === 'unreadable') return undefined;
  if (status.kind === 'status' && GONE.has(status.code)) return undefined;
  return status.line?.pid;
}

/** It was killed: its status file is still there. */
export function managerCrashed(status: ManagerStatus): boolean {
  return status.kind === 'status' && GONE.has(status.code) && status.line !== undefined;
}

const STATES: Readonly<Record<StatusCode, readonly [health: Health, text: Message]>> = {
  0: ['ok', msg('the master answers')],
  2: ['unknown', msg('not running')],
  3: ['warning', msg('partly running')],
  10: ['ok', msg('starting')],
  20: ['warning', msg('the master does not answer')],
  21: ['warning', msg('the master is taken for dead')],
  30: ['warning', msg('trying again')],
  31: ['warning', msg('cannot monitor')],
  32: ['warning', msg('no sign of life for a while')],
  50: ['warning', msg('failing over')],
  51: ['failed', msg('the failover failed')],
};

/** How monitoring goes, for a line of the tree. */
export function monitoringState(status: ManagerStatus): { readonly health: Health; readonly text: Message } {
  if (status.kind === 'unreadable') return { health: 'warning', text: msg('the status file cannot be understood') };
  if (status.kind === 'unknown') return { health: 'warning', text: msg('in a state that is not known') };
  if (managerCrashed(status)) return { health: 'warning', text: msg('it was killed') };
  const [health, text] = STATES[status.code];
  const worse = health === 'ok' && remarks(status).length > 0;
  return { health: worse ? 'warning' : health, text };
}

/** Why it does not fail over, and what else the manager says of itself; its own words are English, as its log is. */
export function remarks(status: ManagerStatus): Message[] {
  if (status.kind === 'unreadable' || managerPid(status) === undefined) return [];
  const { reason, returned, lock } = status.line?.extra ?? {};
  return [
    ...(reason ? [msg('no failover: {reason}', { reason })] : []),
    ...(returned ? [msg('the old master came back: {server}', { server: returned })] : []),
    ...(lock ? [msg('another monitor holds the lock on the master')] : []),
  ];
}

/** What the manager found of the master of before the failover. */
export interface ReturnedMaster {
  /** As the manager says it. */
  readonly text: string;
  /** Id of the server. */
  readonly server: string;
  readonly state: 'writable' | 'fenced' | 'read-only';
}

/** The old master that the manager sees back; undefined: it is not, or nobody looks. */
export function returnedMaster(status: ManagerStatus): ReturnedMaster | undefined {
  if (status.kind === 'unreadable' || managerPid(status) === undefined) return undefined;
  const text = status.line?.extra['returned'];
  const [, server, state] = /^(.+) (writable|fenced|read-only)$/.exec(text ?? '') ?? [];
  if (text === undefined || server === undefined) return undefined;
  return { text, server, state: state as ReturnedMaster['state'] };
}

/** What monitoring and the newest operation add to a cluster's health; `ok` where there is nothing to say. */
export function localHealth({ monitoring, operation }: ClusterView): Health {
  const state = monitoring && managerPid(monitoring) !== undefined ? monitoringState(monitoring).health : 'ok';
  const crashed = monitoring !== undefined && managerCrashed(monitoring);
  if (state === 'failed') return 'failed';
  const unfinished = operation !== undefined && operation.outcome === undefined;
  return state === 'warning' || crashed || unfinished ? 'warning' : 'ok';
}

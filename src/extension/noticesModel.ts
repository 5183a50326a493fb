import type { ClusterView } from './clusters/clusterView';
import { managerPid, returnedMaster } from './clusters/monitoringModel';

/** Something that a person should hear of, once. */
export type Notice =
  /** `manager`: the process that monitors the cluster and decides by itself. */
  | {
      readonly kind: 'deadMaster';
      readonly cluster: string;
      readonly server: string;
      /** Its port does not refuse: nothing comes back. */
      readonly silent: boolean;
      readonly manager?: number;
    }
  /** The master of before the failover came back and took writes; `fenced`: its manager has made it read-only. */
  | { readonly kind: 'masterReturned'; readonly cluster: string; readonly server: string; readonly fenced: boolean }
  | { readonly kind: 'operationEnded'; readonly cluster: string; readonly journal: string }
  | { readonly kind: 'monitoringEnded'; readonly cluster: string; readonly pid: number };

/** What was seen of a cluster. Plain data: it is kept over a window reload. */
export interface Seen {
  /** Id of the dead master that was told of. */
  readonly dead?: string;
  readonly manager?: number;
  /** What the manager says of the old master that came back, as far as it was told. */
  readonly returned?: string;
  readonly journal?: string;
  readonly running?: boolean;
  /** This machine's files were looked at: what is there later is new. */
  readonly local?: true;
}

const DEAD_MASTER = new Set(['dead-master', 'unreachable-master']);

/** The master that the last look found dead or out of reach, by what the replicas say, too. */
export function deadMasterOf({ findings }: ClusterView): string | undefined {
  return findings.find(f => DEAD_MASTER.has(f.code))?.server;
}

const isSilent = ({ findings }: ClusterView): boolean => findings.some(f => f.code === 'unreachable-master');

/** A failover ends the manager that did it, unless it goes on with the new master: no reason to worry. */
function endedByOperation({ operation }: ClusterView, pid: number): boolean {
  return operation?.pid === pid && !operation.running && operation.outcome !== undefined;
}

/**
 * What is news in a cluster since it was `seen`. Undefined `seen`: it was never looked at, and only what is wrong now is news.
 * `stopped`: processes that were ended from here.
 */
export function news(
  view: ClusterView,
  seen: Seen | undefined,
  stopped: ReadonlySet<number>,
): { readonly notices: readonly Notice[]; readonly seen: Seen } {
  const { id: cluster, monitoring, operation, snapshot } = view;
  const notices: Notice[] = [];
  const pid = managerPid(monitoring);
  const dead = snapshot ? deadMasterOf(view) : seen?.dead;
  if (dead !== undefined && dead !== seen?.dead && !operation?.running)
    notices.push({
      kind: 'deadMaster',
      cluster,
      server: dead,
      silent: isSilent(view),
      ...(pid !== undefined && { manager: pid }),
    });
  const back = monitoring && returnedMaster(monitoring);
  if (back && back.text !== seen?.returned && back.state !== 'read-only')
    notices.push({ kind: 'masterReturned', cluster, server: back.server, fenced: back.state === 'fenced' });
  const returned = monitoring ? back?.text : seen?.returned;
  if (operation && !operation.running && seen?.local) {
    const wasRunning = seen.journal === operation.file && seen.running === true;
    const isNew = seen.journal !== operation.file;
    if (wasRunning || isNew) notices.push({ kind: 'operationEnded', cluster, journal: operation.file });
  }
  const gone = monitoring && pid === undefined ? seen?.manager : undefined;
  if (gone !== undefined && !stopped.has(gone) && !endedByOperation(view, gone))
    notices.push({ kind: 'monitoringEnded', cluster, pid: gone });
  const manager = monitoring ? pid : seen?.manager;
  return {
    notices,
    seen: {
      // While an operation runs nobody is told of the dead master; if it fails, the next look tells.
      ...(dead !== undefined && !(operation?.running && seen?.dead === undefined) && { dead }),
      ...(manager !== undefined && { manager }),
      ...(returned !== undefined && { returned }),
      ...((seen?.local ?? monitoring) && { local: true }),
      ...(operation ? { journal: operation.file, running: operation.running } : keptJournal(seen)),
    },
  };
}

function keptJournal(seen: Seen | undefined): Pick<Seen, 'journal' | 'running'> {
  return {
    ...(seen?.journal !== undefined && { journal: seen.journal }),
    ...(seen?.running !== undefined && { running: seen.running }),
  };
}

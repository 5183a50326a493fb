import * as path from 'node:path';
import type { ClusterConfig } from '../../config/types';
import { errorCode } from '../../engine/errors';
import { readManagerStatus } from '../../engine/monitor/readStatus';
import { defaultPingLimit, statusFileName, type ManagerStatus } from '../../engine/monitor/statusFile';
import { JournalReader, writerLives } from '../../engine/operations/followJournal';
import { listJournals } from '../../engine/operations/journal';
import type { OperationSummary } from '../clusters/clusterView';

/** Where a cluster's manager keeps its files. */
export function workdirOf(config: ClusterConfig): string {
  return config.servers[0]?.values.manager_workdir ?? '/var/tmp';
}

/** What this machine's files say of a cluster, without asking a server: its manager, and its newest operation. */
export class LocalState {
  /** The newest journal of each cluster, by work directory and name. */
  readonly #readers = new Map<string, JournalReader>();

  /** Undefined: the status file cannot be read. */
  async manager(config: ClusterConfig): Promise<ManagerStatus | undefined> {
    const file = path.join(workdirOf(config), statusFileName(config.name));
    const limit = defaultPingLimit(Math.max(...config.servers.map(s => s.values.ping_interval)));
    try {
      return await readManagerStatus(file, limit);
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      return undefined;
    }
  }

  /** Undefined: there is none, or it cannot be read. */
  async operation(config: ClusterConfig): Promise<OperationSummary | undefined> {
    const directory = workdirOf(config);
    try {
      const [newest] = listJournals(directory, config.name);
      if (!newest) return undefined;
      return await this.#summary(`${directory}\n${config.name}`, newest.file);
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      return undefined;
    }
  }

  async #summary(key: string, file: string): Promise<OperationSummary | undefined> {
    const known = this.#readers.get(key);
    const reader = known?.file === file ? known : new JournalReader(file);
    this.#readers.set(key, reader);
    if (!reader.ended) await reader.read();
    return summaryOf(reader, reader.ended ? false : await writerLives(file, reader.lines));
  }
}

/** Undefined: it has no beginning yet. */
export function summaryOf({ file, lines }: JournalReader, running: boolean): OperationSummary | undefined {
  const begin = lines.find(line => line.type === 'begin');
  if (begin?.type !== 'begin') return undefined;
  const end = lines.at(-1);
  const { operation, pid, at: startedAt } = begin;
  return {
    file,
    operation,
    startedAt,
    pid,
    running,
    ...(end?.type === 'end' && { outcome: end.outcome, message: end.message }),
  };
}

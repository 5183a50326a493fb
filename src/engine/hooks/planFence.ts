import type { FenceFacts, FenceProcess } from './fenceFacts';
import { accepts } from './procNet';

/** The server that is not to run any more. */
export interface FenceTarget {
  /** Where its PID may stand, e.g. master_pid_file and what the server said when it was alive; absolute paths. */
  readonly pidFiles: readonly string[];
  /** Its MySQL port. */
  readonly port: number;
  /** Its IP addresses: a server on the same port of another address is another one. None: every address counts. */
  readonly addresses: readonly string[];
}

/** proc(5): USER_HZ, on every Linux. */
const TICKS_PER_SECOND = 100;
/** Both clocks count whole seconds, and one may have been set. */
const CLOCK_SLACK = 5;

export type FencePlan =
  | {
      readonly kind: 'kill';
      /** What would start it again comes first. */
      readonly processes: readonly FenceProcess[];
      /** The systemd unit to be stopped, so that it does not start it again. */
      readonly unit?: string;
    }
  /** Nothing listens on the port, and no process is left that could be the server. */
  | { readonly kind: 'notRunning' }
  | {
      readonly kind: 'refused';
      /**
       * `otherInstance`: the PID file's server listens on other ports. `ambiguous`: several listen on the port.
       * `unidentified`: somebody listens there, or a server runs, of which it cannot be told whether it is the one.
       */
      readonly reason: 'otherInstance' | 'ambiguous' | 'unidentified';
      readonly pids: readonly number[];
    };

/**
 * Which processes are the server that listens (or will listen) there. Invariant: what is named in `kill` is a mysqld or
 * mariadbd that the PID file names and that is older than this file, or that listens there, or that was started with this
 * PID file, or with the very words of one that was `killed` before; or the mysqld_safe that watches over one of those. Never
 * a server that listens elsewhere only.
 */
export function planFence(facts: FenceFacts, at: FenceTarget, killed: readonly FenceProcess[] = []): FencePlan {
  const servers = facts.processes.filter(p => p.kind === 'server');
  const named = servers.filter(p =>
    facts.pidFiles.some(file => file.pid === p.pid && isOlder(p, file.modified, facts)),
  );
  const other = named.filter(p => isElsewhere(p, at));
  if (other.length > 0) return { kind: 'refused', reason: 'otherInstance', pids: other.map(p => p.pid) };
  const listening = servers.filter(p => p.listens?.some(l => accepts(l, at.port, at.addresses)));
  if (named.length === 0 && listening.length > 1)
    return { kind: 'refused', reason: 'ambiguous', pids: listening.map(p => p.pid) };
  // mysqld_safe removes the file before it starts the server again.
  const paths = new Set(at.pidFiles);
  const startedFor = servers.filter(p => isStartedFor(p, paths) && !isElsewhere(p, at));
  const again = servers.filter(p => killed.some(k => isSameCommand(p, k)) && !isElsewhere(p, at));
  const own = new Set([...named, ...(named.length === 0 ? listening : []), ...startedFor, ...again]);
  const parents = new Set([...own].map(p => p.parent));
  const watched = new Set(servers.filter(p => !own.has(p)).map(p => p.parent));
  const safes = facts.processes.filter(
    p => p.kind === 'safe' && !watched.has(p.pid) && (parents.has(p.pid) || isStartedFor(p, paths)),
  );
  if (own.size + safes.length > 0) {
    const unit = [...safes, ...own].map(p => p.unit).find(isDatabaseUnit);
    return { kind: 'kill', processes: [...safes, ...own], ...(unit ? { unit } : {}) };
  }
  // Once the server was found and killed, those that begin to run are others.
  const unclear = killed.length > 0 ? [] : servers.filter(p => !p.listens || p.listens.length === 0);
  if (unclear.length > 0 || facts.listening.some(l => accepts(l, at.port, at.addresses)))
    return { kind: 'refused', reason: 'unidentified', pids: unclear.map(p => p.pid) };
  return { kind: 'notRunning' };
}

/** A server writes its PID file after it was started: a younger process was given an old number. */
function isOlder(process: FenceProcess, modified: number, facts: FenceFacts): boolean {
  return facts.bootedAt + process.startTicks / TICKS_PER_SECOND <= modified + CLOCK_SLACK;
}

/** It listens, and not there. One that does not listen yet may be about to. */
function isElsewhere({ listens }: FenceProcess, { port, addresses }: FenceTarget): boolean {
  return listens !== undefined && listens.length > 0 && !listens.some(l => accepts(l, port, addresses));
}

/** `--pid-file=PATH` on its command line, as mysqld_safe gives it. */
function isStartedFor({ words }: FenceProcess, paths: ReadonlySet<string>): boolean {
  return words.some(word => {
    const path = /^--pid[-_]file=(.*)$/.exec(word)?.[1];
    return path !== undefined && paths.has(path);
  });
}

/** systemd and its like start a server again with the very same words. */
function isSameCommand(one: FenceProcess, other: FenceProcess): boolean {
  return one.words.length > 0 && one.kind === other.kind && one.words.join('\0') === other.words.join('\0');
}

/** Not one that runs other things too, such as ssh.service or docker.service. */
function isDatabaseUnit(unit: string | undefined): boolean {
  return unit !== undefined && /^(?:mysql|mysqld|mariadb|percona)(?:[-@.]|server)/.test(unit);
}

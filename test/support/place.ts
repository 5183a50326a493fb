import { claimPort } from './ports';
import { familyOf } from './processes';

/** Where test programs run and are reached. */
export interface Place {
  readonly address: string;
  /** What servers bind to. */
  readonly bind: string;
  /** What goes before a command to run it there. */
  prefix(): readonly string[];
  /** Takes a port for a server; on a machine of its own each kind has the usual one. */
  port(kind: 'mysql' | 'ssh'): Promise<{ readonly port: number } & Disposable>;
}

export const LOOPBACK: Place = {
  address: '127.0.0.1',
  bind: '127.0.0.1',
  prefix: () => [],
  port: () => claimPort(),
};

/** The program itself, where what was started is a prefix that waits for it. */
export function programPid(place: Place, startedPid: number): number {
  return place.prefix().length === 0 ? startedPid : (familyOf(startedPid)[1] ?? startedPid);
}

import type * as Engine from '../engine/main';

/** The engine (and with it mysql2 and ssh2) is a bundle of its own, loaded when something is first run. */
export function engine(): Promise<typeof Engine> {
  return import('../engine/main');
}

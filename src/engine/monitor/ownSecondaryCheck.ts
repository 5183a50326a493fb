import type { ServerConfig } from '../../config/types';
import type { EngineOptions } from '../options';
import type { RouteOpinion } from './decision';

/** What `masterha_secondary_check -s HOST …` says in its arguments. */
export interface OwnSecondaryCheck {
  readonly hosts: readonly string[];
  readonly user?: string;
  readonly port?: number;
  /** Seconds. */
  readonly timeout?: number;
}

const NAME = /^(?:[\w./+-]*\/)?masterha_secondary_check$/;
/** Words without anything that a shell would make something else of. */
const PLAIN = /^[\w./:@,%+=-]+$/;

/**
 * The configured command, if it is plainly masterha_secondary_check with hosts: then nothing has to be started. Undefined
 * for everything else, also for options that are not known here.
 */
export function ownSecondaryCheck(command: string): OwnSecondaryCheck | undefined {
  const words = command.trim().split(/\s+/);
  const [program = '', ...rest] = words;
  if (!NAME.test(program) || !words.every(word => PLAIN.test(word))) return undefined;
  const hosts: string[] = [];
  let [user, port, timeout]: (string | undefined)[] = [];
  while (rest.length > 0) {
    const match = /^--?([a-z_]+)(?:=(.+))?$/i.exec(rest.shift() as string);
    if (!match) return undefined;
    const name = (match[1] as string).toLowerCase();
    const value = match[2] ?? rest.shift();
    if (value === undefined) return undefined;
    if (name === 's' || name === 'secondary_host') hosts.push(value);
    else if (name === 'user') user = value;
    else if (name === 'port') port = value;
    else if (name === 'timeout') timeout = value;
    else return undefined;
  }
  const number = (text: string | undefined) =>
    text === undefined ? undefined : /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  const [portNumber, seconds] = [number(port), number(timeout)];
  if (hosts.length === 0 || Number.isNaN(portNumber) || Number.isNaN(seconds)) return undefined;
  return {
    hosts,
    ...(user !== undefined && { user }),
    ...(portNumber !== undefined && { port: portNumber }),
    ...(seconds !== undefined && { timeout: seconds }),
  };
}

/** TODO(wire): secondaryCheck() of this room. */
export function runOwnCheck(
  _check: OwnSecondaryCheck,
  _master: ServerConfig,
  _engine: EngineOptions,
): Promise<RouteOpinion> {
  return Promise.resolve({ via: 'script', says: 'unknown', text: 'not there yet' });
}

import type { TlsOptions } from '../mysql/connect';
import type { Credentials } from '../mysql/types';
import { withOwnSignal, type EngineOptions } from '../options';
import { localHost } from '../ssh/localHost';
import { openHost } from '../ssh/openHost';
import { SshError } from '../ssh/sshError';
import { isLocalTarget } from '../ssh/target';
import type { Host, SshFailure } from '../ssh/types';
import { testWrite } from './secondaryInsert';
import { inParallel, probe, type Probed } from './secondaryProbe';

export interface SecondaryCheckInput {
  /** The monitoring hosts: other routes to the master. */
  readonly hosts: readonly string[];
  /** SSH login there. */
  readonly user: string;
  /** SSH port there. */
  readonly port: number;
  readonly sshOptions?: string;
  readonly master: {
    readonly host: string;
    /** Tried as well as `host`, which a monitoring host may resolve differently, or not at all. */
    readonly ip?: string;
    readonly port: number;
  };
  /** Milliseconds of the login at a monitoring host, and again of the connection from there to the master. */
  readonly timeoutMs: number;
  readonly pingType?: 'CONNECT' | 'SELECT' | 'INSERT';
  /** For INSERT; without it the master is only connected to. */
  readonly credentials?: Credentials;
  /** Of the login for INSERT; default `preferred`. */
  readonly tls?: TlsOptions;
}

export interface SecondaryAnswer {
  readonly host: string;
  /**
   * `notReachable`: the master is not, from there. `notWritable`: it is, but the row of INSERT could not be written.
   * `unreachable`: the monitoring host itself is not. `undecided`: it is, but can't tell.
   */
  readonly state: 'reachable' | 'notReachable' | 'notWritable' | 'unreachable' | 'undecided';
  readonly failure?: SshFailure;
  readonly tookMs: number;
}

export interface SecondaryCheck {
  /** `dead`: nobody reaches the master. `unknown`: too few hosts could say. */
  readonly verdict: 'dead' | 'reachable' | 'unknown';
  /** In the order of the hosts. */
  readonly perHost: readonly SecondaryAnswer[];
}

export interface SecondaryCheckOptions extends Pick<EngineOptions, 'log' | 'signal' | 'hostKeys'> {
  /** OpenSSH's environment; default: the process's. */
  readonly env?: NodeJS.ProcessEnv;
}

const MOST_AT_ONCE = 16;

/**
 * Asks other hosts whether they reach the master, all at once; each has `timeoutMs` for its login and about three times as
 * much for the rest. Needs nothing on them but SSH. Never rejects for what hosts do; rejects with the signal's reason.
 */
export async function secondaryCheck(
  input: SecondaryCheckInput,
  options: SecondaryCheckOptions,
): Promise<SecondaryCheck> {
  const own = withOwnSignal(options);
  const perHost = await inParallel(input.hosts, MOST_AT_ONCE, host => ask(host, input, own), own.signal);
  own.signal?.throwIfAborted();
  return { verdict: judgeAnswers(perHost), perHost };
}

/**
 * One host that reaches the master outweighs all others. Without any, the master is dead if at least half of the hosts could
 * say so: a host that went down with the master must not keep it alive (MHA's does), but a manager that has lost most
 * of them has lost its own network.
 */
export function judgeAnswers(answers: readonly Pick<SecondaryAnswer, 'state'>[]): SecondaryCheck['verdict'] {
  if (answers.some(({ state }) => state === 'reachable')) return 'reachable';
  const dead = answers.filter(({ state }) => state === 'notReachable' || state === 'notWritable').length;
  return dead > 0 && dead * 2 >= answers.length ? 'dead' : 'unknown';
}

async function ask(name: string, input: SecondaryCheckInput, options: SecondaryCheckOptions): Promise<SecondaryAnswer> {
  const started = performance.now();
  const answer = (state: SecondaryAnswer['state'], failure?: SshFailure): SecondaryAnswer => ({
    host: name,
    state,
    ...(failure && { failure }),
    tookMs: Math.round(performance.now() - started),
  });
  const opened = await open(name, input, options);
  options.signal?.throwIfAborted();
  if (!opened.ok) return answer('unreachable', opened.failure);
  await using host = opened.host;
  try {
    return answer(...(await askHost(host, input, options)));
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof SshError)) throw error;
    // `forward`: it answers, and has no way to try.
    return answer(error.failure.kind === 'forward' ? 'undecided' : 'unreachable', error.failure);
  }
}

async function open(name: string, input: SecondaryCheckInput, { log, signal, hostKeys, env }: SecondaryCheckOptions) {
  const target = { host: name, port: input.port, user: input.user };
  if (await isLocalTarget(target)) return { ok: true, host: localHost() } as const;
  return openHost(target, {
    timeoutMs: input.timeoutMs,
    log,
    ...(signal && { signal }),
    ...(hostKeys && { hostKeys }),
    ...(env && { env }),
    ...(input.sshOptions && { sshOptions: input.sshOptions }),
  });
}

async function askHost(
  host: Host,
  { master, timeoutMs, pingType, credentials, tls }: SecondaryCheckInput,
  { signal, log }: SecondaryCheckOptions,
): Promise<[SecondaryAnswer['state'], SshFailure?]> {
  const limits = { timeoutMs, ...(signal && { signal }) };
  const addresses = [...new Set([master.ip, master.host].filter(a => a !== undefined && a !== ''))] as string[];
  const probed = await Promise.all(
    addresses.map(async address => ({ address, ...(await attempt(host, address, master.port, limits)) })),
  );
  const found = probed.find(p => p.reach === 'connected');
  if (!found) {
    if (probed.some(p => p.reach === 'notConnected')) return ['notReachable'];
    const error = probed.find(p => p.error)?.error;
    if (error) throw error;
    return ['undecided', { kind: 'unknownHost', text: `${host.name} does not know ${addresses.join(', ')}` }];
  }
  if (pingType !== 'INSERT' || !credentials || !found.forwards) return ['reachable'];
  const write = await testWrite(
    host,
    { host: found.address, port: master.port },
    { credentials, tls: tls ?? { mode: 'preferred' }, ...limits },
  );
  log.log('debug', `${host.name}: ping INSERT: ${write}`);
  return [write === 'notWritable' ? 'notWritable' : 'reachable'];
}

/** What happens to one address must not hide what is known of the other. */
async function attempt(
  host: Host,
  address: string,
  port: number,
  limits: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<Probed & { readonly error?: SshError }> {
  try {
    return await probe(host, address, port, limits);
  } catch (error) {
    limits.signal?.throwIfAborted();
    if (!(error instanceof SshError)) throw error;
    return { reach: 'unresolved', forwards: false, error };
  }
}

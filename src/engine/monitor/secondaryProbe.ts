import net from 'node:net';
import { abortable, Deadline, Slots } from '../ssh/limits';
import { sshError, SshError } from '../ssh/sshError';
import type { Host, RunOptions } from '../ssh/types';

/** What a TCP connection attempt from a host came to. `unresolved`: the host does not know the name, which tells nothing. */
export type Reach = 'connected' | 'notConnected' | 'unresolved';

export interface ProbeOptions {
  /** Milliseconds of the connection attempt, as the host's tunnels have it. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface Probed {
  readonly reach: Reach;
  /** The host forwards connections, so that one can talk to what listens there. */
  readonly forwards: boolean;
}

/**
 * Tries a TCP connection from a host. Through SSH's own forwarding; where the host refuses that, with a program there. No
 * answer in time is no connection, provided the host itself still answers. Rejects with SshError if the host gives no opinion.
 */
export async function probe(host: Host, address: string, port: number, options: ProbeOptions): Promise<Probed> {
  try {
    await tryTunnel(host, address, port, options);
    return { reach: 'connected', forwards: true };
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof SshError)) throw error;
    switch (error.failure.kind) {
      case 'refused':
      case 'unreachable':
        return { reach: await named(host, address, options), forwards: true };
      case 'unknownHost':
        return { reach: 'unresolved', forwards: true };
      case 'timeout':
        // The master is silent, or the way to this host broke meanwhile: then nobody knows.
        await host.run(['true'], runOptions(options));
        return { reach: 'notConnected', forwards: true };
      case 'forward':
        return { reach: await probeByProgram(host, address, port, options), forwards: false };
      default:
        throw error;
    }
  }
}

/** Bounded by our own time, whatever the host's tunnels have. */
async function tryTunnel(
  host: Host,
  address: string,
  port: number,
  { timeoutMs, signal }: ProbeOptions,
): Promise<void> {
  const opening = host.tunnel(address, port).then(stream => {
    // It may be reset before it is closed.
    stream.on('error', () => undefined);
    stream.destroy();
  });
  opening.catch(() => undefined);
  using deadline = new Deadline(timeoutMs, signal);
  try {
    await abortable(opening, deadline.signal);
  } catch (error) {
    if (!deadline.signal.aborted || signal?.aborted) throw error;
    throw sshError('timeout', `${host.name}: no connection to ${address}:${port} in time`);
  }
}

const runOptions = ({ timeoutMs, signal }: ProbeOptions, factor = 1): RunOptions => ({
  timeoutMs: timeoutMs * factor,
  ...(signal && { signal }),
});

/** sshd gives one answer for a connection that is refused and for a name that it does not find. */
async function named(host: Host, address: string, options: ProbeOptions): Promise<Reach> {
  if (net.isIP(address) !== 0 || host.local) return 'notConnected';
  const { code } = await host.run(['getent', 'hosts', address], runOptions(options));
  return code === 0 ? 'notConnected' : 'unresolved';
}

/** No program there can make connections. */
const NO_TOOL = 9;

/**
 * `$1` address, `$2` port, `$3` seconds. Each program must first reach the SSH server that we came through (a bash without
 * /dev/tcp, or an nc without -z, would find every master dead). Exit code 0: connected, 1: not.
 */
const PROBE_SCRIPT = [
  'export LC_ALL=C',
  'set -- "$1" "$2" "$3" $SSH_CONNECTION',
  'limit() { if command -v timeout >/dev/null 2>&1; then timeout "$@"; else shift; "$@"; fi; }',
  'by_bash() { limit "$3" bash -c \'exec 3<>"/dev/tcp/$0/$1"\' "$1" "$2"; }',
  'by_nc() { limit "$3" nc -z -w "$3" "$1" "$2" </dev/null; }',
  'by_python() { limit "$3" python3 -c \'import socket,sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), int(sys.argv[3]))\' "$1" "$2" "$3"; }',
  `for by in by_bash by_nc by_python; do "$by" "$6" "$7" "$3" >/dev/null 2>&1 || continue; ` +
    `if "$by" "$1" "$2" "$3" >/dev/null 2>&1; then exit 0; else exit 1; fi; done`,
  `exit ${NO_TOOL}`,
].join('; ');

async function probeByProgram(host: Host, address: string, port: number, options: ProbeOptions): Promise<Reach> {
  const seconds = String(Math.max(1, Math.ceil(options.timeoutMs / 1000)));
  const argv = ['sh', '-c', PROBE_SCRIPT, 'sh', address, String(port), seconds];
  const { code, signal } = await host.run(argv, runOptions(options, 3));
  if (code === 0) return 'connected';
  if (code === 1) return named(host, address, options);
  const why = code === NO_TOOL ? 'no program there makes connections either' : `a program ended with ${code ?? signal}`;
  throw sshError('forward', `${host.name} forwards no connections, and ${why}`);
}

/** Runs one task for each item, at most `most` at a time; the results are in the order of the items. */
export async function inParallel<T, R>(
  items: readonly T[],
  most: number,
  task: (item: T) => Promise<R>,
  signal?: AbortSignal,
): Promise<R[]> {
  const slots = new Slots(most);
  return Promise.all(
    items.map(async item => {
      using _slot = await slots.take(signal);
      return task(item);
    }),
  );
}

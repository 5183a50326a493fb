import { errorText } from '../errors';
import { nullLog, type Log } from '../log';
import { SshError } from '../ssh/sshError';
import type { Host, SshFailure } from '../ssh/types';
import { FACTS_SCRIPT, NO_PROC, parseFacts, type FenceFacts, type FenceProcess } from './fenceFacts';
import { planFence, type FencePlan, type FenceTarget } from './planFence';
import { listenerPattern } from './procNet';

export interface FenceOptions {
  /** Milliseconds for all of it. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly log?: Log;
}

export type FenceResult =
  /** It ran, and is gone; its port is silent. */
  | {
      readonly kind: 'killed';
      readonly pids: readonly number[];
      /** The systemd unit that was told to stay down; `stopped: false`: it was not allowed, and may start it again. */
      readonly unit?: { readonly name: string; readonly stopped: boolean };
    }
  /** It did not run. */
  | { readonly kind: 'notRunning' }
  | {
      readonly kind: 'failed';
      readonly reason:
        | Extract<FencePlan, { kind: 'refused' }>['reason']
        | 'notPermitted' // belongs to another user
        | 'stillRunning' // killed, and did not end in time
        | 'stillListening' // ended, and somebody listens on the port
        | 'restarted' // something starts it again and again
        | 'unsupported' // not a Linux host
        | 'ssh'
        | 'timeout';
      readonly text: string;
      readonly pids: readonly number[];
      readonly failure?: SshFailure;
    };

/** Something that restarts a server at once is beaten by killing it first; more rounds would not help. */
const ROUNDS = 3;

/**
 * Makes sure that a dead master's mysqld does not run: finds it (see `planFence` for what may be killed), kills it with
 * SIGKILL after the mysqld_safe above it, and waits until it is gone and its port silent. Kills nothing else. The login needs
 * the rights to kill it: root, or mysqld's own user. Never rejects for what happens on the host; rejects with the signal's
 * reason when cancelled.
 */
export async function fenceSsh(host: Host, target: FenceTarget, options: FenceOptions): Promise<FenceResult> {
  const until = performance.now() + options.timeoutMs;
  const killed: number[] = [];
  const before: FenceProcess[] = [];
  let unit: { name: string; stopped: boolean } | undefined;
  try {
    for (let round = 0; ; round++) {
      const facts = await lookAt(host, target, until, options);
      if (!facts) return failed('unsupported', `${host.name} has no /proc like Linux: nothing was killed`);
      const plan = planFence(facts, target, before);
      if (plan.kind === 'refused') return refused(plan, target, killed);
      if (plan.kind === 'notRunning')
        return killed.length > 0 ? { kind: 'killed', pids: killed, ...(unit && { unit }) } : { kind: 'notRunning' };
      if (round === ROUNDS)
        return failed('restarted', `mysqld is started again and again`, plan.processes.map(p => p.pid)); // prettier-ignore
      const end = await kill(host, plan, target, until, options);
      killed.push(...end.killed);
      before.push(...plan.processes.filter(p => end.killed.includes(p.pid)));
      if (plan.unit) unit = { name: plan.unit, stopped: end.unitStopped };
      if (end.refused.length > 0)
        return failed('notPermitted', `not allowed to kill process ${end.refused.join(', ')}`, end.refused);
      if (end.left.length > 0) return failed('stillRunning', `process ${end.left.join(', ')} does not end`, end.left);
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof SshError)) throw error;
    return error.failure.kind === 'timeout'
      ? failed('timeout', errorText(error), killed)
      : { ...failed('ssh', errorText(error), killed), failure: error.failure };
  }
}

function failed(
  reason: Extract<FenceResult, { kind: 'failed' }>['reason'],
  text: string,
  pids: readonly number[] = [],
): Extract<FenceResult, { kind: 'failed' }> {
  return { kind: 'failed', reason, text, pids };
}

function refused(
  { reason, pids }: Extract<FencePlan, { kind: 'refused' }>,
  { port, pidFiles }: FenceTarget,
  killed: readonly number[],
): FenceResult {
  if (killed.length > 0 && pids.length === 0)
    return failed('stillListening', `somebody still listens on port ${port}`, killed);
  const who = pids.length > 0 ? `process ${pids.join(', ')}` : 'a process';
  const files = pidFiles.join(', ') || 'no PID file';
  const texts = {
    otherInstance: `${who}, which ${files} names, does not listen on port ${port}: another server, not killed`,
    ambiguous: `${who} all listen on port ${port}: none was killed`,
    unidentified: `${who} may be the server of port ${port}, but nothing proves it (${files}): not killed`,
  };
  return failed(reason, texts[reason], pids);
}

const left = (until: number): number => Math.max(1, Math.round(until - performance.now()));

async function lookAt(
  host: Host,
  { pidFiles }: FenceTarget,
  until: number,
  { signal }: FenceOptions,
): Promise<FenceFacts | undefined> {
  const { code, stdout } = await host.run(['sh', '-c', FACTS_SCRIPT, 'sh', ...pidFiles], {
    timeoutMs: left(until),
    ...(signal && { signal }),
  });
  return code === NO_PROC ? undefined : parseFacts(stdout);
}

/**
 * `$1`: what grep finds the port by, `$2`: rounds of 20 ms to wait, `$3`: systemd unit or empty; then `pid:starttime` each. A number
 * that another process has got meanwhile is not killed. systemctl is not waited for before the kill: whichever comes second,
 * the unit stays down.
 */
const KILL_SCRIPT = [
  'export LC_ALL=C',
  'pattern=$1; rounds=$2; unit=$3; shift 3',
  'alive() { { s=$(cat "/proc/${1%%:*}/stat"); } 2>/dev/null || return 1; set -- "$1" ${s##*) }; [ "$2" != Z ] && [ "${21}" = "${1#*:}" ]; }',
  'job=; if [ -n "$unit" ] && command -v systemctl >/dev/null 2>&1; then ' +
    'systemctl --no-block --no-ask-password stop "$unit" >/dev/null 2>&1 </dev/null & job=$!; fi',
  'for t in "$@"; do alive "$t" || continue; ' +
    'if kill -9 "${t%%:*}" 2>/dev/null; then echo "killed ${t%%:*}"; elif alive "$t"; then echo "refused ${t%%:*}"; fi; done',
  'n=0; while :; do left=; for t in "$@"; do if alive "$t"; then left="$left ${t%%:*}"; fi; done; ' +
    'open=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -cE "$pattern"); ' +
    'busy=; if [ -n "$job" ] && kill -0 "$job" 2>/dev/null; then busy=1; fi; ' +
    '[ -z "$left$busy" ] && [ "$open" = 0 ] && break; ' +
    'n=$((n+1)); [ $n -gt "$rounds" ] && break; sleep 0.02 2>/dev/null || sleep 1; done',
  'if [ -n "$job" ] && [ -z "$busy" ] && wait "$job"; then echo stopped; fi',
  'for p in $left; do echo "left $p"; done',
  'exit 0',
].join('; ');

/** How long an end is waited for, in milliseconds: a kernel that writes a core file or waits for a disk takes its time. */
const END_MS = 5000;

interface KillEnd {
  readonly killed: readonly number[];
  readonly refused: readonly number[];
  readonly left: readonly number[];
  readonly unitStopped: boolean;
}

async function kill(
  host: Host,
  { processes, unit = '' }: Extract<FencePlan, { kind: 'kill' }>,
  { port, addresses }: FenceTarget,
  until: number,
  { signal, log = nullLog }: FenceOptions,
): Promise<KillEnd> {
  for (const { pid, kind, words } of processes)
    log.log('info', `Killing ${kind === 'server' ? 'mysqld' : 'mysqld_safe'} on ${host.name}, process ${pid} (${words[0] ?? ''})`); // prettier-ignore
  const rounds = Math.floor(Math.min(END_MS, left(until) * 0.8) / 20);
  const { stdout } = await host.run(
    [
      'sh',
      '-c',
      KILL_SCRIPT,
      'sh',
      listenerPattern(port, addresses),
      String(rounds),
      unit,
      ...processes.map(p => `${p.pid}:${p.startTicks}`),
    ],
    { timeoutMs: left(until), ...(signal && { signal }) },
  );
  const lines = stdout.split('\n');
  const numbers = (word: string) =>
    lines.flatMap(line => (line.startsWith(`${word} `) ? [Number(line.slice(word.length + 1))] : []));
  const refusedPids = numbers('refused');
  return {
    killed: numbers('killed'),
    refused: refusedPids,
    left: numbers('left').filter(pid => !refusedPids.includes(pid)),
    unitStopped: lines.includes('stopped'),
  };
}

import type { HookResult } from './runHook';

/** The scripts by their parameters, and what each is called with. */
export interface HookPhases {
  readonly master_ip_failover_script: 'status' | 'stop' | 'stopssh' | 'start';
  readonly master_ip_online_change_script: 'stop' | 'start';
  readonly shutdown_script: 'status' | 'stop' | 'stopssh';
  readonly report_script: 'report';
}

export type HookName = keyof HookPhases;

export type HookVerdict =
  | { readonly kind: 'ok' }
  /** shutdown_script, 0: the host has no power, SSH is gone. */
  | { readonly kind: 'poweredOff' }
  /** shutdown_script, 10: mysqld was killed over SSH, which still works. */
  | { readonly kind: 'killedBySsh' }
  /** It failed, and the operation goes on all the same. */
  | { readonly kind: 'proceed'; readonly reason: HookFailure; readonly code: string }
  | { readonly kind: 'abort'; readonly reason: HookFailure; readonly code: string };

/** `exit`: another exit code than 0; `signal`: it was killed by somebody; `timeout`: by us, because it took too long. */
export type HookFailure = 'exit' | 'signal' | 'timeout';

type Judged = Pick<HookResult, 'high' | 'low' | 'code' | 'timedOut'>;

/**
 * What the end of a call means, by MHA 0.58: 0 is good; 10 lets an operation go on, except for `status` and with a meaning
 * of its own for shutdown_script; everything else ends the operation, except for report_script, whose failure is only
 * logged. A call that took too long is a failure, whatever it ended with: MHA would still be waiting.
 */
export function judgeHook<H extends HookName>(hook: H, phase: HookPhases[H], result: Judged): HookVerdict {
  const { high, low, code } = result;
  const reason: HookFailure = result.timedOut ? 'timeout' : low === 0 ? 'exit' : 'signal';
  if (hook === 'report_script')
    return high === 0 && reason === 'exit' ? { kind: 'ok' } : { kind: 'proceed', reason, code };
  if (reason !== 'exit') return { kind: 'abort', reason, code };
  const stopsHost = hook === 'shutdown_script' && phase !== 'status';
  if (high === 0) return { kind: stopsHost ? 'poweredOff' : 'ok' };
  if (high === 10 && phase !== 'status') return stopsHost ? { kind: 'killedBySsh' } : { kind: 'proceed', reason, code };
  return { kind: 'abort', reason, code };
}

/**
 * What the end of a secondary_check_script means: only `dead` lets a failover start. `hostUnreachable`: one of the
 * monitoring hosts (2); `reachable`: the master is, from one of them (3).
 */
export function judgeSecondaryCheck(result: Judged): 'dead' | 'hostUnreachable' | 'reachable' | 'failed' {
  if (result.timedOut || result.low !== 0) return 'failed';
  return ({ 0: 'dead', 2: 'hostUnreachable', 3: 'reachable' } as const)[result.high] ?? 'failed';
}

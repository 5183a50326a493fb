import type { ServerConfig } from '../../config/types';
import { msg } from '../../l10n/message';
import {
  failoverStartArguments,
  failoverStopArguments,
  hookServerOf,
  shutdownArguments,
  type HookServer,
} from '../hooks/arguments';
import { callHook, type CalledHook } from '../hooks/callHook';
import { sshTargetOf } from '../ssh/target';
import { credentialsOf } from '../topology/connectServer';
import { NameCache } from '../topology/resolveNames';
import { newMasterOf, type FailoverRun } from './failoverRun';
import { StepError, type StepResult } from './runPlan';

/** A server as hooks are told of it. A name that cannot be looked up stands for itself: the server may be what holds the names. */
export async function hookServer(config: ServerConfig, signal?: AbortSignal): Promise<HookServer> {
  const target = sshTargetOf(config);
  const wanted = [config.values.ip || (config.values.hostname ?? ''), target.host];
  const names = new NameCache();
  await names.resolve(wanted, signal);
  const [ip = '', sshIp = ''] = wanted.map(host => names.addresses(host)[0] ?? host);
  return hookServerOf(config, { ip, sshIp }, target.user);
}

/** master_ip_failover_script at the dead master: `stopssh` where SSH works, else `stop`. */
export async function releaseAddress(run: FailoverRun): Promise<StepResult> {
  const { dead } = run.facts;
  const ssh = run.deadHost !== undefined;
  const called = await callHook(
    {
      hook: 'master_ip_failover_script',
      phase: ssh ? 'stopssh' : 'stop',
      command: dead.values.master_ip_failover_script,
      args: failoverStopArguments(await hookServer(dead), { ssh }),
      timeoutSeconds: dead.extended.hook_timeout,
    },
    { log: run.log },
  );
  return judged('master_ip_failover_script', called, dead);
}

/** master_ip_failover_script at the new master. It runs before the server is writable, and scripts may make it so. */
export async function takeAddress(run: FailoverRun): Promise<StepResult> {
  const { config } = newMasterOf(run);
  const called = await callHook(
    {
      hook: 'master_ip_failover_script',
      phase: 'start',
      command: config.values.master_ip_failover_script,
      args: failoverStartArguments(
        await hookServer(run.facts.dead),
        await hookServer(config),
        await credentialsOf(config, run.engine),
        { origSsh: run.deadHost !== undefined },
      ),
      timeoutSeconds: config.extended.hook_timeout,
    },
    { log: run.log },
  );
  return judged('master_ip_failover_script', called, config);
}

/** What shutdown_script says it did. */
export async function callShutdown(run: FailoverRun): Promise<'poweredOff' | 'killedBySsh'> {
  const { dead } = run.facts;
  const ssh = run.deadHost !== undefined;
  const called = await callHook(
    {
      hook: 'shutdown_script',
      phase: ssh ? 'stopssh' : 'stop',
      command: dead.values.shutdown_script,
      args: shutdownArguments(await hookServer(dead), { ssh, pidFile: dead.values.master_pid_file }),
      timeoutSeconds: dead.extended.hook_timeout,
    },
    { log: run.log },
  );
  judged('shutdown_script', called, dead);
  return called.kind === 'called' && called.verdict.kind === 'killedBySsh' ? 'killedBySsh' : 'poweredOff';
}

function judged(script: string, called: CalledHook, { values }: ServerConfig): StepResult {
  if (called.kind === 'missing') return { skipped: true };
  const { verdict, result } = called;
  if (verdict.kind === 'abort') {
    const server = values.hostname ?? '';
    throw new StepError(
      'hook',
      verdict.reason === 'timeout'
        ? msg('{script} for {server} took too long and was killed', { script, server })
        : msg('{script} for {server} failed with return code {code}', { script, server, code: result.code }),
    );
  }
  return verdict.kind === 'proceed'
    ? { message: msg('It failed with return code {code}, which lets the failover go on', { code: result.code }) }
    : undefined;
}

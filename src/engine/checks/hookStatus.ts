import { msg } from '../../l10n/message';
import { failoverStatusArguments, hookServerOf, shutdownStatusArguments, type HookArgument } from '../hooks/arguments';
import { diagnoseHook } from '../hooks/diagnose';
import { runHook, type HookResult } from '../hooks/runHook';
import { sshTargetOf } from '../ssh/target';
import { NameCache } from '../topology/resolveNames';
import { item, masterConfig, type CheckContext, type CheckPart } from './checkContext';
import type { CheckItem } from './types';

/** Milliseconds for `--command=status`, which only looks. */
const STATUS_TIMEOUT_MS = 10_000;
/** The end of what a hook printed is where the reason stands. */
const SHOWN = 2000;

const SCRIPTS = ['master_ip_failover_script', 'shutdown_script'] as const;

function printed(result: HookResult): string {
  const text = [result.stderr, result.stdout]
    .map(t => t.trim())
    .filter(t => t)
    .join('\n');
  return text.length > SHOWN ? `…${text.slice(-SHOWN)}` : text;
}

async function status(
  context: CheckContext,
  script: string,
  command: string,
  args: readonly HookArgument[],
  server: string,
): Promise<CheckItem> {
  // prettier-ignore
  const { signal, log } = context.options;
  const result = await runHook(command, args, { timeoutMs: STATUS_TIMEOUT_MS, ...(signal && { signal }) });
  const common = { server, detail: printed(result), tookMs: result.tookMs };
  log.log('info', `  ${result.command}`, { code: result.code, tookMs: result.tookMs });
  if (result.timedOut)
    return item(
      'hook-timeout',
      'failed',
      msg('{script} did not answer --command=status within {seconds} s and was killed', {
        script,
        seconds: STATUS_TIMEOUT_MS / 1000,
      }),
      common,
    );
  if (result.high === 0 && result.low === 0)
    return item('hook-status', 'ok', msg('{script} answers --command=status', { script }), common);
  const diagnosis = await diagnoseHook(command, result);
  if (diagnosis) return item(diagnosis.code, 'failed', diagnosis.message, common);
  return item(
    'hook-failed',
    'failed',
    msg('{script} failed at --command=status with return code {code}', { script, code: result.code }),
    common,
  );
}

/** `status` of the master's two hooks. Both exit code and signal must be 0; not defined is a warning, as in MHA. */
export const checkHooks: CheckPart = async context => {
  const config = masterConfig(context);
  if (!config) {
    const defined = SCRIPTS.some(name => context.cluster.servers.some(s => s.values[name]));
    return defined
      ? [item('hook-skipped', 'warning', msg('The hook scripts were not called, because it is not known who the master is'))] // prettier-ignore
      : [];
  }
  const { values } = config;
  const target = sshTargetOf(config);
  const names = new NameCache();
  const wanted = [values.ip || (values.hostname ?? ''), target.host];
  if (SCRIPTS.some(name => values[name])) await names.resolve(wanted, context.options.signal);
  const [ip = '', sshIp = ''] = wanted.map(host => names.addresses(host)[0] ?? host);
  const master = hookServerOf(config, { ip, sshIp }, target.user);
  return Promise.all(
    SCRIPTS.map(async script => {
      const command = values[script];
      if (!command)
        return item('hook-undefined', 'warning', msg('{script} is not defined', { script }), { server: config.id });
      const args = script === 'shutdown_script' ? shutdownStatusArguments(master) : failoverStatusArguments(master);
      return status(context, script, command, args, config.id);
    }),
  );
};

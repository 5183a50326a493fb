import type { ClusterConfig, ServerConfig } from '../config/types';
import { blockers } from '../config/resolve';
import type { FailoverAnswer, FailoverRequest } from '../engine/operations/prepareFailover';
import type { FailoverPlan } from '../engine/operations/failoverPlan';
import { format, msg } from '../l10n/message';
import { askLine, askYes } from './askYes';
import { defineCommand, type CommandContext } from './command';
import { CONFIG_OPTIONS } from './configOptions';
import { loadEngine } from './engine';
import { whileFailingOver } from './failoverStatus';
import { managerLog } from './managerLog';
import { FAILOVER_OPTIONS, failoverOptions, INTERNAL_OPTIONS, MONITOR_OPTIONS } from './managerOptions';
import { problemLine, readForMha } from './mhaConfig';
import { mhaLog } from './mhaLog';
import type { OptionTable, OptionValues } from './options';
import { levelOf, logRejected } from './replicationLog';
import type { Terminal } from './terminal';

const OPTIONS = {
  master_state: { type: 'string', value: 'dead', help: msg('dead: fails over from a master that is dead') },
  ...CONFIG_OPTIONS,
  dead_master_host: { type: 'string', value: 'HOST', help: msg('host name of the dead master') },
  dead_master_ip: { type: 'string', value: 'IP', help: msg('its address (default: that of the host name)') },
  dead_master_port: { type: 'integer', value: 'PORT', help: msg('its port (default: 3306)') },
  interactive: {
    type: 'integer',
    value: '0|1',
    help: msg('0: ask nothing, and write the log to its file (default: 1)'),
  },
  manager_workdir: MONITOR_OPTIONS.manager_workdir,
  manager_log: MONITOR_OPTIONS.manager_log,
  ...FAILOVER_OPTIONS,
  ssh_reachable: INTERNAL_OPTIONS.ssh_reachable,
} as const satisfies OptionTable;

type Options = OptionValues<typeof OPTIONS>;

export const masterSwitchCommand = defineCommand({
  name: 'masterha_master_switch',
  forms: ['--master_state=dead --conf=FILE --dead_master_host=HOST [options]'],
  summary: msg(
    'Fails over from a dead master: recovers what can be found, promotes a replica, lets the others follow it.',
  ),
  exitCodes: [
    ['0', msg('failed over, everything recovered')],
    ['10', msg('failed over, but replicas are left behind')],
    ['1', msg('refused, or failed')],
  ],
  options: OPTIONS,
  usageExit: 1,
  interruptedExit: 1,
  // Past the point of no return it comes to its end first.
  graceMs: 600_000,
  action: async ({ options }, context) => {
    const { terminal } = context;
    if (options.master_state?.toLowerCase() === 'alive') {
      terminal.err('--master_state=alive: this version does not switch a living master.\n');
      return 1;
    }
    if (options.master_state?.toLowerCase() !== 'dead') {
      terminal.err('--master_state=dead must be set.\n');
      return 1;
    }
    if (options.conf === undefined) {
      terminal.out('--conf=<server_config_file> must be set.\n');
      return 1;
    }
    if (options.dead_master_host === undefined) {
      terminal.out('--dead_master_host=<dead_master_hostname> must be set.\n');
      return 1;
    }
    return failOver(options, options.conf, context);
  },
});

async function failOver(options: Options, conf: string, context: CommandContext): Promise<number> {
  const { terminal, signal } = context;
  const interactive = options.interactive !== 0;
  const first = mhaLog(terminal, 'info');
  const config = await readForMha({ file: conf, globalFile: options.global_conf, signal, log: first });
  const { cluster } = config;
  if (!cluster) {
    logRejected(config.problems, first);
    return 1;
  }
  const blocking = blockers(config.loaded);
  if (blocking.length > 0) {
    for (const finding of blocking) first.log('error', problemLine(finding, config.loaded));
    return 1;
  }
  const file = interactive ? undefined : options.manager_log || cluster.servers[0]?.values.manager_log;
  const log = await managerLog(file, terminal, levelOf(config));
  const dead = deadMaster(cluster, options, terminal);
  if (!dead) {
    log.log('error', `Dead master ${options.dead_master_host}:${options.dead_master_port ?? 3306} is not in the configuration.`); // prettier-ignore
    return 1;
  }
  const engine = await loadEngine();
  const request: FailoverRequest = {
    cluster,
    deadMaster: dead.id,
    options: failoverOptions(options, { interactive, workdir: options.manager_workdir }),
    command: 'masterha_master_switch --master_state=dead',
    ...(interactive && { confirm: plan => confirm(cluster, plan, context) }),
  };
  const { exitCode, journal } = await whileFailingOver(
    {
      workdir: options.manager_workdir,
      app: cluster.name,
      dead,
      waitOnErrorSeconds: options.wait_on_failover_error,
      log,
      signal,
    },
    () => engine.failover(request, { log, signal }),
  );
  if (journal !== undefined) log.log('info', `Journal: ${journal}`);
  return exitCode;
}

/** Host, address and port must all be those of one section, as in MHA. */
function deadMaster(cluster: ClusterConfig, options: Options, terminal: Terminal): ServerConfig | undefined {
  const { dead_master_host: host = '', dead_master_ip: ip, dead_master_port: port = 3306 } = options;
  const found = cluster.servers.find(({ values }) => values.hostname === host && values.port === port);
  const address = found?.values.ip || host;
  if (ip === undefined) terminal.out(`--dead_master_ip=<dead_master_ip> is not set. Using ${address}.\n`);
  if (options.dead_master_port === undefined)
    terminal.out(`--dead_master_port=<dead_master_port> is not set. Using ${port}.\n`);
  return ip === undefined || ip === address || !found?.values.ip ? found : undefined;
}

/** MHA's questions, in its words. */
async function confirm(
  cluster: ClusterConfig,
  plan: FailoverPlan,
  { terminal, signal }: CommandContext,
): Promise<FailoverAnswer> {
  const ask = (question: string) => askYes(question, terminal, signal);
  const form = (id: string | undefined) => {
    const values = cluster.servers.find(server => server.id === id)?.values;
    return `${values?.hostname}(${values?.ip || values?.hostname}:${values?.port})`;
  };
  for (const candidate of plan.election.candidates)
    terminal.out(`  ${form(candidate.id)}: ${candidate.reasons.map(reason => format(reason)).join('; ')}\n`);
  if (plan.asked) return (await ask(`Master switch to ${form(plan.newMaster)}. OK? (yes/NO): `)) ? 'yes' : 'no';
  if (!(await ask(`Master ${form(plan.dead)} is dead. Proceed? (yes/NO): `))) return 'no';
  if (await ask(`Starting master switch from ${form(plan.dead)} to ${form(plan.newMaster)}? (yes/NO): `)) return 'yes';
  if (!(await ask('Continue? (yes/NO): '))) return 'no';
  const host = await askLine('Enter new master host name: ', terminal, signal);
  return host === '' ? 'no' : { newMaster: hostAndPort(host) };
}

/** MHA takes a host name alone, and port 3306; ours may be told the port. */
function hostAndPort(text: string): { host: string; port: number } {
  const [, host = text, port] = /^(.*?)(?::(\d+))?$/.exec(text) ?? [];
  return { host, port: Number(port ?? 3306) };
}

import { blockers } from '../config/resolve';
import type { ClusterConfig } from '../config/types';
import { nullLog } from '../engine/log';
import type { FailoverResult } from '../engine/operations/failover';
import type { FailoverRequest, PreparedFailover } from '../engine/operations/prepareFailover';
import type { EngineOptions } from '../engine/options';
import { msg, type Message } from '../l10n/message';
import { ask } from './ask';
import type { CommandContext, CommandInput } from './command';
import { defineCommand } from './command';
import { CONFIG_OPTIONS, loadConfig } from './configOptions';
import { loadEngine } from './engine';
import { whileFailingOver } from './failoverStatus';
import { obstacles, preparedJson, preparedText } from './failoverText';
import { findingJson, jsonText } from './json';
import { lintText } from './lint';
import { FAILOVER_OPTIONS, failoverOptions } from './managerOptions';
import { mhaLog } from './mhaLog';
import type { OptionTable } from './options';
import { PASSWORD_OPTIONS, passwordsFromStdin } from './stdinPasswords';
import type { Terminal } from './terminal';
import { printable } from './terminal';

const { wait_on_failover_error: _, ...FAILOVER } = FAILOVER_OPTIONS;

const OPTIONS = {
  ...CONFIG_OPTIONS,
  'dry-run': { type: 'flag', aliases: ['dry_run'], help: msg('show what would be done, and do nothing') },
  json: { type: 'flag', help: msg('JSON: the plan, or how the failover ended') },
  yes: { type: 'flag', help: msg('do not ask') },
  interactive: { type: 'integer', value: '0|1', help: msg('1: a person wants it, as the report then says (default: 0 with --yes)') }, // prettier-ignore
  dead_master_host: { type: 'string', value: 'HOST', help: msg('host name of the dead master (default: found out)') },
  dead_master_port: { type: 'integer', value: 'PORT', help: msg('its port (default: 3306)') },
  ...FAILOVER,
  manager_workdir: {
    type: 'string',
    aliases: ['workdir'],
    value: 'DIR',
    help: msg("directory of the journal and the work files (default: the configuration's manager_workdir)"),
  },
  agreed_new_master: {
    type: 'string',
    value: 'SECTION',
    help: msg('with --yes: refuse if another server would be chosen'),
  },
  ...PASSWORD_OPTIONS,
  quiet: { type: 'flag', help: msg('no log on standard error') },
} as const satisfies OptionTable;

/**
 * A signal before the point of no return takes back what was done; after it the failover goes on to its end, however long
 * that takes. The largest delay that timers know.
 */
const UNTIL_DONE_MS = 2 ** 31 - 1;

type Options = CommandInput<typeof OPTIONS>['options'];

export const failoverCommand = defineCommand({
  name: 'mha failover',
  forms: ['--conf=FILE --dry-run [--json]', '--conf=FILE [--yes] [options]'],
  summary: msg(
    'Makes a replica the new master in place of a dead one. Shows the plan, asks once, and keeps a journal.',
  ),
  exitCodes: [
    ['0', msg('failed over, everything recovered; or nothing forbids it (--dry-run)')],
    ['10', msg('failed over, but something is left to do')],
    ['1', msg('failed, or refused')],
    ['2', msg('wrong command line, or the configuration cannot be used')],
  ],
  options: OPTIONS,
  operands: 1,
  usageExit: 2,
  graceMs: UNTIL_DONE_MS,
  action: async ({ options, operands }, context) => {
    const { terminal, signal } = context;
    const file = options.conf ?? operands[0];
    const usage = (problem: Message): number => {
      terminal.err(`mha failover: ${terminal.text(problem)}\n`);
      return 2;
    };
    if (file === undefined) return usage(msg('Which configuration file?'));
    const fromStdin = options['passwords-from-stdin'] ? await passwordsFromStdin(process.stdin) : undefined;
    if (fromStdin && 'problem' in fromStdin) return usage(fromStdin.problem);
    const loaded = await loadConfig(file, options, { runInitScript: true, signal });
    const blocking = blockers(loaded);
    const { cluster } = loaded;
    if (!cluster || blocking.length > 0) {
      const render = terminal.text.bind(terminal);
      if (options.json)
        terminal.out(jsonText({ file, configFindings: blocking.map(f => findingJson(f, render)) }, render));
      else terminal.err(lintText(blocking, terminal));
      return 2;
    }
    const deadMaster = options.dead_master_host === undefined ? undefined : serverId(cluster, options);
    if (deadMaster === NOT_FOUND)
      return usage(msg('There is no server {host}:{port} in {file}', { ...addressOf(options), file }));
    const engine: EngineOptions = {
      log: options.quiet ? nullLog : mhaLog(terminal, 'info'),
      signal,
      ...(fromStdin && { password: fromStdin.password }),
    };
    const run = new FailoverCommand({ file, cluster, options, engine, terminal, signal });
    return run.run(deadMaster);
  },
});

const NOT_FOUND = Symbol('not in the configuration');

const addressOf = (options: Options) => ({
  host: options.dead_master_host ?? '',
  port: options.dead_master_port ?? 3306,
});

function serverId({ servers }: ClusterConfig, options: Options): string | typeof NOT_FOUND {
  const { host, port } = addressOf(options);
  const found = servers.find(({ values }) => values.port === port && (values.hostname === host || values.ip === host));
  return found?.id ?? NOT_FOUND;
}

interface Parts extends CommandContext {
  readonly file: string;
  readonly cluster: ClusterConfig;
  readonly options: Options;
  readonly engine: EngineOptions;
}

class FailoverCommand {
  readonly #parts: Parts;
  readonly #terminal: Terminal;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#terminal = parts.terminal;
  }

  async run(given: string | undefined): Promise<number> {
    const { cluster, options, engine } = this.#parts;
    const deadMaster = given ?? (await this.#findMaster());
    if (deadMaster === undefined) return 1;
    const interactive = (options.interactive ?? (options.yes ? 0 : 1)) !== 0;
    const request: FailoverRequest = {
      cluster,
      deadMaster,
      options: failoverOptions(options, { interactive, workdir: options.manager_workdir }),
      command: 'mha failover',
    };
    // What was agreed to is one server, not whichever looks best in a minute.
    const agreeing = (id: string | undefined): FailoverRequest => ({
      ...request,
      confirm: plan => Promise.resolve(plan.newMaster === id ? 'yes' : 'no'),
    });
    if (!options['dry-run'] && options.yes)
      return this.#failOver(options.agreed_new_master === undefined ? request : agreeing(options.agreed_new_master));
    const { prepareFailover } = await loadEngine();
    const prepared = await prepareFailover(request, { ...engine, log: nullLog });
    if (options['dry-run']) return this.#show(prepared);
    this.#terminal.out(preparedText(prepared, this.#terminal));
    if (!(await this.#confirmed(prepared))) {
      this.#terminal.err(`${this.#terminal.text(msg('Nothing was changed.'))}\n`);
      return 1;
    }
    return this.#failOver(agreeing(prepared.plan.newMaster));
  }

  /** The one that an unfinished failover is of, else the master as the replicas name it; undefined: the user has been told. */
  async #findMaster(): Promise<string | undefined> {
    const { cluster, engine, file, options } = this.#parts;
    const { manager_workdir: given } = options;
    const { discover, unfinishedFailover } = await loadEngine();
    const snapshot = await discover(cluster, { ...engine, log: nullLog });
    const workdir = given ?? cluster.servers[0]?.values.manager_workdir ?? '/var/tmp';
    const unfinished = unfinishedFailover(workdir, cluster, snapshot);
    if (unfinished) {
      const { deadMaster, since, answers } = unfinished;
      const { hostname = deadMaster, port } = cluster.servers.find(s => s.id === deadMaster)?.values ?? { port: 3306 };
      const server = `${hostname}:${port}`;
      if (!answers) {
        this.#error(
          msg('A failover of {server} that began at {time} has not ended: it is brought to its end', {
            server,
            time: since,
          }),
        );
        return deadMaster;
      }
      const command = `mha failover --conf=${file} --dead_master_host=${hostname} --dead_master_port=${port}${given === undefined ? '' : ` --manager_workdir=${given}`}`;
      this.#error(
        msg(
          'A failover of {server} that began at {time} has not ended, and that server answers again. Once it is shut down, this brings the failover to its end: {command}',
          { server, time: since, command },
        ),
      );
    }
    const { master } = snapshot;
    if (master !== undefined && cluster.servers.some(s => s.id === master)) return master;
    this.#error(msg('It is not clear which server is the master: say it by --dead_master_host and --dead_master_port'));
    return undefined;
  }

  #show(prepared: PreparedFailover): number {
    const { file, cluster, options } = this.#parts;
    const terminal = this.#terminal;
    if (options.json) terminal.out(jsonText(preparedJson(file, cluster, prepared), message => terminal.text(message)));
    else terminal.out(preparedText(prepared, terminal));
    return obstacles(prepared).length > 0 ? 1 : 0;
  }

  /** Asked once; what forbids it is no matter of asking. */
  async #confirmed({ facts, refusals, plan }: PreparedFailover): Promise<boolean> {
    const { cluster, signal } = this.#parts;
    const terminal = this.#terminal;
    const { status } = facts.snapshot.servers.find(s => s.id === facts.dead.id) ?? {};
    if (status === 'alive' || status === 'refusing') {
      this.#error(msg('The master answers: there is nothing to fail over from'));
      return false;
    }
    if (refusals.length > 0 || plan.newMaster === undefined) return false;
    const isProtected = cluster.servers.some(s => s.extended.protected);
    const question = isProtected
      ? msg('This cluster is protected. Type its name ({cluster}) to fail over: ', { cluster: cluster.name })
      : msg('Fail over now? (yes/NO): ');
    const answer = (await ask(terminal.text(question), terminal, signal)).trim();
    return isProtected ? answer === cluster.name : /^y(es)?$/i.test(answer);
  }

  async #failOver(request: FailoverRequest): Promise<number> {
    const { cluster, engine, options, signal } = this.#parts;
    const { failover } = await loadEngine();
    const dead = cluster.servers.find(({ id }) => id === request.deadMaster);
    if (!dead) throw new Error(`no section ${request.deadMaster}`);
    const result = await whileFailingOver(
      { workdir: options.manager_workdir, app: cluster.name, dead, log: engine.log, signal },
      () => failover(request, engine),
    );
    const declined = result.outcome === 'cancelled' && result.journal === undefined;
    const message = declined ? msg('Another server would be chosen now: look at the plan again') : result.message;
    this.#tell({ ...result, message }, options.json ?? false);
    return result.exitCode;
  }

  #tell(result: FailoverResult, json: boolean): void {
    const terminal = this.#terminal;
    const text = terminal.text.bind(terminal);
    if (json) {
      terminal.out(jsonText(result, text));
      return;
    }
    const { outcome, message, refusals, left, journal } = result;
    const style = outcome === 'succeeded' ? 'ok' : outcome === 'partial' ? 'warning' : 'error';
    for (const refusal of refusals.slice(1)) terminal.out(`${printable(text(refusal.message))} [${refusal.code}]\n`);
    terminal.out(`${terminal.style(style, printable(text(message)))}\n`);
    if (left.length > 0) terminal.out(`${text(msg('Left to do:'))}\n`);
    for (const item of left) terminal.out(`  ${printable(text(item))}\n`);
    if (journal !== undefined) terminal.out(`${text(msg('Journal: {file}', { file: journal }))}\n`);
  }

  #error(problem: Message): void {
    this.#terminal.err(`mha failover: ${this.#terminal.text(problem)}\n`);
  }
}

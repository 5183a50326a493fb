import type { ServerConfig } from '../../config/types';
import { Hosts } from '../checks/hosts';
import { deadline } from '../deadline';
import { errorCode, errorText } from '../errors';
import { hookServerOf, secondaryCheckArguments } from '../hooks/arguments';
import { judgeSecondaryCheck } from '../hooks/judgeHook';
import { runHook } from '../hooks/runHook';
import { peekGreeting } from '../mysql/greeting';
import type { Address } from '../mysql/types';
import type { EngineOptions } from '../options';
import { sshTargetOf } from '../ssh/target';
import { credentialsOf } from '../topology/connectServer';
import { NameCache } from '../topology/resolveNames';
import type { RouteOpinion } from './decision';
import { secondaryCheck, type SecondaryCheck } from './secondaryCheck';
import { parseSecondaryCommand, secondaryInputOf } from './secondaryCommand';

/** Milliseconds that the master's port has to answer a replica's host. */
const ROUTE_MS = 2000;

/**
 * The secondary_check_script's opinion, within `hook_timeout`. A plain call of masterha_secondary_check is done in this process,
 * anything else runs as a hook. Rejects only when cancelled.
 */
export async function askScript(master: ServerConfig, engine: EngineOptions): Promise<RouteOpinion> {
  const command = master.values.secondary_check_script ?? '';
  const { signal, log } = engine;
  const opinion = (says: RouteOpinion['says'], text: string, code?: string): RouteOpinion => ({
    via: 'script',
    says,
    text,
    ...(code !== undefined && { code }),
  });
  const names = new NameCache();
  const target = sshTargetOf(master);
  const wanted = [master.values.ip || (master.values.hostname ?? ''), target.host];
  const [credentials] = await Promise.all([credentialsOf(master, engine), names.resolve(wanted, signal)]);
  const [ip = '', sshIp = ''] = wanted.map(host => names.addresses(host)[0] ?? host);
  const server = hookServerOf(master, { ip, sshIp }, target.user);
  const ours = parseSecondaryCommand(command);
  if (ours) {
    log.log('info', `Executing secondary network check in this process: ${ours.program} -s ${ours.hosts.join(' -s ')}`);
    const limit = deadline(master.extended.hook_timeout * 1000, signal);
    const input = secondaryInputOf(ours, server, credentials, master.values.ping_type);
    try {
      return ownOpinion(await secondaryCheck(input, { ...engine, signal: limit }));
    } catch (error) {
      signal?.throwIfAborted();
      return opinion('unknown', limit.aborted ? 'the secondary check took too long' : errorText(error));
    }
  }
  const result = await runHook(command, secondaryCheckArguments(server, credentials, master.values.ping_type), {
    timeoutMs: master.extended.hook_timeout * 1000,
    ...(signal && { signal }),
  });
  log.log('info', `Executing secondary network check script: ${result.command}`);
  for (const line of `${result.stdout}\n${result.stderr}`.split('\n'))
    if (line.trim() !== '') log.log('info', `  ${line}`);
  switch (judgeSecondaryCheck(result)) {
    case 'dead':
      return opinion('dead', 'the secondary check does not reach the master either', result.code);
    case 'reachable':
      return opinion('alive', 'the secondary check reaches the master', result.code);
    case 'hostUnreachable':
      return opinion('unknown', 'the secondary check does not reach one of its monitoring hosts', result.code);
    case 'failed':
      return opinion(
        'unknown',
        result.timedOut
          ? `the secondary check did not end within ${master.extended.hook_timeout} s and was killed`
          : `the secondary check failed with return code ${result.code}`,
        result.code,
      );
  }
}

const SAYS = { dead: 'dead', reachable: 'alive', unknown: 'unknown' } as const;

function ownOpinion({ verdict, perHost }: SecondaryCheck): RouteOpinion {
  const text = perHost.map(({ host, state, failure }) => `${host}: ${state}${failure ? ` (${failure.text})` : ''}`);
  return { via: 'script', says: SAYS[verdict], text: `secondary check: ${text.join('; ')}` };
}

/**
 * What the master's port looks like from the host of one replica, through SSH: nothing runs there. `source` is the master's
 * address as that replica knows it. A replica on the manager's own host is no second route. Rejects only when cancelled.
 */
export async function askRoute(replica: ServerConfig, source: Address, engine: EngineOptions): Promise<RouteOpinion> {
  const opinion = (says: RouteOpinion['says'], text: string, code?: string): RouteOpinion => ({
    via: 'route',
    server: replica.id,
    says,
    text,
    ...(code !== undefined && { code }),
  });
  const hosts = new Hosts([replica], engine);
  try {
    const opened = await hosts.of(replica.id);
    if (!opened?.ok) return opinion('unknown', opened?.failure.text ?? 'no SSH', opened?.failure.kind);
    if (opened.host.local) return opinion('unknown', 'it is the host of the manager');
    const late = deadline(ROUTE_MS, engine.signal);
    const gaveUp = new Promise<'late'>(done => late.addEventListener('abort', () => done('late'), { once: true }));
    const opening = opened.host.tunnel(source.host, source.port);
    opening.catch(() => undefined);
    const stream = await Promise.race([opening, gaveUp]);
    engine.signal?.throwIfAborted();
    if (stream === 'late') return opinion('silent', `no answer from ${source.host}:${source.port}`, 'ETIMEDOUT');
    stream.on('error', () => undefined);
    const greeting = await Promise.race([peekGreeting(stream), gaveUp]);
    stream.destroy();
    engine.signal?.throwIfAborted();
    if (greeting === 'late')
      return opinion('hung', `${source.host}:${source.port} accepts connections and does not answer`);
    return greeting === undefined
      ? opinion('dead', `${source.host}:${source.port} closed the connection at once`, 'closed')
      : opinion('alive', `${source.host}:${source.port} answers`);
  } catch (error) {
    engine.signal?.throwIfAborted();
    const code = errorCode(error);
    if (code === 'refused') return opinion('dead', errorText(error), 'ECONNREFUSED');
    if (code === 'timeout') return opinion('silent', errorText(error), 'ETIMEDOUT');
    return opinion('unknown', errorText(error), code);
  } finally {
    await hosts[Symbol.asyncDispose]();
  }
}

/** Whether the master's host lets us in by SSH: what can be fetched from its disk depends on it. Rejects only when cancelled. */
export async function askSsh(master: ServerConfig, engine: EngineOptions): Promise<boolean> {
  const hosts = new Hosts([master], engine);
  try {
    return (await hosts.of(master.id))?.ok ?? false;
  } finally {
    await hosts[Symbol.asyncDispose]();
  }
}

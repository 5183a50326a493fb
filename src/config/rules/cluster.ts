import { isIP } from 'node:net';
import { msg } from '../../l10n/message';
import { isTrue } from '../levels';
import type { Cell } from '../levels';
import type { Model, ServerModel } from '../model';
import type { ParameterName } from '../parameters';
import { plainBoolean } from '../typed';
import type { Property } from '../types';
import type { Add } from './draft';
import { shown } from './draft';
import { isMisspeltDefault } from './structure';

/** What the sections mean together. */
export function checkCluster(model: Model, add: Add): void {
  const file = model.input.application.file;
  const servers = model.servers.filter(s => !isMisspeltDefault(s.section));
  if (servers.length === 0) return;
  checkRoles(file, servers, add);
  checkFirstServer(file, servers, add);
  checkDelay(model, servers, add);
  checkSshOptions(model, add);
  checkSshTimeout(model, file, add);
  checkHosts(file, servers, add);
}

function flag(server: ServerModel, name: ParameterName): boolean {
  return plainBoolean(server.level.mha[name].value ?? '') === true;
}

function own(server: ServerModel, name: ParameterName): Property | undefined {
  return server.section.values.get(name);
}

function checkRoles(file: string, servers: readonly ServerModel[], add: Add): void {
  const first = servers[0];
  if (!first) return;
  const range = first.section.nameRange;
  const barred = servers.filter(s => flag(s, 'no_master'));
  if (barred.length === servers.length)
    add({
      code: 'all-no-master',
      file,
      range: own(first, 'no_master')?.range ?? range,
      message: msg('Every server has no_master=1: there can be no failover.'),
    });
  else if (!servers.some(s => flag(s, 'candidate_master') && !flag(s, 'no_master')))
    add({
      code: 'no-candidate',
      file,
      range,
      message: msg(
        'No server has candidate_master=1: the replica that received most becomes master, else the first in the file.',
      ),
    });
  for (const server of barred)
    if (flag(server, 'candidate_master'))
      add({
        code: 'candidate-and-no-master',
        file,
        range: own(server, 'candidate_master')?.range ?? server.section.nameRange,
        message: msg('[{section}] has candidate_master and no_master: it never becomes master.', {
          section: shown(server.id),
        }),
      });
  if (servers.length < 3)
    add({
      code: 'few-servers',
      file,
      range,
      message: msg(
        'With {count} servers nothing is left to replicate to after a failover: three are the least that is safe.',
        {
          count: servers.length,
        },
      ),
    });
}

const OF_FIRST_SERVER: readonly ParameterName[] = ['manager_workdir', 'manager_log', 'log_level', 'check_repl_filter'];

/** MHA takes some values for the whole cluster from the first server in its order. */
function checkFirstServer(file: string, servers: readonly ServerModel[], add: Add): void {
  const [first, ...others] = servers;
  if (!first) return;
  for (const server of others)
    for (const name of OF_FIRST_SERVER) {
      const property = own(server, name);
      if (property && server.level.mha[name].value !== first.level.mha[name].value)
        add({
          code: 'first-server-only',
          file,
          range: property.range,
          message: msg('MHA takes {name} from the first server, [{first}]: this line has no effect.', {
            name,
            first: shown(first.id),
          }),
        });
    }
}

/** MHA asks the replica that received most, not the candidate, whether the delay matters. */
function checkDelay(model: Model, servers: readonly ServerModel[], add: Add): void {
  if (!isTrue(model.defaults.mha.check_repl_delay.value)) return;
  const off = servers.filter(s => own(s, 'check_repl_delay') && !isTrue(s.level.mha.check_repl_delay.value));
  if (off.length === servers.length) return;
  for (const server of off) {
    const property = own(server, 'check_repl_delay');
    if (property)
      add({
        code: 'candidate-delay-ignored',
        file: model.input.application.file,
        range: property.range,
        message: msg(
          'MHA asks the replica that received most for check_repl_delay, not the candidate: here it has no effect unless [{section}] is that replica. In [server default] it has.',
          { section: shown(server.id) },
        ),
      });
  }
}

function checkSshOptions(model: Model, add: Add): void {
  const file = model.input.application.file;
  const all = [...model.servers, ...model.binlogServers];
  const options = (s: ServerModel): Cell => s.level.mha.ssh_options;
  const withOwn = all.filter(s => isTrue(options(s).value));
  if (withOwn.length === 0) return;
  const outer = [model.defaults, model.application, model.global].find(l => isTrue(l?.mha.ssh_options.value));
  const texts = new Set(withOwn.map(s => options(s).value));
  if (outer) texts.add(outer.mha.ssh_options.value);
  const { origin } = model.sshOptions;
  const section = 'section' in origin ? shown(origin.section) : '';
  if (texts.size > 1) {
    for (const server of withOwn)
      add({
        code: 'ssh-options-differ',
        file,
        range: own(server, 'ssh_options')?.range ?? server.section.nameRange,
        message: msg('ssh_options are one for the whole of MHA: those of [{section}] count for all servers.', {
          section,
        }),
      });
    return;
  }
  const first = withOwn[0];
  if (!outer && first && withOwn.length < all.length)
    add({
      code: 'ssh-options-for-all',
      file,
      range: own(first, 'ssh_options')?.range ?? first.section.nameRange,
      message: msg('ssh_options are one for the whole of MHA: these count for all servers.'),
    });
}

function checkSshTimeout(model: Model, file: string, add: Add): void {
  const first = (model.global ?? model.application).mha.ssh_connection_timeout.value;
  for (const server of [...model.servers, ...model.binlogServers]) {
    const property = own(server, 'ssh_connection_timeout');
    if (property && property.value !== first)
      add({
        code: 'ssh-timeout-shared',
        file,
        range: property.range,
        message: msg(
          'MHA gives ssh a ConnectTimeout of {seconds} seconds, the first value that it reads, for all servers.',
          {
            seconds: shown(first ?? ''),
          },
        ),
      });
  }
}

function checkHosts(file: string, servers: readonly ServerModel[], add: Add): void {
  const bySsh = new Map<string, ServerModel>();
  for (const server of servers) {
    const { hostname, ip, ssh_host: sshHost, ssh_port: sshPort } = server.level.mha;
    const name = hostname.value ?? '';
    if (ip.value && isIP(ip.value) !== 0 && isIP(name) !== 0 && ip.value !== name)
      add({
        code: 'ip-contradicts-hostname',
        file,
        range: ip.property?.range ?? server.section.nameRange,
        message: msg('hostname says {hostname}, ip says {ip}: MHA connects to {ip} and calls it {hostname}.', {
          hostname: shown(name),
          ip: shown(ip.value),
        }),
      });
    const host = sshHost.value || ip.value || name;
    if (host === '') continue;
    const key = `${host.toLowerCase()}:${sshPort.value}`;
    const other = bySsh.get(key);
    if (!other) bySsh.set(key, server);
    else
      add({
        code: 'same-host',
        file,
        range: hostname.property?.range ?? server.section.nameRange,
        message: msg(
          'SSH to [{section}] and to [{other}] ends on the same host: they fail together. Containers need an ssh_port each.',
          {
            section: shown(server.id),
            other: shown(other.id),
          },
        ),
      });
  }
}

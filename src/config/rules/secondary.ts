import { msg } from '../../l10n/message';
import type { Model } from '../model';
import type { Cell } from '../levels';
import { plainBoolean } from '../typed';
import type { Add } from './draft';
import { shown } from './draft';

/** `secondary_check_script`: opinions that are none, because they come from the cluster's own hosts or from nowhere. */
export function checkSecondary(model: Model, add: Add): void {
  const cells = new Map<Cell['property'], Cell>();
  for (const { level } of model.servers) {
    const cell = level.mha.secondary_check_script;
    if (cell.value && cell.property) cells.set(cell.property, cell);
  }
  for (const cell of cells.values()) checkOne(model, cell, add);
}

function checkOne(model: Model, { value = '', property, origin }: Cell, add: Add): void {
  if (!property || !('file' in origin)) return;
  const at = { file: origin.file, range: property.valueRange };
  const words = value.split(/[\s"']+/).filter(w => w !== '');
  if (!words.some(w => /(?:^|\/)masterha_secondary_check$/.test(w))) return;
  const { hosts, port } = options(words);
  if (hosts.length === 0) {
    add({
      code: 'secondary-check-no-hosts',
      ...at,
      message: msg('masterha_secondary_check without "-s HOST" always agrees that the master is dead.'),
    });
    return;
  }
  const owners = ownHosts(model);
  for (const host of hosts) {
    const owner = owners.get(host.toLowerCase());
    if (owner !== undefined)
      add({
        code: 'secondary-check-own-host',
        ...at,
        message: msg(
          '{host} is the host of [{section}]: when it is the master and its host dies, MHA gets no second opinion and does not fail over.',
          {
            host: shown(host),
            section: shown(owner),
          },
        ),
      });
  }
  const sshPort = model.defaults.mha.ssh_port.value;
  if (sshPort && sshPort !== '22' && !port)
    add({
      code: 'secondary-check-ssh-port',
      ...at,
      message: msg(
        'MHA does not pass ssh_port={port} on: masterha_secondary_check connects to port 22 unless it gets --port.',
        {
          port: shown(sshPort),
        },
      ),
    });
}

/** `-s H`, `-s=H`, `--secondary_host H`, in any unambiguous abbreviation, as Getopt::Long takes them. */
function options(words: readonly string[]): { hosts: string[]; port: boolean } {
  const hosts: string[] = [];
  let port = false;
  for (const [i, word] of words.entries()) {
    const [, name = '', value] = /^--?([A-Za-z_]+)(?:=(.*))?$/.exec(word) ?? [];
    const option = name.toLowerCase();
    if (option === '') continue;
    if ('secondary_host'.startsWith(option)) {
      const host = value ?? words[i + 1];
      if (host !== undefined && !host.startsWith('-')) hosts.push(host);
    } else if (option.length > 1 && 'port'.startsWith(option)) port = true;
  }
  return { hosts, port };
}

/** Host names and addresses of servers that may be master, with their section. */
function ownHosts(model: Model): Map<string, string> {
  const owners = new Map<string, string>();
  for (const { id, level } of model.servers) {
    if (plainBoolean(level.mha.no_master.value ?? '')) continue;
    for (const name of ['hostname', 'ip', 'ssh_host', 'ssh_ip'] as const) {
      const host = level.mha[name].value?.toLowerCase();
      if (host && !owners.has(host)) owners.set(host, id);
    }
  }
  return owners;
}

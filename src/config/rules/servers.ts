import { msg } from '../../l10n/message';
import type { Model, ServerModel } from '../model';
import type { Property, Range } from '../types';
import type { Add } from './draft';
import { shown } from './draft';
import { isMisspeltDefault } from './structure';

/** Servers without a name, with the same address, and no server at all. */
export function checkServers(model: Model, add: Add): void {
  const file = model.input.application.file;
  const servers = model.servers.filter(s => !isMisspeltDefault(s.section));
  if (servers.length === 0)
    add({
      code: 'no-server',
      file,
      range: firstLine(),
      message: msg('No server is defined: a cluster needs [server1], [server2] … with a hostname each.'),
    });
  for (const server of [...servers, ...model.binlogServers]) checkHostname(file, server, add);
  checkAddresses(file, servers, add);
}

function firstLine(): Range {
  return { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
}

function checkHostname(file: string, { id, kind, section }: ServerModel, add: Add): void {
  const own = section.values.get('hostname');
  if (own && own.value !== '' && own.value !== '0') return;
  add({
    code: 'no-hostname',
    file,
    range: own?.range ?? section.nameRange,
    message: msg('[{section}] has no hostname.', { section: shown(id) }),
    ...(kind === 'binlog' && !own ? { severity: 'warning' as const, rejectedByMha: false } : {}),
  });
}

/** MHA compares address and port as texts. Names are not looked up here: equal names have equal addresses. */
function checkAddresses(file: string, servers: readonly ServerModel[], add: Add): void {
  const seen = new Map<string, ServerModel>();
  for (const server of servers) {
    const { ip, hostname, port } = server.level.mha;
    const host = (ip.value || hostname.value || '').toLowerCase();
    if (host === '') continue;
    const key = `${host}:${port.value}`;
    const other = seen.get(key);
    if (!other) {
      seen.set(key, server);
      continue;
    }
    const line = (p: Property | undefined): Range | undefined => p?.range;
    add({
      code: 'duplicate-server',
      file,
      range: line(ip.property) ?? line(hostname.property) ?? server.section.nameRange,
      message: msg('[{section}] and [{other}] (line {line}) have the same address {address}.', {
        section: shown(server.id),
        other: shown(other.id),
        line: other.section.nameRange.start.line + 1,
        address: shown(key),
      }),
    });
  }
}

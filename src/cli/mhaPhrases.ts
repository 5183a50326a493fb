import type { CheckItem } from '../engine/checks/types';
import type { ServerSnapshot, Snapshot } from '../engine/topology/types';
import { hostForm } from './topologyText';
import { format, plainArgs } from '../l10n/message';

/** MHA's own sentences for what a check found, by code: what monitoring scripts search its log for. */
const PHRASES: Readonly<Record<string, (host: string, server: ServerSnapshot | undefined, item: CheckItem) => string>> =
  {
    'dead-server': mustBeAlive,
    'dead-intermediate-master': mustBeAlive,
    'unreachable-server': mustBeAlive,
    'hung-server': mustBeAlive,
    'dead-master': () => 'MySQL master is not currently alive!',
    'unreachable-master': () => 'MySQL master is not currently alive!',
    'hung-master': () => 'MySQL master is not currently alive!',
    'refusing-server': notACrash,
    'refusing-master': notACrash,
    'access-denied': notACrash,
    'master-too-many-connections': notACrash,
    'no-server-alive': () => "There is no alive server. We can't do failover",
    'no-replica-alive': () => "There is no alive slave. We can't do failover",
    'not-a-replica': host => `Server ${host} is alive, but does not work as a slave!`,
    'no-candidate': () => 'None of slaves can be master.',
    'receiver-stopped': ioThread,
    'receiver-connecting': ioThread,
    'receiver-failed': ioThread,
    'applier-stopped': sqlThread,
    'applier-failed': sqlThread,
    'hook-failed': (_host, _server, { message }) => {
      const { script, code } = plainArgs(message, format);
      const what = script === 'shutdown_script' ? 'power' : script;
      return ` Failed to get ${what} status with return code ${code}.`;
    },
  };

/** Undefined for what MHA does not check, or has no sentence for. */
export function mhaPhrase(item: CheckItem, snapshot: Snapshot | undefined): string | undefined {
  if (item.verdict !== 'failed' || !Object.hasOwn(PHRASES, item.code)) return undefined;
  const server = snapshot?.servers.find(s => s.id === item.server);
  return PHRASES[item.code]?.(server ? hostForm(server) : (item.server ?? ''), server, item);
}

function mustBeAlive(host: string): string {
  return ` Server ${host} is dead, but must be alive! Check server settings.`;
}

function notACrash(host: string, server: ServerSnapshot | undefined): string {
  const failure = server?.failure;
  const error = failure?.errno === undefined ? '' : `${failure.errno}:${failure.text}`;
  return `Got MySQL error when connecting ${host} :${error}, but this is not a MySQL crash. Check MySQL server settings.`;
}

function ioThread(host: string): string {
  return `Slave IO thread is not running on ${host}`;
}

function sqlThread(host: string): string {
  return `Slave SQL thread is not running on ${host}`;
}

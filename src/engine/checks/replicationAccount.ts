import type { Secret } from '../../config/secret';
import type { ServerConfig } from '../../config/types';
import { msg } from '../../l10n/message';
import { canReplicate, type ReceiverOptions, type ReplicationLogin } from '../mysql/canReplicate';
import { connectFailureMessage } from '../mysql/failureMessage';
import type { MysqlServer } from '../mysql/server';
import type { ConnectFailure, Credentials } from '../mysql/types';
import { addressOf, CONNECT_TIMEOUT_MS, openTunnel } from '../topology/connectServer';
import { promotable } from '../topology/rules/candidates';
import { isAlive, label, type Node } from '../topology/rules/context';
import { item, type CheckContext, type CheckPart } from './checkContext';
import type { CheckItem } from './types';

/** An account that exists on a candidate. */
interface Account {
  readonly host: string;
  readonly replicationSlave: boolean;
}

/** The user that replicas would log in as: the candidate's repl_user, else the one that it uses itself now, as in MHA. */
function replicationUser(node: Node, context: CheckContext): string | undefined {
  const own = node.config?.values.repl_user || node.channel?.sourceUser;
  return own || context.topology.replicas.map(r => r.channel.sourceUser).find(user => user);
}

/** All accounts of that name, whatever their host; undefined where mysql.user may not be read. */
async function accounts(connection: MysqlServer, user: string): Promise<Account[] | undefined> {
  try {
    const rows = await connection.query(
      'SELECT host AS account_host, repl_slave_priv AS replication_slave FROM mysql.user WHERE user = ?',
      [user],
    );
    return rows.map(row => ({
      host: String(row['account_host']),
      replicationSlave: String(row['replication_slave']) === 'Y',
    }));
  } catch {
    return undefined;
  }
}

/** How the replicas of today would log in: the one that asks for least decides. */
function receiverOptions(node: Node, context: CheckContext): ReceiverOptions {
  const channels = context.topology.replicas.filter(r => r.id !== node.id).map(r => r.channel);
  const weakest = channels.find(c => !c.tls && !c.publicKey) ?? channels.find(c => !c.tls) ?? channels[0];
  if (!weakest) return { tls: false, publicKey: true };
  return { tls: weakest.tls, ...(weakest.publicKey !== undefined && { publicKey: weakest.publicKey }) };
}

const REFUSED = new Set(['accessDenied', 'hostBlocked', 'serverError']);

/** From this machine, or where that is refused from the host of another server, as a replica would. */
async function login(context: CheckContext, config: ServerConfig, node: Node, credentials: Credentials) {
  const { options } = context;
  const address = addressOf(config);
  const common = {
    address,
    credentials,
    receiver: receiverOptions(node, context),
    timeoutMs: CONNECT_TIMEOUT_MS,
    ...(options.signal && { signal: options.signal }),
  };
  const direct = await canReplicate({
    ...common,
    ...(config.extended.ssh_tunnel && { openStream: () => openTunnel(config, address, options, CONNECT_TIMEOUT_MS) }),
  });
  options.signal?.throwIfAborted();
  if (direct.ok || direct.reason !== 'connect' || !REFUSED.has(direct.failure.kind)) return direct;
  for (const other of context.topology.configured) {
    const opened = other === node ? undefined : await context.hosts?.of(other.id);
    if (!opened?.ok || opened.host.local) continue;
    const { host } = opened;
    const there = await canReplicate({ ...common, openStream: () => host.tunnel(address.host, address.port) });
    options.signal?.throwIfAborted();
    if (there.ok || there.reason !== 'connect' || there.failure.kind !== 'tunnel') return there;
  }
  return direct;
}

async function verdictOf(context: CheckContext, node: Node, user: string, result: ReplicationLogin) {
  const args = { server: label(node), user };
  const common = { server: node.id };
  if (result.ok)
    return item('replication-login', 'ok', msg('{user} can log in to {server} and replicate from it', args), common);
  switch (result.reason) {
    case 'connect':
      return refused(context.connections.get(node.id), node, user, result.failure);
    case 'privileges':
      return item(
        'replication-privilege-missing',
        'failed',
        msg('{user} can log in to {server}, but may not replicate: {privileges} is missing', {
          ...args,
          privileges: result.missing.join(', '),
        }),
        common,
      );
    case 'publicKeyNeeded':
      return item(
        'replication-public-key-needed',
        'warning',
        msg(
          '{user} uses {plugin}: replicas without TLS and without GET_SOURCE_PUBLIC_KEY cannot log in to {server} after it was restarted',
          { ...args, plugin: result.plugin },
        ),
        common,
      );
    case 'error':
      return item(
        'replication-login',
        'warning',
        msg('{user} can log in to {server}, but its privileges cannot be read', args),
        { ...common, detail: result.text },
      );
  }
}

async function refused(
  connection: MysqlServer | undefined,
  node: Node,
  user: string,
  failure: ConnectFailure,
): Promise<CheckItem> {
  const args = { server: label(node), user, reason: connectFailureMessage(failure) };
  const common = { server: node.id };
  const known = connection && (await accounts(connection, user));
  if (known?.length === 0)
    return item(
      'replication-user-missing',
      'failed',
      msg('There is no user {user} on {server}: replicas could not replicate from it', args),
      common,
    );
  const elsewhere = known && known.length > 0 && known.every(account => account.host !== '%');
  if (elsewhere && known.some(account => account.replicationSlave))
    return item(
      'replication-login',
      'warning',
      msg('{user} cannot log in to {server} from here; the account is for {hosts}', {
        ...args,
        hosts: known.map(account => account.host).join(', '),
      }),
      { ...common, detail: failure.text },
    );
  return item(
    'replication-login-failed',
    'failed',
    msg('{user} cannot log in to {server} with repl_password: {reason}', args),
    common,
  );
}

/** Without a password to try there are only the grant tables. */
async function byGrants(connection: MysqlServer | undefined, node: Node, user: string): Promise<CheckItem> {
  const args = { server: label(node), user };
  const common = { server: node.id };
  const known = connection && (await accounts(connection, user));
  if (!known)
    return item(
      'replication-login',
      'warning',
      msg('Whether {user} can log in to {server} is not known: repl_password is not set and mysql.user cannot be read', args), // prettier-ignore
      common,
    );
  if (known.length === 0)
    return item(
      'replication-user-missing',
      'failed',
      msg('There is no user {user} on {server}: replicas could not replicate from it', args),
      common,
    );
  if (!known.some(account => account.replicationSlave))
    return item(
      'replication-privilege-missing',
      'failed',
      msg('{user} on {server} does not have the REPLICATION SLAVE privilege', args),
      common,
    );
  return item(
    'replication-grant',
    'ok',
    msg('{user} may replicate from {server}; its password was not tried, because repl_password is not set', args),
    common,
  );
}

async function account(context: CheckContext, node: Node): Promise<CheckItem | undefined> {
  const user = replicationUser(node, context);
  const connection = context.connections.get(node.id);
  if (!user)
    return item(
      'replication-user-unknown',
      'warning',
      msg('repl_user is not set and no replica shows which user it replicates as: {server} cannot be checked', {
        server: label(node),
      }),
      { server: node.id },
    );
  const password: Secret | undefined = node.config?.values.repl_password;
  if (!password) return byGrants(connection, node, user);
  const { config } = node;
  if (!config) return undefined;
  return verdictOf(context, node, user, await login(context, config, node, { user, password }));
}

/** The replication account on every server that could become master, and on the living master, to which it could return. */
export const checkReplicationAccount: CheckPart = async context => {
  const { master } = context.topology;
  const nodes = [...(master?.config && isAlive(master) ? [master] : []), ...promotable(context.topology)];
  return (await Promise.all(nodes.map(node => account(context, node)))).filter(found => found !== undefined);
};

import type { Secret } from '../../config/secret';
import { msg } from '../../l10n/message';
import { errorText } from '../errors';
import { connect, type ConnectResult } from '../mysql/connect';
import { missingPrivileges, readPrivileges } from '../mysql/privileges';
import type { MysqlServer } from '../mysql/server';
import type { ConnectFailure, Credentials } from '../mysql/types';
import { addressOf, connectServer } from '../topology/connectServer';
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

/** Whether the account that has logged in may replicate. */
async function verifyLogin(server: MysqlServer, node: Node, user: string): Promise<CheckItem> {
  const args = { server: label(node), user };
  const common = { server: node.id };
  try {
    const missing = missingPrivileges(await readPrivileges(server), server.version, 'replication');
    return missing.length === 0
      ? item('replication-login', 'ok', msg('{user} can log in to {server} and replicate from it', args), common)
      : item(
          'replication-privilege-missing',
          'failed',
          msg('{user} can log in to {server}, but may not replicate: {privileges} is missing', {
            ...args,
            privileges: missing.join(', '),
          }),
          common,
        );
  } catch (error) {
    return item(
      'replication-login',
      'warning',
      msg('{user} can log in to {server}, but its privileges cannot be read', args),
      {
        ...common,
        detail: errorText(error),
      },
    );
  }
}

/** From this machine, or where that is refused from the host of another server, as a replica would. */
async function login(context: CheckContext, node: Node, credentials: Credentials): Promise<ConnectResult> {
  const config = node.config;
  if (!config) throw new RangeError('not a configured server');
  const direct = await connectServer(config, { ...context.options, credentials });
  if (direct.ok || !['accessDenied', 'hostBlocked', 'serverError'].includes(direct.failure.kind)) return direct;
  for (const other of context.topology.configured) {
    if (other === node) continue;
    const opened = await context.hosts?.of(other.id);
    if (!opened?.ok || opened.host.local) continue;
    const address = addressOf(config);
    const { signal } = context.options;
    const tunnelled = await connect({
      address,
      credentials,
      tls: { mode: 'preferred' },
      openStream: () => opened.host.tunnel(address.host, address.port),
      ...(signal && { signal }),
    });
    signal?.throwIfAborted();
    if (tunnelled.ok || tunnelled.failure.kind !== 'tunnel') return tunnelled;
  }
  return direct;
}

async function refused(
  connection: MysqlServer | undefined,
  node: Node,
  user: string,
  failure: ConnectFailure,
): Promise<CheckItem> {
  const args = { server: label(node), user, reason: failure.text };
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

async function account(context: CheckContext, node: Node): Promise<CheckItem> {
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
  const result = await login(context, node, { user, password });
  if (!result.ok) return refused(connection, node, user, result.failure);
  try {
    return await verifyLogin(result.server, node, user);
  } finally {
    await result.server[Symbol.asyncDispose]();
  }
}

/** The replication account on every server that could become master, and on the living master, to which it could return. */
export const checkReplicationAccount: CheckPart = async context => {
  const { master } = context.topology;
  const nodes = [...(master?.config && isAlive(master) ? [master] : []), ...promotable(context.topology)];
  return Promise.all(nodes.map(node => account(context, node)));
};

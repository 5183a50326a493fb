import { msg } from '../../l10n/message';
import { errorText } from '../errors';
import { missingPrivileges, readPrivileges } from '../mysql/privileges';
import type { MysqlServer } from '../mysql/server';
import { label, type Node } from '../topology/rules/context';
import { configuredNodes, item, type CheckContext, type CheckPart } from './checkContext';
import type { CheckItem } from './types';

async function privileges(context: CheckContext, node: Node, connection: MysqlServer): Promise<CheckItem> {
  const common = { server: node.id };
  const user = node.config?.values.user ?? '';
  try {
    const missing = missingPrivileges(await readPrivileges(connection), connection.version, 'manager');
    return missing.length === 0
      ? item('manager-privileges', 'ok', msg('{user} has all privileges that a failover needs on {server}', { user, server: label(node) }), common) // prettier-ignore
      : item(
          'missing-privileges',
          'failed',
          msg('{user} lacks privileges on {server} that a failover needs: {privileges}', {
            user,
            server: label(node),
            privileges: missing.join(', '),
          }),
          common,
        );
  } catch (error) {
    context.options.signal?.throwIfAborted();
    return item(
      'manager-privileges',
      'warning',
      msg('The privileges of {user} on {server} cannot be read', { user, server: label(node) }),
      { ...common, detail: errorText(error) },
    );
  }
}

/** What the manager's account may do on each living server: a privilege that is missing shows at failover otherwise. */
export const checkManagerAccount: CheckPart = async context =>
  Promise.all(
    configuredNodes(context).flatMap(node => {
      const connection = context.connections.get(node.id);
      return connection ? [privileges(context, node, connection)] : [];
    }),
  );

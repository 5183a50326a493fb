import * as vscode from 'vscode';
import { Secret } from '../../config/secret';
import type { ClusterStore } from '../clusters/clusterStore';
import type { ClusterView } from '../clusters/clusterView';
import type { Observer } from '../clusters/observer';
import { usersOf, type Passwords } from '../clusters/passwords';
import type { Polling } from '../clusters/polling';
import { pickCluster } from './target';

interface Parts {
  readonly store: ClusterStore;
  readonly observer: Observer;
  readonly polling: Polling;
  readonly passwords: Passwords;
}

/** Store and forget the password of a cluster's MySQL account. */
export function registerPasswordCommands(parts: Parts): vscode.Disposable {
  const { store, passwords, polling } = parts;
  return vscode.Disposable.from(
    vscode.commands.registerCommand('mysqlHa.storePassword', async (target: unknown) => {
      const view = await pickCluster(store, target, vscode.l10n.t('Store the password of which cluster?'));
      if (!view) return;
      const user = await pickUser(view, parts);
      if (user === undefined) return;
      const password = await vscode.window.showInputBox({
        title: vscode.l10n.t('Store Password'),
        prompt: vscode.l10n.t('Password of the MySQL account {user} on the servers of {name}', {
          user,
          name: view.name,
        }),
        password: true,
        ignoreFocusOut: true,
      });
      if (password === undefined) return;
      await passwords.store(view.id, user, new Secret(password));
      polling.touched(view.id, { lookNow: true });
      said(vscode.l10n.t('The password of {user} on {name} is stored.', { user, name: view.name }));
    }),
    vscode.commands.registerCommand('mysqlHa.forgetPassword', async (target: unknown) => {
      const view = await pickCluster(store, target, vscode.l10n.t('Forget the password of which cluster?'));
      if (!view) return;
      const user = await pickUser(view, parts);
      if (user === undefined) return;
      const forgotten = await passwords.forget(view.id, user);
      if (forgotten) polling.touched(view.id, { lookNow: true });
      said(
        forgotten
          ? vscode.l10n.t('The password of {user} on {name} is forgotten.', { user, name: view.name })
          : vscode.l10n.t('No password of {user} on {name} was stored.', { user, name: view.name }),
      );
    }),
  );
}

function said(text: string): void {
  void vscode.window.showInformationMessage(text);
}

/** The accounts of the configuration; asked if there are several, or if the file does not say. */
async function pickUser(view: ClusterView, { observer }: Parts): Promise<string | undefined> {
  const config = view.config ?? (await observer.load(view)).cluster;
  const users = config ? usersOf(config) : [];
  if (users.length === 1) return users[0];
  if (users.length > 1)
    return vscode.window.showQuickPick(users, { placeHolder: vscode.l10n.t('Which MySQL account?') });
  return vscode.window.showInputBox({ prompt: vscode.l10n.t('Name of the MySQL account'), value: 'root' });
}

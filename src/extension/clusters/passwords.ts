import type * as vscode from 'vscode';
import { Secret } from '../../config/secret';
import type { ClusterConfig } from '../../config/types';

/** The manager's accounts of a cluster, in configuration order. */
export function usersOf(config: ClusterConfig): string[] {
  return [...new Set(config.servers.map(s => s.values.user))];
}

/**
 * Passwords in VS Code's secret storage. A password belongs to a user and to one configuration file, named by its URI: a file
 * of the same name elsewhere never gets it.
 */
export class Passwords {
  readonly #secrets: vscode.SecretStorage;

  constructor(secrets: vscode.SecretStorage) {
    this.#secrets = secrets;
  }

  async get(cluster: string, user: string): Promise<Secret | undefined> {
    const value = await this.#secrets.get(key(cluster, user));
    return value === undefined ? undefined : new Secret(value);
  }

  async store(cluster: string, user: string, password: Secret): Promise<void> {
    await this.#secrets.store(key(cluster, user), password.reveal());
  }

  /** False: there was none. */
  async forget(cluster: string, user: string): Promise<boolean> {
    if ((await this.#secrets.get(key(cluster, user))) === undefined) return false;
    await this.#secrets.delete(key(cluster, user));
    return true;
  }
}

function key(cluster: string, user: string): string {
  return `password ${user}@${cluster}`;
}

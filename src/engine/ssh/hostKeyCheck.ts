import { errorText } from '../errors';
import type { Log } from '../log';
import { isSpoken } from './algorithms';
import { fingerprint, hostNameOf, keyTypeOf, KnownKeys, knownHostsLine } from './knownHosts';
import { appendKnownHost, readKnownHosts } from './knownHostsFile';
import type { Deadline } from './limits';
import { quote } from './quote';
import type { SshSettings } from './settings';
import type { HostKeyPolicy, HostKeyQuestion, SshFailure } from './types';

/** The same question asked at the same time, by several sessions to one host, reaches the person once. */
const asking = new WeakMap<HostKeyPolicy, Map<string, Promise<boolean>>>();

export interface HostKeyCheckOptions {
  readonly settings: SshSettings;
  readonly policy: HostKeyPolicy;
  readonly deadline: Deadline;
  readonly log: Log;
}

/** Decides about the key that a host shows. */
export class HostKeyCheck {
  readonly known: KnownKeys;
  readonly #name: string;
  readonly #options: HostKeyCheckOptions;

  private constructor(known: KnownKeys, name: string, options: HostKeyCheckOptions) {
    this.known = known;
    this.#name = name;
    this.#options = options;
  }

  static async load(options: HostKeyCheckOptions): Promise<HostKeyCheck> {
    const { settings, log } = options;
    const name = hostNameOf(settings.knownAs, settings.port, settings.alias);
    const entries = await readKnownHosts([...settings.userKnownHosts, ...settings.globalKnownHosts]);
    const known = new KnownKeys(entries, name);
    for (const { file, line } of known.authorities)
      log.log('debug', `${file}:${line}: host certificates are not supported, @cert-authority is ignored`);
    return new HostKeyCheck(known, name.name, options);
  }

  /** Undefined: the key is accepted (and remembered, if it was new). */
  async refusal(key: Buffer): Promise<SshFailure | undefined> {
    const verdict = this.known.verdict(key, isSpoken);
    const shown = `${keyTypeOf(key)} ${fingerprint(key)}`;
    if (verdict.kind === 'known') return undefined;
    if (verdict.kind === 'revoked') {
      const { file, line } = verdict.entry;
      return { kind: 'hostKeyChanged', text: `the key of ${this.#name} is revoked by ${file}:${line}: ${shown}` };
    }
    if (verdict.kind === 'changed') {
      const { file, line, type, key: before } = verdict.entry;
      const expected = `${type} ${fingerprint(before)}`;
      return {
        kind: 'hostKeyChanged',
        text: `${this.#name} shows another host key (${shown}) than ${file}:${line} has (${expected})`,
        remedy: quote(['ssh-keygen', '-f', file, '-R', this.#name]),
      };
    }
    if (!(await this.#accepts(key)))
      return {
        kind: 'hostKeyUnknown',
        text: `the host key of ${this.#name} is not known and was not accepted: ${shown}`,
      };
    await this.#remember(key, shown);
    return undefined;
  }

  async #accepts(key: Buffer): Promise<boolean> {
    const { settings, policy } = this.#options;
    if (settings.strict === 'yes' || policy.kind === 'strict') return false;
    if (settings.strict === 'accept-new' || policy.kind === 'accept-new') return true;
    const { deadline } = this.#options;
    deadline.pause();
    try {
      return await this.#ask(policy, key);
    } finally {
      deadline.resume();
    }
  }

  #ask(policy: Extract<HostKeyPolicy, { kind: 'ask' }>, key: Buffer): Promise<boolean> {
    const { settings } = this.#options;
    const file = this.#file;
    const question: HostKeyQuestion = {
      host: settings.host,
      port: settings.port,
      keyType: keyTypeOf(key) ?? '',
      fingerprint: fingerprint(key),
      ...(file !== undefined && { file }),
    };
    const open = asking.get(policy) ?? new Map<string, Promise<boolean>>();
    asking.set(policy, open);
    const id = `${this.#name} ${question.fingerprint}`;
    const before = open.get(id);
    if (before) return before;
    const answer = Promise.resolve(policy.ask(question)).finally(() => open.delete(id));
    open.set(id, answer);
    return answer;
  }

  get #file(): string | undefined {
    const [file] = this.#options.settings.userKnownHosts;
    return file === '/dev/null' ? undefined : file;
  }

  async #remember(key: Buffer, shown: string): Promise<void> {
    const { settings, log } = this.#options;
    const file = this.#file;
    log.log(
      'info',
      `${this.#name}: new host key accepted: ${shown}${file === undefined ? '' : `, remembered in ${file}`}`,
    );
    if (file === undefined) return;
    const name = hostNameOf(settings.knownAs, settings.port, settings.alias);
    const line = knownHostsLine(name.name, key, settings.hashKnownHosts);
    try {
      await appendKnownHost(
        file,
        line,
        entries => new KnownKeys(entries, name).verdict(key, isSpoken).kind !== 'unknown',
      );
    } catch (error) {
      log.log('warning', `${this.#name}: the host key cannot be remembered: ${errorText(error)}`);
    }
  }
}

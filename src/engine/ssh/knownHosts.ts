import { createHash, createHmac, randomBytes } from 'node:crypto';
import { matchesPatterns } from './patterns';

/** A usable line of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface KnownHost {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly marker?: 'revoked' | 'cert-authority';
  /** `|1|salt|hash`, or patterns. */
  readonly names: string;
  readonly type: string;
  readonly key: Buffer;
}

/** A host as known_hosts names it: `host`, `[host]:port`, or a HostKeyAlias as it is. */
export interface HostName {
  readonly name: string;
  /** Without the port, for hosts on another port than 22: the same key there counts, too. */
  readonly bare?: string;
}

export function hostNameOf(host: string, port: number, alias = false): HostName {
  const bare = host.toLowerCase();
  return alias || port === 22 ? { name: bare } : { name: `[${bare}]:${port}`, bare };
}

/** Lines that cannot be understood are skipped, as ssh does. */
export function parseKnownHosts(text: string, file: string): KnownHost[] {
  const found: KnownHost[] = [];
  text.split('\n').forEach((line, index) => {
    const words = line.trim().split(/\s+/);
    if (!words[0] || words[0].startsWith('#')) return;
    const marker = words[0].startsWith('@') ? words.shift()?.slice(1) : undefined;
    if (marker !== undefined && marker !== 'revoked' && marker !== 'cert-authority') return;
    const [names, type, base64] = words;
    if (!names || !type || !base64) return;
    const key = Buffer.from(base64, 'base64');
    if (keyTypeOf(key) !== type) return;
    found.push({ file, line: index + 1, ...(marker && { marker }), names, type, key });
  });
  return found;
}

/** A public key in SSH's binary form starts with the name of its type. */
export function keyTypeOf(key: Buffer): string | undefined {
  if (key.length < 4) return undefined;
  const length = key.readUInt32BE(0);
  return length <= 64 && key.length >= 4 + length ? key.toString('latin1', 4, 4 + length) : undefined;
}

/** `SHA256:…` as OpenSSH prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

function matchesName(names: string, name: string): boolean {
  if (!names.startsWith('|1|')) return matchesPatterns(names.toLowerCase().split(','), name);
  const [salt, hash] = names.slice(3).split('|');
  return (
    hash !== undefined &&
    createHmac('sha1', Buffer.from(salt ?? '', 'base64'))
      .update(name)
      .digest('base64') === hash
  );
}

export type KeyVerdict =
  | { readonly kind: 'known' }
  /** No key of the host is known that could be compared with this one. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'changed' | 'revoked'; readonly entry: KnownHost };

/** What the files know about one host. */
export class KnownKeys {
  readonly #entries: readonly KnownHost[];
  readonly #revoked: readonly KnownHost[];
  readonly #bare: readonly KnownHost[];
  /** `@cert-authority` lines that match: host certificates are not understood here. */
  readonly authorities: readonly KnownHost[];

  constructor(all: readonly KnownHost[], { name, bare }: HostName) {
    const matching = all.filter(entry => matchesName(entry.names, name));
    this.#entries = matching.filter(entry => !entry.marker);
    this.authorities = matching.filter(entry => entry.marker === 'cert-authority');
    this.#bare = bare === undefined ? [] : all.filter(entry => !entry.marker && matchesName(entry.names, bare));
    this.#revoked = all.filter(
      entry =>
        entry.marker === 'revoked' &&
        (matchesName(entry.names, name) || (bare !== undefined && matchesName(entry.names, bare))),
    );
  }

  /** Types of the known keys, to be negotiated first. */
  get types(): string[] {
    return [...new Set([...this.#entries, ...this.#bare].map(entry => entry.type))];
  }

  /**
   * A host is refused as changed when keys of it are known and it shows none of them, though it could have: also when the shown
   * key is of another type than the known ones, since those were asked for first. (ssh would take that for a new key.)
   * @param comparable whether a type of key can be negotiated at all
   */
  verdict(key: Buffer, comparable: (type: string) => boolean): KeyVerdict {
    const revoked = this.#revoked.find(entry => entry.key.equals(key));
    if (revoked) return { kind: 'revoked', entry: revoked };
    if ([...this.#entries, ...this.#bare].some(entry => entry.key.equals(key))) return { kind: 'known' };
    const type = keyTypeOf(key);
    const known = this.#entries.filter(entry => comparable(entry.type));
    const differing = known.find(entry => entry.type === type) ?? known[0];
    return differing ? { kind: 'changed', entry: differing } : { kind: 'unknown' };
  }
}

/** A line for known_hosts, newline included. */
export function knownHostsLine(name: string, key: Buffer, hashed: boolean): string {
  return `${hashed ? hashName(name, randomBytes(20)) : name} ${keyTypeOf(key)} ${key.toString('base64')}\n`;
}

export function hashName(name: string, salt: Buffer): string {
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}
